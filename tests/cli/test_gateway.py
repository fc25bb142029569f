"""`stanch gateway` as a real process, between a caller, an upstream and a policy server."""

import base64
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.processes import PATIENCE, free_port

from stanch.cli.root import run
from stanch.contain.policy import canonical
from stanch.guard.identity import identify_as
from stanch.guard.trust import server_keys
from stanch.store.signing import Signer, public_json
from stanch.vocabulary.ids import AssetId, PrincipalId, digest_of
from stanch.vocabulary.policy import Deny, Policy
from stanch.vocabulary.probe import HEADER, Probe, asked, proves, read
from stanch.vocabulary.trouble import BadInput

A, KEY = AssetId("fraud-scorer"), b"k" * 32
POLICY = replace(
    Policy(asset=A, version=3), deny=Deny(principals=frozenset({PrincipalId("key-91")}))
)
FORGED = Policy(asset=A, version=4)
SIGNER = Ed25519PrivateKey.generate()


class _World(BaseHTTPRequestHandler):
    """The upstream and the policy server in one: they differ by path."""

    protocol_version = "HTTP/1.1"
    reports: list[dict[str, Any]] = []  # noqa: RUF012  emptied by the fixture

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's shape
        return

    forged = False

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        signer = Ed25519PrivateKey.generate() if _World.forged else SIGNER
        self.send_header("Stanch-Signature", base64.b64encode(signer.sign(body)).decode())
        self.send_header("Stanch-Probe-Key", base64.b64encode(KEY).decode())
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        body = canonical(FORGED if _World.forged else POLICY)
        if self.headers.get("If-None-Match") == f'"{digest_of(body)}"':
            Event().wait(0.2)
            self._say(304, b"")
        else:
            self._say(200, body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/guard"):
            self.reports.append(json.loads(body))
        self._say(200, b'{"prediction": "ham"}')


@pytest.fixture
def world() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _World)
    _World.reports.clear()
    _World.forged = False
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def _ask(port: int, headers: dict[str, str]) -> tuple[int, bytes]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        method = "GET" if HEADER in headers else "POST"
        line.request(method, "/predict", body=b'{"features": [1]}', headers=headers)
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()


def _enforced(port: int, process: "subprocess.Popen[str]", end: float) -> None:
    while True:
        assert time.monotonic() < end
        try:
            if _ask(port, {"Authorization": "Bearer bad"})[0] == 403:
                return
        except OSError:
            assert process.poll() is None
        Event().wait(0.05)


def _forges(port: int, end: float) -> None:
    """The server's answers are somebody else's from now on: the policy stays as it was."""
    _World.forged = True
    while not _World.reports[-1]["counts"].get("policy_forged"):
        assert time.monotonic() < end
        Event().wait(0.02)
    assert _World.reports[-1]["version"] == 3
    assert _ask(port, {"Authorization": "Bearer bad"})[0] == 403


def test_the_gateway_enforces_and_reports_where_it_can_be_probed(
    world: str, tmp_path: Path
) -> None:
    port = free_port()
    keys = tmp_path / "keys"
    keys.write_text("bad key-91\ngood key-1\n")
    trusted = tmp_path / "server.pub"
    trusted.write_text(base64.b64encode(SIGNER.public_key().public_bytes_raw()).decode() + "\n")
    told = [
        sys.executable, "-m", "stanch", "gateway", "--asset", A, "--upstream", f"v1={world}",
        "--listen", f"127.0.0.1:{port}", "--server", world, "--key", "guard-key",
        "--identify", f"bearer:{keys}", "--server-key", str(trusted), "--json",
    ]  # fmt: skip
    with subprocess.Popen(told, stdout=subprocess.PIPE, text=True) as process:
        try:
            end = time.monotonic() + PATIENCE
            _enforced(port, process, end)
            assert _ask(port, {"Authorization": "Bearer good"}) == (200, b'{"prediction": "ham"}')
            assert _ask(port, {})[0] == 401
            probe = Probe(asset=A, principal="key-91", expect=("refuse",))
            _, sealed = _ask(port, {HEADER: asked(probe, "n", KEY)})
            assert proves(probe, read(sealed.decode(), "n", KEY))
            while not _World.reports:
                assert time.monotonic() < end
                Event().wait(0.02)
            assert _World.reports[-1]["address"] == f"http://127.0.0.1:{port}/"
            _forges(port, end)
        finally:
            process.terminate()
            shown = process.communicate(timeout=PATIENCE)[0]
    assert json.loads(shown)["upstreams"] == {"v1": world}


def test_a_dry_run_shows_the_plan_and_starts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    given = [
        "gateway",
        "--asset",
        "a",
        "--upstream",
        "v1=http://127.0.0.1:9",
        "--dry-run",
        "--json",
    ]
    code = run([*given, "--identify", "address", "--server", "http://127.0.0.1:9", "--key", "k"])
    assert code == 0
    assert json.loads(capsys.readouterr().out)["default"] == "v1"


