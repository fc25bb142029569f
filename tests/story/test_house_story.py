"""The whole house, as a real process: from the first start to proof in a stranger's hands."""

import http.client
import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from tests.processes import PATIENCE

STANCH = (sys.executable, "-m", "stanch")


def stanch(*arguments: str | Path, data: Path, code: int = 0) -> Any:
    done = subprocess.run(
        [*STANCH, *map(str, arguments), "--data", str(data), "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout)


@contextmanager
def up(data: Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    with subprocess.Popen(
        [*STANCH, "up", "--data", str(data), "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = b""
        while not said.rstrip().endswith(b"}"):
            line = process.stdout.readline()
            assert line, process.stderr.read().decode()
            said += line
        try:
            yield process, json.loads(said)
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(timeout=PATIENCE)
        # what a library prints when it is let go too late, or a thread that nobody joined
        last_words = process.stderr.read().decode()
        assert not any(odd in last_words for odd in ("leaked", "Traceback", "Exception ignored"))


def send(url: str, key: str, body: bytes, kind: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=PATIENCE)
    try:
        headers = {"authorization": f"Bearer {key}", "content-type": kind}
        connection.request("POST", "/api/v1/events", body, headers)
        answer = connection.getresponse()
        assert answer.status == 202
        told: dict[str, Any] = json.loads(answer.read())
        return told
    finally:
        connection.close()


def row(name: str) -> dict[str, Any]:
    return {"id": name, "ts": "2026-11-21T08:00:00Z", "kind": "inference", "asset": "scorer"}


def arrow(names: list[str]) -> bytes:
    moments = pa.array([1_795_000_000_000_000] * len(names), pa.timestamp("us", "UTC"))
    same = len(names)
    table = pa.table(
        {
            "id": names,
            "ts": moments,
            "kind": ["inference"] * same,
            "asset": ["scorer"] * same,
        }
    )
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def test_from_the_first_start_to_proof_in_a_strangers_hands(  # noqa: PLR0915  one story
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    asset = tmp_path / "scorer.yaml"
    asset.write_text("id: scorer\nkind: model\nname: Scorer\nowner: payments\n")
    bundle = tmp_path / "case.zip"
    with up(data) as (process, told):
        assert (data / "admin.key").stat().st_mode & 0o777 == 0o600
        assert told["secret"] == (data / "admin.key").read_text().strip()
        assert stanch("asset", "add", asset, data=data)["id"] == "scorer"
        key = stanch("key", "create", "--scope", "ingest", data=data)["secret"]
        url = told["url"]
        rows = json.dumps([row("j1"), row("j2")]).encode()
        assert send(url, key, rows, "application/json")["accepted"] == 2
        lines = b"\n".join(json.dumps(row(f"n{n}")).encode() for n in range(3))
        assert send(url, key, lines, "application/x-ndjson")["accepted"] == 3
        stream = arrow(["a1", "a2"])
        told_arrow = send(url, key, stream, "application/vnd.apache.arrow.stream")
        assert told_arrow["accepted"] == 2
        file = tmp_path / "more.ndjson"
        file.write_bytes(lines + b"\n" + json.dumps(row("f1")).encode())
        counts = stanch("ingest", file, data=data)
        assert (counts["accepted"], counts["duplicate"]) == (1, 3)
        assert stanch("hunt", "--asset", "scorer", "--count", data=data) == {"count": 8}
        kept = stanch("vault", "put", asset, "--kind", "policy", data=data)
        got = tmp_path / "got.yaml"
        stanch("vault", "get", kept["id"], "-o", got, data=data)
        assert got.read_bytes() == asset.read_bytes()
        stanch("evidence", "export", "all", "-o", tmp_path / "first.zip", data=data)
        checkpoint = tmp_path / "checkpoint"
        checkpoint.write_bytes((data / "log" / "checkpoint").read_bytes())
        stanch("evidence", "export", "all", "-o", bundle, "--since", checkpoint, data=data)
        remembered = ["--remembered", str(checkpoint)]
        assert stanch("evidence", "verify", bundle, *remembered, data=data)["continues"] > 0
        # somebody else's start on the same folder says so and stops
        second = subprocess.run(
            [*STANCH, "up", "--data", str(data), "--port", "0"],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert second.returncode == 73
        assert str(process.pid) in second.stderr
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=PATIENCE)

    assert verified_by_a_stranger(bundle, tmp_path) == 0
    assert [one.name for one in data.rglob("*") if one.stat().st_mode & 0o077] == []

    with up(data) as (_, again):
        assert again["secret"] is None
        assert stanch("hunt", "--asset", "scorer", "--count", data=data) == {"count": 8}
        assert [one["id"] for one in stanch("asset", "list", data=data)["items"]] == ["scorer"]
        assert stanch("evidence", "verify", data=data)["holds"] is True
    assert stanch("evidence", "verify", data=data)["holds"] is True

    tile = next(path for path in sorted((data / "vault" / "items").rglob("*")) if path.is_file())
    flip(tile)
    bad = stanch("evidence", "verify", data=data, code=1)
    assert bad["holds"] is False
    assert tile.name in bad["says"]
    broken = tmp_path / "broken.zip"
    tampered(bundle, broken)
    assert verified_by_a_stranger(broken, tmp_path) == 1
    assert stanch_verify(broken)["holds"] is False


def stanch_verify(bundle: Path) -> dict[str, Any]:
    done = subprocess.run(
        [*STANCH, "evidence", "verify", str(bundle), "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 1
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def verified_by_a_stranger(bundle: Path, tmp_path: Path) -> int:
    """The exit code of the bundle's own verifier, alone in an interpreter without stanch."""
    with zipfile.ZipFile(bundle) as archive:
        name = next(one for one in archive.namelist() if one.endswith("verify.py"))
        alone = tmp_path / "verify_alone.py"
        alone.write_bytes(archive.read(name))
    site = next(path for path in sys.path if path.endswith("site-packages"))
    only = tmp_path / "only"
    only.mkdir(exist_ok=True)
    for library in ("cryptography", "cffi", "_cffi_backend*.so"):
        for source in Path(site).glob(library):
            if not (only / source.name).exists():
                (only / source.name).symlink_to(source)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", ALONE, str(only), str(alone), str(bundle)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode


ALONE = """
import runpy, sys
only, script, bundle = sys.argv[1:]
sys.path.append(only)
sys.argv = [script, bundle]
runpy.run_path(script, run_name="__main__")
"""


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


def tampered(bundle: Path, to: Path) -> None:
    with zipfile.ZipFile(bundle) as source, zipfile.ZipFile(to, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name.startswith("data/"):
                content = bytes([content[0] ^ 1]) + content[1:]
            target.writestr(name, content)
