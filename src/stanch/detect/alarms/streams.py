"""Streams: which counts of a summary are watched together, as tables of members and bins."""

from collections.abc import Callable, Mapping

import numpy as np

from stanch.detect.alarms.bets import Table
from stanch.detect.alarms.reading import Stream
from stanch.detect.summaries.arrays import Ints
from stanch.detect.summaries.parts import BINS, INFINITE, MISSING, OVER, SLOTS, UNDER, Part
from stanch.detect.summaries.plan import Plan
from stanch.detect.summaries.summary import Summary

_LINE = [UNDER, *range(BINS), OVER]
_AXIS = [32, *range(32), 33]
_WHOLE = {
    Stream.CONFIDENCE: Part.CONFIDENCE,
    Stream.MARGIN: Part.MARGIN,
    Stream.MANIFOLD: Part.MANIFOLD,
    Stream.PREDICTIONS: Part.PREDICTIONS,
    Stream.STATUS: Part.STATUS,
}
_ORDERED = frozenset(
    {
        Stream.NUMBERS,
        Stream.VALUE,
        Stream.CONFIDENCE,
        Stream.MARGIN,
        Stream.SCORES,
        Stream.AXES,
        Stream.MANIFOLD,
        Stream.LATENCY,
    }
)


def table(stream: Stream, summary: Summary, plan: Plan) -> Table:
    """The counts of this stream; no members when the asset does not tell them."""
    members, counts = _counts(stream, summary, plan)
    return Table(members=members, counts=counts, ordered=stream in _ORDERED)


def _counts(stream: Stream, summary: Summary, plan: Plan) -> tuple[tuple[str, ...], Ints]:
    if stream in _WHOLE:
        return (stream.value,), summary.sums[_WHOLE[stream]][None, :]
    return _SEVERAL[stream](summary, plan)


def _numbers(summary: Summary, plan: Plan) -> tuple[tuple[str, ...], Ints]:
    return plan.numbers, summary.sums[Part.NUMBERS][:, _LINE]


def _value(summary: Summary, _plan: Plan) -> tuple[tuple[str, ...], Ints]:
    return _some("value", summary.sums[Part.VALUE].reshape(-1, SLOTS)[:, _LINE])


def _categories(summary: Summary, plan: Plan) -> tuple[tuple[str, ...], Ints]:
    names = tuple(known.name for known in plan.categories)
    return names, summary.sums[Part.CATEGORIES][:, :-1]


def _axes(summary: Summary, _plan: Plan) -> tuple[tuple[str, ...], Ints]:
    axes = summary.sums[Part.AXES][:, _AXIS]
    return tuple(f"axis {a}" for a in range(len(axes))), axes


def _latency(summary: Summary, _plan: Plan) -> tuple[tuple[str, ...], Ints]:
    return _some("latency", summary.sums[Part.LATENCY][None, :-1])


def _some(name: str, counts: Ints) -> tuple[tuple[str, ...], Ints]:
    return (name,) * len(counts), counts


def _missing(summary: Summary, plan: Plan) -> tuple[tuple[str, ...], Ints]:
    numbers, categories = summary.sums[Part.NUMBERS], summary.sums[Part.CATEGORIES]
    gone = np.concatenate([numbers[:, [MISSING, INFINITE]].sum(axis=1), categories[:, -1]])
    rows = np.concatenate([numbers.sum(axis=1), categories.sum(axis=1)])
    names = (*plan.numbers, *(known.name for known in plan.categories))
    return names, np.stack([gone, rows - gone], axis=1)


def _wrong(summary: Summary, plan: Plan) -> tuple[tuple[str, ...], Ints]:
    """Wrong and right ones per true class, and of all labels: ten classes know a tenth each."""
    labelled = summary.sums[Part.LABELLED]
    right = np.diagonal(labelled)
    names = (*plan.classes, "another class", "no class", "all classes")
    each = np.stack([labelled.sum(axis=1) - right, right], axis=1)
    return names, np.concatenate([each, each.sum(axis=0, keepdims=True)])


def _calibration(summary: Summary, _plan: Plan) -> tuple[tuple[str, ...], Ints]:
    counts = summary.sums[Part.CALIBRATION]
    names = tuple(f"confidence {level * 5}-{level * 5 + 5} %" for level in range(len(counts)))
    return names, np.stack([counts[:, 0] - counts[:, 2], counts[:, 2]], axis=1)


def _group_errors(summary: Summary, plan: Plan) -> tuple[tuple[str, ...], Ints]:
    """Wrong and right ones per group and true class, and of all labels of each group."""
    counts = summary.sums[Part.FAIRNESS]
    right = np.diagonal(counts, axis1=1, axis2=2)
    each = np.stack([counts.sum(axis=2) - right, right], axis=2)
    table = np.concatenate([each, each.sum(axis=1, keepdims=True)], axis=1).reshape(-1, 2)
    classes = (*plan.classes[: counts.shape[1] - 2], "another class", "no class", "all classes")
    return tuple(f"{group}: {name}" for group in plan.groups for name in classes), table


def _behaviour(summary: Summary, _plan: Plan) -> tuple[tuple[str, ...], Ints]:
    counts = summary.sums[Part.BEHAVIOUR]
    return tuple(f"bucket {k}" for k in range(len(counts))), counts


_SEVERAL: Mapping[Stream, Callable[[Summary, Plan], tuple[tuple[str, ...], Ints]]] = {
    Stream.NUMBERS: _numbers,
    Stream.VALUE: _value,
    Stream.CATEGORIES: _categories,
    Stream.MISSING: _missing,
    Stream.SCORES: lambda summary, plan: (plan.classes, summary.sums[Part.SCORES]),
    Stream.AXES: _axes,
    Stream.LATENCY: _latency,
    Stream.ACCURACY: _wrong,
    Stream.CALIBRATION: _calibration,
    Stream.GROUP_ERRORS: _group_errors,
    Stream.BEHAVIOUR: _behaviour,
    Stream.FAIRNESS: lambda summary, plan: (plan.groups, summary.sums[Part.GROUPS]),
}
