"""What outlives the window: earlier deeds, use by hop, counters of rules, through restarts."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from stanch.detect.registry import detectors
from stanch.detect.rules.own import own_rule
from stanch.detect.rules.tally import Tally
from stanch.detect.summaries.acquaintances import Known
from stanch.detect.summaries.record import Record
from stanch.detect.window import Usage
from stanch.engine.ports import Transaction
from stanch.engine.rulebook import Rulebook
from stanch.engine.watch.deeds import record
from stanch.engine.watch.feed import Solo
from stanch.engine.watch.hop import HOP
from stanch.engine.watch.labels import joined
from stanch.engine.watch.memory import (
    MOST_CELLS,
    MOST_OF_A_KIND,
    Ruling,
    remembered,
    ruled,
    windows_of,
)
from stanch.engine.watch.minutes import from_bytes
from stanch.engine.watch.stored import DEEDS, custom
from stanch.engine.watch.watcher import Watcher
from stanch.store.sql.store import SqlStore, open_store
from stanch.testing.spool import MemorySpool
from stanch.vocabulary.asset import Asset, AssetKind, Lineage
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import AssetId, digest_of
from stanch.vocabulary.span import Span

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SCORER = AssetId("scorer")
PIPELINE = AssetId("pipeline")


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


def tables(*rows: dict[str, object]) -> Iterator[pa.Table]:
    """Each event as a table of its own: they have different columns."""
    for row in rows:
        columns = {name: [value] for name, value in row.items()}
        columns["ts"] = pa.array([row["ts"]], pa.timestamp("us", "UTC"))
        yield pa.table(columns)


class Room:
    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.rows = MemorySpool()
        self.store: SqlStore = open_store(f"sqlite:///{folder}/stanch.db", clock=self.clock)
        self.restart()

    def restart(self) -> None:
        """As after a kill: nothing in memory."""
        self.watcher = Watcher(self.store, Solo(self.rows), self.rows, detectors, self.clock)

    def step(self, *rows: dict[str, object], after: timedelta = timedelta()) -> list[Finding]:
        self.clock.at += after
        self.rows.add(*tables(*rows))
        return list(self.watcher.step().findings)

    def event(
        self, name: str, kind: str, asset: AssetId = SCORER, **more: object
    ) -> dict[str, object]:
        return {"id": name, "ts": self.clock.at, "kind": kind, "asset": asset, **more}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    made.store.close()


def test_a_deployment_is_compared_with_a_training_run_of_weeks_ago_through_a_restart(
    room: Room,
) -> None:
    run = {"run": "r1", "digest": digest_of(b"good"), "principal": "trainer"}
    room.step(room.event("t1", "training", **run))
    room.clock.at += timedelta(days=30)
    room.restart()
    swapped = {"digest": digest_of(b"bad"), "by": "mallory", "version": "v2"}
    found = room.step(room.event("d1", "deployment", **swapped))
    (one,) = [f for f in found if f.detector == "model_provenance"]
    assert "none of 1 training run." in one.says
    assert one.suspects[0].principal == "mallory"


def test_a_model_trained_in_the_pipeline_it_is_derived_from_is_known(room: Room) -> None:
    scorer = Asset(
        id=SCORER,
        kind=AssetKind.MODEL,
        name="Scorer",
        owner="ana",
        lineage=Lineage(derived_from=(PIPELINE,)),
    )
    with room.store.begin() as tx:
        tx.assets.add(scorer)
    good = digest_of(b"good")
    room.step(room.event("t1", "training", PIPELINE, run="r1", digest=good))
    assert not room.step(room.event("d1", "deployment", digest=good, version="v2"))
    bad = digest_of(b"bad")
    found = room.step(room.event("d2", "deployment", digest=bad, version="v3"))
    assert "model_provenance" in {f.detector for f in found}


def test_failed_logins_before_a_restart_and_one_that_works_after_it_are_one_story(
    room: Room,
) -> None:
    login = {"action": "login", "principal": "eve", "source": "203.0.113.9"}
    failed = [room.event(f"a{k}", "access", outcome="failed", **login) for k in range(6)]
    room.step(*failed)
    room.restart()
    room.clock.at += timedelta(minutes=2)
    found = room.step(room.event("a9", "access", outcome="ok", **login))
    (one,) = [f for f in found if f.detector == "correlation_rules"]
    assert "eve" in one.says
    assert one.topic.startswith("guessed_login")


def test_who_was_here_weeks_ago_is_known_through_restarts_and_a_stranger_is_told(
    room: Room,
) -> None:
    def work(*people: str, after: timedelta = timedelta()) -> None:
        room.clock.at += after
        did, at = {"action": "pull", "outcome": "ok"}, room.rows.end
        names = [who for who in people for _ in range(12)]
        room.step(
            *(
                room.event(f"w{at + k}", "access", principal=who, **did)
                for k, who in enumerate(names)
            )
        )

    def new(who: str) -> list[Finding]:
        room.clock.at += timedelta(hours=1)
        push = {"action": "push", "outcome": "ok", "principal": who}
        found = room.step(room.event(f"push-{who}", "access", **push))
        return [f for f in found if f.topic == "newcomers"]

    work("ada", "ben", "chen", "dee", "zoe")
    work("ada", after=timedelta(hours=1))
    room.restart()
    work("ada", "ben", "chen", "dee", "ed", after=timedelta(days=30))
    work("ada", after=timedelta(hours=1))
    room.restart()
    assert not new("zoe")
    assert not new("mallory"), "ed came just before: here people come"
    for _ in range(6):
        work("ada", "ben", "chen", "dee", "ed", after=timedelta(days=6))
        room.restart()
    (one,) = new("eve")
    assert one.suspects[0].principal == "eve"
    assert "eve, never seen here before, did push" in one.says


def test_history_that_is_told_to_a_running_server_is_custom_a_minute_later(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings: list[datetime] = []
    reading(room, readings, monkeypatch)
    now = room.clock.at
    for ago in range(42, 0, -6):
        room.clock.at = now - timedelta(days=ago)
        came = "ed" if ago < 26 else "dee"
        did = {"action": "pull", "outcome": "ok"}
        people = [who for who in ("ada", "ben", "chen", "dee", came) for _ in range(12)]
        told = [
            room.event(f"h{ago}-{k}", "access", principal=who, **did)
            for k, who in enumerate(people)
        ]
        room.clock.at = now
        assert not room.step(*told)
    room.clock.at += timedelta(minutes=2)
    push = {"action": "push", "outcome": "ok"}
    assert not room.step(room.event("known", "access", principal="ada", **push))
    (one,) = room.step(room.event("new", "access", principal="eve", **push))
    assert "eve, never seen here before, did push" in one.says
    room.clock.at += timedelta(minutes=2)
    room.step(room.event("later", "access", principal="ada", **push))
    assert readings == [now], "what comes later is added, not read again"


def reading(room: Room, readings: list[datetime], monkeypatch: pytest.MonkeyPatch) -> None:
    def read(tx: Transaction, asset: AssetId, until: datetime) -> tuple[Record, Known]:
        readings.append(room.clock.at)
        return custom(tx, asset, until)

    monkeypatch.setattr("stanch.engine.watch.desks.custom", read)


PUSH = {"action": "push", "outcome": "ok"}


def worked(room: Room, name: str, *people: str, ago: timedelta = timedelta()) -> list[Finding]:
    """What is found when these people fetched, so long ago, and it is told now."""
    did = {"action": "pull", "outcome": "ok"}
    names = [who for who in people for _ in range(12)]
    told = [room.event(f"{name}-{k}", "access", principal=p, **did) for k, p in enumerate(names)]
    return room.step(*({**one, "ts": room.clock.at - ago} for one in told))


def of_newcomers(found: Sequence[Finding]) -> list[str]:
    return [s.principal for f in found if f.topic == "newcomers" for s in f.suspects]


def settled(room: Room) -> None:
    """Five who have been here for weeks, and a minute that is over after them."""
    people = ("ada", "ben", "chen", "dee", "ed")
    for _ in range(8):
        worked(room, f"w{room.rows.end}", *people)
        room.clock.at += timedelta(days=6)
    worked(room, f"w{room.rows.end}", "ada")
    for _ in range(5):
        room.clock.at += timedelta(minutes=1)
        worked(room, f"w{room.rows.end}", "ada")


@pytest.mark.parametrize("ago", [timedelta(days=2), timedelta(days=40)])
@pytest.mark.parametrize("restarted", [False, True])
def test_who_was_here_before_something_that_was_counted_already_is_known_a_minute_later(
    room: Room, ago: timedelta, *, restarted: bool
) -> None:
    settled(room)
    assert not worked(room, "late", "flo", ago=ago)
    if restarted:
        room.restart()
    room.clock.at += timedelta(minutes=2)
    flo = room.event("flo", "access", principal="flo", **PUSH)
    assert of_newcomers(room.step(flo)) == []
    room.clock.at += timedelta(minutes=2)
    eve = room.event("eve", "access", principal="eve", **PUSH)
    assert of_newcomers(room.step(eve)) == (["eve"] if ago > timedelta(days=30) else [])


@pytest.mark.parametrize("late", [timedelta(minutes=4), timedelta(hours=5)])
def test_a_stranger_whose_deed_is_told_late_is_found_in_its_own_window_before_it_is_custom(
    room: Room, late: timedelta
) -> None:
    settled(room)
    done = room.clock.at - late
    push = room.event("push", "access", principal="eve", **PUSH)
    (one,) = room.step({**push, "ts": done})
    assert of_newcomers([one]) == ["eve"]
    assert one.window.covers(done)
    room.clock.at += timedelta(minutes=2)
    again = room.event("again", "access", principal="eve", **PUSH)
    assert late < timedelta(hours=1) or of_newcomers(room.step(again)) == []


def test_late_deeds_are_added_to_what_was_counted_in_their_minute_through_a_restart(
    room: Room,
) -> None:
    settled(room)
    at = room.clock.at - timedelta(minutes=3)
    for n in range(3):
        read = room.event(f"late-{n}", "access", principal="ada", action="read", outcome="ok")
        room.step({**read, "ts": at})
        if n == 1:
            room.restart()
    minute = Span(start=at, end=at + timedelta(minutes=1))
    with room.store.look() as tx:
        (block,) = tx.summaries.between(SCORER, minute, version=DEEDS)
    counts = from_bytes(block.body, None).record.totals
    assert counts == {
        (EventKind.ACCESS, "pull", "ok"): 12,
        (EventKind.ACCESS, "read", "ok"): 3,
    }


def test_deeds_that_come_more_than_a_day_late_are_custom_and_told_as_looked_at_by_nobody(
    room: Room,
) -> None:
    settled(room)
    worked(room, "late", "flo", ago=timedelta(days=2))
    with room.store.look() as tx:
        said = [s.blind.why for s in tx.blinds.of(SCORER) if s.blind.detector == "lateness"]
    assert said == ["12 events came more than a day after theirs: custom, and in no window"]


def burst(room: Room, who: str, many: int) -> list[dict[str, object]]:
    asked = (room.event(f"{who}{room.rows.end}-{k}", "inference") for k in range(many))
    return [{**one, "principal": who, "version": "v1", "features": [0.0]} for one in asked]


def test_a_stranger_who_fetches_the_model_and_then_asks_in_a_burst_is_told_through_a_restart(
    room: Room,
) -> None:
    pull = {"action": "pull", "outcome": "ok"}
    pulls = [room.event(f"p-{who}", "access", principal=who, **pull) for who in ("eve", "bob")]
    room.step(*burst(room, "eve", 30), *pulls)
    room.restart()
    said: list[Finding] = []
    for _ in range(4):
        room.clock.at += timedelta(minutes=1)
        said += room.step(*burst(room, "eve", 60), *burst(room, "ann", 60), *burst(room, "bob", 9))
    told = [f for f in said if f.topic.startswith("stranger_pulls_model")]
    assert [s.principal for f in told for s in f.suspects] == ["eve"]
    assert "eve, never seen on scorer, fetched a model and then asked: " in told[0].says


def test_without_a_fetch_nobodys_answers_are_counted_for_a_rule(room: Room) -> None:
    asked = burst(room, "eve", 3)
    login = {"action": "login", "outcome": "ok", "principal": "eve"}
    room.step(room.event("l", "access", **login), *asked)
    with room.store.look() as tx:
        assert "inference" not in (tx.settings.get(f"rules/{SCORER}") or "")
        assert '"asked"' not in (tx.settings.get(f"rules/{SCORER}") or "")


OWN = """\
id: two_reads
title: Two reads
says: "{who} read {count} times."
events:
  read: {kind: access, action: [read]}
