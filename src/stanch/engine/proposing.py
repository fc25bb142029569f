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
from stanch.detect.summaries.ready import Ready
from stanch.detect.summaries.summary import Summary
from stanch.detect.window import Baseline
from stanch.engine.backfill import Backfilled
from stanch.engine.customs import telling_customs
from stanch.engine.fingerprints import fitting
from stanch.engine.ingest.compute import pc
from stanch.engine.quiet import quiet_tables
from stanch.engine.watch.answers import answers, read_of
from stanch.engine.watch.labels import joined, labels_of
from stanch.engine.watch.named import Named, named_of, text
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
Still = Callable[[], object]
PLACE = "place"
"""The column of where a row stood among all."""
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
"""A Monday's midnight."""


def nobody_asks() -> None:
    """It is wanted, however long it takes."""


def proposal_of(  # noqa: PLR0913, PLR0917  what a baseline is made of
    rows: pa.Table,
    asset: Asset,
    setting: Setting,
    findings: Sequence[FindingId] = (),
    labels: pa.Table | None = None,
    prints: tuple[Fingerprints, ...] = (),
    every: Callable[[Plan], Backfilled] | None = None,
    still: Still = nobody_asks,
) -> Proposal:
    """What these rows would make of the asset's baseline; `every` counts all they are a sample of.
    `still` is asked again and again, and raises where nobody wants it any more.

    How often answers are right has no season here: the labels count in every stratum.
    """
    named = named_of(_while(still, rows["named"].drop_null().to_pylist()))
    schema, valued = _schema(rows, asset, named)
    fitting(prints, (*schema.numbers, *(known.name for known in schema.categories)))
    read = read_of(rows, schema, asset, prints, named)
    still()
    found = learned(schema, answers(rows, schema, asset, valued=valued, read=read), still)
    plan = found.ready
    rows = _placed(rows)

    def count(part: pa.Table) -> Counted:
        still()
        own = read.at(part[PLACE].to_numpy())
        return counted(plan, answers(part, schema, asset, valued=valued, read=own))

    if every is None:
        strata: dict[int, Mergeable] = stratified(_by_hour(rows, count))
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


def _while(still: Still, texts: Sequence[str]) -> Iterator[str]:
    for text_ in texts:
        still()
        yield text_


def _placed(rows: pa.Table) -> pa.Table:
    """The rows with their places, by which their inputs are found, and without the inputs."""
    return rows.drop_columns(["features", "named"]).append_column(
        PLACE, pa.array(np.arange(rows.num_rows))
    )


def _by_hour(
    rows: pa.Table, count: Callable[[pa.Table], Counted]
) -> Iterator[tuple[datetime, Mergeable]]:
    hours = pc.floor_temporal(rows["ts"], unit="hour")
    for hour in sorted(hours.unique().to_pylist(), key=hour_of_week):
        part = rows.filter(pc.equal(hours, pa.scalar(hour, hours.type)))
        yield hour, count(part).summary


def _schema(rows: pa.Table, asset: Asset, named: Named) -> tuple[Schema, bool]:
    """The names that these rows can be counted by, and whether the answers are numbers."""
    typed = {f.name: f.type for f in asset.features}
    length = _length(rows["features"])
    order = [f.name for f in asset.features] if len(asset.features) == length else []
    by_place = order or [f"f{i}" for i in range(length)]
    numbers = [n for n in by_place if typed.get(n, FeatureType.NUMBER) in _NUMERIC]
    here, numeric, names = frozenset(numbers), named.numeric(), named.names()
    told = {n: typed[n] in _NUMERIC if n in typed else n in numeric for n in names}
    numbers += [n for n in names if n not in here and told[n]]
    written = named.texts([n for n in names if n not in here and not told[n]])
    categories = [known_of(n, values) for n, values in written.items()]
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
            key = f"{name}={text(value)}"
            counts[key] = counts.get(key, 0) + one["counts"]
    return tuple(sorted(sorted(counts, key=lambda k: (-counts[k], k))[:MOST_GROUPS]))
