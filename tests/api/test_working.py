"""What people and guards do over HTTP: report, judge, move; set and follow policies."""

import base64
import json
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.processes import PATIENCE

from stanch.contain.policy import decoded
from stanch.vocabulary.ids import digest_of


class Answered(Protocol):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any: ...


class Running(Protocol):
    data: Any

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answered: ...

    def new_key(self, *scopes: str) -> str: ...


def policy_of(asset: str, **parts: object) -> dict[str, object]:
    return {"asset": asset, **parts}


def test_a_persons_report_becomes_an_incident_that_moves_by_its_table(server: Running) -> None:
    told = {"asset": "reported", "text": "customers say the answers are odd"}
    incident = server.ask("POST", "/api/v1/incidents", told).json
    path = f"/api/v1/incidents/{incident['id']}"
    assert server.ask("GET", f"{path}/notes").json[0]["text"] == told["text"]
    ahead = server.ask("GET", f"{path}/ahead").json
    assert "closed" in ahead["phases"]
    seen = server.ask("GET", path).json["version"]
    refused = server.ask("POST", f"{path}/phase", {"to": "recovered", "seen": seen})
    assert (refused.status, refused.json["type"]) == (409, "wrong-phase")
    word = {"seen": seen, "why": "checked", "verdict": "natural", "severity": 1}
    judged = server.ask("POST", f"{path}/judgement", word).json
    assert judged["verdict"]["by"] != "stanch"
    stale = server.ask("POST", f"{path}/judgement", word)
    assert (stale.status, stale.json["type"]) == (409, "stale")
    closing = {"to": "closed", "seen": judged["version"], "why": "nothing wrong"}
    assert server.ask("POST", f"{path}/phase", closing).json["phase"] == "closed"


def test_a_guard_gets_the_exact_bytes_that_the_tag_and_the_signature_are_over(
    server: Running,
) -> None:
    key = server.new_key("guard")
    answer = server.ask("GET", "/api/v1/assets/guarded/policy", key=key)
    assert answer.headers["etag"] == f'"{digest_of(answer.body)}"'
    assert decoded(answer.body).asset == "guarded"
    signature = base64.b64decode(answer.headers["stanch-signature"], validate=True)
    keys = (server.data / "keys" / "keys.json").read_text()
    public = _ed25519_of(keys)
    Ed25519PublicKey.from_public_bytes(public).verify(signature, answer.body)
    same = server.ask(
        "GET",
        "/api/v1/assets/guarded/policy",
        key=key,
        headers={"if-none-match": answer.headers["etag"]},
    )
    assert (same.status, same.body) == (304, b"")
    assert same.headers["stanch-probe-key"] == answer.headers["stanch-probe-key"]


def test_the_guards_route_with_its_key_of_probes_is_no_readers(server: Running) -> None:
    reader = server.new_key("read")
    refused = server.ask("GET", "/api/v1/assets/guarded/policy", key=reader)
    assert refused.status == 403


def test_a_waiting_guard_hears_of_a_new_policy_at_once(server: Running) -> None:
    path = "/api/v1/assets/polled/policy"
    first = server.ask("GET", path)
    heard: list[tuple[float, Answered]] = []

    def wait() -> None:
        tag = {"if-none-match": first.headers["etag"]}
        answer = server.ask("GET", f"{path}?wait=30", headers=tag)
        heard.append((time.monotonic(), answer))

    waiting = threading.Thread(target=wait)
    waiting.start()
    changed = time.monotonic()
    kept = server.ask("PUT", path, policy_of("polled", mode="stopped"))
    assert kept.status == 200, kept.body
    waiting.join(PATIENCE)
    moment, answer = heard[0]
    assert answer.status == 200
    assert decoded(answer.body).mode == "stopped"
    assert moment - changed < 20, "before the wait was over"
    server.ask("PUT", path, policy_of("polled", mode="serving"))
    stopped = kept.json["version"]
    back = server.ask("POST", f"{path}/revert", {"because": "over", "version": stopped})
    assert (back.json["version"], back.json["policy"]["mode"]) == (stopped + 2, "stopped")


