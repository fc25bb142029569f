"""Containing from a shell: an act by hand, and the policy compared, set and taken back."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.processes import until

from stanch.cli.root import run
from stanch.contain.policy import decoded
from stanch.guard.core import Choices, Core
from stanch.guard.core import Server as Upstream
from stanch.guard.identity import by_address
from stanch.testing.gate import gate

Said = Callable[..., str]


@pytest.fixture
def said(server: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Said:
    """What a command says on the running server, for whom has this key."""

    def says(*words: str, key: str = "", code: int = 0) -> str:
        monkeypatch.setenv("STANCH_URL", server.url)
        monkeypatch.setenv("STANCH_KEY", key or server.key)
        assert run(list(words)) == code, words
        told = capsys.readouterr()
        return told.out + told.err

    return says


def reported(server: Any, asset: str) -> str:
    told = {"asset": asset, "text": "somebody asks far too much"}
    return str(server.ask("POST", "/api/v1/incidents", told).json["id"])


def test_an_act_by_hand_is_shown_then_done_and_taken_back_by_its_name(
    server: Any, said: Said
) -> None:
    incident, path = reported(server, "held"), "/api/v1/assets/held/policy"
    every = said("act", incident)
    assert every.index("block_principal") < every.index("stop_endpoint")
    assert "rate=X [principals=A,B]" in every
    order = ("act", incident, "block_principal", "principals=key-91,key-92", "--why", "theirs")
    shown = said(*order, "--hours", "2", "--dry-run")
    assert "Block principals on held for 2 h?" in shown
    assert "key-91, key-92 may not ask." in shown
    assert "It is done at once." in shown
    before = server.ask("GET", path)
    assert decoded(before.body).deny.principals == frozenset()
    assert "run-" in said(*order)
    tag = {"if-none-match": before.headers["etag"]}
    after = server.ask("GET", f"{path}?wait=30", headers=tag)
    assert decoded(after.body).deny.principals == {"key-91", "key-92"}
    reader = server.new_key("read")
    standing = said("policy", "show", "held", key=reader)
    (name,) = [line.split()[0] for line in standing.splitlines() if "dmd-" in line]
    assert f"{name}  block_principal, {incident}, until it is taken back" in standing
    back = said("policy", "revert", "held", "--demand", name, "--dry-run")
    assert "freer: key-91, key-92 may ask again." in back
    assert "Version 2 of held" in said("policy", "revert", "held", "--demand", name)


def test_who_looks_at_what_can_be_done_is_told_what_to_try_before_it(
    server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    acts = {one["id"]: one["narrower"] for one in server.ask("GET", "/api/v1/acts").json}
    assert acts["stop_endpoint"][0] == "block_principal"
    assert acts["block_principal"] == []
    assert run(["act", reported(server, "first"), "--data", str(server.data)]) == 0
    assert "Before disable_agent try: disable_tool." in capsys.readouterr().err


def test_what_was_not_shown_is_not_done_and_what_is_wide_is_asked(server: Any, said: Said) -> None:
    incident = reported(server, "wide")
    path = f"/api/v1/incidents/{incident}/acts"
    order = {"act": "stop_endpoint", "why": "it lies"}
    shown = server.ask("POST", f"{path}/preview", order).json
    assert shown["risk"] == "one"
    stale = server.ask("POST", path, {**order, "lasts": 60, "digest": shown["digest"]})
    assert (stale.status, stale.json["type"]) == (409, "stale")
    silent = server.ask("POST", path, {**order, "why": "", "digest": shown["digest"]})
    assert silent.status == 422
    assert "It waits for the yes of a person." in said(
        "act", incident, "stop_endpoint", "--why", "it lies"
    )
    near = said("act", incident, "block_principle", "--why", "x", code=64)
    assert "Did you mean block_principal?" in near


def test_a_policy_is_compared_in_words_before_it_is_set_and_afterwards(
    server: Any, said: Said, tmp_path: Path
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("{asset: compared, limit: {per_principal: 20/min}}")
    assert "compared" in said("policy", "diff", "compared", code=66)
    ahead = said("policy", "diff", "compared", str(file))
    assert "stricter: " in ahead
    assert "20/min" in ahead
    assert said("policy", "set", "compared", str(file), "--dry-run") == ahead
    said("policy", "diff", "compared", code=66)
    said("policy", "set", "compared", str(file), "--because", "too fast")
    file.write_text(said("policy", "show", "compared").partition("\n\n")[0])
    assert "Nothing changes." in said("policy", "diff", "compared", str(file))
    file.write_bytes(msgspec.json.encode({"asset": "compared", "mode": "stopped"}))
    said("policy", "set", "compared", str(file))
    latest = said("policy", "diff", "compared")
    assert latest.startswith("From version 1 to 2:")
    assert "freer: " in latest
    assert said("policy", "diff", "compared", "--from", "0", "--to", "1").count("\n") == 2


def test_who_may_not_approve_takes_back_and_puts_nothing_back(server: Any, said: Said) -> None:
    path = "/api/v1/assets/put-back/policy"
    for mode in ("stopped", "serving"):
        server.ask("PUT", path, {"asset": "put-back", "mode": mode})
    respond = server.new_key("read", "respond")
    told = said("policy", "revert", "put-back", "--to", "1", key=respond, code=77)
    assert "it puts back what was taken out" in told
    assert "Version 3" in said("policy", "revert", "put-back", "--to", "1")


@pytest.fixture
def guarded(server: Any) -> Iterator[str]:
    """An asset with a real guard that follows the server and answers its probes."""
    asset, found = "shown", list[Core]()

    def answer(header: str) -> str:
        return found[0].probed({"headers": [(b"stanch-probe", header.encode())]}) or ""

    with gate(answer) as address:
        choices = Choices(name="g1", address=address, telemetry=False)
        upstream = Upstream(url=server.url, key=server.new_key("guard"))
        core = Core(upstream, asset, by_address, choices)
        found.append(core)
        core.start()
        try:
            until(lambda: server.ask("GET", f"/api/v1/assets/{asset}/guards").json)
            yield asset
        finally:
            core.stop()


def test_what_is_set_and_taken_back_ends_with_a_guards_word_and_a_probe(
    guarded: str, said: Said, tmp_path: Path
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(f"asset: {guarded}\ndeny: {{principals: [key-91]}}\n")
    shown = "Acknowledged by g1 and shown by a probe. It took"
    told = said("policy", "set", guarded, str(file))
    assert told.startswith(f"Version 1 of {guarded} is in force.\n{shown}")
    back = said("policy", "revert", guarded, "--to", "0")
    assert f"Version 2 of {guarded} is in force.\n{shown}" in back
    assert shown in said("policy", "show", guarded)
    effect = msgspec.json.decode(said("policy", "show", guarded, "--json"))["effect"]
    assert (effect["holds"], effect["version"], effect["guards"]) == (True, 2, ["g1"])
    again = msgspec.json.decode(said("policy", "set", guarded, str(file), "--json"))
    assert (again["version"], again["effect"]["holds"]) == (3, True)


def test_a_mistyped_asset_or_line_is_named_and_not_taken_for_a_neutral_policy(
    said: Said, tmp_path: Path
) -> None:
    assert "There is no asset 'compraed'" in said("policy", "show", "compraed", code=66)
    file = tmp_path / "mine.yaml"
    file.write_text("asset: alone\ndney: {principals: [key-91]}\n")
    for words in (("set", "alone", str(file)), ("diff", "alone", str(file))):
        assert "mine.yaml:2" in said("policy", *words, code=65)


def test_what_nobody_enforces_is_not_said_to_be_shown(said: Said, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("asset: alone\ndeny: {principals: [key-91]}\n")
    told = said("policy", "set", "alone", str(file))
    # what it says beyond that hangs on how long the server has been listening for one
    assert "Not shown yet: No guard of alone " in told


def test_a_change_by_hand_says_whom_of_the_last_hour_it_would_have_hit(
    server: Any, said: Said, tmp_path: Path
) -> None:
    asks = [*["key-91"] * 30, *["key-8"] * 10]
    now = datetime.now(UTC).isoformat()
    events = [
        {"id": f"e{n}", "ts": now, "kind": "inference", "asset": "asked", "principal": who}
        for n, who in enumerate(asks)
    ]
    assert server.ask("POST", "/api/v1/events", events).json["accepted"] == 40
    file = tmp_path / "policy.yaml"
    file.write_text("asset: asked\ndeny: {principals: [key-91]}\n")
    path = "/api/v1/assets/asked/policy/preview"
    until(lambda: server.ask("POST", path, file.read_bytes()).json["share"])
    ahead = said("policy", "set", "asked", str(file), "--dry-run")
    assert "stricter: key-91 may not ask." in ahead
    assert "Who is hit: Hits 1 principal and 75 % of 40 requests (30 refused" in ahead
    said("policy", "set", "asked", str(file))
    back = said("policy", "revert", "asked", "--to", "0", "--dry-run")
    assert "freer: key-91 may ask again.\nWho is hit: Hits nobody" in back


def test_a_dry_run_refuses_what_setting_refuses_and_shows_the_end(
    said: Said, tmp_path: Path
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("{asset: ending, limit: {per_principal: 60/hour}}")
    said("policy", "set", "ending", str(file))
    file.write_text("{asset: ending, mode: stopped, until: 2020-01-01T00:00Z}")
    for words in (("--dry-run",), ()):
        told = said("policy", "set", "ending", str(file), *words, code=64)
        assert "It ends at 2020-01-01 00:00:00 UTC, which is over." in told
    file.write_text("{asset: ending, mode: stopped, until: 2099-01-01T00:00Z}")
    end = "It ends by itself 2099-01-01 00:00:00 UTC."
    ahead = said("policy", "set", "ending", str(file), "--dry-run")
    assert ahead.partition(f"{end} Then:\n")[2].splitlines() == [
        "  freer: The model answers again.",
        "  stricter: Each principal may ask 60/hour.",
    ]
    assert end in said("policy", "set", "ending", str(file))


def test_a_version_that_no_guard_has_is_refused_before_and_set_only_when_asked_for(
    server: Any, said: Said, tmp_path: Path
) -> None:
    report = {"guard": "g1", "asset": "routed", "version": 0, "versions": ["v6", "v7"]}
    server.ask("POST", "/api/v1/assets/routed/guard", report)
    file = tmp_path / "policy.yaml"
    file.write_text("{asset: routed, route: {v6: 1, v9: 1}, mirror: v8}")
    lacks = "g1 has no upstream for v9, and would answer 502: it has v6, v7."
    for words in (("--dry-run",), ()):
        told = said("policy", "set", "routed", str(file), *words, code=64)
        assert lacks in told
        assert "for the mirror v8" in told
        assert "--anyway" in told
    incident = reported(server, "routed")
    act = ("act", incident, "redirect", "to=v9", "--why", "x", "--dry-run")
    assert lacks in said(*act, code=64)
    assert f"Mind: {lacks}" in said("policy", "diff", "routed", str(file))
    assert "Version 1 of routed" in said("policy", "set", "routed", str(file), "--anyway")
    file.write_text("{asset: routed, route: {v6: 1, v7: 0}}")
    assert "Version 2 of routed" in said("policy", "set", "routed", str(file))
    assert f"Mind: {lacks}" in said("policy", "revert", "routed", "--dry-run")
