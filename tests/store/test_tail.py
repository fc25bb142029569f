"""Another's spool is read while it is written, sealed, dropped, and after a kill."""

from pathlib import Path

import pyarrow as pa

from stanch.store.spool import Spool, SpoolLimits
from stanch.store.tail import Tail


def rows(first: int, n: int) -> pa.Table:
    return pa.table({"id": [f"e{i}" for i in range(first, first + n)]})


def ids(tail: Tail, after: int = 0) -> list[str]:
    return list(tail.read(after, 10_000).column("id").to_pylist())


def test_a_tail_follows_its_writer_row_by_row(tmp_path: Path) -> None:
    with Spool.open(tmp_path, SpoolLimits(segment_bytes=2_000)) as spool:
        tail = Tail(tmp_path)
        assert (tail.name, tail.start, tail.end, ids(tail)) == (spool.name, 0, 0, [])
        for batch in range(12):
            spool.append(rows(batch * 50, 50))
            assert tail.end == spool.end == (batch + 1) * 50
            assert ids(tail, batch * 50) == [f"e{i}" for i in range(batch * 50, batch * 50 + 50)]
        assert ids(tail) == [f"e{i}" for i in range(600)]
        spool.seal()
        spool.rolled(300)
        assert tail.start == spool.start > 0
        assert ids(tail, spool.start) == [f"e{i}" for i in range(spool.start, 600)]
        spool.rolled(600)
        assert (tail.start, tail.end, ids(tail, 600)) == (600, 600, [])
        spool.append(rows(600, 5))
        assert (tail.start, tail.end) == (600, 605)


def test_half_a_frame_is_not_shown(tmp_path: Path) -> None:
    with Spool.open(tmp_path) as spool:
        spool.append(rows(0, 10))
        spool.append(rows(10, 10))
    (path,) = tmp_path.glob("*.seg")
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    tail = Tail(tmp_path)
    assert (tail.end, len(ids(tail))) == (10, 10)
    path.write_bytes(whole)
    assert (tail.end, len(ids(tail))) == (20, 20)
