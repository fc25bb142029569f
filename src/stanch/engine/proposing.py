"""Proposing: what rows of normal operation would make of an asset's baseline.

In    rows of answers, and labels that came late; or how all are counted that they are a sample of.
Out   a `Proposal`: the plan of what is counted, the golden counts by hour of the week, habits and
      customs, and what quiet windows of these rows say.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
from stanch.engine.backfill import Backfilled
from stanch.engine.customs import telling_customs
from stanch.engine.fingerprints import fitting
from stanch.engine.ingest.compute import pc
from stanch.engine.quiet import quiet_tables
from stanch.engine.watch.answers import answers, inputs_of, schema_of
from stanch.engine.watch.labels import joined, labels_of
from stanch.prepare.baseline import (
    WHOLE_WEEK,
    Mergeable,
    Proposal,
    Setting,
    hour_of_week,
    stratified,
)
from stanch.vocabulary.asset import Asset, FeatureType
from stanch.vocabulary.ids import AssetId, FindingId

NUMERIC_CLASSES = 64
"""Different numeric answers above which an asset answers with a number, not with a class."""
MOST_GROUPS = 32
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
"""A Monday's midnight."""


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

    customs = telling_customs(rows, asset, own, count)
    return Proposal(
        setting=setting,
        plan=found.plan.to_bytes(),
        golden=strata,
        habits=sealed.to_bytes(),
        customs=b"" if customs is None else customs.to_bytes(),
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
    objects = [inputs_of(t) for t in texts.drop_null().to_pylist()]
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
