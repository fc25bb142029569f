"""The same log on a real PostgreSQL, shared by several writers."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stanch.store import verify
from stanch.store.log.evidence_log import EvidenceLog
from stanch.store.log.postgres import PostgresLeaves
from stanch.store.signing import Signer
from stanch.vocabulary.record import Entry
from stanch.vocabulary.trouble import Unreachable

pytestmark = pytest.mark.needs_postgres
AT = datetime(2026, 11, 21, tzinfo=UTC)
Share = Callable[[str], EvidenceLog]


@pytest.fixture
def share(tmp_path: Path, signer: Signer, postgres_url: str) -> Iterator[Share]:
    logs: list[EvidenceLog] = []

    def make(name: str) -> EvidenceLog:
        logs.append(
            EvidenceLog.open(
                tmp_path / name, signer, lambda: AT, leaves=PostgresLeaves(postgres_url)
            )
        )
        return logs[-1]

    yield make
    for one in logs:
        one.close()


def test_two_processes_append_to_one_history(share: Share, entry: Callable[[int], Entry]) -> None:
    logs = [share("one"), share("two")]
    got: list[int] = []

    def work(log: EvidenceLog) -> None:
        for i in range(30):
            got.extend(log.append([entry(i) for _ in range(1 + i % 20)]))

    threads = [threading.Thread(target=work, args=(log,)) for log in logs]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(got) == list(range(len(got)))
    points = []
    for log in logs:
        assert log.refresh() == len(got)
        assert log.verify().entries == len(got)
        points.append(verify.parse_checkpoint(log.checkpoint()))
    assert points[0].root == points[1].root


def test_an_outbox_is_taken_in_once_whoever_drains_it(
    share: Share, entry: Callable[[int], Entry]
) -> None:
    one, two = share("one"), share("two")
    assert one.append([entry(0)], source="s", upto=4) == range(1)
    assert not two.append([entry(0)], source="s", upto=4)
    assert two.append([entry(1)], source="s", upto=5) == range(1, 2)
    assert (one.position("s"), two.size) == (5, 2)


def test_the_log_is_the_same_as_in_sqlite(
    share: Share, opened: Callable[[], EvidenceLog], entry: Callable[[int], Entry]
) -> None:
    there, here = share("one"), opened()
    for log in (there, here):
        log.append([entry(i) for i in range(700)])
    one, two = (verify.parse_checkpoint(log.checkpoint()) for log in (there, here))
    assert one.body == two.body
    assert there.inclusion(300) == here.inclusion(300)


def test_a_password_never_shows() -> None:
    with pytest.raises(Unreachable) as refused:
        PostgresLeaves("postgresql+psycopg://me:hunter2@127.0.0.1:1/none")
    assert "hunter2" not in str(refused.value)
