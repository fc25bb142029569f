"""The in-process guard before a real application and a real policy server, on good and bad days."""

import asyncio
import base64
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stanch.contain.policy import canonical
from stanch.contain.rate import rate
from stanch.guard.asgi import Guard
from stanch.guard.core import NOTHING, Choices
from stanch.guard.identity import by_address, proxy_header
from stanch.guard.keeper import Keeper, ed25519
from stanch.vocabulary.asset import Fails
from stanch.vocabulary.ids import AssetId, PrincipalId, digest_of
from stanch.vocabulary.policy import Deny, Limits, LogLevel, Mode, Policy, Scores, Shape
from stanch.vocabulary.probe import HEADER, Probe, asked, proves, read
from stanch.vocabulary.trouble import BadInput, Tampered

A = AssetId("fraud-scorer")
KEY = b"k" * 32
P = Policy(asset=A, version=1)
DENY = replace(P, deny=Deny(principals=frozenset({PrincipalId("key-91")})))
IDENTIFY = proxy_header("x-user", secret_header="x-proxy", secret="s3cret")  # noqa: S106  a test's own
Header = tuple[bytes, bytes]
ANSWER = {"prediction": "ham", "scores": {"ham": 0.71234, "spam": 0.28766}}


@dataclass
class _Seen:
    calls: list[dict[str, Any]] = field(default_factory=list)


