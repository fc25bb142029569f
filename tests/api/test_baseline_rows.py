"""The rows of a baseline from the lake are of all its time, however many there are."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from stanch.api.askers import Asker
from stanch.api.house import Question
from stanch.api.routes.baselines import evenly
from stanch.app import Parts, opened
from stanch.engine.ingest.schema import conform
from stanch.settings import Settings
from stanch.vocabulary.ids import AssetId

SINCE = datetime(2026, 3, 2, tzinfo=UTC)
FRAUD = AssetId("fraud")
HOURS, EACH = 6, 500


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    folder: Path = tmp_path_factory.mktemp("rows")
    with opened(Settings(data=folder / "data")) as one:
        one.spool.append(rows("inference"))
        one.spool.append(rows("label"))
        yield one


def rows(kind: str) -> pa.Table:
    """As many in each hour; each label is for the answer of the same number."""
    many = HOURS * EACH
    times = [SINCE + timedelta(seconds=3600 / EACH * i) for i in range(many)]
    answered = kind == "inference"
    return conform(
        pa.table(
            {
                "id": [f"a-{i}" if answered else f"l-{i}" for i in range(many)],
                "of": pa.array([None if answered else f"a-{i}" for i in range(many)], pa.string()),
                "ts": pa.array(times, pa.timestamp("us", "UTC")),
                "kind": [kind] * many,
                "asset": ["fraud"] * many,
            }
        )
    )


def asked(limit: int) -> Question:
    return Question(asset=FRAUD, where="kind <> 'access'", since=SINCE, limit=limit)


def test_fewer_rows_than_are_taken_are_all_taken(parts: Parts) -> None:
    assert evenly(parts.lake, asked(6000), Asker()) == asked(6000)


def test_of_more_rows_every_hour_has_its_share_and_not_the_last_alone(parts: Parts) -> None:
    found = parts.lake.table(evenly(parts.lake, asked(2000), Asker()))
    assert 1500 < found.num_rows <= 2000
    hours = [at.hour for at in found["ts"].to_pylist()]
    assert all(200 < hours.count(hour) < 460 for hour in range(HOURS))


def test_a_label_is_taken_with_the_answer_that_it_is_for(parts: Parts) -> None:
    found = parts.lake.table(evenly(parts.lake, asked(2000), Asker()))
    answers = {row for row in found["id"].to_pylist() if row.startswith("a-")}
    assert answers == {of for of in found["of"].to_pylist() if of is not None}
