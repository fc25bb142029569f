"""Fairness gap: how often it is told of a group that nobody harms.

Run    python -m bench.fairness [SET ...] [--seeds 1000 1010] [--looks N]
Data   What the drills' victims learn from. Groups are those of the set; where it has none, who is
       above the middle of the first feature, and who is not.
Look   A version answers rows that the victim did not learn, each with its label; a look after every
       sixty answers (eight seconds of a drill), at all there is so far.
       "the same": the version that the baseline is of. "the same, just deployed": its deployment is
       told, so that the lower bar of fresh versions holds. "another, honest": another net that
       learnt the same rows, just deployed. "other customers": the version that the baseline is of,
       asked by people of whom more are of some classes and fewer of others. Nobody is harmed on
       purpose in any of these. "harmed": every second answer of its commonest class is another one
       for one group, by the version that the baseline is of, told of no deployment; and the same
       asked by other customers.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np

from bench.handed_in import World, groups_in, labels, world
from stanch.detect.alarms.watch import Watch
from stanch.detect.detectors.fairness_gap import DETECTOR, Cause
from stanch.detect.examples import START
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.count import counted, labels_counted, nothing
from stanch.detect.window import Window
from stanch.sandbox.tenants import Habits
from stanch.sandbox.victims.net import trained
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.span import Span

SETS = ("diabetes", "cancer", "payments", "flights", "employment")
A_LOOK = 60
KINDS = (
    *("the same", "the same, just deployed", "another, honest", "other customers"),
    *("harmed", "harmed, other customers"),
)


def windows(one: World, seed: int, kind: str, count: int) -> Iterator[Window]:
    """The window at each look at a version."""
    made = one.made
    if kind == KINDS[2]:
        net = trained(made.learnt, seed + 7)
        one = replace(one, made=replace(made, net=net))
    habits = one.habits
    if kind in (KINDS[3], KINDS[5]):
        habits = Habits(made.parts.ordinary, ("a", "b", "c"), seed + 99)
    total, watch = nothing(one.base.plan), Watch(plan=one.ready.digest)
    deployed = Happening(
        at=START - timedelta(minutes=1), event="d", kind=EventKind.DEPLOYMENT, version="v1"
    )
    for look in range(count):
        asks = habits.many(A_LOOK)
        rows = one.columns(np.asarray([a.row for a in asks]), groups_in(asks))
        if kind in KINDS[4:]:
            rows = harmed(rows)
        truth = np.asarray([made.data.classes.index(a.truth) for a in asks], np.int32)
        batch = counted(one.ready, rows).merge(labels_counted(one.ready, labels(rows, truth)))
        total = total.merge(batch)
        watch = watch.after(batch.summary, one.base.golden, one.base.plan)
        yield replace(
            one.window(),
            span=Span(start=START, end=START + timedelta(seconds=8 * look + 8)),
            now=total.summary,
            readings=watch.readings(one.base.plan),
            history=(deployed,) if kind in KINDS[1:3] else (),
        )


def harmed(rows: Columns) -> Columns:
    """Every second answer of the commonest class is another one, for those of the first group."""
    said = rows.predictions.copy()
    own = rows.groups[0][1]
    common = int(np.bincount(said[own]).argmax())
    said[own[said[own] == common][::2]] = (common + 1) % 2
    return replace(rows, predictions=said)


def main() -> None:
    """Prints a line for each set and kind."""
    ask = argparse.ArgumentParser()
    ask.add_argument("sets", nargs="*", default=SETS)
    ask.add_argument("--seeds", nargs=2, type=int, default=(1000, 1010))
    ask.add_argument("--looks", type=int, default=60)
    asked = ask.parse_args()
    for data in asked.sets:
        looks, wrong, versions = Counter[str](), Counter[str](), Counter[str]()
        unsure, noted = Counter[str](), Counter[str]()
        first: dict[str, list[int]] = {kind: [] for kind in KINDS}
        seeds = asked.seeds[1] - asked.seeds[0]
        for seed in range(*asked.seeds):
            one = world(data, seed)
            for kind in KINDS:
                said = [
                    [s for s in DETECTOR.seen_in(window) if isinstance(s, Finding)]
                    for window in windows(one, seed, kind, asked.looks)
                ]
                told = [[f.topic for f in found if not f.waits] for found in said]
                looks[kind] += len(said)
                wrong[kind] += sum("" in topics for topics in told)
                versions[kind] += any("" in topics for topics in told)
                first[kind].append(next((k for k, t in enumerate(told, 1) if "" in t), 0))
                unsure[kind] += any(Cause.UNSURE in topics for topics in told)
                noted[kind] += any(f.waits for found in said for f in found)
        for kind in KINDS:
            of = f"{versions[kind]:3} of {seeds} versions"
            more = f"unsure {unsure[kind]}, other customers {noted[kind]}"
            looked = f"{wrong[kind]:4} of {looks[kind]} looks, first {sorted(first[kind])}"
            print(f"{data:11} {kind:24} {of}, {looked}; {more}", flush=True)


if __name__ == "__main__":
    main()
