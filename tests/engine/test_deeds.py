"""Deeds: previews change nothing, a key has one effect, undoing restores, consent is a setting."""

import errno
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from stanch.contain.alike import likeness
from stanch.engine.ahead import Previews
from stanch.engine.asked import MOST_ROWS
from stanch.engine.automatic import Automatic, automatic_in
from stanch.engine.calling import ended
from stanch.engine.deeds import Hands, RealDeeds
from stanch.engine.freeze import FROZEN
from stanch.engine.guards import Proof
from stanch.engine.outside import Taken
from stanch.engine.owed import BACK, CALLS, owed
from stanch.engine.placed import placed
from stanch.engine.policies import Change, Policies
from stanch.engine.runs.deeds import Order
from stanch.engine.taking_back import TakingBack, elsewhere
from stanch.engine.telling import Notice
from stanch.engine.watch.memory import keep_history
from stanch.engine.watch.minutes import Callers
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import SqlStore, open_store
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.asset import Asset, AssetKind, Lineage
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Finding, Suspect
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import (
    AssetId,
    DetectorId,
    EvidenceId,
    IncidentId,
    PrincipalId,
    RunId,
    digest_of,
)
from stanch.vocabulary.incident import (
    Incident,
    Level,
    Phase,
    Severity,
    Verdict,
    VerdictKind,
)
from stanch.vocabulary.kept import SummaryBlock
from stanch.vocabulary.playbook import Argument
from stanch.vocabulary.policy import Mode, Policy
from stanch.vocabulary.probe import Probe
from stanch.vocabulary.record import Deed, Evidence
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import BadInput, NotFound

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FRAUD = AssetId("fraud")
INCIDENT = IncidentId("inc-1")
BLOCK = Order(
    act="block_principal",
    args={"principals": "$suspects"},
    incident=INCIDENT,
    asset=FRAUD,
    key="run-1/block",
    lasts=3600,
    run=RunId("run-1"),
)


class Room:
    """A store, deeds on it, and everything they reach, as a test sets it."""

    def __init__(self, folder: Path) -> None:
        self.at = NOON
        self.shows = Proof(holds=None, says="Nobody.")
        self.notices: list[Notice] = []
        self.proxies: tuple[str, ...] = ()
        self.frozen = IncidentId("")
        self.rows = pa.table({})
        self.store: SqlStore = open_store(sqlite_url(folder), clock=lambda: self.at)
        self.policies = Policies(self.store, lambda: self.at)
        self.deeds = self.with_setting(Automatic())
        with self.store.begin() as tx:
            tx.assets.add(
                Asset(
                    id=FRAUD,
                    kind=AssetKind.MODEL,
                    name="fraud",
                    owner="ada",
                    lineage=Lineage(trained_on=(AssetId("rows-2026"),)),
                )
            )
            tx.incidents.add(
                Incident(
                    id=INCIDENT,
                    title="t",
                    asset=FRAUD,
                    opened=NOON,
                    first_seen=NOON,
                    updated=NOON,
                    phase=Phase.TRIAGED,
                    suspects=(Suspect(principal=PrincipalId("key-91"), share=1, confidence=0.95),),
                    verdict=Verdict(kind=VerdictKind.ATTACK, attack=AttackKind.EXTRACTION),
                    severity=Severity(level=Level.MEDIUM),
                )
            )

    def with_setting(self, automatic: Automatic) -> RealDeeds:
        hands = Hands(
            store=self.store,
            policies=self.policies,
            keeper=self,
            clock=lambda: self.at,
            prover=self,
            notifier=self,
            automatic=automatic,
            proxies=lambda asset: self.proxies if asset == FRAUD else (),
            rows=self,
        )
        return RealDeeds(hands)

    def sibling(self) -> AssetId:
        """Another model, made of the same data."""
        with self.store.begin() as tx:
            mine = tx.assets.get(FRAUD)
            return tx.assets.add(replace(mine, id=AssetId("fraud-eu"))).id

    def freeze(self, incident: Incident) -> None:
        self.frozen = incident.id

    def prove(self, asset: AssetId, version: int, probe: Probe | None) -> Proof:
        assert (asset, version > 0, probe is not None) == (FRAUD, True, True)
        return self.shows

    def between(self, asset: AssetId, span: Span, limit: int) -> pa.Table:
        assert asset == FRAUD
        assert (span.end, limit) == (NOON, 4096) or limit == MOST_ROWS
        return self.rows

    def tell(self, notice: Notice) -> None:
        self.notices.append(notice)

    def traffic(self, counts: dict[str, int], unnamed: int = 0) -> None:
        body = msgspec.json.encode({"asked": counts, "all": sum(counts.values()) + unnamed})
        block = SummaryBlock(
            asset=FRAUD, version="v7", minute=NOON - timedelta(minutes=5), body=body, n=1
        )
        with self.store.begin() as tx:
            tx.summaries.put([block])

    def entered(self, deed: Deed) -> int:
        return sum(one.entry.deed is deed for one in self.store.outbox(limit=500))


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    plain = msgspec.json.Decoder(Callers)
    monkeypatch.setattr("stanch.engine.asked.callers", plain.decode)
    made = Room(tmp_path)
    yield made
    made.store.close()


