"""What cannot be judged or answered: set aside, told, tried again, and in nobody's way."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from stanch.app import opened
from stanch.app.serving import _health
from stanch.app.work import work_of
from stanch.detect.window import Window
from stanch.engine import triage as triage_module
from stanch.engine.aside import FIRST, TRIAGE, set_aside
from stanch.engine.blindness import blind_now
from stanch.engine.caretaker import Caretaker
from stanch.engine.evidence import EvidenceRoom
from stanch.engine.judging import judged
from stanch.engine.lifecycle import Lifecycle, Parts
from stanch.engine.owed import ANSWERS, HELD, owe, owed
from stanch.engine.triage import Triage, Triaged
from stanch.engine.watch.feed import Solo
from stanch.engine.watch.watcher import Watcher
from stanch.settings import Settings
from stanch.store.sql.store import SqlStore, open_store
from stanch.store.vault import Vault
from stanch.testing.spool import MemorySpool
from stanch.vocabulary.finding import AttackKind, Finding, Report, Suspect
from stanch.vocabulary.ids import AssetId, DetectorId, PrincipalId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.record import Deed
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import Busy, Unreachable

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SPAN = Span(start=AT, end=AT + timedelta(minutes=20))
NOTHING: Mapping[str, Window] = {}


def found(asset: str, who: str = "thief") -> Finding:
    return Finding(
        detector=DetectorId("extraction"),
        asset=AssetId(asset),
        window=SPAN,
        says=f"The model is asked as if to copy it, by {who}.",
        measured={},
        because=(),
        strength=20.0,
        suspects=(Suspect(principal=PrincipalId(f"{asset}-{who}"), share=1.0, confidence=1.0),),
        points_to={AttackKind.EXTRACTION: 0.8},
    )


class Place:
    """A store with triage on it, and a clock that can be turned."""

    def __init__(self, folder: Path) -> None:
        self.at = AT
        self.store: SqlStore = open_store(f"sqlite:///{folder}/stanch.db", clock=self.clock)
        self.start()

    def clock(self) -> datetime:
        return self.at

    def start(self) -> None:
        """As after a restart: nothing in memory."""
        self.triage = Triage(self.store, self.clock)

    def take(self, *findings: Finding, reports: tuple[Report, ...] = ()) -> Triaged:
        """Triage of these, kept as the watch keeps them."""
        with self.store.begin() as tx:
            owe(tx, HELD, [f.id for f in tx.findings.put(findings, at=self.at)])
        return self.triage.take(findings, NOTHING, reports)

    def aside(self) -> list[str]:
        with self.store.look() as tx:
            return list(set_aside(tx))

    def blind(self) -> list[tuple[str, str]]:
        with self.store.look() as tx:
            return [(s.blind.asset, s.blind.why) for s in blind_now(tx)]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def trip(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has the judging fail wherever this stands in what a finding says, or nowhere."""

    def on(words: str) -> None:
        def tripped(
            incident: Incident, findings: tuple[Finding, ...], seen: Any, around: Any
        ) -> Incident:
            if any(words in f.says or words in f.asset for f in findings):
                raise ZeroDivisionError("nothing to divide by")
            return judged(incident, findings, seen, around)

        monkeypatch.setattr(triage_module, "judged", tripped if words else judged)

    return on


def test_one_finding_that_cannot_be_judged_is_set_aside_and_told_and_the_others_go_on(
    place: Place, trip: Callable[[str], None]
) -> None:
    trip("bad")
    bad, others = found("bad"), [found(f"good-{n}") for n in range(5)]
    triaged = place.take(*others[:2], bad, *others[2:])
    assert {i.asset for i in triaged.opened} == {f.asset for f in others}
    assert place.aside() == [bad.id]
    ((asset, why),) = place.blind()
    assert (asset, "ZeroDivisionError: nothing to divide by" in why) == ("bad", True)
    with place.store.look() as tx:
        assert owed(tx, HELD) == []
    (entry,) = [o.entry for o in place.store.outbox(limit=500) if o.entry.deed is Deed.SET_ASIDE]
    assert (entry.about, entry.facts["why"]) == (bad.id, "ZeroDivisionError")


def test_what_is_set_aside_is_judged_after_a_restart_or_after_a_while_and_is_told_no_more(
    place: Place, trip: Callable[[str], None]
) -> None:
    trip("bad")
    place.take(found("bad"), found("bad-too"))
    assert len(place.aside()) == 2
    trip("bad-too")
    assert place.take().opened == ()
    place.at += FIRST
    assert [i.asset for i in place.take().opened] == ["bad"]
    assert [asset for asset, _ in place.blind()] == ["bad-too"]
    trip("")
    assert place.take().opened == ()
    place.start()
    assert [i.asset for i in place.take().opened] == ["bad-too"]
    assert (place.aside(), place.blind()) == ([], [])


