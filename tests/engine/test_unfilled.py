"""Inputs that had no value in most of a baseline are named."""

import pyarrow as pa
import pytest
from tests.engine.test_baselines import FRAUD, clock, rows

from stanch.engine.baselines import Ask, Baselines
from stanch.engine.unfilled import unfilled
from stanch.prepare.baseline import Golden
from stanch.store.sql.store import SqlStore


@pytest.mark.parametrize(
    ("every", "told"), [(1, {}), (2, {}), (3, {"b": 2 / 3}), (1200, {"b": 1199 / 1200})]
)
def test_an_input_without_a_value_in_more_than_half_of_the_answers_is_named(
    sql_store: SqlStore, every: int, told: dict[str, float]
) -> None:
    found = rows(0).slice(0, 1200)
    named = [f'{{"a": {i % 97}, "b": {i % 89 if i % every == 0 else "null"}}}' for i in range(1200)]
    place = found.column_names.index("named")
    sent = found.set_column(place, "named", pa.array(named))
    place = found.column_names.index("features")
    sent = sent.set_column(place, "features", pa.nulls(1200, found["features"].type))
    kept = Baselines(sql_store, lambda _: "signed", clock).set(
        Ask(asset=FRAUD.id, by="ann", source="a test"), sent
    )
    assert unfilled(Golden.from_bytes(kept.body)) == pytest.approx(told)