by: [principal]
within: 1h
when:
  count: {of: read, at_least: 2}
"""


def own_findings(found: Sequence[Finding]) -> list[str]:
    return [f.says for f in found if f.topic.startswith("two_reads")]


def test_a_rule_of_peoples_own_is_taken_up_and_put_aside_between_two_steps(room: Room) -> None:
    def reads(name: str) -> list[str]:
        return own_findings(room.step(room.event(name, "access", action="read", principal="eve")))

    book = Rulebook(room.store, room.clock)
    assert reads("r0") == []
    book.put(OWN, by="ada")
    assert reads("r1") == [], "what came before the rule is not counted for it"
    room.restart()
    assert reads("r2") == ["Two reads: eve read 2 times."]
    book.put(OWN.replace("at_least: 2", "at_least: 3"), by="ada")
    assert reads("r3") == [], "a new writing begins to count anew"
    book.put_aside("two_reads", by="ada")
    room.clock.at += timedelta(minutes=2)
    assert [reads(f"s{k}") for k in range(3)] == [[], [], []]


def test_a_rule_of_peoples_own_that_takes_everything_does_not_push_ours_out() -> None:
    greedy = OWN.replace("action: [read]", "action: ['*']").replace("[principal]", "[resource]")
    rule = own_rule(greedy, "greedy.yaml").rule
    login: dict[str, object] = {
        "kind": "access",
        "asset": SCORER,
        "principal": "eve",
        "action": "login",
    }
    rows: list[dict[str, object]] = [{**login, "ts": START, "outcome": "failed"}]
    later = START + timedelta(minutes=1)
    rows += [
        {**login, "ts": later, "action": "x", "resource": f"r{k}"} for k in range(MOST_CELLS + 9)
    ]
    by = Ruling(asset=SCORER, known=frozenset(), own=(rule,))
    counted = [key.rule for key in ruled(Tally(), rows, by).cells]
    assert "guessed_login" in counted
    assert counted.count(rule.id) == MOST_CELLS


def test_hops_that_are_over_become_custom_and_use_and_none_is_counted_twice(room: Room) -> None:
    for hop in range(4):
        deeds = [
            room.event(f"h{hop}-{k}", "access", action="read", principal="ana", outcome="ok")
            for k in range(hop + 1)
        ]
        room.step(*deeds)
        room.clock.at += HOP
        if hop == 1:
            room.restart()
    room.step(room.event("last", "access", action="read", principal="ana", outcome="ok"))
    (window,) = [w for w, _ in room.watcher._bench.looked_at if w.version == DEEDS]
    assert sum(window.before.deeds.values()) + sum(window.record.deeds.values()) == 11
    assert window.usage[-1] == Usage(start=START + HOP, events=5)
    assert all(u.start + 2 * HOP <= window.span.start for u in window.usage)


def test_use_is_of_two_hops_that_follow_each_other_and_have_ended() -> None:
    hops = tuple(Usage(start=START + k * HOP, events=k) for k in (0, 1, 3, 4))
    assert [u.events for u in windows_of(hops, START + 5 * HOP)] == [1, 7]
    assert [u.events for u in windows_of(hops, START + 4 * HOP)] == [1]


def test_a_flood_of_one_kind_does_not_push_the_others_out_of_history() -> None:
    run = Happening(at=START, event="t", kind=EventKind.TRAINING)
    flood = [
        Happening(at=START + timedelta(seconds=k), event=f"d{k}", kind=EventKind.DATASET)
        for k in range(MOST_OF_A_KIND + 50)
    ]
    kept = remembered((run,), flood)
    assert run in kept
    assert len(kept) == MOST_OF_A_KIND + 1
    assert remembered(kept, flood[:3]) == kept


def test_the_run_of_a_model_in_service_outlives_runs_that_went_nowhere() -> None:
    facts = {"digest": "sha256:" + "a" * 64}
    run = Happening(at=START, event="t", kind=EventKind.TRAINING, facts=facts)
    served = Happening(at=START, event="d", kind=EventKind.DEPLOYMENT, what=facts["digest"])
    tries = [
        Happening(at=START + timedelta(hours=k + 1), event=f"t{k}", kind=EventKind.TRAINING)
        for k in range(MOST_OF_A_KIND)
    ]
    assert run in remembered((run, served), tries)
    assert run not in remembered((run,), tries)


def test_parameters_longer_than_a_fact_are_kept_one_by_one(room: Room) -> None:
    params = '{"note": "' + "x" * 400 + '", "rate": 0.1}'
    row = room.event("t1", "training", run="r", params=params, metrics="not json")
    room.rows.add(*tables(row))
    (one,) = record(room.rows.table).happenings
    assert one.facts["params.rate"] == "0.1"
    assert len(one.facts["params.note"]) == 256
    assert one.facts["metrics"] == "not json"


def test_a_label_is_its_contributors_and_only_then_the_askers(room: Room) -> None:
    asked = [
        room.event(f"e{k}", "inference", principal="asker", prediction="yes") for k in range(2)
    ]
    room.rows.add(*tables(*asked))
    signed = room.event("l0", "label", of="e0", label="no", principal="annotator")
    plain = room.event("l1", "label", of="e1", label="no")
    unknown = room.event("l2", "label", of="nobody", label="no")
    late = MemorySpool(*tables(signed, plain, unknown))
    (found,), lost = joined(late.table, room.rows, SCORER)
    assert lost["of"].to_pylist() == ["nobody"]
    assert sorted(found.rows["contributor"].to_pylist(), key=str) == [None, "annotator"]