def test_showing_changes_nothing_and_says_whom_it_hits(room: Room) -> None:
    room.traffic({"key-91": 1, "key-2": 99})
    shown = room.deeds.show(BLOCK)
    assert shown.risk is Risk.AUTOMATIC
    assert "1 principal and 1 % of 100 requests" in shown.text
    assert room.policies.standing(FRAUD).version == 0


def test_the_same_key_has_one_effect_at_any_later_time(room: Room) -> None:
    first = room.deeds.perform(BLOCK)
    room.at += timedelta(minutes=3)
    assert room.deeds.perform(BLOCK) == first
    (demand,) = room.policies.standing(FRAUD).demands
    assert demand.until == NOON + timedelta(hours=1)
    assert room.entered(Deed.POLICY_CHANGED) == 1


def test_undoing_restores_and_undoing_again_changes_nothing(room: Room) -> None:
    done = room.deeds.perform(BLOCK)
    for _ in range(2):
        assert room.deeds.undo(BLOCK, done.handle).ok
    assert room.policies.standing(FRAUD).demands == ()
    assert room.entered(Deed.POLICY_CHANGED) == 2


def test_the_digest_is_of_the_act_whatever_else_stands_or_how_late_it_is(room: Room) -> None:
    before = room.deeds.show(BLOCK).digest
    room.deeds.perform(replace(BLOCK, act="verbose_logging", args={}, key="run-1/log"))
    room.at += timedelta(minutes=30)
    assert room.deeds.show(BLOCK).digest == before
    assert room.deeds.show(replace(BLOCK, lasts=7200)).digest != before
    other = replace(BLOCK, args={"principals": ("key-2",)})
    assert room.deeds.show(other).digest != before


THROTTLE = replace(BLOCK, act="throttle", args={"rate": "60/min"}, key="run-1/slow")
SOME = automatic_in("low=0.02, high=0.10")


@pytest.mark.parametrize(
    ("over", "level", "automatic", "risk"),
    [
        (0, Level.HIGH, Automatic(), Risk.ONE),
        (1, Level.LOW, SOME, Risk.AUTOMATIC),
        (4, Level.LOW, SOME, Risk.ONE),
        (4, Level.MEDIUM, SOME, Risk.ONE),
        (8, Level.HIGH, SOME, Risk.AUTOMATIC),
        (30, Level.HIGH, SOME, Risk.ONE),
    ],
)
def test_how_much_goes_unasked_depends_on_severity_and_on_who_else_is_hit(
    room: Room, over: int, level: Level, automatic: Automatic, risk: Risk
) -> None:
    """A throttle of everybody; `over` percent of all requests are an innocent's beyond it."""
    room.traffic({"key-91": 400, "key-2": 120 + over * 10, "key-3": 100}, 380 - over * 10)
    with room.store.begin() as tx:
        seen = tx.incidents.get(INCIDENT)
        tx.incidents.save(replace(seen, severity=Severity(level=level)))
    assert room.with_setting(automatic).show(THROTTLE).risk is risk


