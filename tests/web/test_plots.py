"""Plots: every bar says what it stands for."""

from stanch.detect.alarms.reading import Stream
from stanch.detect.alarms.streams import table
from stanch.detect.examples import window
from stanch.web.plots import _each


def test_a_bar_of_a_number_says_from_where_to_where() -> None:
    seen = window(n=500)
    assert seen.baseline is not None
    assert seen.now is not None
    plan = seen.baseline.plan
    plots = {plot.name: plot for plot in _each(seen.baseline.golden, seen.now, plan)}
    number = plan.numbers[0]
    low, high = plan.edges[0][1:3].tolist()
    assert f"<title>{low:.3g} to {high:.3g}: " in plots[number].drawing
    assert ">less<" in plots[number].drawing
    assert "bin " not in "".join(plot.drawing for plot in plots.values())
    assert len(table(Stream.NUMBERS, seen.now, plan).counts[0]) == len(plan.edges[0]) + 1
