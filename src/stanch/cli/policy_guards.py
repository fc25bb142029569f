"""The guards of an asset in lines: what each runs, since when it is silent, what is wrong with it.

In    what the server knows of each guard. Out   lines for people.
Why   a guard that is gone looks like one that enforces, unless its age is said.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from stanch.engine.guards import ALIVE
from stanch.vocabulary.words import ago


def guard_lines(guards: Iterable[Mapping[str, Any]], now: datetime) -> list[str]:
    """A line for each guard and one for each thing that it cannot do or that is wrong with it."""
    lines = [line for one in guards for line in _lines(one, now)]
    return lines or ["No guard has been heard of yet."]


def _lines(one: Mapping[str, Any], now: datetime) -> list[str]:
    report, seen = one["report"], datetime.fromisoformat(one["seen"])
    name, version = report["guard"], report["version"]
    if now - seen > ALIVE:
        return [f"guard {name} was last heard of {ago(seen, now)}, with version {version}"]
    more = [f"  cannot: {each}" for each in report["cannot"]]
    more += [f"  says: {each}" for each in report.get("troubles", ())]
    among = report.get("among", 1)
    shared = f"; its limits are counted by {among} guards together" if among > 1 else ""
    return [f"guard {name} runs version {version}{shared}", *more]