def test_a_suspect_is_blocked_at_once_however_much_they_ask(room: Room) -> None:
    room.traffic({"key-91": 9_000, "key-2": 1_000})
    shown = room.deeds.show(BLOCK)
    assert shown.risk is Risk.AUTOMATIC
    assert "Hits 1 principal and 90 % of 10000 requests" in shown.text
    named = replace(BLOCK, args={"principals": ("key-91", "key-2")})
    assert room.deeds.show(named).risk is Risk.ONE
    # Whom a person names in person needs no second one; everybody does.
    assert room.deeds.show(replace(named, by="ada")).risk is Risk.AUTOMATIC
    assert room.deeds.show(replace(THROTTLE, by="ada")).risk is Risk.ONE


def test_what_became_of_an_act_between_a_look_and_the_deed_is_looked_at_again(room: Room) -> None:
    order = replace(BLOCK, seen=room.deeds.show(BLOCK).digest)
    with room.store.begin() as tx:
        seen = tx.incidents.get(INCIDENT)
        more = replace(seen.suspects[0], principal=PrincipalId("key-2"))
        tx.incidents.save(replace(seen, suspects=(*seen.suspects, more)))
    late = room.deeds.perform(order)
    assert (late.ok, late.again, late.handle) == (False, True, "")
    assert not room.policies.now(FRAUD).deny.principals
    order = replace(BLOCK, seen=room.deeds.show(BLOCK).digest)
    assert room.deeds.perform(order).ok
    assert room.policies.now(FRAUD).deny.principals == {"key-91", "key-2"}


def test_whom_a_network_hits_is_measured_by_where_requests_came_from(room: Room) -> None:
    room.traffic({"key-91": 80, "key-2": 20})
    who = ["key-91"] * 4 + ["key-2"] * 2
    source = [*["203.0.113.7"] * 3, *["198.51.100.1"] * 2, "::ffff:203.0.113.9"]
    columns = {"principal": who, "source": source, "kind": ["inference"] * 6}
    block = replace(BLOCK, act="block_network", args={"networks": ("203.0.113.0/24",)})
    assert "by its address is not known" in room.deeds.show(block).text
    room.rows = pa.table({**columns, "version": ["v7"] * 6, "ts": [NOON] * 6})
    shown = room.deeds.show(block).text
    assert "Hits 2 principals and 70 % of 100 requests (70 refused" in shown


def test_what_to_weigh_stands_where_people_are_asked(room: Room) -> None:
    room.policies.set_base(Policy(asset=FRAUD, route={"v7": 1}), Change(by="ada", because="a"))
    made = Happening(
        at=NOON, event="e-1", kind=EventKind.TRAINING, facts={"digest": "sha256:v6"}, what="run"
    )
    told = Happening(
        at=NOON, event="e-2", kind=EventKind.DEPLOYMENT, version="v6", what="sha256:v6"
    )
    with room.store.begin() as tx:
        keep_history(tx, FRAUD, (made, told))
    shown = room.deeds.show(replace(BLOCK, act="roll_back", args={"to": "v6"}))
    assert "What to weigh: Versions were last changed at 12:00 UTC" in shown.text
    assert "this may undo a rollout" in shown.text


def test_the_blast_is_measured_by_the_minutes_that_the_watch_keeps(room: Room) -> None:
    room.traffic({"key-91": 70, "key-2": 20}, unnamed=10)
    shown = room.deeds.show(replace(BLOCK, act="stop_endpoint", args={}))
    assert "Hits 2 principals and others who are not known by name and 100 % of 100" in shown.text


@pytest.mark.parametrize("text", ["wide", "low", "low=2", "low=-1", "severe=0.1", "low=x"])
def test_a_setting_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="STANCH_AUTOMATIC"):
        automatic_in(text)


def test_people_can_be_asked_before_anything(room: Room) -> None:
    assert room.with_setting(Automatic(ask_always=True)).show(BLOCK).risk is Risk.ONE


