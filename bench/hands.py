"""Innocent hands that work side by side: who of them is taken for an attacker?

Run    python -m bench.hands [KIND ...] [--data NAME ...] [--seeds 1001 1004] [--plays 12]
       [--usual 3]
Data   Real tables of installed packages (flights, diabetes, cancer, phishing, employment, digits)
       and the drills' made payments. Half of a table trains the victim; the rest is what its eight
       tenants ask, of whom the baseline is made, and what the hands ask.
Hands  Two to six new principals, 16 to 120 questions each, beside the tenants:
       customers   ordinary people, each with a taste
       forms       people who fill in forms; of three one is sent again with a number put right
       again       people who put a number right, and of three again another one
       job         workers that take rows of a sorted table by turns
       doubtful    people who share out the cases that the model is least sure of
       pages       variants of one page: each customer is asked about by all, one number different
       stages      services that see each case one after the other, as it goes on a little
       sweeps      viewers of a dashboard who move one number of a few shown cases, end to end
       retries     a question without an answer is put again by another worker
       pings       monitors that ask about the same three inputs, among ordinary ones
Usual  So many more hands of the kind, with other names, asked in twelve windows of the baseline.
Look   Half way and at the end of a window of ten minutes, by the four detectors of principals.
Count  Each new principal of each window is one chance to be wrong; tenants are counted apart. The
       law is one in a thousand. A principal-year: one such window a day, 365 of them.
"""

import argparse
import json
import platform
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray

from stanch.detect import examples
from stanch.detect.habits.customs import customs_of, fullest
from stanch.detect.registry import detectors
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.count import Counted, counted
from stanch.detect.summaries.learn import Schema, learned
from stanch.detect.summaries.ready import Ready, ready
from stanch.detect.window import Baseline, Window
from stanch.sandbox.drill import World
from stanch.sandbox.tenants import Habits, varied
from stanch.sandbox.victims.data import table
from stanch.sandbox.victims.net import Net, trained
from stanch.sandbox.victims.table import Floats, Table
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import digest_of

