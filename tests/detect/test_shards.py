"""Windows that were counted in shards, in any order, are the window counted whole."""

from dataclasses import replace

import pytest

from stanch.detect import examples
from stanch.detect.registry import detectors
from stanch.detect.summaries.count import counted, nothing


@pytest.mark.parametrize("backwards", [False, True])
def test_shards_in_any_order_give_the_bits_of_the_whole(*, backwards: bool) -> None:
    known = examples.reference()
    rows = examples.columns(1000)
    whole = counted(known.ready, rows)
    shards = [counted(known.ready, part) for part in examples.split(rows, 7)]
    total = nothing(known.learned.plan)
    for shard in reversed(shards) if backwards else shards:
        total = total.merge(shard)
    assert total.summary.to_bytes() == whole.summary.to_bytes()
    assert total.ledger.to_bytes() == whole.ledger.to_bytes()


@pytest.mark.parametrize("name", sorted(detectors()))
def test_a_detector_says_the_same_of_a_window_merged_from_bytes(name: str) -> None:
    detector = detectors()[name]
    window = detector.fires_on()
    if window.now is None or window.baseline is None:
        return
    read = type(window.now).from_bytes(window.now.to_bytes(), window.baseline.plan)
    assert detector.seen_in(replace(window, now=read)) == detector.seen_in(window)
