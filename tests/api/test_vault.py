"""The vault over HTTP: items of any size, damage that is named, and a full disk that is 507."""

import hashlib
import http.client
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import pytest
from tests.processes import PATIENCE

from stanch.cli.root import run

Start = Callable[[Path, dict[str, str]], AbstractContextManager[Any]]
MIB = 1024 * 1024
BLOCK = hashlib.sha256(b"noise").digest() * (MIB // 32)


def memory_of(pid: int) -> int:
    """The most memory the process ever had, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


def commanded(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    code = run([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_an_item_larger_than_a_request_goes_in_and_out_without_the_memory(
    server: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    big = tmp_path / "model.bin"
    size = 480 * MIB
    whole = hashlib.sha256()
    with big.open("wb") as out:
        for n in range(size // MIB):
            block = n.to_bytes(8, "big") + BLOCK[8:]
            whole.update(block)
            out.write(block)
    data = str(server.data)
    before = memory_of(server.pid)
    code, kept = commanded("vault", "put", str(big), "--data", data, capsys=capsys)
    assert (code, kept["size"], kept["digest"]) == (0, size, f"sha256:{whole.hexdigest()}")
    back = tmp_path / "back.bin"
    code, told = commanded(
        "vault", "get", kept["id"], "-o", str(back), "--data", data, capsys=capsys
    )
    assert (code, told["size"]) == (0, size)
    with back.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == whole.hexdigest()
    assert memory_of(server.pid) - before < size / 2
    assert kept["id"] in [
        one["id"] for one in commanded("vault", "list", "--data", data, capsys=capsys)[1]["items"]
    ]


def test_a_client_that_hangs_up_leaves_nothing(server: Any) -> None:
    before = {one["id"] for one in server.ask("GET", "/api/v1/evidence?limit=500").json["items"]}
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE)
    connection.putrequest("POST", "/api/v1/vault?name=half")
    connection.putheader("authorization", f"Bearer {server.key}")
    connection.putheader("content-length", str(10 * MIB))
    connection.endheaders()
    connection.send(BLOCK)
    connection.close()
    end = time.monotonic() + PATIENCE
    while any((server.data / "vault" / "new").iterdir()) and time.monotonic() < end:
        threading.Event().wait(0.05)
    assert not any((server.data / "vault" / "new").iterdir())
    after = {one["id"] for one in server.ask("GET", "/api/v1/evidence?limit=500").json["items"]}
    assert after == before


def test_a_scrub_names_the_damaged_item_and_is_remembered(
    tmp_path: Path, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    with start(tmp_path / "data", {"STANCH_VAULT_MOST": str(2 * MIB)}) as server:
        data = str(server.data)
        octets = {"content-type": "application/octet-stream"}
        good = server.ask("POST", "/api/v1/vault?name=good", b"good", headers=octets).json
        bad = server.ask("POST", "/api/v1/vault?name=bad", BLOCK, headers=octets).json
        sealed = server.ask("POST", "/api/v1/vault?name=s&personal=true", b"p", headers=octets)
        assert sealed.json["personal"] is True
        many = server.ask("POST", "/api/v1/vault?name=many", BLOCK * 3, headers=octets)
        assert (many.status, many.json["type"]) == (413, "too-large")
        code, told = commanded("vault", "scrub", "--data", data, capsys=capsys)
        assert (code, told["items"], told["damaged"]) == (0, 3, [])
        digits = bad["digest"].removeprefix("sha256:")
        path = server.data / "vault" / "items" / digits[:2] / digits[2:]
        path.chmod(0o600)
        content = bytearray(path.read_bytes())
        content[20] ^= 1
        path.write_bytes(content)
        code, told = commanded("vault", "scrub", "--data", data, capsys=capsys)
        assert (code, [one["item"] for one in told["damaged"]]) == (1, [bad["digest"]])
        last = server.ask("GET", "/api/v1/vault/scrub").json
        assert [one["item"] for one in last["damaged"]] == [bad["digest"]]
        assert (last["items"], last["by"]) == (3, "key:first admin")
        assert good["digest"] not in json.dumps(told)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    where = tmp_path / "disk"
    where.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(where)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a tmpfs cannot be mounted here: {done.stderr.strip()}")
    yield where
    subprocess.run(["umount", "-l", str(where)], check=True)


@pytest.mark.needs_tmpfs
def test_a_full_disk_is_507_and_well_again_when_there_is_space(
    small_disk: Path, start: Start
) -> None:
    row = {"ts": "2026-11-21T12:00:00Z", "kind": "inference", "asset": "a"}
    with start(small_disk / "data", {}) as server:
        octets = {"content-type": "application/octet-stream"}

        def events(batch: int) -> Any:
            rows = [{**row, "id": f"e{batch}-{n}", "source": f"{n}" * 90} for n in range(800)]
            return server.ask("POST", "/api/v1/events", rows)

        assert events(0).status == 202
        ballast = small_disk / "ballast"
        with ballast.open("wb", buffering=0) as out, suppress(OSError):
            while out.write(bytes(4096)):
                """Goes on until the disk is full."""
        told = server.ask("POST", "/api/v1/vault?name=big", BLOCK * 4, headers=octets)
        assert (told.status, told.json["type"]) == (507, "no-space")
        refused = events(1)
        assert (refused.status, refused.json["type"]) == (507, "no-space")
        ballast.unlink()
        assert events(1).json["accepted"] == 800
        assert server.ask("POST", "/api/v1/vault?name=big", BLOCK, headers=octets).status == 201
