"""A baseline keeps its people's windows where by their habits alone one of them would be named."""

from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pyarrow as pa

from stanch.detect.summaries.arrays import Floats
from stanch.detect.summaries.parts import Block
from stanch.engine.ingest.schema import conform
from stanch.engine.proposing import proposal_of
from stanch.engine.quiet import LOOK
from stanch.engine.watch.golden import Seasons
from stanch.prepare.baseline import Golden, Setting, golden_of
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.kept import BaselineKept

SINCE = datetime(2026, 3, 2, tzinfo=UTC)
WIDTH, PEOPLE, LOOKS, EACH = 8, 10, 5, 24
DESK = Asset(
    id=AssetId("desk"), kind=AssetKind.MODEL, name="desk", owner="sales", classes=("no", "yes")
)


def asked(rows: int, seed: int, *, plays: bool) -> Floats:
    """Ordinary inputs; or one case, of which a number is moved far again and again."""
    dice = np.random.default_rng(seed)
    if not plays:
        return dice.normal(size=(rows, WIDTH))
    found = dice.normal(size=(1, WIDTH)).repeat(rows, axis=0)
    found[np.arange(rows), dice.integers(WIDTH, size=rows)] += 5 + dice.random(rows)
    return found


def look(number: int, players: int) -> pa.Table:
    """What everybody asked in one window, and somebody who gave no name."""
    seeds = [100 * number + n for n in range(PEOPLE)]
    x = np.concatenate([asked(EACH, seed, plays=n < players) for n, seed in enumerate(seeds)])
    rows, at = len(x), SINCE + number * LOOK
    who = [f"user-{n}" for n in range(PEOPLE - 1) for _ in range(EACH)] + [None] * EACH
    return conform(
        pa.table(
            {
                "id": [f"{number}-{n}" for n in range(rows)],
                "ts": pa.array([at + timedelta(seconds=n) for n in range(rows)]),
                "kind": ["inference"] * rows,
                "asset": [DESK.id] * rows,
                "principal": who,
                "features": pa.array(x.tolist(), pa.list_(pa.float64())),
                "prediction": ["yes" if row[0] > 0 else "no" for row in x],
            }
        )
    )


@cache
def golden(players: int) -> Golden:
    week = pa.concat_tables(look(number, players) for number in range(LOOKS))
    setting = Setting(asset=DESK.id, version=1, by="ann", made=SINCE, source="a test")
    return golden_of(proposal_of(week, DESK, setting))


def test_windows_are_kept_of_who_would_be_named_and_read_back_for_looking() -> None:
    found = golden(1)
    assert Golden.from_bytes(found.to_bytes()) == found
    kept = BaselineKept(
        id=found.id,
        asset=DESK.id,
        version="",
        set=SINCE,
        by="ann",
        digest=found.digest,
        body=found.to_bytes(),
        signature="signed",
    )
    customs = Seasons.of(kept).whole.customs
    assert customs is not None
    assert {name.partition(" ")[2] for name in customs.names} == {
        f"user-{n}" for n in range(PEOPLE - 1)
    }
    assert len(customs.names) == LOOKS * (PEOPLE - 1)
    assert set(customs.block(Block.ROWS)[:, 0].tolist()) == {EACH}


def test_where_nobody_would_be_named_the_baseline_is_as_it_was() -> None:
    found = golden(0)
    assert found.customs == b""
    assert b'"customs"' not in found.to_bytes()
    assert Golden.from_bytes(found.to_bytes()) == found
