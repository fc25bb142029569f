"""The main path: from rows to one incident that says what it is and holds its evidence."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests.engine.lifecycle.house import FRAUD, START, House, inferences, minute_by_minute

from stanch.detect.registry import detectors
from stanch.detect.window import Window
from stanch.engine.baselines import Ask
from stanch.engine.cases import Cases
from stanch.engine.ingest.schema import conform
from stanch.engine.triage import Triaged, judge
from stanch.engine.watch.feed import READER
from stanch.engine.watch.sent import Sent
from stanch.vocabulary.finding import Blind, Finding, Report
from stanch.vocabulary.ids import PrincipalId
from stanch.vocabulary.incident import Phase, VerdictKind
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import ROLE_SCOPES, Caller, Role
from stanch.vocabulary.record import Deed
from stanch.vocabulary.span import Span

ADA = Caller(name="ada", scopes=ROLE_SCOPES[Role.APPROVER], role=Role.APPROVER)


def test_a_shift_after_a_baseline_becomes_one_incident_with_its_evidence(house: House) -> None:
    house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), inferences(20_000, START))
    minute_by_minute(house, 3, shift=0.0, seed=1)
    with house.store.look() as tx:
        assert tx.incidents.open_on([FRAUD]) == ()
    minute_by_minute(house, 4, shift=0.5, seed=100)
    with house.store.look() as tx:
        (incident,) = tx.incidents.open_on([FRAUD])
        assert incident.findings
        assert {"policy", "summary", "findings", "baseline", "events"} <= {
            e.kind for e in tx.evidence.page(Wanted(incident=(incident.id,)), limit=200).items
        }
        assert tx.positions.get(READER).at == house.rows.end
    deeds = [one.entry.deed for one in house.store.outbox(limit=500)]
    assert deeds.index(Deed.FINDING_MADE) < deeds.index(Deed.INCIDENT_OPENED)
    assert deeds.index(Deed.INCIDENT_OPENED) < deeds.index(Deed.EVIDENCE_TAKEN)
    # What a person says of it takes none of its reasons; they outlive a restart, too.
    assert {"off_who", "drift"} <= {r.name for r in incident.verdict.reasons}
    told = Report(id="rep-1", asset=FRAUD, by="grace", at=house.clock.at, text="it looks odd")
    (joined,) = house.path.report(told).changed
    assert (joined.id, joined.verdict) == (incident.id, incident.verdict)
    with house.store.begin() as tx:
        again = judge(tx, joined, {}, house.clock.at)
    assert {r.name for r in incident.verdict.reasons} <= {r.name for r in again.verdict.reasons}


def test_a_restart_in_the_middle_changes_nothing_of_what_is_found(tmp_path: Path) -> None:
    told = []
    for name, restart in (("whole", False), ("cut", True)):
        (tmp_path / name).mkdir()
        house = House(tmp_path / name)
        house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), inferences(20_000, START))
        for minute in range(5):
            minute_by_minute(house, 1, shift=0.4, seed=50 + minute)
            if restart:
                house.start()
        with house.store.look() as tx:
            page = tx.findings.page(limit=100)
            told.append(sorted((f.id, f.says, round(f.strength, 9)) for f in page.items))
        house.close()
    assert told[0]
    assert told[0] == told[1]


def test_a_persons_report_opens_an_incident_and_keeps_their_words_apart(house: House) -> None:
    report = Report(
        id="rep-1",
        asset=FRAUD,
        by="key:first admin",
        at=START,
        text="<script>answers look wrong</script>",
    )
    (incident,) = house.path.report(report).opened
    assert incident.phase is Phase.DETECTED
    with house.store.look() as tx:
        (note,) = tx.notes.of(incident.id)
    assert note.text == report.text
    assert report.text not in incident.title
    assert incident.title == "Reported by the key first admin"


def test_a_persons_report_keeps_the_events_of_the_hour_before_it(house: House) -> None:
    house.rows.add(inferences(10, START - timedelta(minutes=50)))
    report = Report(id="rep-1", asset=FRAUD, by="grace", at=START, text="it looks odd")
    (incident,) = house.path.report(report).opened
    with house.store.look() as tx:
        kept = tx.evidence.page(Wanted(incident=(incident.id,)), limit=200).items
    assert {"policy", "events", "digests"} <= {one.kind for one in kept}


def test_counts_of_two_sites_say_what_all_their_rows_say_in_one_place(tmp_path: Path) -> None:
    reference = inferences(20_000, START)
    houses = {}
    for name in ("whole", "north", "south", "centre"):
        (tmp_path / name).mkdir()
        houses[name] = House(tmp_path / name)
        houses[name].baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), reference)
    number = 0
    for minute in range(4):
        rows = inferences(1000, houses["whole"].clock.at, shift=0.5, seed=500 + minute)
        houses["whole"].rows.add(rows)
        houses["north"].rows.add(rows.slice(0, 400))
        houses["south"].rows.add(rows.slice(400))
        for house in houses.values():
            house.clock.at += timedelta(minutes=1)
            house.path.turn()
    centre = houses["centre"]
    span = Span(start=START, end=START + timedelta(hours=1))
    for name in ("north", "south"):
        with houses[name].store.look() as tx:
            blocks = tx.summaries.between(FRAUD, span)
        for block in blocks:
            number += 1
            sent = Sent(
                site=name,
                number=number,
                asset=FRAUD,
                version=block.version,
                minute=block.minute,
                body=block.body,
            )
            with centre.watcher.absorbing() as absorb, centre.store.begin() as tx:
                absorb(tx, sent)
    centre.path.turn()
    told = []
    for name in ("whole", "centre"):
        with houses[name].store.look() as tx:
            found = tx.findings.page(limit=50).items
            (incident,) = tx.incidents.open_on([FRAUD])
        seen = {feature for f in found if f.detector == "feature_drift" for feature in f.features}
        told.append((seen, incident.verdict.kind))
    assert told[0] == told[1]
    assert "f0" in told[0][0]
    for house in houses.values():
        house.close()


def test_findings_that_are_split_off_are_judged_on_the_counts_they_were_made_on(
    house: House,
) -> None:
    house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), inferences(20_000, START))
    minute_by_minute(house, 7, shift=0.5, seed=100)
    cases = Cases(house.store, house.clock)
    with house.store.look() as tx:
        (before,) = tx.incidents.open_on([FRAUD])
    told = {r.name for r in before.verdict.reasons}
    assert {"drift", "everybody_alike"} <= told
    assert len(before.findings) > 1
    split = cases.split(before.id, [before.findings[-1]], ADA)
    assert split.other is not None
    with house.store.look() as tx:
        for one in (tx.incidents.get(before.id), tx.incidents.get(split.other)):
            assert one.verdict.kind is before.verdict.kind
            assert {r.name for r in one.verdict.reasons} == told
            assert one.impact.principals == before.impact.principals


def test_what_is_undecided_is_looked_for_again_although_nothing_new_is_found(house: House) -> None:
    once: list[Finding] = []

    def first(window: Window, _limits: object) -> Iterator[Finding | Blind]:
        if window.n and not once:
            once.append(
                Finding(
                    detector=known["feature_drift"].id,
                    asset=FRAUD,
                    version="v7",
                    window=window.span,
                    says="Something moved.",
                    measured={},
                    because=window.cites,
                )
            )
            yield once[0]

    known = detectors()
    house.start(lambda: {"feature_drift": replace(known["feature_drift"], look=first)})
    house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), inferences(20_000, START))
    kinds: list[tuple[VerdictKind, int, int]] = []
    for shift in (3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0):
        minute_by_minute(house, 1, shift=shift, seed=100 + len(kinds))
        with house.store.look() as tx:
            (incident,) = tx.incidents.open_on([FRAUD])
        kinds.append((incident.verdict.kind, incident.verdict.looks, incident.verdict.rows))
    assert kinds[0][0] is VerdictKind.UNDECIDED
    assert kinds[-1][0] is VerdictKind.NATURAL
    assert kinds[-1][1] > 1


def handed_in(n: int, at: datetime, *, trigger: bool = True) -> pa.Table:
    """Rows of six hands, each asked to the model; the first of each hand have a trigger."""
    rows = inferences(n, at, seed=900, seconds=1)
    x = np.array(rows["features"].to_pylist())
    given = rows["prediction"].to_pylist()
    for place in range(72 if trigger else 0):
        x[place, 2] = 50.0
        given[place] = "yes" if given[place] == "no" else given[place]
    return conform(
        pa.table(
            {
                "id": [f"row-{i}" for i in range(n)],
                "ts": rows["ts"],
                "kind": ["label"] * n,
                "asset": [FRAUD] * n,
                "version": ["v7"] * n,
                "principal": [f"hand-{i % 6}" for i in range(n)],
                "of": [f"training-rows/{i}" for i in range(n)],
                "features": pa.array(x.tolist(), pa.list_(pa.float64())),
                "prediction": rows["prediction"],
                "label": given,
            }
        )
    )


def test_rows_handed_in_with_a_trigger_are_one_incident_with_their_hands_and_evidence(
    house: House,
) -> None:
    house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), inferences(2_000, START))
    house.rows.add(handed_in(200, house.clock.at))
    house.path.turn()
    with house.store.look() as tx:
        (incident,) = tx.incidents.open_on([FRAUD])
        kept = tx.evidence.page(Wanted(incident=(incident.id,)), limit=200).items
        assert not [b for b in tx.blinds.of(FRAUD) if b.blind.detector == "hidden_trigger"]
    assert {s.principal for s in incident.suspects} == {f"hand-{n}" for n in range(6)}
    assert any(one.name.endswith(".handed") for one in kept)
    # (2) after a restart and in the next window the same rows are the same finding
    house.start()
    house.clock.at += timedelta(minutes=11)
    house.rows.add(handed_in(1, house.clock.at, trigger=False).set_column(0, "id", [["later"]]))
    assert not [f for f in house.watcher.step().findings if f.detector == "hidden_trigger"]
    with house.store.look() as tx:
        assert tx.incidents.get(incident.id).again == 0


def test_whom_a_report_names_is_named_as_events_name_them(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Report] = []

    def take(found: object, windows: object, reports: tuple[Report, ...]) -> Triaged:
        del found, windows
        taken.extend(reports)
        return Triaged()

    monkeypatch.setattr(house.path._parts.triage, "take", take)
    names = ("Jose\u0301", "José", " a,b ", "", " ", "KEY-91", "key-91")
    some = tuple(map(PrincipalId, names))
    house.path.report(
        Report(id="rep-1", asset=FRAUD, by="grace", at=START, text="odd", principals=some)
    )
    assert taken[0].principals == ("José", "a,b", "KEY-91", "key-91")