def test_a_proof_moves_the_incident_on_and_is_entered_once(room: Room) -> None:
    room.deeds.perform(BLOCK)
    proof = replace(BLOCK, act="await_probe", args={}, key="run-1/prove")
    done = room.deeds.perform(proof)
    assert (done.ok, done.says) == (
        False,
        "A guard has proved 0 of 1 act. Block principals: Nobody.",
    )
    room.shows = Proof(holds=None, says="It told no address.", guards=("one",))
    assert not room.deeds.perform(proof).again
    room.shows = Proof(holds=None, says="No guard was heard of since the start.")
    assert room.deeds.perform(proof).again
    room.shows = replace(room.shows, nobody=True)
    assert not room.deeds.perform(proof).again
    room.shows = Proof(holds=False, says="Not yet.")
    assert room.deeds.perform(proof).again
    room.shows = Proof(holds=True, says="Shown.")
    assert room.deeds.perform(proof).ok
    assert room.deeds.perform(proof).ok
    with room.store.look() as tx:
        seen = tx.incidents.get(INCIDENT)
    assert (seen.phase, seen.contained_at) == (Phase.CONTAINED, NOON)
    assert room.entered(Deed.POLICY_PROVED) == 1
    assert room.deeds.facts(INCIDENT, NOON)["proved"] is True


def test_what_was_freed_by_other_means_is_not_waited_for(room: Room) -> None:
    room.deeds.perform(BLOCK)
    with room.store.look() as tx:
        ((_, demand),) = placed(tx, INCIDENT)[0].demands
    room.policies.revert(FRAUD, demand, Change(by="ada", because="it was us"))
    room.deeds.perform(replace(BLOCK, act="throttle", args={"rate": "5/min"}, key="run-2/slow"))
    room.shows = Proof(holds=True, says="Shown.")
    proof = replace(BLOCK, act="await_probe", args={}, key="run-2/prove")
    assert room.deeds.perform(proof).says == "A guard has proved 1 of 1 act."
    assert room.deeds.facts(INCIDENT, NOON)["proved"] is True
    room.policies.back_to(FRAUD, 0, Change(by="ada", because="it was us"))
    assert room.deeds.perform(proof).says.startswith("Nothing of this incident is in force")


def test_a_guard_that_cannot_is_not_asked_again_and_people_are_told(room: Room) -> None:
    room.deeds.perform(replace(BLOCK, act="shape_outputs", args={}, key="run-1/less"))
    proof = replace(BLOCK, act="await_probe", args={}, key="run-1/prove")
    cannot = ("Envoy cannot shape answers: use the gateway.",)
    room.shows = Proof(holds=False, says=cannot[0], cannot=cannot)
    done = room.deeds.perform(proof)
    assert (done.ok, done.again) == (False, False)
    assert "Envoy cannot shape answers" in done.says
    assert any("is not enforced" in n.says for n in room.notices)
    with room.store.look() as tx:
        assert tx.incidents.get(INCIDENT).phase is Phase.TRIAGED
    facts = room.deeds.facts(INCIDENT, NOON)
    assert (facts["proved"], facts["contained"]) == (False, False)


@pytest.mark.parametrize(
    ("kind", "minutes", "frozen"), [("notes", 0, True), (FROZEN, 0, False), (FROZEN, 2, True)]
)
def test_evidence_is_frozen_before_an_act_unless_a_freeze_was_made_a_moment_ago(
    room: Room, kind: str, minutes: int, *, frozen: bool
) -> None:
    """What a person puts in is evidence, and no freeze."""
    item = Evidence(
        id=EvidenceId("evd-1"),
        incident=INCIDENT,
        digest=digest_of(b"x"),
        size=1,
        kind=kind,
        name="x",
        taken=NOON,
        by="ada",
        log_index=1,
    )
    with room.store.begin() as tx:
        tx.evidence.add(item)
    room.at += timedelta(minutes=minutes)
    room.deeds.freeze(INCIDENT, by="stanch")
    assert bool(room.frozen) is frozen


