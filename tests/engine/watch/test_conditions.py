"""Conditions of operation: each has a normal of its own, and none is a place to hide."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from stanch.detect.alarms.watch import Promise
from stanch.detect.registry import detectors
from stanch.detect.window import Window
from stanch.engine.baselines import Ask, Baselines
from stanch.engine.blindness import blind_now
from stanch.engine.freeze import of_asset, pieces
from stanch.engine.ingest.compute import pc
from stanch.engine.ingest.schema import conform
from stanch.engine.triage import Triage
from stanch.engine.watch.conditions import apart
from stanch.engine.watch.feed import Solo
from stanch.engine.watch.mixing import promised
from stanch.engine.watch.sent import Sent, written
from stanch.engine.watch.watcher import Seen, Watcher
from stanch.store.sql.store import SqlStore, open_store
from stanch.testing.spool import MemorySpool
from stanch.vocabulary.asset import OTHER, Asset, AssetKind, Conditions
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import BadInput

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FRAUD = AssetId("fraud")
REGIONS = Conditions(field="region", values=("north", "south"))
NORTH, SOUTH = 0.0, 3.0
"""Where the first input of each region lies."""


class Room:
    def __init__(self, folder: Path) -> None:
        self.at = START
        self.rows = MemorySpool()
        self.store: SqlStore = open_store(f"sqlite:///{folder}/stanch.db", clock=self.clock)
        self.baselines = Baselines(self.store, lambda _: "signed", self.clock)
        self.made = 0
        self.start()

    def clock(self) -> datetime:
        return self.at

    def start(self) -> None:
        """As after a restart: nothing in memory."""
        self.watcher = Watcher(self.store, Solo(self.rows), self.rows, detectors, self.clock)

    def named(self, conditions: Conditions | None) -> None:
        asset = Asset(
            id=FRAUD, kind=AssetKind.MODEL, name="Fraud", owner="us", conditions=conditions
        )
        with self.store.begin() as tx:
            tx.assets.save(asset)

    def answers(self, n: int, region: str | None, middle: float, *, by: str = "tenant") -> pa.Table:
        self.made += 1
        dice = np.random.default_rng(self.made)
        x = dice.normal([middle, 0, 0], size=(n, 3))
        score = 1 / (1 + np.exp(-(x[:, 0] - middle) - x[:, 1]))
        told = None if region is None else msgspec.json.encode({"region": region}).decode()
        times = [self.at + timedelta(seconds=60 * i / n) for i in range(n)]
        return conform(
            pa.table(
                {
                    "id": [f"e-{self.made}-{i}" for i in range(n)],
                    "ts": pa.array(times, pa.timestamp("us", "UTC")),
                    "kind": ["inference"] * n,
                    "asset": [FRAUD] * n,
                    "version": ["v7"] * n,
                    "principal": [f"{by}-{i % 20}" for i in range(n)],
                    "features": pa.array(x.tolist(), pa.list_(pa.float64())),
                    "prediction": ["yes" if s > 0.5 else "no" for s in score],
                    "scores": pa.array([[1 - s, s] for s in score], pa.list_(pa.float64())),
                    "extra": [told] * n,
                }
            )
        )

    def usual(self, north: int = 300, south: int = 100) -> pa.Table:
        return pa.concat_tables(
            [self.answers(north, "north", NORTH), self.answers(south, "south", SOUTH)]
        )

    def learn(self, *conditions: str) -> None:
        """Sets the baselines that are not set yet."""
        with self.store.look() as tx:
            told = {one.condition for one in tx.baselines.history(FRAUD)}
        rows = self.usual(3_600, 1_200)
        for condition in ("", *conditions):
            if condition not in told:
                ask = Ask(asset=FRAUD, by="ada", source="a test", condition=condition)
                self.baselines.set(ask, rows)

    def minute(self, rows: pa.Table) -> Seen:
        """One minute passes, in which these rows come."""
        self.rows.add(rows)
        self.at += timedelta(minutes=1)
        return self.watcher.step()

    def found(self) -> tuple[Finding, ...]:
        with self.store.look() as tx:
            return tx.findings.page(limit=200).items


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house that knows all of them together, and the north."""
    folder = tmp_path_factory.mktemp("learnt")
    made = Room(folder)
    made.named(REGIONS)
    made.learn("north")
    made.store.close()
    return folder


