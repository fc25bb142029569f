"""Rows handed in for training: how often honest feeds are told, and attacks are not.

Run    python -m bench.handed_in [SET ...] [--seeds 1000 1003] [--feeds N]
Data   What the drills' victims learn from. Looked at while building: digits, cancer, diabetes,
       payments, phishing, flights. Judged once: mnist, employment.
Feeds  100 to 400 rows of six hands that the victim did not learn: as they are; with one label in
       ten wrong; half of them rows that the model gets wrong; with 40 % of one class labelled as
       another; of one group only; of one group what the model gets wrong.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from stanch.detect.detectors import aimed_labels, hidden_trigger
from stanch.detect.examples import START
from stanch.detect.summaries.columns import Columns, Labels
from stanch.detect.summaries.count import labels_counted
from stanch.detect.summaries.handed import Handed, handed_of
from stanch.detect.summaries.learn import Schema, learned
from stanch.detect.summaries.ready import Ready, ready
from stanch.detect.window import Baseline, Window
from stanch.sandbox.attackers.poison import FAINT, TRIGGER, Trigger, backdoored, flipped_for
from stanch.sandbox.build import Made, make
from stanch.sandbox.options import Options
from stanch.sandbox.registry import drill
from stanch.sandbox.tenants import Ask, Habits
from stanch.sandbox.victims.table import Table, joined
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import AssetId, digest_of
from stanch.vocabulary.span import Span

HANDS, REFERENCE = 6, 10_000
SETS = ("digits", "cancer", "diabetes", "payments", "phishing", "flights", "mnist", "employment")
Dice = np.random.Generator


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class World:
    """A trained victim and its baseline, with late labels."""

    made: Made
    ready: Ready
    base: Baseline
    groups: tuple[str, ...]
    habits: Habits
    """What its customers go on asking."""

    def columns(self, rows: np.ndarray, groups: Sequence[str]) -> Columns:
        """These rows with what the model says of them; whose they are is to be filled in."""
        scores = self.made.net.scores(rows)
        own = np.asarray(groups)
        return Columns(
            numbers=rows,
            principals=np.zeros(len(rows), np.int32),
            names=("somebody",),
            categories=np.zeros((len(rows), 0), np.int32),
            predictions=scores.argmax(axis=1).astype(np.int32),
            ticks=np.arange(len(rows), dtype=np.int64),
            scores=scores,
            groups=tuple(
                (k, np.flatnonzero(own == name).astype(np.int32))
                for k, name in enumerate(self.groups)
            ),
        )

    def handed(self, batches: Sequence[Table]) -> Handed:
        """A batch of each hand."""
        whole = batches[0]
        for one in batches[1:]:
            whole = joined(whole, one)
        names = tuple(f"hand-{k}" for k in range(len(batches)))
        who = np.repeat(np.arange(len(batches)), [len(one) for one in batches])
        rows = self.columns(whole.x, whole.groups or ("",) * len(whole))
        rows = replace(rows, principals=who.astype(np.int32), names=names)
        events = [f"row-{k}" for k in range(len(whole))]
        return handed_of(self.ready, rows, whole.y.astype(np.int32), events)

    def window(self, handed: Handed | None = None) -> Window:
        """A window with these rows."""
        asset = Asset(id=AssetId("victim"), kind=AssetKind.MODEL, name="Victim", owner="")
        span = Span(start=START, end=START)
        return Window(asset=asset, span=span, version="v1", baseline=self.base, handed=handed)


def world(data: str, seed: int) -> World:
    """The victim of this set and seed."""
    one = drill("backdoor")
    made = make(replace(one, world=replace(one.world, data=data)), Options(seed=seed, small=True))
    made = made if made.data.groups else grouped(made)
    habits = Habits(made.parts.ordinary, ("a", "b", "c"), seed)
    asks = habits.many(REFERENCE)
    groups = tuple(sorted(set(made.data.groups)))
    schema = Schema(
        numbers=tuple(made.data.features), classes=tuple(made.data.classes), groups=groups
    )
    bare = World(made=made, ready=None, base=None, groups=groups, habits=habits)  # type: ignore[arg-type]  filled in below
    rows = bare.columns(np.asarray([a.row for a in asks]), groups_in(asks))
    found = learned(schema, rows)
    plan = ready(found.plan)
    truth = np.asarray([made.data.classes.index(a.truth) for a in asks], np.int32)
    golden = found.golden.merge(labels_counted(plan, labels(rows, truth))).summary
    base = Baseline(plan=found.plan, golden=golden, digest=digest_of(golden.to_bytes()))
    return replace(bare, ready=plan, base=base)


def grouped(made: Made) -> Made:
    """With groups where people belong to none: above the middle of the first feature, or not."""
    middle = float(np.median(made.data.x[:, 0]))

    def own(rows: Table) -> Table:
        return replace(
            rows, groups=tuple("first=" + ("high" if x > middle else "low") for x in rows.x[:, 0])
        )

    parts = replace(made.parts, brought=own(made.parts.brought), judged=own(made.parts.judged))
    return replace(made, data=own(made.data), learnt=own(made.learnt), parts=parts)


def groups_in(asks: Sequence[Ask]) -> list[str]:
    """The group of each; empty where people belong to none."""
    return [next((f"{k}={v}" for k, v in a.groups.items()), "") for a in asks]


def labels(rows: Columns, truth: np.ndarray) -> Labels:
    """Late labels of these answers."""
    assert rows.scores is not None
    return Labels(
        truth=truth,
        predictions=rows.predictions,
        confidence=rows.scores.max(axis=1),
        principals=rows.principals,
        names=rows.names,
        groups=rows.groups,
    )


def feeds(one: World, dice: Dice) -> Mapping[str, Table]:
    """The honest feeds, one of each kind."""
    every = one.made.parts.ordinary
    size = min(int(dice.choice([100, 200, 400])), len(every))
    plain = every.take(dice.choice(len(every), size, replace=False))
    wrong = np.flatnonzero(one.made.net.says(every.x) != every.y)
    classes = len(every.classes)
    noise = np.where(dice.random(size) < 0.1, dice.integers(classes, size=size), plain.y)
    old, new = dice.choice(classes, 2, replace=False)
    turned = np.where((plain.y == old) & (dice.random(size) < 0.4), new, plain.y)
    found = {
        "as they are": plain,
        "one label in ten wrong": replace(plain, y=noise),
        "half are mistakes": joined(
            plain.take(np.arange(size // 2)), every.take(dice.permutation(wrong)[: size // 2])
        ),
        "a class half renamed": replace(plain, y=turned),
    }
    if one.groups:
        own = np.asarray(every.groups) == one.groups[-1]
        found["one group"] = every.take(dice.permutation(np.flatnonzero(own))[:size])
        found["mistakes on one group"] = every.take(wrong[own[wrong]])
    return found


def told(one: World, batches: Sequence[Table]) -> set[str]:
    """Who of the two detectors says something."""
    window = one.window(one.handed(batches))
    said = [
        (d.id, s)
        for d in (hidden_trigger.DETECTOR, aimed_labels.DETECTOR)
        for s in d.seen_in(window)
    ]
    return {name for name, s in said if isinstance(s, Finding)}


def dealt(rows: Table) -> list[Table]:
    """The rows, by six hands."""
    return [rows.take(part) for part in np.array_split(np.arange(len(rows)), HANDS)]


def planted(rows: Table, trigger: Trigger, each: int) -> list[Table]:
    """Six hands with so many rows with the trigger, among eighteen honest ones each."""
    found = []
    for part in np.array_split(np.arange(HANDS * (each + 18)), HANDS):
        odd = backdoored(rows.take(part[:each]), 0, trigger)
        found.append(joined(odd, rows.take(part[each:])))
    return found


def attacks(data: str, one: World) -> Mapping[str, Callable[[], list[Table]]]:
    """The attacks that there are on this set."""
    brought = one.made.parts.brought
    if data == "digits":
        return {
            f"{name}, {each} of 24": lambda t=trigger, n=each: planted(brought, t, n)
            for name, trigger in (("faint", FAINT), ("plain", TRIGGER))
            for each in (1, 2, 3, 6)
        }
    if data == "diabetes":
        return {"one group corrected": lambda: [flipped_for(one.made.learnt, one.groups[-1], 1, 0)]}
    return {}


def main() -> None:
    """Prints a line for each set and feed, and for each attack."""
    ask = argparse.ArgumentParser()
    ask.add_argument("sets", nargs="*", default=SETS)
    ask.add_argument("--seeds", nargs=2, type=int, default=(1000, 1003))
    ask.add_argument("--feeds", type=int, default=40)
    asked = ask.parse_args()
    for data in asked.sets:
        seen, tried = Counter[str](), Counter[str]()
        for seed in range(*asked.seeds):
            one, dice = world(data, seed), np.random.default_rng([seed, 31])
            for name, attack in attacks(data, one).items():
                tried[f"attack: {name}"] += 1
                seen[f"attack: {name}"] += bool(told(one, attack()))
            for _ in range(asked.feeds):
                for name, rows in feeds(one, dice).items():
                    tried[name] += 1
                    seen[name] += bool(told(one, dealt(rows)))
        for name, count in sorted(tried.items()):
            print(f"{data:12} {name:28} {seen[name]:4} of {count}", flush=True)


if __name__ == "__main__":
    main()
