"""Counting: a batch of answers, or of late labels, becomes a summary and a ledger.

In    a plan made ready, columns as the shell hands them in.
Out   `Counted`: the summary of the batch and the ledger of its principals; merge them onward.
Why   the one place where rows are seen; behind it there are only counts.
"""

from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from stanch.detect.summaries.answers import Answers, answers_of, folded
from stanch.detect.summaries.arrays import Codes, Hashes, Ints, Octets
from stanch.detect.summaries.columns import MISSING_CODE, Columns, Labels
from stanch.detect.summaries.dice import mixed
from stanch.detect.summaries.inputs import Inputs, inputs_of
from stanch.detect.summaries.kernels import Kernels, kernels
from stanch.detect.summaries.ledger import (
    BUCKETS,
    PLACES,
    WIDTH,
    Ledger,
    bucket_of,
    hashes_of,
    kept_of,
    levels_of,
    nobody,
)
from stanch.detect.summaries.pairs import pair_places
from stanch.detect.summaries.parts import (
    BLOCK_WAVES,
    CARD,
    MAIN_AXES,
    SAMPLED,
    Block,
    Part,
    Peak,
)
from stanch.detect.summaries.plan import Plan
from stanch.detect.summaries.ready import Ready
from stanch.detect.summaries.sample import cards_of, keys_of, told_of
from stanch.detect.summaries.sketch import REGISTERS, SMALL
from stanch.detect.summaries.strange import strange_of
from stanch.detect.summaries.summary import Summary, empty, shapes_of
from stanch.vocabulary.trouble import BadInput

