"""That a policy is in effect: acknowledged by every guard, and shown by a probe through one."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from stanch.engine.guards import ALIVE, FORGOTTEN, Guards, Report
from stanch.store.sql.store import SqlStore
from stanch.testing.gate import gate as listening
from stanch.vocabulary.ids import AssetId, digest_of
from stanch.vocabulary.probe import Probe, Probed, answered, asked, heard, lacking
from stanch.vocabulary.trouble import BadInput

A = AssetId("fraud")
DIGEST = digest_of(b"a policy")
REFUSED = Probe(asset=A, principal="key-91", expect=("refuse",))


class Gate:
    """A guard on loopback that refuses one principal, once its policy says so."""

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.refuses = True
        self.forges = False
        """Answers under a key of its own."""
        self.told = ""
        """What it answers every question with: what was heard on the wire before."""
        self.address = ""

    def answer(self, text: str) -> str:
        question = heard(text, self.key)
        assert question is not None
        probe, nonce = question
        refused = self.refuses and probe.principal == "key-91"
        outcome = "refuse" if refused else "serve"
        probed = Probed(
            asset=probe.asset, nonce=nonce, policy=2, digest=DIGEST, outcome=outcome, why="denied"
        )
        return self.told or answered(probed, b"k" * 32 if self.forges else self.key)


@pytest.fixture
def guards(sql_store: SqlStore, hands: Any) -> Guards:
    return Guards(sql_store, hands)


@pytest.fixture
def gate(guards: Guards) -> Iterator[Gate]:
    one = Gate(guards.probe_key(A))
    with listening(one.answer) as one.address:
        yield one


def report(version: int, address: str = "", name: str = "g1") -> Report:
    return Report(guard=name, asset=A, version=version, address=address)


def test_a_probe_through_an_acknowledged_guard_proves_the_effect(
    guards: Guards, gate: Gate, sql_store: SqlStore
) -> None:
    guards.report(report(2, gate.address))
    proof = guards.prove(REFUSED, 2, digest=DIGEST)
    assert (proof.holds, proof.guards) == (True, ("g1",))
    assert proof.probed[0].outcome == "refuse"
    entered = sql_store.outbox(0, 10)[-1].entry
    assert (entered.deed.value, entered.facts["holds"]) == ("policy.proved", "true")


def test_an_acknowledgement_without_the_effect_is_no_proof(guards: Guards, gate: Gate) -> None:
    gate.refuses = False
    guards.report(report(2, gate.address))
    assert guards.prove(REFUSED, 2, digest=DIGEST).holds is False


def test_a_guard_with_another_key_proves_nothing(guards: Guards, gate: Gate) -> None:
    guards.report(report(2, gate.address))
    gate.forges = True
    assert guards.prove(REFUSED, 2, digest=DIGEST).holds is False


def test_what_a_guard_answered_before_proves_nothing_now(guards: Guards, gate: Gate) -> None:
    guards.report(report(2, gate.address))
    gate.told = gate.answer(asked(REFUSED, "0" * 32, gate.key))
    assert guards.prove(REFUSED, 2, digest=DIGEST).holds is False


def test_without_a_guard_nobody_can_tell(guards: Guards) -> None:
    assert guards.prove(REFUSED, 2, digest=DIGEST).holds is None


def test_where_no_guard_was_ever_heard_of_it_is_said_once_one_would_have_been(
    guards: Guards, hands: Any
) -> None:
    assert not guards.ask(A, 2, (REFUSED,)).nobody  # just started: it may not have been heard yet
    hands.at += ALIVE
    assert guards.ask(A, 2, (REFUSED,)).nobody
    guards.report(report(1))
    hands.at += ALIVE + timedelta(seconds=1)
    silent = guards.ask(A, 2, (REFUSED,))
    assert (silent.holds, silent.nobody) == (None, False)  # it was there: it may be back


def test_a_guard_that_told_no_address_leaves_it_open(guards: Guards) -> None:
    guards.report(report(2))
    assert guards.prove(REFUSED, 2, digest=DIGEST).holds is None


def test_one_late_guard_is_enough_for_a_no(guards: Guards, gate: Gate) -> None:
    guards.report(report(2, gate.address))
    guards.report(report(1, gate.address, "g2"))
    proof = guards.prove(REFUSED, 2, digest=DIGEST, seconds=0.2)
    assert proof.holds is False
    assert "g2" in proof.says


def test_the_last_of_several_guards_is_waited_for(
    guards: Guards, monkeypatch: pytest.MonkeyPatch
) -> None:
    guards.report(report(2))
    guards.report(report(1, name="g2"))
    waits = [report(2, name="g2")]

    def wait(_: float) -> None:
        guards.report(waits.pop())

    monkeypatch.setattr(guards._heard, "wait", wait)
    assert guards.acknowledged(A, 2, 60.0) == ("g1", "g2")
    assert waits == []


def test_what_another_process_heard_of_a_guard_counts_unless_it_is_older(
    sql_store: SqlStore, hands: Any
) -> None:
    here, there = (Guards(sql_store, hands, shared=True) for _ in range(2))
    there.report(report(1))
    assert here.runs(A, 1)
    hands.at += timedelta(seconds=1)
    there.report(report(2))
    assert here.runs(A, 2)
    hands.at -= timedelta(seconds=2)
    there.report(report(1))
    assert here.runs(A, 2)


def test_a_silent_guard_is_not_counted_on_and_not_waited_for(
    guards: Guards, gate: Gate, hands: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guards._heard, "wait", None)
    guards.report(report(1, gate.address, "old"))
    hands.at += ALIVE + timedelta(seconds=1)
    guards.report(report(2, gate.address))
    assert [s.report.guard for s in guards.alive(A)] == ["g1"]
    assert len(guards.of(A)) == 2
    assert guards.prove(REFUSED, 2, digest=DIGEST).holds is True


def test_a_guard_that_ends_on_purpose_is_not_waited_for(
    guards: Guards, monkeypatch: pytest.MonkeyPatch
) -> None:
    guards.report(report(1, name="old"))
    guards.report(report(2, name="new"))
    guards.report(replace(report(1, name="old"), leaving=True))
    monkeypatch.setattr(guards._heard, "wait", None)
    assert guards.acknowledged(A, 2, 60.0) == ("new",)
    assert [s.report.guard for s in guards.of(A)] == ["new"]
    guards.report(replace(report(2, name="new"), leaving=True))
    assert not guards.alive(A)
    assert not guards.ask(A, 2, ()).nobody


def test_whoever_waits_hears_of_the_acknowledgement_at_once(guards: Guards) -> None:
    guards.report(report(1))
    heard_of: list[tuple[str, ...]] = []
    waiting = threading.Thread(target=lambda: heard_of.append(guards.acknowledged(A, 2, 60)))
    waiting.start()
    guards.report(report(2))
    waiting.join(timeout=60)
    assert heard_of == [("g1",)]


def test_an_endless_report_is_refused(guards: Guards) -> None:
    with pytest.raises(BadInput):
        guards.report(report(1, name="g" * 201))
    with pytest.raises(BadInput):
        guards.report(replace(report(1), versions=tuple("v" * 800 + str(n) for n in range(150))))
    with pytest.raises(BadInput):
        guards.report(replace(report(1), versions=("v" * 257,)))
    with pytest.raises(BadInput):
        guards.report(replace(report(1), troubles=("t" * 100_001,)))
    with pytest.raises(BadInput):
        guards.report(replace(report(1), cannot=("no",) * 201))


@pytest.mark.parametrize("address", ["http://10.0.0.7:99999/", "http://[/", "http://a b/", "x" * 9])
def test_an_address_that_is_none_proves_nothing_and_stops_nobody(
    guards: Guards, address: str
) -> None:
    guards.report(report(2, address))
    assert guards.prove(REFUSED, 2, digest=DIGEST, seconds=0.1).holds is False


def test_guards_that_were_silent_for_a_week_are_forgotten_by_every_process(
    sql_store: SqlStore, hands: Any
) -> None:
    here, there = (Guards(sql_store, hands, shared=True) for _ in range(2))
    here.report(report(1, name="gone"))
    assert [s.report.guard for s in there.of(A)] == ["gone"]
    hands.at += FORGOTTEN + timedelta(seconds=1)
    here.report(report(1, name="new"))
    assert [s.report.guard for s in here.of(A)] == ["new"]
    with sql_store.look() as tx:
        assert list(tx.settings.all("guard/")) == [f"guard/{A}/new"]
    there.report(report(1, name="other"))
    assert [s.report.guard for s in there.of(A)] == ["new", "other"]


def test_who_invents_guards_takes_the_place_of_those_with_the_same_key_that_are_silent(
    guards: Guards, hands: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stanch.engine.guards.MOST_GUARDS", 3)
    guards.report(report(1, name="ours"), "ours")
    for n in range(3):
        guards.report(report(1, name=f"evil{n}"), "stolen")
    with pytest.raises(BadInput, match="a key of its own"):
        guards.report(report(1, name="evil3"), "stolen")
    guards.report(report(1, name="ours too"), "ours")
    hands.at += ALIVE + timedelta(seconds=1)
    guards.report(report(1, name="evil3"), "stolen")
    assert [s.report.guard for s in guards.of(A)] == ["evil1", "evil2", "evil3", "ours", "ours too"]


SHAPE = "Envoy cannot shape answers: use the gateway or the guard in the service."


@pytest.mark.parametrize(
    ("sentence", "field"),
    [
        (SHAPE, "shape"),
        ("Envoy cannot keep an answer back for its log (shadow): the fallback is given.", "mode"),
        ("Envoy does not look into answers, so output filters do nothing there.", "filter"),
        ("Envoy does not look into answers, so calls of denied tools are not held back.", "tools"),
        ("There is no upstream for v9: requests for it get 503.", "route"),
        ("There is no upstream for the mirror 'v9'.", "mirror"),
        ("Requests are not copied to 'v1': use the gateway.", "mirror"),
        ("The input filter is strict and no rule says what to look for.", "filter"),
    ],
)
def test_a_guards_sentence_is_about_the_field_it_means(sentence: str, field: str) -> None:
    probe = Probe(asset=A, about=(f"{field}.part",))
    assert lacking(probe, (sentence,)) == (sentence,)
    other = "deny" if field != "deny" else "log"
    assert lacking(replace(probe, about=(f"{other}.principals",)), (sentence,)) == ()
    route = replace(probe, about=("route",))
    assert lacking(route, (sentence,)) == ((sentence,) if field == "route" else ())


def test_a_sentence_that_nobody_understands_is_about_everything() -> None:
    assert lacking(Probe(asset=A, about=("deny",)), ("Something is off.",))


def test_a_guard_that_says_it_cannot_proves_nothing_of_that_part(
    guards: Guards, gate: Gate
) -> None:
    guards.report(replace(report(2, gate.address), cannot=(SHAPE,)))
    less = replace(REFUSED, about=("shape.scores",))
    found = guards.prove(less, 2, digest=DIGEST)
    assert (found.holds, found.cannot, found.says) == (False, (SHAPE,), SHAPE)
    block = replace(REFUSED, about=("deny.principals",))
    assert guards.prove(block, 2, digest=DIGEST).holds is True
