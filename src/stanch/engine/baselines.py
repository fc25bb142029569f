"""Baselines: rows of normal operation become a golden summary, judged, signed and kept.

In    rows of an asset's answers, from a file or from the lake.
Out   a `BaselineKept`; or `BaselineRefused`, which says what to do.
Why   whoever sets the baseline decides what an attack is, so it is signed and its setting entered.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import reduce

import numpy as np
import pyarrow as pa

from stanch.detect.summaries.count import Counted, counted, labels_counted
from stanch.detect.summaries.fingerprints import Fingerprints
from stanch.detect.summaries.learn import Schema, known_of, learned
from stanch.detect.summaries.parts import Block
from stanch.detect.summaries.plan import Plan
from stanch.detect.summaries.ready import Ready, ready
from stanch.detect.summaries.summary import Summary
from stanch.detect.window import Baseline
from stanch.engine.backfill import Backfilled, Crew, Job, Pieces, count_pieces, hours_of_week
from stanch.engine.clock import Clock
from stanch.engine.fingerprints import fitting, stated
from stanch.engine.ingest.compute import pc
from stanch.engine.ports import Store, Transaction
from stanch.engine.quiet import quiet_tables
from stanch.engine.watch.answers import answers, schema_of
from stanch.engine.watch.conditions import conditions_of
from stanch.engine.watch.labels import joined, labels_of
from stanch.prepare.baseline import (
    WHOLE_WEEK,
    Golden,
    Mergeable,
    Override,
    Proposal,
    Setting,
    golden_of,
    hour_of_week,
    stratified,
)
from stanch.vocabulary.asset import Asset, Conditions, FeatureType, stranger
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.ids import AssetId, FindingId
from stanch.vocabulary.kept import BaselineKept
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadInput, Refused

MOST_ROWS = 1_000_000
"""Rows a baseline is learnt from; more are thinned evenly, and all of the lake's are counted."""
NUMERIC_CLASSES = 64
"""Different numeric answers above which an asset answers with a number, not with a class."""
MOST_GROUPS = 32
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
"""A Monday's midnight."""
Sign = Callable[[bytes], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Whole:
    """All the rows that a baseline is of, where they are too many to be held."""

    pieces: Pieces
    since: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """What somebody wants to be the baseline."""

    asset: AssetId
    by: str
    source: str
    """Where the rows come from, in words."""
    version: str = ""
    """The version it stands for; empty for all."""
    override: str = ""
    """Why it shall count although it is refused."""
    condition: str = ""
    """The condition of operation it stands for; empty for all of them."""


class Baselines:
    """Sets and shows baselines."""

    def __init__(
        self,
        store: Store,
        sign: Sign,
        clock: Clock,
        crew: Crew | None = None,
        *,
        upstream: frozenset[AssetId] = frozenset(),
    ) -> None:
        """`crew` counts what is more than one process should; `upstream` sets these by itself."""
        self._store = store
        self._sign = sign
        self._clock = clock
        self._crew = crew
        self._upstream = upstream

    def set(self, ask: Ask, rows: pa.Table, whole: Whole | None = None) -> BaselineKept:
        """The baseline of these rows, now in force; of `whole`, where these are a sample of it."""
        at = self._clock()
        if ask.asset in self._upstream:
            raise Refused(
                f"What is normal of {ask.asset} is set upstream, where its counts are merged. "
                "Set the baseline there; it is taken over here within a minute."
            )
        with self._store.look() as tx:
            asset = tx.assets.find(ask.asset) or stranger(ask.asset)
            rows, labels = _answers_only(rows, ask, asset), _labels_only(rows, ask)
            number = len(tx.baselines.history(ask.asset)) + 1
            findings = _findings_in(tx, ask, rows)
            prints = stated(tx, ask.asset)
        override = Override(by=ask.by, why=ask.override) if ask.override else None
        setting = Setting(
            asset=ask.asset,
            version=number,
            by=ask.by,
            made=at,
            condition="-".join(filter(None, (ask.version, ask.condition))),
            source=ask.source,
        )
        every = self._every(ask, asset, prints, whole) if whole is not None else None
        proposal = proposal_of(rows, asset, setting, findings, labels, prints, every)
        if asset.conditions is not None and not ask.condition:
            proposal = replace(proposal, mix=_mix(rows, asset.conditions))
        golden = golden_of(proposal, override)
        body = golden.to_bytes()
        kept = BaselineKept(
            id=golden.id,
            asset=ask.asset,
            version=ask.version,
            set=at,
            by=ask.by,
            digest=golden.digest,
            body=body,
            signature=self._sign(body),
            condition=ask.condition,
        )
        with self._store.begin() as tx:
            tx.baselines.add(kept)
            tx.record(_entry(kept, golden))
            tx.announce("baseline", ask.asset)
        return kept

    def _every(
        self, ask: Ask, asset: Asset, prints: Sequence[Fingerprints], whole: Whole
    ) -> Callable[[Plan], Backfilled]:
        def count(plan: Plan) -> Backfilled:
            job = Job(
                plan=plan.to_bytes(),
                asset=asset,
                version=ask.version or None,
                condition=ask.condition,
                since=whole.since,
                prints=tuple(one.to_bytes() for one in prints),
            )
            return count_pieces(job, whole.pieces, self._crew)

        return count


def proposal_of(  # noqa: PLR0913, PLR0917  what a baseline is made of
    rows: pa.Table,
    asset: Asset,
    setting: Setting,
    findings: Sequence[FindingId] = (),
    labels: pa.Table | None = None,
    prints: tuple[Fingerprints, ...] = (),
    every: Callable[[Plan], Backfilled] | None = None,
) -> Proposal:
    """What these rows would make of the asset's baseline; `every` counts all they are a sample of.

    How often answers are right has no season here: the labels count in every stratum.
    """
    schema, valued = _schema(rows, asset)
    fitting(prints, (*schema.numbers, *(known.name for known in schema.categories)))
    reference = answers(rows, schema, asset, valued=valued, prints=prints)
    found = learned(schema, reference)
    plan = ready(found.plan)
    if every is None:
        strata: dict[int, Mergeable] = stratified(_by_hour(plan, rows, asset, prints))
        # The whole week is the one learnt, whose off-manifold counts are of rows held out.
        strata[WHOLE_WEEK], habits = found.golden.summary, found.golden.ledger
    else:
        # Of so many rows, the few that off-manifold tables were learnt from weigh nothing.
        backfilled = every(found.plan)
        strata, habits = _strata(backfilled.hours), backfilled.ledger
    told = _told(plan, rows, labels, asset.id) if labels is not None and labels.num_rows else None
    if told is not None:
        strata = {hour: one.merge(told.summary) for hour, one in strata.items()}
    sealed = (habits if told is None else habits.merge(told.ledger)).seal(most=1024)
    own = Baseline(
        plan=found.plan,
        golden=found.golden.summary,
        digest=found.plan.digest,
        habits=sealed,
        prints=prints,
    )

    def count(part: pa.Table) -> Counted:
        return counted(plan, answers(part, schema, asset, valued=valued, prints=prints))

    return Proposal(
        setting=setting,
        plan=found.plan.to_bytes(),
        golden=strata,
        habits=sealed.to_bytes(),
        quiet=quiet_tables(rows, asset, own, count),
        findings=findings,
        prints=tuple(one.to_bytes() for one in prints),
        canaries=int(sealed.everybody(Block.CANARIES).sum()),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Own:
    """The rows themselves, as what late labels are joined with."""

    rows: pa.Table

    def recall(self, asset: AssetId, ids: Sequence[str], also: Sequence[str] = ()) -> pa.Table:
        """The answers with these ids."""
        named = pc.is_in(self.rows["id"], pa.array(ids, pa.string()))
        own = self.rows.filter(pc.and_(named, pc.equal(self.rows["asset"], asset)))
        names = ["id", "version", "principal", "prediction", "scores", "groups"]
        return own.select([*names, *also])


def _told(plan: Ready, rows: pa.Table, labels: pa.Table, asset: AssetId) -> Counted | None:
    """The labels, counted with the answers they are for; None when they are for none of these."""
    found, _ = joined(labels, _Own(rows=rows), asset)
    parts = [labels_counted(plan, labels_of(one.rows, plan.plan)) for one in found]
    return reduce(Counted.merge, parts) if parts else None


def _strata(hours: Mapping[int, Summary]) -> dict[int, Mergeable]:
    return stratified((MONDAY + timedelta(hours=hour), one) for hour, one in hours.items())


def _by_hour(
    plan: Ready, rows: pa.Table, asset: Asset, prints: Sequence[Fingerprints]
) -> Iterator[tuple[datetime, Mergeable]]:
    hours = pc.floor_temporal(rows["ts"], unit="hour")
    schema, valued = schema_of(plan.plan), plan.plan.value.size > 0
    for hour in sorted(hours.unique().to_pylist(), key=hour_of_week):
        part = rows.filter(pc.equal(hours, pa.scalar(hour, hours.type)))
        columns = answers(part, schema, asset, valued=valued, prints=prints)
        yield hour, counted(plan, columns).summary


def _mix(rows: pa.Table, told: Conditions) -> dict[int, dict[str, int]]:
    """How many rows were of each condition, by hour of the week and in all."""
    hours = hours_of_week(rows)
    found = np.array(conditions_of(rows, told).to_pylist())
    every = {int(hour): found[hours == hour] for hour in np.unique(hours)} | {WHOLE_WEEK: found}
    return {hour: dict(sorted(Counter(own.tolist()).items())) for hour, own in every.items()}


def _answers_only(rows: pa.Table, ask: Ask, asset: Asset) -> pa.Table:
    kinds = pa.array([EventKind.INFERENCE.value, EventKind.EXCHANGE.value])
    mine = pc.and_(pc.is_in(rows["kind"], kinds), pc.equal(rows["asset"], ask.asset))
    found = rows.filter(mine)
    if ask.version:
        found = found.filter(pc.equal(found["version"].fill_null(""), ask.version))
    if ask.condition:
        found = found.filter(pc.equal(conditions_of(found, _conditions(asset, ask)), ask.condition))
    if not found.num_rows:
        of = " ".join(filter(None, (ask.asset, ask.version, ask.condition)))
        raise BadInput(
            f"There are no answers of {of} in {ask.source}. "
            "Send events of kind inference first, or name another source."
        )
    if found.num_rows > MOST_ROWS:
        kept = np.linspace(0, found.num_rows - 1, MOST_ROWS).astype(np.int64)
        found = found.take(pa.array(kept))
    return found


def _conditions(asset: Asset, ask: Ask) -> Conditions:
    """Those of the asset, of which the one that is asked for must be one."""
    named = asset.conditions
    if named is not None and ask.condition in named.every:
        return named
    known = f"Name one of: {', '.join(named.every)}" if named is not None else "It names none"
    raise BadInput(
        f"{asset.id} has no condition {ask.condition[:64]!r}. {known}; "
        "conditions are named where the asset is written down."
    )


def _labels_only(rows: pa.Table, ask: Ask) -> pa.Table:
    mine = pc.equal(rows["kind"], EventKind.LABEL.value)
    return rows.filter(pc.and_(mine, pc.equal(rows["asset"], ask.asset)))


def _findings_in(tx: Transaction, ask: Ask, rows: pa.Table) -> tuple[FindingId, ...]:
    since, until = pc.min(rows["ts"]).as_py(), pc.max(rows["ts"]).as_py()
    page = tx.findings.page(Wanted(asset=(ask.asset,), since=since, until=until), limit=50)
    return tuple(f.id for f in page.items)


def _schema(rows: pa.Table, asset: Asset) -> tuple[Schema, bool]:
    """The names that these rows can be counted by, and whether the answers are numbers."""
    named = _named(rows["named"])
    typed = {f.name: f.type for f in asset.features}
    length = _length(rows["features"])
    order = [f.name for f in asset.features] if len(asset.features) == length else []
    by_place = order or [f"f{i}" for i in range(length)]
    numbers = [n for n in by_place if typed.get(n, FeatureType.NUMBER) in _NUMERIC]
    numbers += [n for n, values in named.items() if n not in numbers and _numeric(n, values, typed)]
    categories = [
        known_of(n, [None if v is None else _written(v) for v in values])
        for n, values in named.items()
        if n not in numbers
    ]
    answers_given = [a for a in rows["prediction"].unique().to_pylist() if a is not None]
    valued = not asset.classes and _are_numbers(answers_given)
    classes = asset.classes or (() if valued else tuple(sorted(answers_given))[:64])
    schema = Schema(
        numbers=tuple(numbers),
        categories=tuple(categories),
        classes=tuple(classes),
        groups=_groups(rows["groups"]),
    )
    return schema, valued


_NUMERIC = frozenset({FeatureType.NUMBER, FeatureType.EMBEDDING})


def _length(lists: pa.ChunkedArray) -> int:
    """The commonest length of the lists of inputs."""
    if lists.null_count == len(lists):
        return 0
    lengths = pc.list_value_length(lists).drop_null().to_numpy()
    return int(np.bincount(lengths).argmax())


def _named(texts: pa.ChunkedArray) -> Mapping[str, list[object]]:
    objects = [json.loads(t) for t in texts.drop_null().to_pylist()]
    names = sorted({name for one in objects for name in one})
    return {name: [one.get(name) for one in objects] for name in names}


def _numeric(name: str, values: Sequence[object], typed: Mapping[str, FeatureType]) -> bool:
    if name in typed:
        return typed[name] in _NUMERIC
    told = [v for v in values if v is not None]
    return bool(told) and all(isinstance(v, int | float) and v is not True for v in told)


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _are_numbers(given: Sequence[str]) -> bool:
    if len(given) <= NUMERIC_CLASSES:
        return False
    try:
        [float(one) for one in given]
    except ValueError:
        return False
    return True


def _groups(texts: pa.ChunkedArray) -> tuple[str, ...]:
    """Group attributes with their values, the most frequent ones first kept."""
    counts: dict[str, int] = {}
    for one in texts.drop_null().value_counts().to_pylist():
        for name, value in json.loads(one["values"]).items():
            key = f"{name}={_written(value)}"
            counts[key] = counts.get(key, 0) + one["counts"]
    return tuple(sorted(sorted(counts, key=lambda k: (-counts[k], k))[:MOST_GROUPS]))


def _entry(kept: BaselineKept, golden: Golden) -> Entry:
    override = golden.override
    return Entry(
        at=kept.set,
        deed=Deed.BASELINE_SET,
        actor=kept.by,
        about=kept.id,
        digest=kept.digest,
        facts={
            "asset": kept.asset,
            "rows": golden.rows,
            "source": golden.setting.source[:200],
            "override": override.why[:200] if override else "",
            "fingerprints": len(golden.prints),
        }
        | ({"condition": kept.condition} if kept.condition else {}),
    )
