"""Quiet windows: an asset's own past says what is usual for its people."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from stanch.engine.ingest.schema import conform
from stanch.engine.proposing import proposal_of
from stanch.prepare.baseline import Golden, Setting, golden_of
from stanch.triage.verdict.calibration import packaged, read_back, strictest
from stanch.triage.verdict.observations import Signal
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.ids import AssetId

AT = datetime(2026, 11, 2, 8, tzinfo=UTC)
ASSET = Asset(id=AssetId("scorer"), kind=AssetKind.MODEL, name="Scorer", owner="us")


def rows(many: int, *, near: str = "") -> pa.Table:
    """Answers over hours; one client asks only where the model is least sure."""
    dice = np.random.default_rng(3)
    numbers = dice.normal(size=(many, 3))
    who = [f"client-{n % 12}" for n in range(many)]
    score = 1 / (1 + np.exp(-4 * numbers[:, 0]))
    score = np.where([w == near for w in who], 0.5 + dice.normal(0, 0.01, many), score)
    return conform(
        pa.table(
            {
                "id": [f"e{n}" for n in range(many)],
                "ts": pa.array(
                    [AT + timedelta(seconds=9 * n) for n in range(many)], pa.timestamp("us", "UTC")
                ),
                "kind": ["inference"] * many,
                "asset": ["scorer"] * many,
                "principal": who,
                "features": [list(map(float, x)) for x in numbers],
                "prediction": ["yes" if s > 0.5 else "no" for s in score],
                "scores": [[float(1 - s), float(s)] for s in score],
            }
        )
    )


def golden(table: pa.Table) -> Golden:
    setting = Setting(asset=ASSET.id, version=1, by="ada", made=AT)
    return golden_of(proposal_of(table, ASSET, setting))


def test_a_baseline_keeps_what_quiet_windows_show_and_reads_back_the_same() -> None:
    made = golden(rows(6000))
    assert Signal.EDGE_WHO in made.quiet
    assert Golden.from_bytes(made.to_bytes()).quiet == made.quiet


def test_too_few_rows_make_no_table_of_an_assets_own() -> None:
    assert golden(rows(2000)).quiet == {}


def test_a_client_who_always_lives_at_the_threshold_is_usual_here() -> None:
    own = [read_back(golden(rows(6000, near=who)).quiet, "own") for who in ("", "client-3")]
    plain, used_to = (strictest(one, packaged()) for one in own if one is not None)
    assert used_to.p(Signal.EDGE_WHO, 10.0) > 0.02 > plain.p(Signal.EDGE_WHO, 10.0)