@pytest.mark.parametrize(
    ("listen", "told"),
    [
        ("127.0.0.1:9", False),
        ("[::1]:9", False),
        ("localhost:9", False),
        ("0.0.0.0:9", True),
        ("[::]:9", True),
        ("gate.example.org:9", True),
    ],
)
def test_who_listens_beyond_this_machine_is_told_that_it_is_in_the_clear(
    listen: str, told: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--upstream", "v1=http://127.0.0.1:9", "--identify", "address", "--listen", listen]
    given += ["--server", "http://127.0.0.1:9", "--key", "k", "--dry-run"]
    assert run(["gateway", "--asset", "a", *given]) == 0
    assert ("without TLS" in capsys.readouterr().out) is told


@pytest.mark.parametrize(
    "wrong",
    [
        ["--upstream", "http://127.0.0.1:9"],
        ["--listen", "9000"],
        ["--listen", ":99999"],
        ["--identify", "anybody"],
        ["--identify", "header:x-user"],
        ["--rule", "nameless"],
        ["--key", "@/nowhere"],
        ["--upstream", "v1=http://127.0.0.1:10"],
        ["--upstream", "v1=http://127.0.0.1:port"],
        ["--server", "127.0.0.1:9"],
        ["--asset", "Fraud Scorer"],
        ["--trust", "10.0.0.0/33"],
        ["--envoy", "/nowhere", "--upstream", "v2=http://127.0.0.1:9/models/v2"],
    ],
    ids=" ".join,
)
def test_what_cannot_work_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    given = ["gateway", "--asset", "a", "--upstream", "v1=http://127.0.0.1:9", "--dry-run"]
    good = ["--identify", "address", "--server", "http://127.0.0.1:9", "--key", "k"]
    assert run([*given, *good, *wrong]) == BadInput.exit_code
    assert capsys.readouterr().out == ""


def test_a_place_that_somebody_has_is_said_before_anything_is_guarded(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        given = ["gateway", "--asset", "a", "--upstream", "v1=http://127.0.0.1:9"]
        good = ["--identify", "address", "--server", "http://127.0.0.1:9", "--key", "k"]
        assert run([*given, *good, "--listen", listen]) == BadInput.exit_code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Give another --listen" in shown.err


def test_an_identity_is_chosen_in_words(tmp_path: Path) -> None:
    files = {"secret": "s3cret\n", "keys": "good key-1\n", "empty": " \n"}
    header = identify_as("header:x-user:x-proxy:secret", files.__getitem__)
    told = [(b"x-user", b"key-1"), (b"x-proxy", b"s3cret")]
    assert (header({"headers": told}), header({"headers": told[:1]})) == ("key-1", None)
    keys = identify_as("bearer:keys", files.__getitem__)
    assert keys({"headers": [(b"authorization", b"Bearer good")]}) == "key-1"
    assert keys({"headers": [(b"authorization", b"Bearer x")]}) is None
    for wrong in ("bearer:empty", "header:x:y:empty", "bearer:", "address:1", ""):
        with pytest.raises(BadInput):
            identify_as(wrong, files.__getitem__)


@pytest.mark.parametrize(("port", "checked"), [(9, True), (10, False)])
def test_the_server_of_this_machine_is_known_by_its_address_too(
    port: int, checked: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "keys.json").write_bytes(public_json(Signer.fresh("here").public))
    note = {"url": "http://127.0.0.1:9", "pid": os.getpid()}
    (tmp_path / "server.json").write_text(json.dumps(note))
    words = (
        "gateway --asset a --upstream v6=http://127.0.0.1:1 --identify address --key k --dry-run"
    )
    assert (
        run([*words.split(), "--server", f"http://127.0.0.1:{port}", "--data", str(tmp_path)]) == 0
    )
    assert ("Policies are not checked" not in "".join(capsys.readouterr())) == checked


def test_the_keys_of_a_server_are_read_from_its_own_file_and_nothing_else_is_trusted() -> None:
    signer = Signer.fresh("stanch.example/log")
    verify = server_keys(public_json(signer.public).decode())
    assert verify(b"policy", signer.sign_plain(b"policy"))
    assert not verify(b"policy!", signer.sign_plain(b"policy"))
    assert not verify(b"policy", Signer.fresh("x").sign_plain(b"policy"))
    assert not verify(b"policy", "")
    for wrong in ("", "{}", "[]", "not base64!", "AAAA", '{"generations": []}'):
        with pytest.raises(BadInput, match="holds no key"):
            server_keys(wrong)


def test_a_key_stands_for_the_name_beside_it_as_it_is() -> None:
    names = ("CN=client,OU=Payments,O=Bank", 'Jane "JD" Doe', "a b", "用户-1", "-x", "=1+1", "José")
    keys = identify_as("bearer:keys", lambda _: "\n".join(f"k{n} {w}" for n, w in enumerate(names)))
    said = [(b"authorization", f"Bearer k{n}".encode()) for n in range(len(names))]
    assert tuple(keys({"headers": [one]}) for one in said) == names


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a ok\nb key\u200b-91", "key 2 in the file is no name that a guard tells"),
        (f"a {'n' * 257}", "more than 256 letters"),
        ("a ann\nb bob\na carl", "A key stands twice"),
    ],
)
def test_a_name_that_no_guard_tells_is_refused_when_it_is_written(text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        identify_as("bearer:keys", lambda _: text)