def test_what_nobody_here_can_call_is_told_to_a_person(room: Room) -> None:
    order = replace(
        BLOCK, act="quarantine_dataset", args={"dataset": "$dataset"}, key="run-1/set-aside"
    )
    done = room.deeds.perform(order)
    assert "By hand: Dataset rows-2026" in done.says
    assert any("by hand" in n.says for n in room.notices)
    assert room.policies.now(FRAUD).hold.training


def test_what_an_act_called_for_is_owed_back_however_the_act_ends(room: Room) -> None:
    order = replace(BLOCK, act="quarantine_dataset", args={"dataset": "d"}, key="run-1/aside")
    room.deeds.perform(replace(order, lasts=3600))
    assert ended(room.store, room.at) == 0
    room.at += timedelta(hours=2)
    room.policies.expire()
    for expected in (1, 0):
        assert ended(room.store, room.at) == expected
    with room.store.look() as tx:
        (back,) = owed(tx, BACK)
        assert owed(tx, CALLS) == []
    assert (Taken.read(back).call.undo, Taken.read(back).key) == ("release", "run-1/aside/0")
    assert room.deeds.undo(order, "run-1/aside").says == "There is nothing left to take back."


def _fails_at(cut: int) -> Callable[[object], None]:
    """What makes this write, counted from 0, and every later one fail."""
    writes = count()

    def fail(_: object) -> None:
        if next(writes) >= cut:
            raise OSError(errno.ENOSPC, "No space left on device")

    return fail


@pytest.mark.parametrize("act", ["block_principal", "quarantine_dataset", "enhanced_monitoring"])
def test_wherever_the_store_fails_in_an_act_it_can_be_undone_whole(room: Room, act: str) -> None:
    args: dict[str, Argument] = {"dataset": "d"} if act == "quarantine_dataset" else {}
    order = replace(BLOCK, act=act, args=BLOCK.args if act == "block_principal" else args)
    kin = (FRAUD, room.sibling())
    broke = 0
    for cut in count():
        cut_off = replace(order, key=f"run-1/{act}-{cut}")
        try:
            with room.store.only_if(_fails_at(cut)):
                room.deeds.perform(cut_off)
            break
        except OSError:
            broke += 1
        handle = room.deeds.begun(cut_off)
        stands = [a for a in kin if room.policies.standing(a).demands]
        assert bool(handle) == bool(stands), cut
        room.deeds.undo(cut_off, handle)
        assert not any(room.policies.standing(a).demands for a in kin), cut
    assert broke >= 3
    assert room.deeds.begun(cut_off) == cut_off.key


def test_the_assets_own_fallback_answers_unless_its_owners_policy_has_one(room: Room) -> None:
    with room.store.begin() as tx:
        tx.assets.save(replace(tx.assets.get(FRAUD), fallback='"hold"'))
    order = replace(BLOCK, act="safe_mode", args={}, key="run-1/safe")
    assert "the fallback answers" in room.deeds.show(order).text
    handle = room.deeds.perform(order).handle
    assert room.policies.now(FRAUD).fallback == '"hold"'
    room.deeds.undo(order, handle)
    assert room.policies.now(FRAUD).fallback == ""
    owners = Policy(asset=FRAUD, fallback='"review"')
    room.policies.set_base(owners, Change(by="ada", because="x"))
    room.deeds.perform(replace(order, key="run-2/safe"))
    assert room.policies.now(FRAUD).fallback == '"review"'


def test_a_preview_names_the_family_and_what_cannot_be_told_back(room: Room) -> None:
    room.sibling()
    text = room.deeds.show(replace(BLOCK, act="enhanced_monitoring", args={})).text
    assert "Each exchange is kept in full. The same is asked of fraud-eu" in text
    told = replace(BLOCK, act="notify", args={"to": "owner", "message": "hi"})
    assert "Way back: Who was told stays told" in room.deeds.show(told).text
    assert "Way back: It can be undone at any time." in room.deeds.show(BLOCK).text