@pytest.fixture
def room(learnt: Path, tmp_path: Path) -> Iterator[Room]:
    shutil.copytree(learnt, tmp_path, dirs_exist_ok=True)
    made = Room(tmp_path)
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def learnt_all(learnt: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("learnt_all")
    shutil.copytree(learnt, folder, dirs_exist_ok=True)
    made = Room(folder)
    made.learn("south")
    made.store.close()
    return folder


@pytest.fixture
def regions(learnt_all: Path, tmp_path: Path) -> Iterator[Room]:
    """A house that knows each of its regions, too."""
    shutil.copytree(learnt_all, tmp_path, dirs_exist_ok=True)
    made = Room(tmp_path)
    yield made
    made.store.close()


def window_of(seen: Seen, condition: str) -> Window:
    return next(w for w in seen.looked if w.condition == condition and w.version == "v7")


def test_only_the_names_that_the_owner_gave_are_conditions_and_all_else_is_other() -> None:
    told = Conditions(field="region", values=("north", "3"))
    said = ['{"region":"north"}', '{"region":3,"x":[1]}', '{"region":"NORTH"}', '{"region":{}}']
    said += ['{"named":{"region":"north"}}', "[1]", '{"region":"other"}', None]
    rows = pa.table({"place": range(len(said)), "extra": pa.array(said, pa.string())})
    found = {name: part["place"].to_pylist() for name, part in apart(rows, told)}
    assert found == {"north": [0], "3": [1], OTHER: [2, 3, 4, 5, 6, 7]}


def test_conditions_that_work_differently_have_each_their_own_normal(regions: Room) -> None:
    for _ in range(3):
        seen = regions.minute(regions.usual())
    assert regions.found() == ()
    north, whole = window_of(seen, "north"), window_of(seen, "")
    assert north.baseline is not None
    assert whole.baseline is not None
    assert (north.baseline.condition, whole.baseline.condition) == ("north", "")
    assert north.baseline.plan.digest != whole.baseline.plan.digest
    assert whole.mix == {"north": 900, "south": 300}
    assert (north.n, whole.n) == (900, 1200)


def test_a_drift_in_one_condition_is_told_of_it_and_not_of_the_others(regions: Room) -> None:
    for _ in range(3):
        drifted = pa.concat_tables(
            [regions.answers(300, "north", NORTH), regions.answers(100, "south", SOUTH - 1.5)]
        )
        regions.minute(drifted)
    drifts = [f for f in regions.found() if f.detector == "feature_drift"]
    assert {f.condition for f in drifts} >= {"south"}
    assert "north" not in {f.condition for f in regions.found()}
    (first, *_) = [f for f in drifts if f.condition == "south"]
    assert first.says.startswith("Under region south: The inputs moved")
    Triage(regions.store, regions.clock).take(regions.found(), {})
    with regions.store.look() as tx:
        assert len(tx.incidents.page(Wanted(asset=(FRAUD,)), limit=9).items) == 1


def test_a_shift_of_the_mix_is_told_as_one_and_as_no_drift(regions: Room) -> None:
    for _ in range(3):
        regions.minute(regions.usual(100, 300))
    told = regions.found()
    assert {f.detector for f in told} == {"condition_mix"}
    assert "region south has 75% of" in told[0].says


def test_a_version_that_is_rolled_out_in_one_region_first_moves_no_mix(regions: Room) -> None:
    for _ in range(3):
        north = regions.answers(300, "north", NORTH)
        place = north.column_names.index("version")
        new = north.set_column(place, "version", pa.array(["v8"] * 300, north["version"].type))
        regions.minute(pa.concat_tables([new, regions.answers(100, "south", SOUTH)]))
    assert regions.found() == ()


def test_who_claims_another_condition_is_odd_there_and_the_mix_says_whose_it_is(
    regions: Room,
) -> None:
    for _ in range(3):
        claimed = regions.answers(150, "south", NORTH).drop_columns("principal")
        alone = conform(claimed.append_column("principal", pa.array(["mallory"] * 150)))
        seen = regions.minute(pa.concat_tables([regions.usual(), alone]))
    assert {f.condition for f in regions.found() if f.detector == "feature_drift"} >= {"south"}
    mixed = [f for f in regions.found() if f.detector == "condition_mix"]
    assert any("mallory" in f.says for f in mixed)
    ledger = window_of(seen, "").ledger
    assert ledger is not None
    assert "mallory" in ledger.names


def test_a_model_that_sends_no_labels_is_said_to_be_unwatched_for_accuracy(room: Room) -> None:
    room.minute(room.usual())
    with room.store.look() as tx:
        spots = {str(s.blind.detector): s.blind.why for s in tx.blinds.of(FRAUD)}
    assert spots["accuracy_drop"] == "0 late labels in the baseline; 500 needed"
    assert spots["label_residual"] == "0 late labels in the baseline; 500 needed"
    assert spots["calibration"] == "0 labels with a confidence in the baseline; 500 needed"


def test_a_condition_without_a_baseline_of_its_own_is_judged_in_the_whole_and_says_so(
    room: Room,
) -> None:
    for _ in range(3):
        room.minute(room.usual())
    assert room.found() == ()
    with room.store.look() as tx:
        spots = {s.blind.condition: s.blind.why for s in tx.blinds.of(FRAUD) if s.blind.condition}
    assert spots.keys() == {"south"}
    assert "region south has no baseline of its own" in spots["south"]
    for _ in range(3):
        hidden = room.answers(300, "nowhere", NORTH + 4, by="mallory")
        room.minute(pa.concat_tables([room.usual(), hidden]))
    told = room.found()
    assert {"condition_mix", "feature_drift"} <= {f.detector for f in told}
    assert {f.condition for f in told if f.detector == "feature_drift"} == {""}


def test_all_lanes_of_an_asset_keep_its_promise_on_false_alarms_together() -> None:
    asset = Asset(id=FRAUD, kind=AssetKind.MODEL, name="Fraud", owner="us", conditions=REGIONS)
    lanes = 1 + len(REGIONS.every)
    one = promised(Promise(), asset)
    assert one.run_length == lanes * Promise().run_length
    assert one.ever_since_start * lanes == pytest.approx(Promise().ever_since_start)
    plain = replace(asset, conditions=None)
    assert promised(Promise(), plain) == Promise()
    assert promised(Promise(), plain, 2).run_length == 2 * Promise().run_length
    assert promised(Promise(), asset, 2).run_length == 2 * lanes * Promise().run_length


def test_a_baseline_set_later_ends_that_it_has_none(room: Room) -> None:
    room.minute(room.usual())
    ask = Ask(asset=FRAUD, by="ada", source="a test", condition="south")
    kept = room.baselines.set(ask, room.usual(0, 1_200))
    assert (kept.condition, kept.id) == ("south", "fraud-south-3")
    seen = room.minute(room.usual())
    assert window_of(seen, "south").judged == {"north", "south"}
    with room.store.look() as tx:
        assert "own_baseline" not in {s.blind.detector for s in tx.blinds.of(FRAUD)}


def test_a_condition_whose_name_was_taken_back_is_no_blind_spot(room: Room) -> None:
    room.minute(room.usual())
    with room.store.look() as tx:
        assert "south" in {s.blind.condition for s in blind_now(tx)}
    room.named(Conditions(field="region", values=("north",)))
    for _ in range(4):
        seen = room.minute(room.usual())
    assert "south" not in {b.condition for b in seen.blinds}
    assert window_of(seen, "").mix == {"north": 1500, OTHER: 400}
    with room.store.look() as tx:
        assert "south" not in {s.blind.condition for s in blind_now(tx)}


def test_a_condition_that_nobody_named_is_refused_as_a_baseline(room: Room) -> None:
    ask = Ask(asset=FRAUD, by="ada", source="a test", condition="east")
    with pytest.raises(BadInput, match=r"no condition 'east'\. Name one of: north, south, other"):
        room.baselines.set(ask, room.usual(2_000, 2_000))
    room.named(None)
    with pytest.raises(BadInput, match="It names none"):
        room.baselines.set(replace(ask, condition="north"), room.usual(2_000, 2_000))


def test_a_restart_goes_on_with_the_counts_of_each_condition(regions: Room) -> None:
    regions.minute(regions.usual())
    regions.start()
    seen = regions.minute(regions.answers(50, "north", NORTH))
    assert window_of(seen, "").mix == {"north": 350, "south": 100}
    assert window_of(seen, "north").n == 350


def test_what_is_kept_of_an_asset_holds_the_normal_and_the_counts_of_each_condition(
    regions: Room,
) -> None:
    """The same with a finding's window, and without any."""
    for _ in range(3):
        seen = regions.minute(regions.usual())
    span = Span(start=START, end=regions.at)
    incident = Incident(
        id=IncidentId("inc-1"),
        title="Odd",
        asset=FRAUD,
        opened=START,
        first_seen=START,
        updated=START,
    )
    with regions.store.look() as tx:
        now = {p.name: p for p in of_asset(tx, FRAUD, span, regions.rows)}
        later = {p.name: p for p in pieces(tx, incident, (), regions.rows, span)}
        looked = [window_of(seen, "south")]
        then = {p.name: p for p in pieces(tx, incident, looked, regions.rows)}
        whole, north, south = (
            f"{one.id}.baseline"
            for one in (tx.baselines.current(FRAUD, "v7", of) for of in ("", "north", "south"))
            if one is not None
        )
    assert {whole, north, south} <= now.keys() <= later.keys()
    assert {whole, south} <= then.keys()
    assert north not in then
    (kept,) = (p for name, p in later.items() if name.startswith("v7-south-2") and "summ" in name)
    window = looked[0]
    assert window.now is not None
    assert kept.content == window.now.to_bytes()
    assert {p.kind for p in later.values()} == {p.kind for p in then.values()}


def test_labels_count_under_the_condition_of_their_answers(regions: Room) -> None:
    answers = regions.usual(40, 20)
    regions.minute(answers)
    of = pc.filter(answers["id"], pc.equal(answers["extra"], '{"region":"south"}'))
    labels = conform(
        pa.table(
            {
                "id": [f"l-{i}" for i in range(20)],
                "ts": pa.array([regions.at] * 20, pa.timestamp("us", "UTC")),
                "kind": ["label"] * 20,
                "asset": [FRAUD] * 20,
                "of": of,
                "label": ["no"] * 20,
            }
        )
    )
    seen = regions.minute(labels)
    counts = {w.condition: w.now.labelled for w in seen.looked if w.now is not None}
    assert (counts[""], counts["south"]) == (20, 20)
    assert counts.get("north", 0) == 0


def test_a_site_sends_what_it_counted_of_each_condition_and_no_other_name(
    regions: Room, learnt_all: Path, tmp_path: Path
) -> None:
    away = tmp_path / "site"
    shutil.copytree(learnt_all, away)
    site = Room(away)
    site.minute(site.usual())
    with site.store.look() as tx:
        span = Span(start=START, end=site.at)
        blocks = [
            b for c in ("", *REGIONS.every) for b in tx.summaries.between(FRAUD, span, condition=c)
        ]
    site.store.close()
    regions.at += timedelta(minutes=1)
    told = [
        Sent(
            site="clinic",
            number=number,
            asset=b.asset,
            version=b.version,
            minute=b.minute,
            body=b.body,
            condition=b.condition,
        )
        for number, b in enumerate(blocks)
        if b.n
    ]
    for sent in told:
        with regions.watcher.absorbing() as absorb, regions.store.begin() as tx:
            absorb(tx, msgspec.msgpack.decode(written(sent), type=Sent))
    seen = regions.watcher.step()
    assert window_of(seen, "").mix == {"north": 300, "south": 100}
    assert window_of(seen, "south").n == 100
    strange = msgspec.structs.replace(told[-1], condition="east")
    with pytest.raises(BadInput, match="no such condition"):  # noqa: SIM117  the error is the outer's
        with regions.watcher.absorbing() as absorb, regions.store.begin() as tx:
            absorb(tx, strange)


def test_a_summary_of_all_conditions_is_sent_as_it_was_before_there_were_any() -> None:
    whole = Sent(site="s", number=1, asset="a", version="v", minute=START, body=b"")
    assert written(whole) == msgspec.msgpack.encode(("s", 1, "a", "v", START, b""))
    assert msgspec.msgpack.decode(written(whole), type=Sent) == whole


def test_without_conditions_minutes_are_what_they_are_with_them(
    learnt: Path, tmp_path: Path
) -> None:
    """The whole is counted as ever: naming conditions and taking the names back changes no byte."""
    kept = []
    for named in (None, REGIONS):
        folder = tmp_path / str(named is None)
        folder.mkdir()
        shutil.copytree(learnt, folder, dirs_exist_ok=True)
        room = Room(folder)
        room.named(named)
        for _ in range(4):
            room.minute(room.usual())
        span = Span(start=START, end=room.at)
        with room.store.look() as tx:
            kept.append([(b.version, b.minute, b.body) for b in tx.summaries.between(FRAUD, span)])
            apart = tx.summaries.between(FRAUD, span, condition="south")
        assert bool(apart) == (named is not None)
        room.store.close()
    assert kept[0] == kept[1]
    assert len(kept[0]) >= 4
