"""Dataset integrity: each fault alone, and values that are none."""

from dataclasses import replace
from datetime import timedelta

import pytest

from stanch.detect import examples
from stanch.detect.detectors.dataset_integrity import DETECTOR
from stanch.detect.summaries.record import Record
from stanch.detect.window import Window
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Blind, Finding
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import digest_of

PAST = DETECTOR.quiet_on().history


def change(**facts: str) -> Happening:
    return Happening(
        at=examples.START,
        event="now",
        kind=EventKind.DATASET,
        principal=facts.pop("principal", "loader"),
        version=facts.pop("version", "today"),
        what=facts.pop("what", digest_of(b"today")),
        outcome=facts.pop("outcome", ""),
        facts={"rows": "11500", "origin": "s3://house/loans"} | facts,
    )


def of(*now: Happening, history: tuple[Happening, ...] = PAST) -> Window:
    record = Record(happenings=now, seen=len(now))
    return replace(examples.nothing_seen(), record=record, history=history)


def faults(window: Window) -> set[str]:
    found = [s for s in DETECTOR.seen_in(window) if isinstance(s, Finding)]
    return {name for f in found for name in f.measured}


def test_each_fault_has_its_name() -> None:
    assert faults(of(change())) == set()
    assert faults(of(change(origin="ftp://elsewhere"))) == {"new origin"}
    assert faults(of(change(origin=""))) == {"new origin"}
    assert faults(of(change(rows="40000"))) == {"rows jump"}
    assert faults(of(change(rows="900"))) == {"rows jump"}
    assert faults(of(change(rows="15000"))) == set()
    assert faults(of(change(outcome="checksum mismatch"))) == {"failed check"}
    assert faults(of(change(outcome="Checksum MISMATCH"))) == {"failed check"}
    assert faults(of(change(version="day--3"))) == {"changed under its version"}
    back = of(change(version="day--3", what=PAST[7].what))
    between = replace(PAST[9], event="between", version="day--3", what=digest_of(b"between"))
    assert faults(replace(back, history=(*PAST, between))) == set()
    assert faults(replace(of(change()), signed={})) == {"no signature"}


def test_the_registered_digest_of_a_dataset_is_what_counts() -> None:
    window = of(change(version=""))
    asset = replace(window.asset, digest=digest_of(b"registered"))
    assert faults(replace(window, asset=asset)) == {"not the registered digest"}
    bare = of(change(version="", what=digest_of(b"registered").removeprefix("sha256:").upper()))
    assert faults(replace(bare, asset=asset, signed={digest_of(b"registered"): "us"})) == set()
    other = of(change(dataset="other", version=""))
    assert faults(replace(other, asset=asset)) == set()


@pytest.mark.parametrize("rows", ["", "many", "nan", "inf", "-5", "1e400", "\x00"])
def test_rows_that_are_no_number_say_nothing(rows: str) -> None:
    assert faults(of(change(rows=rows))) == set()


def test_a_dataset_that_always_jumps_may_jump() -> None:
    past = tuple(
        replace(h, facts={**h.facts, "rows": str(1000 * (1 + 9 * (k % 2)))})
        for k, h in enumerate(PAST)
    )
    assert faults(of(change(rows="1100"), history=past)) == set()


@pytest.mark.parametrize(
    ("sizes", "rows"),
    [((10_000, 40_000, 10_000), "30000"), ((10_000, 13_000) * 5, "24000")],
    ids=["one earlier jump was larger", "it goes up and down by a third"],
)
def test_a_jump_is_one_beside_those_of_before(sizes: tuple[int, ...], rows: str) -> None:
    counts = (sizes * 10)[: len(PAST)] if len(sizes) > 3 else (*sizes, *[10_000] * 7)
    past = tuple(
        replace(h, facts={**h.facts, "rows": str(n)}) for h, n in zip(PAST, counts, strict=True)
    )
    assert faults(of(change(rows=rows), history=past)) == set()
    assert faults(of(change(rows="90000"), history=past)) == {"rows jump"}


def test_another_dataset_of_the_same_asset_is_compared_with_itself_only() -> None:
    assert faults(of(change(dataset="other", rows="50", origin="new"))) == set()


def test_the_first_changes_are_blind_not_quiet() -> None:
    window = of(change(), history=PAST[:3])
    for one in (window, replace(window, record=Record())):
        (said,) = DETECTOR.seen_in(one)
        assert isinstance(said, Blind)


def test_names_with_control_characters_are_shown_harmless() -> None:
    made = DETECTOR.seen_in(of(change(origin="a\x1b[31m\u202eb", principal="x\ny")))
    assert all(f.says.isprintable() for f in made if isinstance(f, Finding))
    assert made


def test_events_that_come_out_of_order_are_put_in_order() -> None:
    shuffled = (*PAST[5:], *PAST[:5])
    window = of(change(rows="40000"), history=shuffled)
    assert DETECTOR.seen_in(window) == DETECTOR.seen_in(of(change(rows="40000")))
    future = replace(PAST[-1], at=examples.START + timedelta(days=900), event="skewed")
    assert faults(of(change(), history=(*PAST, future))) == set()