Dice = np.random.Generator
FOUR = ("extraction", "evasion_search", "threshold_probing", "membership_inference")
DATA = ("payments", "flights", "diabetes", "cancer", "phishing", "employment", "digits")
TENANTS = tuple(f"tenant-{n + 1}" for n in range(8))
FEWEST, MOST = 2, 6
"""Hands that work side by side."""
LEAST, MANY = 16, 120
"""Questions of each."""
ORDINARY = (60, 600)
"""Questions of all tenants in the window."""
MENDED, AGAIN, PINGED = 1 / 3, 0.2, 0.5
ONWARDS = 0.05
"""How much a case differs from stage to stage, as a share of each number's spread."""
OTHER_PAGE = 0.2
"""The same, of the one number that a page has different."""
SHOWN, STEPS = 4, 20
LEAST_SURE = (0.02, 0.3)
DAYS = 365
A_LOOK, LOOKS, A_WINDOW = 300, 12, 60
"""Of the baseline: questions of all tenants in a window; windows of a custom, questions of each."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Place:
    """A victim, and what is asked of it."""

    rows: Table
    """The cases that hands share, as much varied as what the tenants ask."""
    people: Table
    net: Net
    habits: Habits


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Watched:
    """A place, and its baseline."""

    at: Place
    plan: Ready
    base: Baseline


Ints = NDArray[np.int64]
Asked = tuple[Floats, Ints]
"""Questions in their order, and which hand puts each."""
Kind = Callable[[Place, int, int, Dice], Asked]


def place(name: str, seed: int, custom: Kind | None = None, usual: int = 0) -> Watched:
    """The world of this table, in whose baseline so many hands have this custom."""
    learnt, people = table(name).halves(seed)
    net = trained(learnt, seed)
    habits = Habits(people, TENANTS, seed)
    asks = habits.many(World(data=name).history * 7 // 10)
    who = np.array([TENANTS.index(a.tenant) for a in asks])
    at = Place(
        rows=replace(people, x=varied(people.x, people, np.random.default_rng([seed, 32]))),
        people=people,
        net=net,
        habits=habits,
    )
    past = [((np.array([a.row for a in asks]), who), np.arange(len(asks)) // A_LOOK)]
    dice = np.random.default_rng([seed, 77])
    for look in range(LOOKS if custom is not None and usual else 0):
        rows, hands = custom(at, usual, A_WINDOW, dice) if custom is not None else past[0][0]
        past.append(((rows, hands + len(TENANTS)), np.full(len(rows), look)))
    names = (*TENANTS, *(f"usual-{n + 1}" for n in range(usual)))
    return _learnt(at, Schema(numbers=people.features, classes=people.classes), past, names)


def _learnt(
    at: Place, schema: Schema, past: Sequence[tuple[Asked, Ints]], names: tuple[str, ...]
) -> Watched:
    """The place with a baseline of what was asked, and in which window."""
    rows = np.concatenate([asked[0] for asked, _ in past])
    who = np.concatenate([asked[1] for asked, _ in past])
    found = learned(schema, columns(at.net, (rows, who), names))
    golden, plan = found.golden.summary, ready(found.plan)
    parts = fullest(who, np.concatenate([look for _, look in past]))
    windows = (counted(plan, columns(at.net, (rows[p], who[p]), names)).ledger for p in parts)
    base = Baseline(
        plan=found.plan,
        golden=golden,
        digest=digest_of(golden.to_bytes()),
        habits=found.golden.ledger.seal(most=1024),
        customs=customs_of(windows) if len(names) > len(TENANTS) else None,
    )
    return Watched(at=at, plan=plan, base=base)


def columns(net: Net, asked: Asked, names: tuple[str, ...]) -> Columns:
    """These questions and what they were answered."""
    rows, who = asked
    scores = net.scores(rows).round(6)
    return Columns(
        numbers=rows,
        principals=who.astype(np.int32),
        names=names,
        categories=np.zeros((len(rows), 0), np.int32),
        predictions=scores.argmax(axis=1).astype(np.int32),
        ticks=np.arange(len(rows), dtype=np.int64) * 100_000,
        scores=scores,
    )


def customers(at: Place, hands: int, each: int, dice: Dice) -> Asked:
    """Ordinary people, each with a taste."""
    own = Habits(at.people, [str(n) for n in range(hands)], int(dice.integers(10**9)))
    asks = own.many(hands * each)
    return np.array([a.row for a in asks]), np.array([int(a.tenant) for a in asks])


def forms(at: Place, hands: int, each: int, dice: Dice) -> Asked:
    """Forms, of which some are sent again with a number put right."""
    rows, who = customers(at, hands, each, dice)
    out: list[Floats] = []
    for row in rows:
        if dice.random() < MENDED:
            wrong = row.copy()
            number = dice.integers(len(row))
            wrong[number] = at.rows.x[dice.integers(len(at.rows)), number]
            out.append(wrong)
        out.append(row)
    sent = np.array(out)[: len(rows)]
    return sent, np.sort(who)[: len(sent)]


def again(at: Place, hands: int, each: int, dice: Dice) -> Asked:
    """Forms that are put right, and put right again."""
    rows, who = customers(at, hands, each, dice)
    out: list[Floats] = []
    for row in rows:
        tries = [row]
        while dice.random() < MENDED:
            wrong, number = tries[-1].copy(), dice.integers(len(row))
            wrong[number] = at.rows.x[dice.integers(len(at.rows)), number]
            tries.append(wrong)
        out += reversed(tries)
    sent = np.array(out)[: len(rows)]
    return sent, np.sort(who)[: len(sent)]


def job(at: Place, hands: int, each: int, dice: Dice) -> Asked:
    """Rows of a table that is sorted by one number, taken by turns."""
    rows = at.rows.x[dice.choice(len(at.rows), min(hands * each, len(at.rows)), replace=False)]
    rows = rows[np.argsort(rows[:, dice.integers(rows.shape[1])], kind="stable")]
    return rows, np.arange(len(rows)) % hands


def doubtful(at: Place, hands: int, each: int, dice: Dice) -> Asked:
    """The cases that the model is least sure of, shared out; each is put once."""
    scores = np.sort(at.net.scores(at.rows.x), axis=1)
    unsure = np.argsort(scores[:, -1] - scores[:, -2])
    queue = unsure[: max(hands * LEAST, int(dice.uniform(*LEAST_SURE) * len(unsure)))]
    rows = at.rows.x[dice.permutation(queue)[: hands * each]]
    return rows, np.arange(len(rows)) % hands


def pages(at: Place, hands: int, each: int, dice: Dice) -> Asked:
    """Each customer by all variants of a page, which differ in one number."""
    rows = at.rows.x[dice.integers(len(at.rows), size=each)].repeat(hands, axis=0)
    who, number = np.tile(np.arange(hands), each), dice.integers(rows.shape[1])
    rows[:, number] += who * OTHER_PAGE * at.rows.spread[number]
    return rows, who


def stages(at: Place, hands: int, each: int, dice: Dice) -> Asked:
    """Each case by one service after the other, a little further on."""
    rows = at.rows.x[dice.integers(len(at.rows), size=each)].repeat(hands, axis=0)
    rows += ONWARDS * dice.normal(size=rows.shape) * at.rows.spread
    return (rows.round() if at.rows.whole else rows), np.tile(np.arange(hands), each)


def sweeps(at: Place, hands: int, each: int, dice: Dice) -> Asked:
    """One number of a few shown cases, moved from end to end by each viewer."""
    shown, out = at.rows.x[dice.integers(len(at.rows), size=SHOWN)], list[Floats]()
    for _ in range(-(-hands * each // STEPS)):
        row, number = shown[dice.integers(SHOWN)], dice.integers(shown.shape[1])
        low, high = np.quantile(at.rows.x[:, number], (0.02, 0.98))
        moved = np.repeat(row[None], STEPS, axis=0)
        moved[:, number] = np.linspace(low, high, STEPS)
        out += list(moved.round() if at.rows.whole else moved)
    rows = np.array(out)
    return rows, np.arange(len(rows)) // STEPS % hands


def retries(at: Place, hands: int, each: int, dice: Dice) -> Asked:
    """Ordinary questions, some of them put again by the next worker."""
    rows, _ = customers(at, hands, each, dice)
    rows = rows.repeat(1 + (dice.random(len(rows)) < AGAIN), axis=0)[: hands * each]
    return rows, np.arange(len(rows)) % hands


def pings(at: Place, hands: int, each: int, dice: Dice) -> Asked:
    """Ordinary questions, and the same three inputs again and again."""
    rows, who = customers(at, hands, each, dice)
    probes = at.rows.x[dice.integers(len(at.rows), size=3)]
    pinged = dice.random(len(rows)) < PINGED
    return np.where(pinged[:, None], probes[dice.integers(3, size=len(rows))], rows), who


KINDS: Mapping[str, Kind] = {
    "customers": customers,
    "forms": forms,
    "job": job,
    "doubtful": doubtful,
    "pages": pages,
    "stages": stages,
    "sweeps": sweeps,
    "retries": retries,
    "pings": pings,
    "again": again,
}


def looks(seen: Watched, kind: Kind, dice: Dice) -> Iterator[Window]:
    """The window half way and at its end."""
    at = seen.at
    hands, each = int(dice.integers(FEWEST, MOST + 1)), int(dice.integers(LEAST, MANY + 1))
    rows, who = kind(at, hands, each, dice)
    names = tuple(f"hand-{n + 1}" for n in range(hands))
    asks = at.habits.many(int(dice.integers(*ORDINARY)))
    tenants = np.array([a.row for a in asks]), np.array([TENANTS.index(a.tenant) for a in asks])
    total: Counted | None = None
    for half in range(2):
        for asked, whose in (((rows, who), names), (tenants, TENANTS)):
            some = slice(half * len(asked[0]) // 2, (half + 1) * len(asked[0]) // 2)
            part = counted(seen.plan, columns(at.net, (asked[0][some], asked[1][some]), whose))
            total = part if total is None else total.merge(part)
        assert total is not None
        yield replace(
            examples.nothing_seen(),
            baseline=seen.base,
            now=total.summary,
            ledger=total.ledger.seal(most=1024),
        )


def named(windows: Sequence[Window]) -> Mapping[str, set[str]]:
    """Whom each detector names in any of these looks; several together apart from one alone."""
    found: dict[str, set[str]] = {}
    for window in windows:
        for name in FOUR:
            for said in detectors()[name].seen_in(window):
                if isinstance(said, Finding) and said.suspects:
                    by = f"{name}, together" if said.topic == "together" else name
                    found.setdefault(by, set()).update(s.principal for s in said.suspects)
    return found


def told(at: Watched, kind: Kind, plays: int, dice: Dice) -> Counter[str]:
    """What so many windows of these hands come to."""
    total: Counter[str] = Counter()
    for _ in range(plays):
        windows = tuple(looks(at, kind, dice))
        last = windows[-1].ledger
        there = set(last.names) if last is not None else set()
        found = named(windows)
        wrong = set().union(*found.values())
        total["hands"] += len(there - set(TENANTS))
        total["tenants"] += len(there & set(TENANTS))
        total["hands named"] += len(wrong - set(TENANTS))
        total["tenants named"] += len(wrong & set(TENANTS))
        total.update({f"by {name}": len(them) for name, them in found.items()})
    return total


def main() -> None:
    """Print the table and write the results."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    ask.add_argument("kinds", nargs="*")
    ask.add_argument("--data", nargs="+", default=DATA)
    ask.add_argument("--seeds", nargs=2, type=int, default=(1001, 1004))
    ask.add_argument("--plays", type=int, default=12)
    ask.add_argument("--usual", type=int, default=0, help="hands of the kind in the baseline")
    ask.add_argument("--out", type=Path, default=Path(__file__).parent / "results/hands.json")
    given = ask.parse_args()
    before, results = process_time(), dict[str, Counter[str]]()
    for name in given.data:
        for seed in range(given.seeds[0], given.seeds[1] + 1):
            alone = place(name, seed) if not given.usual else None
            for number, kind in enumerate(KINDS):
                if not given.kinds or kind in given.kinds:
                    at = alone or place(name, seed, KINDS[kind], given.usual)
                    dice = np.random.default_rng([seed, number, 31])
                    found = told(at, KINDS[kind], given.plays, dice)
                    results[kind] = results.get(kind, Counter()) + found
        print(f"{name:12} {process_time() - before:.0f} s", flush=True)
    for kind, total in results.items():
        a_year = DAYS * total["hands named"] / max(total["hands"], 1)
        print(f"{kind:12} {dict(total)}; {a_year:.2f} a principal-year")
    value = {
        "machine": {"machine": platform.machine(), "python": platform.python_version()},
        "data": list(given.data),
        "seeds": list(given.seeds),
        "usual": given.usual,
        "cpu_seconds": round(process_time() - before, 1),
        "results": results,
    }
    given.out.parent.mkdir(exist_ok=True)
    given.out.write_text(json.dumps(value, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