def test_an_act_that_spread_is_taken_back_everywhere_from_its_own_asset_alone(room: Room) -> None:
    kin = room.sibling()
    order = replace(BLOCK, act="enhanced_monitoring", args={}, key="run-1/watch")
    back = TakingBack(store=room.store, policies=room.policies)
    change = Change(by="ada", because="over")
    room.deeds.perform(order)
    (theirs,) = (d.id for d in room.policies.standing(kin).demands)
    back.revert(kin, theirs, change)
    (mine,) = (d.id for d in room.policies.standing(FRAUD).demands)
    room.deeds.perform(replace(order, key="run-2/watch"))
    assert room.policies.standing(kin).demands
    with room.store.look() as tx:
        assert (kin, theirs) in elsewhere(tx, FRAUD, mine)
        assert elsewhere(tx, kin, theirs) == ()
    ahead = Previews(room.store, lambda: room.at, room).revert(FRAUD, mine)
    assert any("taken back on fraud-eu" in one for one in ahead.warns)
    back.revert(FRAUD, mine, change)
    assert not room.policies.standing(kin).demands
    with pytest.raises(NotFound):
        back.revert(FRAUD, mine, change)


def test_going_back_to_a_version_ends_what_acts_since_asked_of_others(room: Room) -> None:
    kin = room.sibling()
    earlier = room.policies.set_base(Policy(asset=FRAUD), Change(by="ada", because="x")).version
    room.deeds.perform(BLOCK)
    room.deeds.perform(replace(BLOCK, act="enhanced_monitoring", args={}, key="run-1/watch"))
    assert room.policies.standing(kin).demands
    ahead = Previews(room.store, lambda: room.at, room).back_to(FRAUD, earlier)
    assert any("taken back on fraud-eu" in one for one in ahead.warns)
    back = TakingBack(store=room.store, policies=room.policies)
    change = Change(by="ada", because="over")
    back.back_to(FRAUD, earlier + 2, change, puts_back=False)
    assert room.policies.standing(kin).demands, "what stays in force stays everywhere"
    back.back_to(FRAUD, earlier, change, puts_back=False)
    assert not room.policies.standing(FRAUD).demands
    assert not room.policies.standing(kin).demands


def test_a_word_that_stands_for_nothing_is_refused(room: Room) -> None:
    with pytest.raises(BadInput, match="Nothing is known for \\$good_version"):
        room.deeds.perform(replace(BLOCK, act="roll_back", args={"to": "$good_version"}))


def test_suspects_that_are_not_sure_are_not_blocked_by_name(room: Room) -> None:
    with room.store.begin() as tx:
        seen = tx.incidents.get(INCIDENT)
        unsure = (Suspect(principal=PrincipalId("key-91"), share=1, confidence=0.5),)
        tx.incidents.save(replace(seen, suspects=unsure))
    assert room.deeds.facts(INCIDENT, NOON)["suspects"] == 0
    with pytest.raises(BadInput):
        room.deeds.show(BLOCK)


SAFE = replace(BLOCK, act="safe_mode", args={}, key="run-1/both:0/safe")
PIN = replace(BLOCK, act="throttle", args={"rate": "60/min"}, key="run-1/both:1/slow")
OVER = replace(
    BLOCK, act="take_back", args={"step": "safe", "once": "slow"}, key="run-1/both:1/over"
)


def _mode(room: Room) -> Mode:
    with room.store.look() as tx:
        now = tx.policies.now(FRAUD)
    return now.policy.mode if now else Mode.SERVING


def test_a_step_is_taken_back_only_once_what_takes_its_place_is_in_force(room: Room) -> None:
    room.deeds.perform(SAFE)
    early = room.deeds.perform(OVER)
    assert not early.ok
    assert early.says == "slow is not in force, so safe stays."
    assert _mode(room) is Mode.SAFE
    room.deeds.perform(PIN)
    for _ in range(2):
        assert room.deeds.perform(OVER).ok
    assert _mode(room) is Mode.SERVING
    assert len(room.policies.standing(FRAUD).demands) == 1


