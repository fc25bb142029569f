"""Who made so much of a baseline that what they do counts as usual."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.summaries.count import counted
from stanch.engine.leaning import MANY, MUCH, leans
from stanch.prepare.baseline import Golden, Setting
from stanch.vocabulary.ids import AssetId

BARE = Golden(
    setting=Setting(
        asset=AssetId("fraud"), version=1, by="ann", made=datetime(2026, 11, 20, tzinfo=UTC)
    ),
    plan=b"",
    strata={},
    rows=0,
)


def golden(*rows: int) -> Golden:
    """A baseline to which so many rows came from each of them."""
    known = examples.reference()
    who = np.repeat(np.arange(len(rows), dtype=np.int32), rows)
    sent = replace(
        examples.columns(len(who)), names=tuple(f"p{n}" for n in range(len(rows))), principals=who
    )
    made = counted(known.ready, sent)
    return replace(BARE, habits=made.ledger.to_bytes())


def test_the_largest_share_comes_first_and_a_fifth_is_not_yet_much() -> None:
    found = leans(golden(30, 45, *[3] * 9, 20, 0))
    assert list(found) == ["p1", "p0"]
    assert found == pytest.approx({"p1": 45 / 122, "p0": 30 / 122})
    fifth = golden(20, *[8] * 10)
    assert MUCH == 20 / 100
    assert leans(fifth) == {}
    assert list(leans(golden(21, *[8] * 9, 7))) == ["p0"]


def test_where_few_ask_or_nothing_is_kept_of_people_nobody_stands_out() -> None:
    assert list(leans(golden(90, *[1] * (MANY - 1)))) == ["p0"]
    assert leans(golden(90, *[1] * (MANY - 2))) == {}
    assert leans(replace(golden(90, *[1] * 20), habits=b"")) == {}
