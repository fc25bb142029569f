"""The filter of inputs is learnt from an asset's own ordinary rows."""

import re
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from tests.engine.deeds.room import BLOCK, FRAUD, INCIDENT, NOON, Room

from stanch.contain.alike import likeness
from stanch.engine.placed import placed
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.trouble import BadInput

FILTER = replace(
    BLOCK, act="filter_inputs", args={"alike": "$alike"}, key="run-1/filter", lasts=86_400
)


def _rows(count: int) -> pa.Table:
    """Ordinary inputs of twenty tenants, and a search of key-91 at the end."""
    dice = np.random.default_rng(7)
    plain = dice.normal(0.0, 1.0, (count, 8)).tolist()
    near = (3.0 + dice.normal(0.0, 0.02, (count // 4, 8))).tolist()
    who = [f"tenant-{n % 20}" for n in range(count)] + ["key-91"] * len(near)
    at = [NOON - timedelta(hours=1) + timedelta(seconds=n) for n in range(len(who))]
    return pa.table(
        {
            "kind": ["inference"] * len(who),
            "principal": who,
            "ts": pa.array(at, pa.timestamp("us", "UTC")),
            "features": [*plain, *near],
        }
    )


def test_the_filter_of_inputs_is_learnt_from_ordinary_rows_and_shows_whom_it_would_refuse(
    room: Room,
) -> None:
    room.traffic({"key-91": 100, **{f"tenant-{n}": 20 for n in range(20)}})
    room.rows = _rows(800)
    shown = room.deeds.show(FILTER)
    assert shown.risk is Risk.ONE
    hit = re.search(r"Hits (\d+) principals? and ([0-9.]+) % of 500 requests", shown.text)
    assert hit is not None
    assert int(hit[1]) <= 4
    assert 18 < float(hit[2]) < 22
    room.rows = _rows(400)
    assert room.deeds.show(FILTER).digest == shown.digest
    assert room.deeds.perform(FILTER).ok
    (rule,) = room.policies.now(FRAUD).filter.rules
    assert likeness(rule).kept == 400
    with room.store.look() as tx:
        (line,) = placed(tx, INCIDENT)
    assert room.deeds.undo(FILTER, line.key).ok
    assert room.policies.now(FRAUD).filter.rules == frozenset()


def test_where_too_few_inputs_are_known_the_filter_says_so(room: Room) -> None:
    room.rows = _rows(40)
    with pytest.raises(BadInput, match=r"Nothing is known for \$alike"):
        room.deeds.show(FILTER)