def test_a_step_is_not_taken_back_while_a_guard_denies_what_takes_its_place(room: Room) -> None:
    room.deeds.perform(SAFE)
    room.shows = Proof(holds=False, says="Not yet.", guards=("g",))
    room.deeds.perform(PIN)
    late = room.deeds.perform(OVER)
    assert (late.ok, late.again) == (False, True)
    assert _mode(room) is Mode.SAFE
    room.shows = Proof(holds=True, says="Shown.", guards=("g",))
    assert room.deeds.perform(OVER).ok
    assert _mode(room) is Mode.SERVING


def test_another_runs_step_of_the_same_name_is_left_alone(room: Room) -> None:
    room.deeds.perform(replace(SAFE, key="run-2/safe", run=RunId("run-2")))
    room.deeds.perform(PIN)
    assert room.deeds.perform(OVER).says == "There is nothing left to take back."
    assert _mode(room) is Mode.SAFE


def test_the_addresses_that_findings_are_about_can_be_refused_after_a_yes(room: Room) -> None:
    order = replace(BLOCK, act="block_network", args={"networks": "$networks"}, key="run-1/from")
    with pytest.raises(BadInput, match="networks"):
        room.deeds.show(order)
    assert room.deeds.facts(INCIDENT, NOON)["networks"] == 0
    groups = ("source=203.0.113.9", "source=::ffff:203.0.113.9", "source=nowhere", "country=nl")
    _found(room, groups)
    assert room.deeds.facts(INCIDENT, NOON)["networks"] == 1
    assert room.deeds.show(order).risk is Risk.ONE
    room.deeds.perform(order)
    with room.store.look() as tx:
        now = tx.policies.now(FRAUD)
    assert now is not None
    assert now.policy.deny.networks == {"203.0.113.9/32"}


def _found(room: Room, groups: tuple[str, ...]) -> None:
    finding = Finding(
        detector=DetectorId("access_anomaly"),
        asset=FRAUD,
        window=Span(start=NOON - timedelta(minutes=1), end=NOON),
        says="Logins fail.",
        measured={},
        because=(),
        groups=groups,
    )
    with room.store.begin() as tx:
        tx.findings.put([finding], at=NOON)
        seen = tx.incidents.get(INCIDENT)
        tx.incidents.save(replace(seen, findings=(finding.id,)))


FROM = replace(BLOCK, act="block_network", key="run-1/from")


@pytest.mark.parametrize("blocked", ["10.0.0.7", "10.0.0.0/8", "10.0.0.7/32", "::ffff:10.0.0.7"])
def test_a_block_that_would_hit_a_proxy_is_refused_in_a_sentence(room: Room, blocked: str) -> None:
    room.proxies = ("10.0.0.0/29", "2001:db8::/64")
    for order in (
        replace(FROM, args={"networks": ("203.0.113.7/32", blocked)}),
        *([replace(BLOCK, args={"principals": (blocked,)})] if "/" not in blocked else []),
    ):
        for step in (room.deeds.show, room.deeds.perform):
            with pytest.raises(BadInput, match=r"holds 10.0.0.0/29, a proxy before fraud"):
                step(order)
    assert room.policies.standing(FRAUD).version == 0
    assert room.deeds.perform(replace(FROM, args={"networks": ("203.0.113.7/32",)})).ok


def test_what_is_in_force_already_can_still_be_taken_back_when_it_turns_out_to_be_a_proxy(
    room: Room,
) -> None:
    order = replace(FROM, args={"networks": ("10.0.0.7/32",)})
    done = room.deeds.perform(order)
    room.proxies = ("10.0.0.7/32",)
    assert room.deeds.undo(order, done.handle).ok
    assert room.policies.standing(FRAUD).demands == ()


