"""The mixture: how far the mix of conditions of operation moved, and who then judges what.

In    a Window on all conditions of an asset: answers by condition, now and in the baseline.
Out   the distance of the two mixes; whether each condition is to be judged by itself alone.
Why   where regions differ, more answers of one of them move every share of the whole. That is one
      thing that moved, the mix, and not each of the inputs.
Math  The distance is the total variation. Where each condition stays as it was, no share of the
      whole and no tail can move by more than that: so while it is under `STILL`, the least move
      of an input that a comparison speaks of, what the whole shows is not the mix.
"""

from collections.abc import Mapping

from stanch.detect.window import Window

STILL = 0.02
"""The distance of two mixes under which the whole is compared as well."""


def distance(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """The distance of two mixes; 0 where one of them is of nothing."""
    rows, of = sum(one.values()), sum(other.values())
    if not rows or not of:
        return 0.0
    names = one.keys() | other.keys()
    return sum(abs(one.get(n, 0) / rows - other.get(n, 0) / of) for n in names) / 2


def apart(window: Window) -> bool:
    """Whether only the conditions are compared, each with its own baseline, and not the whole.

    What no baseline of its own judges is judged in the whole: no condition is a place to hide.
    """
    then = window.baseline.mix if window.baseline is not None else {}
    rows = sum(window.mix.values())
    judged = sum(n for name, n in window.mix.items() if name in window.judged)
    return distance(window.mix, then) >= STILL and (rows - judged) < STILL * rows


def told(window: Window) -> str:
    """The window's condition as people call it; empty for all of them."""
    named = window.asset.conditions
    field = f"{named.field} " if named is not None else ""
    return f"{field}{window.condition}" if window.condition else ""
