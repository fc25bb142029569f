"""Containment: from the first hostile event, and from the open incident, to the proof.

Real attacks on a real model behind a real guard, on a server of their own: drills that end with a
narrow act. Times are what an outsider sees in the server's lists. Run: python -m bench.containment
[SEEDS]; seeds begin at 1000, so that no judged drill is tuned on.
"""

import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from stanch.sandbox.moment import Moment
from stanch.sandbox.options import Options
from stanch.sandbox.registry import drill
from stanch.sandbox.runner import run
from stanch.sandbox.score import Score

DRILLS = ("extraction", "threshold_probing", "evasion", "stolen_credentials")
FIRST = 1000
RESULT = Path(__file__).parent / "results" / "containment.json"


def quiet(_: Moment) -> None:
    """Says nothing."""


def spread(values: Sequence[float]) -> dict[str, float]:
    """How many, the middle, and the 95th of a hundred."""
    ordered = sorted(values)
    last = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return {"n": len(ordered), "median": statistics.median(ordered), "p95": last}


def times(scores: Sequence[Score]) -> dict[str, dict[str, float]]:
    """What was measured, over the drills that were contained."""
    done = [s.seconds for s in scores if s.seconds.contained is not None]
    whole = [s.contained for s in done if s.contained is not None]
    opened = [s.contained - s.incident for s in done if s.contained and s.incident is not None]
    acted = [s.enough - s.incident for s in done if s.enough and s.incident is not None]
    found = {
        "first hostile event to proved containment": whole,
        "open incident to a sufficient policy": acted,
        "open incident to proved containment": opened,
    }
    return {name: spread(values) for name, values in found.items() if values}


def main() -> None:
    """Measures, prints, and keeps what was measured."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    scores = [
        run(drill(name), Options(seed=FIRST + n, small=True), quiet)
        for n in range(seeds)
        for name in DRILLS
    ]
    found = times(scores)
    missed = sorted(f"{s.name} {s.seed}" for s in scores if s.seconds.contained is None)
    for name, one in found.items():
        print(f"{name:45} {one['median']:6.2f} s  p95 {one['p95']:6.2f} s  n {one['n']:.0f}")
    print(f"not contained: {', '.join(missed) or 'none'}; load {os.getloadavg()[0]:.1f}")
    made = {
        "measured": found,
        "not_contained": missed,
        "each": [
            {"drill": s.name, "seed": s.seed, "incident": s.seconds.incident}
            | {"enough": s.seconds.enough, "contained": s.seconds.contained}
            for s in scores
        ],
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
    }
    RESULT.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