def test_a_playbook_takes_no_proxy_for_an_address_that_somebody_came_from(room: Room) -> None:
    room.proxies = ("10.0.0.7/32",)
    finding = Finding(
        detector=DetectorId("access_anomaly"),
        asset=FRAUD,
        window=Span(start=NOON, end=NOON),
        says="Keys are tried.",
        measured={},
        because=(),
        groups=("source=10.0.0.7", "source=203.0.113.7"),
    )
    with room.store.begin() as tx:
        tx.findings.put([finding], at=NOON)
        tx.incidents.save(replace(tx.incidents.get(INCIDENT), findings=(finding.id,)))
    assert room.deeds.facts(INCIDENT, NOON)["networks"] == 1
    assert room.deeds.perform(replace(FROM, args={"networks": "$networks"})).ok
    assert room.policies.now(FRAUD).deny.networks == {"203.0.113.7/32"}
    room.proxies = ("10.0.0.7/32", "203.0.113.0/24")
    assert room.deeds.facts(INCIDENT, NOON)["networks"] == 0


FILTER = replace(
    BLOCK, act="filter_inputs", args={"alike": "$alike"}, key="run-1/filter", lasts=86_400
)


def _rows(count: int) -> pa.Table:
    """Ordinary inputs of twenty tenants, and a search of key-91 at the end."""
    dice = np.random.default_rng(7)
    plain = dice.normal(0.0, 1.0, (count, 8)).tolist()
    near = (3.0 + dice.normal(0.0, 0.02, (count // 4, 8))).tolist()
    who = [f"tenant-{n % 20}" for n in range(count)] + ["key-91"] * len(near)
    at = [NOON - timedelta(hours=1) + timedelta(seconds=n) for n in range(len(who))]
    return pa.table(
        {
            "kind": ["inference"] * len(who),
            "principal": who,
            "ts": pa.array(at, pa.timestamp("us", "UTC")),
            "features": [*plain, *near],
        }
    )


def test_the_filter_of_inputs_is_learnt_from_ordinary_rows_and_shows_whom_it_would_refuse(
    room: Room,
) -> None:
    room.traffic({"key-91": 100, **{f"tenant-{n}": 20 for n in range(20)}})
    room.rows = _rows(800)
    shown = room.deeds.show(FILTER)
    assert shown.risk is Risk.ONE
    hit = re.search(r"Hits (\d+) principals? and ([0-9.]+) % of 500 requests", shown.text)
    assert hit is not None
    assert int(hit[1]) <= 4
    assert 18 < float(hit[2]) < 22
    room.rows = _rows(400)
    assert room.deeds.show(FILTER).digest == shown.digest
    assert room.deeds.perform(FILTER).ok
    (rule,) = room.policies.now(FRAUD).filter.rules
    assert likeness(rule).kept == 400
    with room.store.look() as tx:
        (line,) = placed(tx, INCIDENT)
    assert room.deeds.undo(FILTER, line.key).ok
    assert room.policies.now(FRAUD).filter.rules == frozenset()


def test_where_too_few_inputs_are_known_the_filter_says_so(room: Room) -> None:
    room.rows = _rows(40)
    with pytest.raises(BadInput, match=r"Nothing is known for \$alike"):
        room.deeds.show(FILTER)


def test_who_is_related_is_told_by_name_what_happened_and_to_what(room: Room) -> None:
    tell = replace(
        BLOCK,
        act="notify",
        args={"to": "$downstream", "message": "Rows of $dataset may be poisoned; $version waits."},
        lasts=None,
    )
    with pytest.raises(BadInput, match="downstream"):
        room.deeds.show(tell)
    with room.store.begin() as tx:
        made = (("shop", "mia"), ("kiosk", "noa"), ("own", "ada"))
        for name, owner in made:
            line = Lineage(derived_from=(FRAUD,))
            tx.assets.add(
                Asset(id=AssetId(name), kind=AssetKind.MODEL, name=name, owner=owner, lineage=line)
            )
    assert room.deeds.perform(tell).ok
    assert [n.to for n in room.notices] == ["noa", "mia"]
    assert {n.says for n in room.notices} == {
        "Rows of rows-2026 may be poisoned; (not known) waits."
    }
    assert {(n.incident, n.asset) for n in room.notices} == {(INCIDENT, FRAUD)}
    facts = room.deeds.facts(INCIDENT, NOON)
    assert (facts["downstream"], facts["sharing"], facts["data_owners"]) == (2, 0, 0)
