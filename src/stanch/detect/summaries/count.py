"""Counting: a batch of answers, or of late labels, becomes a summary and a ledger.

In    a plan made ready, columns as the shell hands them in.
Out   `Counted`: the summary of the batch and the ledger of its principals; merge them onward.
Why   the one place where rows are seen; behind it there are only counts.
"""

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from stanch.detect.summaries.answers import Answers, answers_of
from stanch.detect.summaries.arrays import Codes, Flags, Hashes, Ints, Octets, own
from stanch.detect.summaries.columns import MISSING_CODE, Columns, Labels
from stanch.detect.summaries.dice import mixed
from stanch.detect.summaries.inputs import Inputs, inputs_of
from stanch.detect.summaries.kernels import Kernels, kernels
from stanch.detect.summaries.ledger import PLACES, WIDTH, Ledger, nobody
from stanch.detect.summaries.pairs import pair_places
from stanch.detect.summaries.parts import (
    BLOCK_PAIRS,
    BLOCK_SURE,
    BLOCK_WAVES,
    DOUBT,
    LEVELS,
    Block,
    Part,
    Peak,
)
from stanch.detect.summaries.people import Lines, People, ledger_of, people_of, sketches_of
from stanch.detect.summaries.plan import Plan
from stanch.detect.summaries.ready import Ready
from stanch.detect.summaries.sample import Points, keys_of, told_of
from stanch.detect.summaries.sketch import REGISTERS, SMALL
from stanch.detect.summaries.strange import strange_of
from stanch.detect.summaries.summary import Summary, empty, shapes_of
from stanch.detect.summaries.told import Facts, folded, marks_of
from stanch.vocabulary.trouble import BadInput


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
    people = people_of(batch.names, batch.principals)
    inputs = inputs_of(plan, batch, people.who, quick)
    answers = answers_of(plan, batch, quick)
    lines = _lines(batch, people, (inputs, answers), quick)
    sums, shapes = inputs.sums | answers.sums, shapes_of(plan.plan)
    sums[Part.BEHAVIOUR] = quick.behaved(inputs.lies, answers.folded, shapes[Part.BEHAVIOUR])
    sums |= {p: np.zeros(s, np.int64) for p, s in shapes.items() if p not in sums}
    summary = Summary(
        plan=plan.digest,
        sums=MappingProxyType({p: sums[p] for p in shapes}),
        peaks=MappingProxyType(_peaks(batch, people, inputs, quick)),
        strange=strange_of([batch.strange or {}]),
    )
    ledger = ledger_of(plan.digest, people, lines, watch, quick)
    return Counted(summary=summary, ledger=ledger)


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
    people = people_of(labels.names, labels.principals)
    who = people.who
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
    _sure(table[:, PLACES[Block.SURE]], labels, who, wrong)
    _doubted(table[:, PLACES[Block.DOUBTED]], labels, who, pair_places(said, truth, classes))
    none = np.zeros((len(table), SMALL), np.uint8)
    lines = Lines(table=table, inputs=none, cells=none)
    return Counted(summary=summary, ledger=ledger_of(plan.digest, people, lines, watch, kernels()))


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


def _lines(batch: Columns, people: People, found: tuple[Inputs, Answers], quick: Kernels) -> Lines:
    """What each principal did."""
    inputs, answers = found
    near, between = answers.near, inputs.between
    facts = Facts(
        who=people.who,
        said=answers.folded,
        status=answers.status,
        ticks=own(batch.ticks, np.int64),
        margin=answers.margin,
        cost=answers.cost,
        tokens=answers.tokens,
        marks=marks_of(
            *(inputs.off, inputs.odd, near, answers.hits, answers.canaries, between),
            *(inputs.unusual, inputs.far, inputs.strayed),
        ),
    )
    table = np.zeros((len(people.names) + 1, WIDTH), np.int64)
    quick.tallied(table, facts)
    table[:, PLACES[Block.WAVES]] = inputs.waves[:, :BLOCK_WAVES]
    table[:, PLACES[Block.MOMENTS]] = inputs.moments
    return Lines(
        table=table,
        inputs=sketches_of(people, inputs.prints, quick),
        cells=sketches_of(people, inputs.cells, quick),
        points=Points(
            keys=keys_of(inputs.prints),
            told=told_of(
                answers.folded,
                (near, inputs.off, inputs.odd, between, inputs.strayed),
                answers.margin,
            ),
            sides=inputs.sides,
            places=inputs.places,
            alone=inputs.alone,
        ),
    )


def _peaks(batch: Columns, people: People, inputs: Inputs, quick: Kernels) -> dict[Peak, Octets]:
    def sketch(hashes: Hashes) -> Octets:
        registers = np.zeros((1, REGISTERS), np.uint8)
        quick.put(registers, np.zeros(len(hashes), np.int64), hashes)
        return registers[0]

    minutes = quick.minutes(own(batch.ticks, np.int64))
    return {
        Peak.PRINCIPALS: sketch(people.hashes),
        Peak.INPUTS: sketch(inputs.prints),
        Peak.CELLS: sketch(inputs.cells),
        Peak.MINUTES: sketch(mixed(minutes.astype(np.uint64))),
    }


def _calibration(labels: Labels, right: np.ndarray) -> Ints:
    said = ~np.isnan(labels.confidence)
    confidence = np.clip(labels.confidence[said], 0.0, 1.0)
    level = np.minimum((confidence * 20).astype(np.int64), 19)
    out = np.zeros((20, 3), np.int64)
    np.add.at(out[:, 0], level, 1)
    np.add.at(out[:, 1], level, np.rint(confidence * (1 << 20)).astype(np.int64))
    np.add.at(out[:, 2], level, right[said].astype(np.int64))
    return out


def _sure(lines: Ints, labels: Labels, who: Ints, wrong: Flags) -> None:
    """Add each label, and each that says wrong, to its principal's line by how sure the model was.

    The levels are those of the calibration; under the eleventh there is one for all.
    """
    level = np.clip(np.nan_to_num(labels.confidence) * LEVELS, 0, LEVELS - 1).astype(np.int64)
    place = np.maximum(level - (LEVELS - BLOCK_SURE), 0)
    said = ~np.isnan(labels.confidence)
    np.add.at(lines, (who[said], place[said]), 1)
    np.add.at(lines, (who[said & wrong], place[said & wrong] + BLOCK_SURE), 1)


def _doubted(lines: Ints, labels: Labels, who: Ints, pairs: Ints) -> None:
    """Add the labels that the model held for unlikely to the lines, and all that it scored."""
    if labels.given is None:
        return
    scored = ~np.isnan(labels.given) & ~np.isnan(labels.confidence)
    hit = scored & (labels.truth != labels.predictions)
    hit &= labels.given < DOUBT * labels.confidence
    np.add.at(lines, (who[hit], pairs[hit]), 1)
    lines[:, BLOCK_PAIRS] += np.bincount(who[scored], minlength=len(lines))


def _fairness(plan: Plan, labels: Labels) -> Ints:
    width = shapes_of(plan)[Part.FAIRNESS][1]
    out = np.zeros((len(plan.groups), width, width), np.int64)
    truth = folded(labels.truth, len(plan.classes), width)
    said = folded(labels.predictions, len(plan.classes), width)
    for group, rows in labels.groups:
        np.add.at(out[group], (truth[rows], said[rows]), 1)
    return out
