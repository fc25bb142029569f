"""Strangers on a registry in ordinary weeks: whether they are told, by what they do.

Run    python -m bench.strangers [--assets 5] [--seed 3001]
Look   The weeks of `bench.ordinary_weeks`, unchanged: once a week from the 26th on it is asked what
       would be said of somebody who comes now. `pulls`: takes a model, never seen before.
       `promotes`: makes a model the current one, never seen before. `logs in first`: logs in an
       hour before that, and does nothing else.
"""

import argparse
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import numpy as np

from bench.ordinary_weeks import START, WEEK, Custom, accesses
from stanch.detect import examples
from stanch.detect.detectors.access_anomaly import DETECTOR
from stanch.detect.summaries.acquaintances import met
from stanch.detect.summaries.record import Deed, record_of
from stanch.engine.watch.hop import HOP
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.span import Span

FIRST, LAST = 26, 58
HOUR = timedelta(hours=1)
LOGIN = Deed(EventKind.ACCESS, "temp-44", "login", "registry", "ok", "203.0.113.9")


def told(custom: Custom, week: int, action: str, *, warm: bool) -> bool:
    """Whether somebody new who does this now is told."""
    at = START + week * WEEK + 10 * HOUR
    known = met(custom.known, record_of([(LOGIN, 1)]), at - HOUR) if warm else custom.known
    deed = LOGIN._replace(action=action, resource="model-1")
    window = replace(
        examples.nothing_seen(),
        span=Span(start=at - HOP, end=at + HOP),
        record=record_of([(LOGIN, 1), (deed, 1)]),
        before=custom.record(),
        known=known,
    )
    found = (f for f in DETECTOR.seen_in(window) if isinstance(f, Finding))
    return any(f.topic == "newcomers" for f in found)


def main() -> None:
    """Prints the shares that are told."""
    ask = argparse.ArgumentParser()
    ask.add_argument("--assets", type=int, default=5)
    ask.add_argument("--seed", type=int, default=3001)
    asked = ask.parse_args()
    count: Counter[str] = Counter()
    for n in range(asked.assets):
        custom = Custom(accesses(np.random.default_rng(asked.seed + n), LAST))
        for k in range(LAST * 7 * 144):
            custom.go(START + k * HOP)
            week, rest = divmod(k, 7 * 144)
            if week >= FIRST and rest == 60:
                count["pulls"] += told(custom, week, "pull", warm=False)
                count["promotes"] += told(custom, week, "promote", warm=False)
                count["logs in first"] += told(custom, week, "promote", warm=True)
    looks = asked.assets * (LAST - FIRST)
    print({name: round(n / looks, 3) for name, n in sorted(count.items())}, looks)


if __name__ == "__main__":
    main()