TICK = 5_000_000
"""Microseconds of a tick: a twelfth of a minute."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """A batch, counted."""

    summary: Summary
    ledger: Ledger

    def merge(self, other: "Counted") -> "Counted":
        """Both together."""
        return Counted(
            summary=self.summary.merge(other.summary), ledger=self.ledger.merge(other.ledger)
        )


def nothing(plan: Plan, watch: tuple[str, ...] = ()) -> Counted:
    """A batch of nothing."""
    return Counted(summary=empty(plan), ledger=nobody(plan.digest, watch))


def counted(
    plan: Ready, batch: Columns, watch: tuple[str, ...] = (), using: Kernels | None = None
) -> Counted:
    """The batch, counted; principals on `watch` stay named whatever comes."""
    _check(plan.plan, batch)
    quick = using or kernels()
    inputs = inputs_of(plan, batch, quick)
    answers = answers_of(plan, batch, quick)
    who = np.where(batch.principals < 0, len(batch.names), batch.principals).astype(np.int64)
    quick.waves(inputs.z, plan.plan.joint, who, inputs.waves)
    moments = np.zeros((len(batch.names) + 1, 2 * MAIN_AXES), np.int64)
    quick.moments(inputs.along, who, moments)
    table = _table(batch, inputs, answers, who)
    table[:, PLACES[Block.WAVES]] = inputs.waves[:, :BLOCK_WAVES]
    table[:, PLACES[Block.MOMENTS]] = moments
    sums = inputs.sums | answers.sums
    sums[Part.MOMENTS] = moments.sum(axis=0).reshape(2, MAIN_AXES)
    sums[Part.WAVES] = inputs.waves.sum(axis=0)
    sums[Part.BEHAVIOUR] = _behaviour(plan, batch, inputs)
    peaks = _peaks(batch, inputs, quick)
    sums |= {p: np.zeros(s, np.int64) for p, s in shapes_of(plan.plan).items() if p not in sums}
    summary = Summary(
        plan=plan.digest,
        sums=MappingProxyType({p: sums[p] for p in Part}),
        peaks=MappingProxyType(peaks),
        strange=strange_of([batch.strange or {}]),
    )
    sketches = _sketches(batch, inputs, who, quick)
    ledger = _ledger(plan, batch.names, table, sketches, watch)
    return Counted(summary=summary, ledger=_sampled(batch, inputs, answers, ledger, quick))


def labels_counted(plan: Ready, labels: Labels, watch: tuple[str, ...] = ()) -> Counted:
    """Late labels, counted: residuals, calibration, fairness, wrong answers by principal."""
    classes = len(plan.plan.classes)
    truth, said = _places(labels.truth, classes), _places(labels.predictions, classes)
    right = labels.truth == labels.predictions
    base = empty(plan.plan)
    sums = dict(base.sums)
    pair = np.bincount(truth * (classes + 2) + said, minlength=(classes + 2) ** 2)
    sums[Part.LABELLED] = pair.reshape(classes + 2, classes + 2).astype(np.int64)
    sums[Part.CALIBRATION] = _calibration(labels, right)
    sums[Part.FAIRNESS] = _fairness(plan.plan, labels)
    summary = Summary(
        plan=plan.digest, sums=MappingProxyType(sums), peaks=base.peaks, strange=base.strange
    )
    who = np.where(labels.principals < 0, len(labels.names), labels.principals)
    table = np.zeros((len(labels.names) + 1, WIDTH), np.int64)
    at = PLACES[Block.LABELLED].start
    table[:, at] = np.bincount(who, minlength=len(table))
    table[:, at + 1] = np.bincount(who[~right], minlength=len(table))
    guessed, given = folded(labels.predictions, classes), folded(labels.truth, classes)
    wrong = ~right
    np.add.at(table[:, PLACES[Block.GUESSED]], (who, guessed), 1)
    np.add.at(table[:, PLACES[Block.MISSED]], (who[wrong], guessed[wrong]), 1)
    np.add.at(table[:, PLACES[Block.GIVEN]], (who[wrong], given[wrong]), 1)
    pairs = pair_places(said[wrong], truth[wrong], classes)
    np.add.at(table[:, PLACES[Block.PAIRS]], (who[wrong], pairs), 1)
    none = (np.zeros((len(table), SMALL), np.uint8),) * 2
    return Counted(summary=summary, ledger=_ledger(plan, labels.names, table, none, watch))


def _check(plan: Plan, batch: Columns) -> None:
    wanted = (batch.n, len(plan.numbers)), (batch.n, len(plan.categories))
    if (batch.numbers.shape, batch.categories.shape) != wanted:
        raise BadInput(
            f"The plan wants {len(plan.numbers)} numbers and {len(plan.categories)} categories, "
            f"the batch has {batch.numbers.shape} and {batch.categories.shape}."
        )


def _places(codes: Codes, classes: int) -> Ints:
    """Codes as places in C classes, unknown, missing."""
    return np.where(
        codes >= 0, codes, np.where(codes == MISSING_CODE, classes + 1, classes)
    ).astype(np.int64)


def _table(batch: Columns, inputs: Inputs, answers: Answers, who: Ints) -> Ints:
    """(P + 1, WIDTH) the counts of each principal of the batch; the last line is nobody's."""
    size = len(batch.names) + 1
    table = np.zeros((size, WIDTH), np.int64)

    def spread(block: Block, place: Ints) -> None:
        where = PLACES[block]
        width = where.stop - where.start
        cells = np.bincount(who * width + place, minlength=size * width)
        table[:, where] = cells.reshape(size, width)

    spread(Block.ROWS, np.zeros(batch.n, np.int64))
    spread(Block.PREDICTIONS, answers.folded)
    spread(Block.STATUS, answers.status)
    spread(Block.TICKS, (batch.ticks // TICK) % 12)
    for block, flags in (
        (Block.OFF, inputs.off),
        (Block.ODD, inputs.odd),
        (Block.NEAR, answers.near),
        (Block.HITS, answers.hits),
        (Block.CANARIES, answers.canaries),
        (Block.BETWEEN, inputs.between),
    ):
        table[:, PLACES[block].start] = np.bincount(who[flags], minlength=size)
    seen = answers.margin >= 0
    where = PLACES[Block.MARGIN]
    cells = np.bincount(who[seen] * 16 + answers.margin[seen], minlength=size * 16)
    table[:, where] = cells.reshape(size, 16)
    np.add.at(table[:, PLACES[Block.COST].start], who, answers.cost)
    np.add.at(table[:, PLACES[Block.TOKENS].start], who, answers.tokens)
    return table


def _behaviour(plan: Ready, batch: Columns, inputs: Inputs) -> Ints:
    """Answers by the sides of the medians on which the inputs lie."""
    buckets, width = shapes_of(plan.plan)[Part.BEHAVIOUR]
    bucket = (inputs.places & (buckets - 1)).astype(np.int64)
    said = folded(batch.predictions, len(plan.plan.classes), width)
    counts = np.bincount(bucket * width + said, minlength=buckets * width)
    return counts.reshape(buckets, width).astype(np.int64)


def _peaks(batch: Columns, inputs: Inputs, quick: Kernels) -> dict[Peak, Octets]:
    def sketch(hashes: Hashes) -> Octets:
        registers = np.zeros((1, REGISTERS), np.uint8)
        quick.put(registers, np.zeros(len(hashes), np.int64), hashes)
        return registers[0]

    return {
        Peak.PRINCIPALS: sketch(hashes_of(batch.names)),
        Peak.INPUTS: sketch(inputs.prints),
        Peak.CELLS: sketch(inputs.cells),
        Peak.MINUTES: sketch(mixed(np.unique(batch.ticks // (12 * TICK)).astype(np.uint64))),
    }


def _sketches(batch: Columns, inputs: Inputs, who: Ints, quick: Kernels) -> tuple[Octets, Octets]:
    prints = np.zeros((len(batch.names) + 1, SMALL), np.uint8)
    cells = np.zeros((len(batch.names) + 1, SMALL), np.uint8)
    quick.put(prints, who, inputs.prints)
    quick.put(cells, who, inputs.cells)
    return prints, cells


def _ledger(
    plan: Ready,
    names: tuple[str, ...],
    table: Ints,
    sketches: tuple[Octets, Octets],
    watch: tuple[str, ...],
) -> Ledger:
    """The ledger of a batch: everybody in the buckets, the named ones sorted."""
    hashes = hashes_of(names)
    watch = tuple(sorted({*watch}))
    kept, level = kept_of(levels_of(hashes), names, watch, 0)
    order = sorted(kept, key=lambda i: names[i])
    return Ledger(
        plan=plan.digest,
        names=tuple(names[i] for i in order),
        table=table[order],
        inputs=sketches[0][order],
        cells=sketches[1][order],
        keys=np.zeros((len(order), SAMPLED), np.int64),
        cards=np.zeros((len(order), SAMPLED, CARD), np.uint8),
        buckets=_buckets(hashes, table),
        level=level,
        watch=watch,
    )


def _buckets(hashes: Hashes, table: Ints) -> Ints:
    """(64, WIDTH) the counts of everybody, by hash; the table's last line is nobody's."""
    buckets = np.zeros((BUCKETS, WIDTH), np.int64)
    place = (hashes >> np.uint64(58)).astype(np.int64)
    order = np.argsort(place, kind="stable")
    here, starts = np.unique(place[order], return_index=True)
    if len(here):
        buckets[here] = np.add.reduceat(table[order], starts)
    buckets[bucket_of("")] += table[-1]
    return buckets


def _sampled(
    batch: Columns, inputs: Inputs, answers: Answers, ledger: Ledger, quick: Kernels
) -> Ledger:
    """The ledger with the sample of each principal that is kept."""
    places = {name: i for i, name in enumerate(ledger.names)}
    lines = np.array([*(places.get(name, -1) for name in batch.names), -1], np.int64)
    keys = keys_of(inputs.prints)
    told = told_of(answers.folded, (answers.near, inputs.off), answers.margin)
    rows = quick.drawn_rows(lines[batch.principals], keys, told, len(ledger.names))
    return replace(
        ledger,
        keys=np.where(rows < 0, 0, keys[rows]) if batch.n else ledger.keys,
        cards=cards_of(rows, told, inputs.sides, inputs.along),
    )


def _calibration(labels: Labels, right: np.ndarray) -> Ints:
    said = ~np.isnan(labels.confidence)
    confidence = np.clip(labels.confidence[said], 0.0, 1.0)
    level = np.minimum((confidence * 20).astype(np.int64), 19)
    out = np.zeros((20, 3), np.int64)
    np.add.at(out[:, 0], level, 1)
    np.add.at(out[:, 1], level, np.rint(confidence * (1 << 20)).astype(np.int64))
    np.add.at(out[:, 2], level, right[said].astype(np.int64))
    return out


def _fairness(plan: Plan, labels: Labels) -> Ints:
    width = shapes_of(plan)[Part.FAIRNESS][1]
    out = np.zeros((len(plan.groups), width, width), np.int64)
    truth = folded(labels.truth, len(plan.classes), width)
    said = folded(labels.predictions, len(plan.classes), width)
    for group, rows in labels.groups:
        np.add.at(out[group], (truth[rows], said[rows]), 1)
    return out
