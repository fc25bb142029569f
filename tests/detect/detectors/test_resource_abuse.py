"""Resource abuse: beyond every earlier window, never for being new or small."""

from dataclasses import replace
from datetime import timedelta

from stanch.detect import examples
from stanch.detect.detectors.resource_abuse import DETECTOR
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.record import Deed, record_of
from stanch.detect.window import Usage, Window
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Blind, Finding

PAST = DETECTOR.fires_on().usage


def seen(one: Window) -> list[Finding]:
    return [s for s in DETECTOR.seen_in(one) if isinstance(s, Finding)]


def test_one_earlier_peak_of_the_same_height_makes_it_habit() -> None:
    assert seen(replace(examples.window(), usage=PAST))
    peak = Usage(start=examples.START - timedelta(days=1), events=1900)
    assert not seen(replace(examples.window(), usage=(*PAST, peak)))


def test_few_but_dear_requests_are_told_by_their_cost() -> None:
    cheap = tuple(replace(u, events=5000, cost=1 << 20) for u in PAST)

    def dear(rows: Columns) -> Columns:
        return replace(rows, cost=rows.cost * 1000 if rows.cost is not None else None)

    (one,) = seen(replace(examples.window(dear), usage=cheap))
    assert "cost" in one.says
    untold = tuple(replace(u, cost=u.cost * (k < 71)) for k, u in enumerate(cheap))
    assert not seen(replace(examples.window(dear), usage=untold)), "too few windows told a cost"


def test_the_heaviest_is_named_when_one_does_it_all() -> None:
    def one_client(rows: Columns) -> Columns:
        return replace(rows, principals=rows.principals * 0)

    (one,) = seen(replace(examples.window(one_client), usage=PAST))
    assert one.suspects[0].principal == "client-00"
    assert one.suspects[0].share == 1.0
    (one,) = seen(replace(examples.window(), usage=PAST))
    assert one.suspects == (), "twenty who ask alike are nobody in particular"


def test_the_hour_before_midnight_is_beside_the_hour_after_it() -> None:
    window = examples.window()
    night = window.span.start.replace(hour=0, minute=5)
    eve = Usage(start=night - timedelta(minutes=25), events=77)
    noon = replace(eve, start=night - timedelta(hours=12), events=99)
    hour = replace(window.span, start=night, end=night + timedelta(minutes=1))
    past = (*(replace(u, start=noon.start) for u in PAST), eve, noon)
    (one,) = seen(replace(window, span=hour, usage=past))
    assert one.measured["highest at this time of day"] == 77


def test_deeds_count_like_answers() -> None:
    calls = Deed(EventKind.TOOL_CALL, "agent", "search", "", "ok")
    quiet = tuple(replace(u, events=5) for u in PAST)
    window = replace(examples.nothing_seen(), record=record_of([(calls, 900)]), usage=quiet)
    assert seen(window)
    assert not seen(replace(window, record=record_of([(calls, 40)])))


def test_a_morning_without_history_is_blind() -> None:
    (said,) = DETECTOR.seen_in(replace(examples.window(), usage=PAST[:71]))
    assert isinstance(said, Blind)
    idle = tuple(replace(u, events=0) for u in PAST)
    assert seen(replace(examples.window(), usage=idle))
