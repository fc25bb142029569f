"""Each sealed segment stands in the evidence log exactly once."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from stanch.engine.sealing import READER, enter_sealed
from stanch.store.spool import Spool, SpoolLimits
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.record import Deed

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_each_sealed_segment_is_entered_once(sql_store: SqlStore, tmp_path: Path) -> None:
    digests = []
    with Spool.open(tmp_path, readers=(READER,)) as spool:
        for name in "ab":
            spool.append(pa.table({"id": [name]}))
            sealed = spool.seal()
            assert sealed is not None
            digests.append(sealed.digest)
        assert [enter_sealed(sql_store, spool, at=NOW) for _ in range(2)] == [2, 0]
    with Spool.open(tmp_path, SpoolLimits(seal_after=0), readers=(READER,)) as spool:
        spool.rolled(2)
        assert spool.start == 0, "not before this run heard how far the log has come"
        spool.append(pa.table({"id": ["c"]}))
        assert enter_sealed(sql_store, spool, at=NOW) == 1
        assert spool.start == 2
        digests.append(spool.sealed()[-1].digest)
    entries = [posted.entry for posted in sql_store.outbox()]
    assert {entry.deed for entry in entries} == {Deed.BATCH_RECORDED}
    assert [entry.digest for entry in entries] == digests