async def _model(scope: Any, receive: Any, send: Any) -> None:
    """A model service that answers JSON, or streams three parts at /stream."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        return
    if scope["path"] == "/broken":
        raise RuntimeError("the host's own")
    await receive()
    scope["app_seen"].calls.append({"headers": scope["headers"], "stanch": scope.get("stanch")})
    kind = b"text/event-stream" if scope["path"] == "/stream" else b"application/json"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    if scope["path"] == "/stream":
        for n in range(3):
            await send({"type": "http.response.body", "body": b"data\n\n", "more_body": n < 2})
        return
    await send({"type": "http.response.body", "body": json.dumps(ANSWER).encode()})


@dataclass
class _Said:
    status: int
    headers: dict[str, str]
    body: bytes
    parts: int
    asked_model: bool


def _call(
    guard: Guard,
    *,
    user: str | None = "key-1",
    secret: bytes = b"s3cret",
    more: tuple[Header, ...] = (),
    path: str = "/predict",
    body: bytes = b'{"features": [1, 2]}',
    client: str = "198.51.100.1",
    method: str = "",
) -> _Said:
    given: list[Header] = [] if user is None else [(b"x-user", user.encode()), (b"x-proxy", secret)]
    seen = _Seen()
    messages: list[Any] = []
    probes = HEADER.encode() in dict(more)
    method = method or ("GET" if probes else "POST")
    scope = {"type": "http", "path": path, "method": method, "headers": [*given, *more]}
    scope |= {"client": (client, 1), "app_seen": seen}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    asyncio.run(guard(scope, receive, send))
    headers = {k.decode(): v.decode() for k, v in messages[0]["headers"]}
    whole = b"".join(m.get("body", b"") for m in messages[1:])
    return _Said(messages[0]["status"], headers, whole, len(messages) - 1, bool(seen.calls))


def _events(guard: Guard) -> list[dict[str, Any]]:
    return [e for one in guard.core.buffer.batch(99, 0) for e in json.loads(b"[%b]" % one.text)]


NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Guard]]:
    made: list[Guard] = []

    def build(policy: Policy | None = P, server: str = NOWHERE, **choices: Any) -> Guard:
        guard = Guard(
            _model,
            asset=A,
            server=server,
            key="guard-key",
            identify=choices.pop("identify", IDENTIFY),
            choices=Choices(wait=1, **choices),
        )
        if policy is not None:
            assert guard.core.keeper.accept(canonical(policy))
        if server == NOWHERE:  # else the thread that sends takes what a test looks at
            monkeypatch.setattr(guard.core.link, "start", lambda: None)
        made.append(guard)
        return guard

    yield build
    for guard in made:
        guard.core.stop()


Make = Callable[..., Guard]


def test_a_denied_principal_is_refused_and_the_model_is_not_asked(make: Make) -> None:
    guard = make(DENY)
    said = _call(guard, user="key-91")
    assert (said.status, said.asked_model) == (403, False)
    assert said.headers["content-type"] == "application/problem+json"
    assert b"key" not in said.body
    assert [_call(guard).status for _ in range(3)] == [200, 200, 200]
    counted = guard.core.measured()
    assert (counted["serve"], counted["refuse"]) == (3, 1)


def test_a_principal_header_without_the_proxys_secret_is_nobody(make: Make) -> None:
    guard = make(DENY)
    assert _call(guard, secret=b"guess").status == 401
    assert _call(guard, user=None).status == 401
    assert _call(guard, user="key-91", more=((b"x-user", b"key-1"),)).status == 401
    assert _call(guard, user="key-91", more=((b"X-User", b"key-1"),)).status == 401


def test_an_address_cannot_be_made_up(make: Make) -> None:
    policy = replace(P, deny=Deny(networks=frozenset({"203.0.113.0/24"})))
    spoof = ((b"x-forwarded-for", b"198.51.100.9"),)
    guard = make(policy, identify=by_address)
    assert _call(guard, client="203.0.113.7", more=spoof).status == 403
    behind = make(policy, identify=by_address, trusted_proxies=("10.0.0.0/8",))
    told = ((b"x-forwarded-for", b"198.51.100.9, 203.0.113.7"),)
    assert _call(behind, client="10.1.2.3", more=told).status == 403
    twice = ((b"x-forwarded-for", b"203.0.113.7"), (b"x-forwarded-for", b"10.9.9.9"))
    assert _call(behind, client="10.1.2.3", more=twice).status == 403


def test_a_limited_principal_is_told_when_to_come_back(make: Make) -> None:
    guard = make(replace(P, limit=Limits(per_principal=rate("1/min"))), monotonic=lambda: 5.0)
    assert _call(guard).status == 200
    said = _call(guard)
    assert (said.status, said.headers["retry-after"]) == (429, "60")


def test_a_request_costs_what_the_host_says_of_it(make: Make) -> None:
    limited = replace(P, limit=Limits(cost=rate("10/hour")))
    guard = make(limited, monotonic=lambda: 5.0, cost=lambda scope: len(scope["path"]))
    asked = [_call(guard, path=path).status for path in ("/four", "/four", "/", "/five")]
    assert asked == [200, 200, 429, 429]


@pytest.mark.parametrize("strange", [float("nan"), float("inf"), -1.0])
def test_what_costs_no_amount_fails_as_stated_and_spoils_no_limit(
    make: Make, strange: float
) -> None:
    costs = iter([10.0, strange, 1.0])
    limited = replace(P, limit=Limits(cost=rate("10/hour")))
    guard = make(limited, monotonic=lambda: 5.0, cost=lambda _: next(costs), fail=Fails.CLOSED)
    assert [_call(guard).status for _ in range(3)] == [200, 503, 429]


def test_a_batch_is_counted_by_its_rows_and_an_endless_one_refused(make: Make) -> None:
    guard = make(replace(P, limit=Limits(max_batch=2)), largest=100)
    assert _call(guard, body=b'{"instances": [[1], [2]]}').status == 200
    assert _call(guard, body=b'{"instances": [[1], [2], [3]]}').status == 413


def test_scores_are_shaped_before_they_leave(make: Make) -> None:
    guard = make(replace(P, shape=Shape(scores=Scores.TOP1, round=1)))
    said = _call(guard)
    assert json.loads(said.body) == {"prediction": "ham", "scores": {"ham": 0.7}}
    assert said.headers["content-length"] == str(len(said.body))


def test_jitter_never_changes_the_top_class(make: Make) -> None:
    guard = make(replace(P, shape=Shape(jitter=0.9)))
    for _ in range(50):
        scores = json.loads(_call(guard).body)["scores"]
        assert scores["ham"] > scores["spam"]


def test_what_cannot_be_shaped_is_withheld(make: Make) -> None:
    shape = replace(P, shape=Shape(round=1))
    assert _call(make(shape), path="/stream").status == 502
    assert _call(make(shape, largest=10)).status == 502


def test_a_stream_passes_part_by_part(make: Make) -> None:
    said = _call(make(), path="/stream")
    assert (said.parts, said.body) == (3, b"data\n\n" * 3)


@pytest.mark.parametrize(
    ("mode", "asked_model"), [(Mode.SHADOW, True), (Mode.SAFE, False)], ids=str
)
def test_the_fallback_answers(make: Make, mode: Mode, asked_model: bool) -> None:
    said = _call(make(replace(P, mode=mode, fallback='{"prediction": "review"}')))
    assert (said.status, json.loads(said.body)) == (200, {"prediction": "review"})
    assert said.asked_model is asked_model


def test_without_a_policy_it_fails_as_the_asset_says(make: Make) -> None:
    assert _call(make(None)).status == 200
    assert _call(make(None, fail=Fails.CLOSED)).status == 503


def test_an_error_of_the_guard_is_counted_and_never_the_hosts(make: Make) -> None:
    def boom() -> float:
        raise RuntimeError("guard")

    guard = make(monotonic=boom, telemetry=False)
    guard.core.choices = replace(guard.core.choices, monotonic=lambda: 1.0)
    guard.core.keeper.table = object()  # type: ignore[assignment]  # pyrefly: ignore[bad-assignment]  broken on purpose
    assert guard._decide({}, ("key-1", ""), NOTHING).outcome == "serve"
    assert guard.core.measured()["internal_errors"] == 1


def test_an_error_of_the_host_stays_the_hosts(make: Make) -> None:
    guard = make()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="own"):
            _call(guard, path="/broken")
    assert [event["status"] for event in _events(guard)] == [0, 0], "it is told of all the same"


def test_a_websocket_of_a_denied_principal_is_closed_before_it_opens(make: Make) -> None:
    guard = make(DENY)
    sent: list[str] = []
    headers = [(b"x-user", b"key-91"), (b"x-proxy", b"s3cret")]
    scope = {"type": "websocket", "path": "/ws", "headers": headers, "client": ("1.2.3.4", 1)}

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    asyncio.run(guard(scope, receive, send))
    assert sent == ["websocket.close"]


def test_a_probe_says_what_would_happen_and_asks_nobody(make: Make) -> None:
    guard = make(replace(DENY, limit=Limits(per_principal=rate("1/hour"))))
    guard.core.link.probe_key = KEY
    probe = Probe(asset=A, principal="key-91", expect=("refuse",))
    for n in range(3):
        said = _call(
            guard, user=None, more=((HEADER.encode(), asked(probe, f"n{n}", KEY).encode()),)
        )
        found = read(said.body.decode(), f"n{n}", KEY)
        assert proves(probe, found)
        assert not proves(replace(probe, expect=("serve",)), found)
        assert (found.policy, found.digest, said.asked_model) == (
            1,
            guard.core.keeper.digest,
            False,
        )
    with pytest.raises(Tampered):
        read(said.body.decode(), "another", KEY)


def test_an_outsiders_probe_is_a_request_like_any_other(make: Make) -> None:
    guard = make(DENY)
    guard.core.link.probe_key = KEY
    genuine = asked(Probe(asset=A), "once", KEY).encode()
    other = asked(Probe(asset=AssetId("other")), "x", KEY).encode()
    wrong = asked(Probe(asset=A), "x", b"w" * 32).encode()
    for text in (b"", b"x.y", b"\xff", wrong, other, genuine[:-4], genuine.lower()):
        assert _call(guard, user="key-91", more=((HEADER.encode(), text),)).status == 403
    posted = _call(guard, user="key-91", more=((HEADER.encode(), genuine),), method="POST")
    assert posted.status == 403, "stanch probes by GET alone"
    assert _call(guard, user="key-91", more=((HEADER.encode(), genuine),)).status == 200
    assert _call(guard, user="key-91", more=((HEADER.encode(), genuine),)).status == 403


def test_an_older_forged_or_conflicting_policy_is_ignored(tmp_path: Path) -> None:
    secret = Ed25519PrivateKey.generate()
    keeper = Keeper(
        A, verify=ed25519(secret.public_key().public_bytes_raw()), path=tmp_path / "last"
    )

    def take(policy: Policy, signer: Ed25519PrivateKey = secret) -> bool:
        body = canonical(policy)
        return keeper.accept(body, base64.b64encode(signer.sign(body)).decode())

    assert take(replace(DENY, version=5))
    assert not take(replace(P, version=4))
    assert not take(replace(P, version=5))
    assert not take(replace(P, version=6), Ed25519PrivateKey.generate())
    assert not keeper.accept(canonical(replace(P, version=6))), "nobody signed it"
    assert not take(Policy(asset=AssetId("other"), version=9))
    assert not keeper.accept(b"{", base64.b64encode(secret.sign(b"{")).decode())
    assert sorted(keeper.counts) == [
        "policy_broken", "policy_conflicting", "policy_forged", "policy_of_another_asset",
        "policy_older",
    ]  # fmt: skip
    again = Keeper(
        A, verify=ed25519(secret.public_key().public_bytes_raw()), path=tmp_path / "last"
    )
    assert again.version == 5


@pytest.mark.parametrize("years", [-20, 20])
def test_a_wall_clock_that_is_wrong_changes_no_decision(make: Make, years: int) -> None:
    ends = datetime(2026, 11, 21, tzinfo=UTC)
    policy = replace(DENY, until=ends, limit=Limits(per_principal=rate("1/hour")))
    wrong = ends.replace(year=ends.year + years)
    guard = make(policy, wall=lambda: wrong)
    guard.core.link.probe_key = KEY
    assert _call(guard, user="key-91").status == 403, "only the server ends a policy"
    assert [_call(guard).status for _ in range(2)] == [200, 429]
    probe = Probe(asset=A, principal="key-91", expect=("refuse",))
    sealed = _call(guard, more=((HEADER.encode(), asked(probe, "n", KEY).encode()),)).body
    assert proves(probe, read(sealed.decode(), "n", KEY))
    told = {e["ts"][:4] for e in _events(guard)}
    assert told == {str(wrong.year)}


def test_a_disk_that_refuses_or_lies_never_stops_the_guard(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    keeper = Keeper(A, path=blocked / "last")
    assert keeper.accept(canonical(P))
    assert keeper.counts["disk_failed"] == 1
    assert Keeper(A, path=blocked).counts["disk_unreadable"] == 1


class _Server:
    """A tiny policy server: long-polls, takes reports and events, can be stopped and started."""

    def __init__(self, port: int = 0) -> None:
        self.policy, self.changed = P, Event()
        self.events: list[dict[str, Any]] = []
        self.reports: list[dict[str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's shape
                return

            def do_GET(self) -> None:
                body = canonical(outer.policy)
                if self.headers.get("If-None-Match") == f'"{digest_of(body)}"':
                    outer.changed.wait(0.2)
                    outer.changed.clear()
                    body = canonical(outer.policy)
                same = self.headers.get("If-None-Match") == f'"{digest_of(body)}"'
                self.send_response(304 if same else 200)
                self.send_header("Stanch-Probe-Key", base64.b64encode(KEY).decode())
                self.send_header("Content-Length", "0" if same else str(len(body)))
                self.end_headers()
                self.wfile.write(b"" if same else body)

            def do_POST(self) -> None:
                found = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                (outer.events.extend if isinstance(found, list) else outer.reports.append)(found)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

        self.http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self._thread = Thread(target=self.http.serve_forever, args=(0.01,))
        self._thread.start()

    def put(self, policy: Policy) -> None:
        self.policy = policy
        self.changed.set()

    def stop(self) -> None:
        self.http.shutdown()
        self._thread.join()
        self.http.server_close()


def _until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never became true"
        Event().wait(0.005)


def test_a_policy_arrives_is_acknowledged_and_survives_the_servers_restart(
    make: Make, tmp_path: Path
) -> None:
    server = _Server()
    port = server.http.server_address[1]
    try:
        guard = make(None, server.url, last_good=tmp_path / "last")
        guard.core.start()
        _until(lambda: guard.core.keeper.version == 1)
        server.put(replace(DENY, version=2))
        _until(lambda: guard.core.keeper.version == 2)
        assert _call(guard, user="key-91").status == 403
        assert _call(guard).status == 200
        _until(lambda: any(r["version"] == 2 for r in server.reports))
        _until(lambda: len(server.events) == 2)
        assert {e["kind"] for e in server.events} == {"access", "inference"}
        assert server.events[-1]["features"] == [1.0, 2.0]
        assert guard.core.link.probe_key == KEY
    finally:
        server.stop()
    _until(lambda: guard.core.measured().get("server_unreachable", 0) > 0)
    assert _call(guard, user="key-91").status == 403
    again = _Server(port)
    try:
        again.put(replace(P, version=3))
        _until(lambda: guard.core.keeper.version == 3)
        assert _call(guard, user="key-91").status == 200
    finally:
        guard.core.stop()
        again.stop()


def test_a_guard_that_starts_anew_without_a_server_goes_on_with_the_last_good_policy(
    make: Make, tmp_path: Path
) -> None:
    assert Keeper(A, path=tmp_path / "last").accept(canonical(DENY))
    guard = make(None, "http://127.0.0.1:9", last_good=tmp_path / "last")
    assert _call(guard, user="key-91").status == 403
    assert _call(guard).status == 200
    assert guard.core.started, "the first request of a host without a lifespan asks the server"


def test_a_full_log_keeps_both_bodies_as_they_were(make: Make) -> None:
    guard = make(replace(P, log=LogLevel.FULL))
    _call(guard, body=b'{"features": [1, 2], "note": "x"}')
    (event,) = _events(guard)
    assert event["asked"] == '{"features": [1, 2], "note": "x"}'
    assert json.loads(str(event["answered"])) == ANSWER
    guard.core.keeper.accept(canonical(replace(P, version=2)))
    _call(guard)
    (event,) = _events(guard)
    assert "asked" not in event


def test_what_a_guard_states_of_itself_stands_in_every_event_whatever_was_asked(make: Make) -> None:
    guard = make(told={"region": "eu"})
    for body in (b'{"features": [1, 2]}', b'{"features": [1, 2], "region": "us"}', b"no JSON"):
        _call(guard, body=body)
    assert [event["region"] for event in _events(guard)] == ["eu"] * 3
    with pytest.raises(BadInput, match="may not state principal"):
        make(told={"principal": "ada"})


def test_a_burst_is_dropped_and_counted_never_waited_for(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = make(buffer=5)
    monkeypatch.setattr(guard.core, "start", lambda: None)  # nothing is sent meanwhile
    for _ in range(9):
        assert _call(guard).status == 200
    assert guard.core.measured()["events_dropped"] == 4


def test_an_identity_must_be_chosen() -> None:
    with pytest.raises(TypeError, match="identify"):
        Guard(_model, asset=A, server="", key="", identify=None)  # type: ignore[arg-type]  # pyrefly: ignore[bad-argument-type]  wrong on purpose
    with pytest.raises(ValueError, match="secret"):
        proxy_header("x-user", secret_header="x", secret="")  # noqa: S106  a header's name


def test_the_guard_needs_nothing_heavy() -> None:
    seen = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, stanch.guard.asgi; print(*{m.partition('.')[0] for m in sys.modules})",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"aiohttp", "numpy", "yaml", "asyncio", "sqlalchemy", "pyarrow"}.intersection(seen)


def test_a_policy_that_is_not_in_effect_is_not_acknowledged(make: Make) -> None:
    server, tries = _Server(), [False, False]
    guard = make(None, server.url, trusted_proxies=("10.0.0.0/29",))

    def taken() -> None:
        if tries:
            tries.pop()
            raise ConnectionError("not yet")

    guard.core.link.taken = taken
    try:
        guard.core.start()
        _until(lambda: guard.core.keeper.version == 1)
        _until(lambda: bool(server.reports))
        assert server.reports[0]["proxies"] == ["10.0.0.0/29"]
        assert tries == []
        assert guard.core.measured()["server_unreachable"] == 2
    finally:
        guard.core.stop()
        server.stop()
