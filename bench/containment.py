"""Containment: from the first hostile event, and from the open incident, to the proof.

Real attacks on a real model behind a real guard, on a server of their own: drills that end with a
narrow act. Times are what an outsider sees in the server's lists, which it reads four times a
second. Run: python -m bench.containment [SEEDS] [FROM]; seeds begin at 1000, so that no judged
drill is tuned on, and with FROM the plays are added to those of earlier pieces. What was played is
kept after each play: a seed of four plays takes a minute and a half and may be cut short.
"""

import json
import os
import platform
import statistics
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.words import words
from stanch.sandbox.moment import Moment
from stanch.sandbox.options import Options
from stanch.sandbox.registry import drill
from stanch.sandbox.runner import run
from stanch.sandbox.score import Score

DRILLS = ("extraction", "threshold_probing", "evasion", "stolen_credentials")
BEFORE = ("stolen_credentials",)
"""Their incident is opened by guessed keys, seconds before one fits and there is harm to end: it is
undecided until then, and nothing is refused by itself before it is called an attack."""
FIRST = 1000
RESULT = Path(__file__).parent / "results" / "containment.json"
Play = Mapping[str, Any]


def quiet(_: Moment) -> None:
    """Says nothing."""


def play(score: Score, load: float) -> Play:
    """One play as it is kept."""
    seconds = score.seconds
    return {
        "drill": score.name,
        "seed": score.seed,
        "incident": seconds.incident,
        "called": seconds.called,
        "enough": seconds.enough,
        "contained": seconds.contained,
        "load": round(load, 1),
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """How many, the middle, and the 95th of a hundred."""
    ordered = sorted(values)
    last = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return {"n": len(ordered), "median": round(statistics.median(ordered), 2), "p95": last}


def times(plays: Sequence[Play]) -> dict[str, dict[str, float]]:
    """What was measured, over the plays that were contained."""
    done = [p for p in plays if p["contained"] is not None and p["incident"] is not None]
    own = [p for p in done if p["drill"] not in BEFORE]
    told = [p for p in done if p.get("called") is not None]
    found = {
        "called an attack to proved containment": [p["contained"] - p["called"] for p in told],
        "first hostile event to proved containment": [p["contained"] for p in done],
        "open incident to a sufficient policy": [p["enough"] - p["incident"] for p in own],
        "open incident to proved containment": [p["contained"] - p["incident"] for p in own],
        "the same, opened before there was harm": [
            p["contained"] - p["incident"] for p in done if p["drill"] in BEFORE
        ],
    }
    return {name: spread([round(v, 2) for v in all_]) for name, all_ in found.items() if all_}


def main() -> None:
    """Measures, prints, and keeps what was measured."""
    words(__doc__, most=2)
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    plays: list[Play] = []
    if first and RESULT.is_file():
        plays += json.loads(RESULT.read_text(encoding="utf-8"))["each"]
    for n in range(first, first + seeds):
        for name in DRILLS:
            made = run(drill(name), Options(seed=FIRST + n, small=True), quiet)
            plays.append(play(made, os.getloadavg()[0]))
            print(plays[-1], flush=True)
            keep(plays)
    said(plays)


def unmet(plays: Sequence[Play]) -> Sequence[str]:
    """The plays that nobody contained."""
    return sorted(f"{p['drill']} {p['seed']}" for p in plays if p["contained"] is None)


def said(plays: Sequence[Play]) -> None:
    """Prints what was measured."""
    found = times(plays)
    for name, one in found.items():
        print(f"{name:45} {one['median']:6.2f} s  p95 {one['p95']:6.2f} s  n {one['n']:.0f}")
    print(f"not contained: {', '.join(unmet(plays)) or 'none'}; load {os.getloadavg()[0]:.1f}")


def keep(plays: Sequence[Play]) -> None:
    """Writes what was measured."""
    made = {
        "measured": times(plays),
        "not_contained": unmet(plays),
        "each": list(plays),
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
    }
    RESULT.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