def test_of_many_findings_on_one_asset_only_the_one_that_trips_the_judging_is_left_out(
    place: Place, trip: Callable[[str], None]
) -> None:
    trip("by p7.")
    every = [found("fraud", f"p{n}") for n in range(12)]
    place.take(*every)
    assert place.aside() == [every[7].id]
    with place.store.look() as tx:
        (incident,) = tx.incidents.open_on([AssetId("fraud")])
    assert {f.id for f in every} - set(incident.findings) == {every[7].id}


def test_a_kept_finding_that_cannot_be_read_stops_neither_a_finding_nor_a_persons_report(
    place: Place,
) -> None:
    bad = found("bad")
    with place.store.begin() as tx:
        owe(tx, HELD, [f.id for f in tx.findings.put([bad], at=AT)])
        tx._link.execute(text("UPDATE findings SET doc = '{}'"))
    report = Report(id="rep-1", asset=AssetId("fraud"), by="grace", at=AT, text="it looks odd")
    opened = place.take(found("good"), reports=(report,)).opened
    assert {i.asset for i in opened} == {"good", "fraud"}
    assert place.aside() == [bad.id]


def test_a_database_that_ends_while_a_damaged_finding_is_looked_up_leaves_it_owed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = found("bad")
    with place.store.begin() as tx:
        owe(tx, HELD, [f.id for f in tx.findings.put([bad], at=AT)])
        tx._link.execute(text("UPDATE findings SET doc = '{}'"))

    def away(*_: object) -> None:
        raise Unreachable("the database", "it does not answer")

    with place.store.look() as tx:
        monkeypatch.setattr(type(tx.findings), "find", away)
    with pytest.raises(Unreachable):
        place.take()
    with place.store.look() as tx:
        assert owed(tx, HELD) == [bad.id]
    assert place.aside() == []


def test_a_report_that_cannot_be_taken_is_said_to_who_made_it_and_costs_no_finding(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def notes(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Triage, "_notes", staticmethod(notes))
    report = Report(id="rep-1", asset=AssetId("fraud"), by="grace", at=AT, text="it looks odd")
    with pytest.raises(ZeroDivisionError):
        place.take(reports=(report,))
    assert place.aside() == []


def test_a_database_that_is_busy_sets_nothing_aside(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise Busy("others are writing to the database", 1)

    monkeypatch.setattr(triage_module, "judged", busy)
    with pytest.raises(Busy):
        place.take(found("fraud"))
    with place.store.look() as tx:
        assert len(owed(tx, HELD)) == 1
    assert place.aside() == []


class Answers:
    """Who answers every incident but those of one asset."""

    def __init__(self, but: str) -> None:
        self.but, self.answered = but, list[str]()

    def answer(self, incident: Incident) -> None:
        if incident.asset == self.but:
            raise ZeroDivisionError("no playbook")
        self.answered.append(incident.asset)


def test_an_incident_that_cannot_be_answered_stays_owed_and_keeps_no_other_waiting(
    place: Place, tmp_path: Path
) -> None:
    vault, rows, answers = Vault.open(tmp_path / "vault"), MemorySpool(), Answers("bad")
    parts = Parts(
        store=place.store,
        watcher=Watcher(place.store, Solo(rows), rows, dict, place.clock),
        triage=place.triage,
        evidence=EvidenceRoom(place.store, vault, place.clock),
        events=rows,
        responders=(answers,),
    )
    bad = next(i for i in place.take(found("bad"), found("good")).opened if i.asset == "bad")
    Lifecycle(parts).turn()
    assert answers.answered == ["good"]
    assert place.aside() == [bad.id]
    with place.store.look() as tx:
        assert owed(tx, ANSWERS) == [bad.id]
    answers.but = ""
    place.at += FIRST
    Lifecycle(parts).turn()
    assert (answers.answered, place.aside(), place.blind()) == (["good", "bad"], [], [])
    vault.close()


def test_what_is_set_aside_stands_in_readiness_and_keeps_nobody_from_being_served(
    tmp_path: Path, trip: Callable[[str], None]
) -> None:
    trip("bad")
    with opened(Settings(data=tmp_path)) as parts:
        work = work_of(parts)
        health = _health(parts, work, Caretaker(()))
        assert (health.aside(), health.unwell()) == ((), ())
        bad = found("bad")
        with parts.store.begin() as tx:
            owe(tx, HELD, [f.id for f in tx.findings.put([bad], at=AT)])
        work.lifecycle.turn()
        assert health.unready() == ()
        assert health.aside()[0].startswith("1 thing that was found could not be judged")
        assert health.unwell()[0].startswith(f"{bad.id} on bad could not be judged")
        told = {one.name: one for one in health.checkups()}
        assert told["set aside"].good is False
        assert TRIAGE in told["blind spots"].says
        assert ("stanch_set_aside", "gauge", 1) in list(health.measures())
