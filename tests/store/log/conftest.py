"""What the tests of the log share: a clock that stands still, keys, entries, a log."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stanch.store.log.evidence_log import EvidenceLog
from stanch.store.signing import Signer
from stanch.vocabulary.record import Deed, Entry

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer.from_seeds("stanch.test/log", [bytes([i]) * 32 for i in range(3)])


@pytest.fixture
def entry() -> Callable[[int], Entry]:
    return lambda i: Entry(at=AT, deed=Deed.FINDING_MADE, actor="test", about=f"fnd-{i}")


@pytest.fixture
def opened(tmp_path: Path, signer: Signer) -> Iterator[Callable[[], EvidenceLog]]:
    logs: list[EvidenceLog] = []

    def make() -> EvidenceLog:
        for one in logs:
            one.close()
        logs[:] = [EvidenceLog.open(tmp_path / "log", signer, lambda: AT)]
        return logs[0]

    yield make
    for one in logs:
        one.close()