def test_a_guards_report_is_heard_and_shown(server: Running) -> None:
    report = {"guard": "host-1", "asset": "polled", "version": 1, "digest": "", "counts": {"a": 1}}
    key = server.new_key("guard")
    assert server.ask("POST", "/api/v1/assets/polled/guard", report, key=key).json == {
        "heard": True
    }
    (shown,) = server.ask("GET", "/api/v1/assets/polled/guards").json
    assert shown["report"]["guard"] == "host-1"
    told = {**report, "proxies": ["10.0.0.0/29"]}
    server.ask("POST", "/api/v1/assets/polled/guard", told, key=key)
    wide = policy_of("polled", deny={"networks": ["10.0.0.0/8"]})
    refused = server.ask("PUT", "/api/v1/assets/polled/policy", wide)
    assert (refused.status, "a proxy before polled" in refused.json["detail"]) == (422, True)
    wrong = server.ask("POST", "/api/v1/assets/other/guard", report, key=key)
    assert wrong.status == 422
    limited = policy_of("polled", limit={"per_principal": {"count": 20}})
    assert server.ask("PUT", "/api/v1/assets/polled/policy", limited).status == 200
    tally = {"sort": "service", "charged": {"principal/ann": 3}}
    path = "/api/v1/assets/polled/tally"
    heard_by: dict[str, dict[str, float]] = {"host-1": {}, "host-2": {"principal/ann": 3.0}}
    for among, (name, heard) in enumerate(heard_by.items(), 1):
        found = server.ask("POST", path, {**tally, "guard": name}, key=key).json
        assert {n: one["amount"] for n, one in found["charged"].items()} == heard
        assert found["among"] == found["parts"] == among
    other = server.new_key("guard")
    found = server.ask("POST", path, {**tally, "guard": "host-3"}, key=other).json
    assert (found["among"], found["parts"]) == (3, 2)
    told = {**tally, "guard": "host-1", "charged": {"principal/ann": -3}}
    refused = server.ask("POST", path, told, key=key)
    assert (refused.status, "no guard lets that through" in refused.json["detail"]) == (422, True)
    nowhere = server.ask("POST", "/api/v1/assets/nowhere/tally", {**tally, "guard": "g"}, key=key)
    assert nowhere.status == 404


def test_a_condition_of_operation_has_a_baseline_of_its_own(server: Running) -> None:
    asset = {"id": "regional", "kind": "model", "name": "Regional", "owner": "us"}
    path = "/api/v1/assets/regional/baselines"
    asset |= {"conditions": {"field": "region", "values": ["eu", "us"]}}
    assert server.ask("POST", "/api/v1/assets", asset).json["conditions"]["values"] == ["eu", "us"]
    sent = [
        {**one, "region": "eu" if place % 2 else "us"}
        for place, one in enumerate(_events("regional", 2_400))
    ]
    kept = server.ask("POST", f"{path}?condition=eu", sent).json
    assert (kept["condition"], kept["rows"], kept["id"]) == ("eu", 1_200, "regional-eu-1")
    whole = server.ask("POST", path, sent).json
    assert (whole["condition"], whole["rows"]) == ("", 2_400)
    assert server.ask("GET", f"{path}/current?condition=eu").json["id"] == "regional-eu-1"
    assert server.ask("GET", f"{path}/current?condition=us").status == 404
    assert server.ask("GET", f"{path}/current").json["id"] == "regional-2"
    unknown = server.ask("POST", f"{path}?condition=mars", sent)
    assert (unknown.status, "Name one of: eu, us, other" in unknown.json["detail"]) == (422, True)


def test_a_baseline_is_made_of_rows_that_are_sent_and_refused_when_too_small(
    server: Running,
) -> None:
    path = "/api/v1/assets/measured/baselines"
    few = server.ask("POST", path, _events("measured", 20))
    assert (few.status, few.json["type"]) == (403, "baseline-refused")
    overridden = server.ask("POST", f"{path}?override=a+test", _events("measured", 20))
    assert overridden.json["override"] == "a test"
    kept = server.ask("POST", f"{path}?drawn_from=9000", _events("measured", 1200)).json
    assert (kept["rows"], kept["asset"]) == (1200, "measured")
    assert kept["source"] == "1200 rows, drawn evenly from 9000 by whoever sent them"
    assert overridden.json["source"] == "rows that were sent"
    assert kept["leans_on"] == {}
    assert [one["id"] for one in server.ask("GET", path).json] == ["measured-2", "measured-1"]
    none = server.ask("POST", "/api/v1/assets/never-sent/baselines?days=1")
    assert (none.status, "no answers" in none.json["detail"]) == (422, True)
    bad = server.ask("POST", path, [{"id": "x"}])
    assert (bad.status, "row 0" in bad.json["detail"]) == (422, True)


def _events(asset: str, n: int) -> list[dict[str, object]]:
    dice = np.random.default_rng(5)
    since = datetime.now(UTC) - timedelta(hours=1)
    return [
        {
            "id": f"b-{i}",
            "ts": (since + timedelta(seconds=i)).isoformat(),
            "kind": "inference",
            "asset": asset,
            "principal": f"p{i % 7}",
            "features": [float(x) for x in dice.normal(size=3)],
            "prediction": "yes" if i % 3 else "no",
        }
        for i in range(n)
    ]


def _ed25519_of(keys: str) -> bytes:
    found = json.loads(keys)
    return base64.b64decode(found["generations"][-1]["ed25519"])
