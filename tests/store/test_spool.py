"""The spool: positions, group commit, repair, pressure, one writer."""

import os
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from stanch.store.frames import HEADER, Frame
from stanch.store.seen import Seen
from stanch.store.segments import Segment, Segments
from stanch.store.spool import Spool, SpoolLimits
from stanch.vocabulary.trouble import Busy, InUse, Tampered


def batch(*ids: str) -> pa.Table:
    return pa.table({"id": list(ids), "text": ["t"] * len(ids)})


def ids_in(spool: Spool, after: int = 0) -> list[str]:
    return spool.read(after, 1 << 40).column("id").to_pylist()


def test_rows_are_read_back_from_any_position(tmp_path: Path) -> None:
    with Spool.open(tmp_path, SpoolLimits(segment_bytes=2000)) as spool:
        for start in range(0, 60, 3):
            assert spool.append(batch(*(str(start + i) for i in range(3)))) == 3
        assert len(list(tmp_path.glob("*.seg"))) > 2
        for after in (0, 1, 29, 59, 60):
            assert ids_in(spool, after) == [str(i) for i in range(after, 60)]


def test_ids_are_remembered_after_a_restart_and_after_the_rows_are_gone(tmp_path: Path) -> None:
    with Spool.open(tmp_path) as spool:
        spool.append(batch("a", "b"))
        spool.seal()
        spool.append(batch("c"))
    with Spool.open(tmp_path) as spool:
        assert spool.append(batch("a", "c", "d", "d")) == 1
        spool.seal()
        spool.rolled(spool.end)
    assert not list(tmp_path.glob("*.seg"))
    with Spool.open(tmp_path) as spool:
        assert spool.end == 4
        assert spool.append(batch("a", "b", "c", "d", "e")) == 1
        assert ids_in(spool, 4) == ["e"]


def test_a_torn_tail_is_cut_at_every_byte(tmp_path: Path) -> None:
    with Spool.open(tmp_path) as spool:
        spool.append(batch("a"))
        whole = next(tmp_path.glob("*.seg")).stat().st_size
        spool.append(batch("b"))
    path = next(tmp_path.glob("*.seg"))
    content = path.read_bytes()
    for size in (whole, whole + 1, whole + HEADER - 1, whole + HEADER, len(content) - 1):
        path.write_bytes(content[:size])
        with Spool.open(tmp_path) as spool:
            assert ids_in(spool) == ["a"]
            assert spool.append(batch("a", "b")) == 1


def test_a_changed_byte_in_a_sealed_segment_is_named(tmp_path: Path) -> None:
    with Spool.open(tmp_path) as spool:
        spool.append(batch("a"))
        sealed = spool.seal()
        assert sealed is not None
        path = next(tmp_path.glob("*.seg"))
        content = bytearray(path.read_bytes())
        content[-20] ^= 1
        path.write_bytes(content)
        with pytest.raises(Tampered, match=path.name):
            spool.read(0, 10)


def test_many_threads_with_overlapping_ids_keep_each_once(tmp_path: Path) -> None:
    accepted: list[int] = []

    def send(spool: Spool) -> None:
        accepted.extend(
            spool.append(batch(*(str(i) for i in range(s, s + 20)))) for s in range(0, 400, 10)
        )

    with Spool.open(tmp_path) as spool:
        threads = [threading.Thread(target=send, args=(spool,)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(accepted) == 410
        assert sorted(ids_in(spool), key=int) == [str(i) for i in range(410)]


def test_a_second_writer_hears_who_holds_the_folder(tmp_path: Path) -> None:
    with Spool.open(tmp_path), pytest.raises(InUse):
        Spool.open(tmp_path)


def _fill(spool: Spool) -> None:
    for i in range(10):
        spool.append(batch(f"b{i}"))


def test_a_long_backlog_tells_the_sender_to_wait_and_a_roll_up_ends_it(tmp_path: Path) -> None:
    with Spool.open(tmp_path, SpoolLimits(backlog_bytes=1500, segment_bytes=500)) as spool:
        spool.append(batch("a"))
        with pytest.raises(Busy) as busy:
            _fill(spool)
        assert 1 <= busy.value.retry_after <= 300
        spool.rolled(spool.end)
        assert spool.append(batch("z")) == 1


def test_the_index_forgets_only_past_its_horizon() -> None:
    seen = Seen(generations=3, largest=1 << 15)
    hashes = np.random.default_rng(1).integers(1, 2**63, 200_000, dtype=np.uint64)
    for start in range(0, len(hashes), 5000):
        part = hashes[start : start + 5000]
        assert seen.new(part).all()
        seen.add(part)
    assert not seen.new(hashes[-seen.horizon :]).any()
    assert seen.new(hashes[:5000]).all()
    assert seen.nbytes <= 3 * (1 << 15) * 8


def test_nothing_is_dropped_before_every_reader_has_passed_it(tmp_path: Path) -> None:
    with Spool.open(tmp_path, readers=("watch",)) as spool:
        for name in "abc":
            spool.append(batch(name))
            spool.seal()
        spool.rolled(3)
        assert ids_in(spool) == ["a", "b", "c"]
        spool.passed("watch", 2)
        assert (spool.start, ids_in(spool)) == (2, ["c"])
        spool.passed("watch", 1)
        spool.passed("watch", 3)
        assert (spool.start, ids_in(spool)) == (3, [])


def test_a_segment_dropped_under_a_reader_is_not_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Spool.open(tmp_path) as spool:
        for name in "ab":
            spool.append(batch(name))
            spool.seal()
        listed = Segments.frames
        looks: list[int] = []

        def frames(self: Segments, after: int) -> list[tuple[Segment, Frame]]:
            found = list(listed(self, after))
            if not looks:
                spool.rolled(1)
            looks.append(after)
            return found

        monkeypatch.setattr(Segments, "frames", frames)
        assert ids_in(spool) == ["b"]
        assert len(looks) == 2


def test_a_segment_is_sealed_by_its_age_too(tmp_path: Path) -> None:
    with Spool.open(tmp_path, SpoolLimits(seal_after=3600)) as spool:
        spool.append(batch("a"))
        assert spool.seal_old() is None
    with Spool.open(tmp_path, SpoolLimits(seal_after=0)) as spool:
        sealed = spool.seal_old()
        assert sealed is not None
        assert sealed.rows == 1
        assert spool.seal_old() is None


def test_a_frame_that_the_disk_takes_in_pieces_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def few(file: int, parts: Sequence[bytes], offset: int) -> int:
        return os.pwrite(file, b"".join(map(bytes, parts))[:7], offset)

    with Spool.open(tmp_path) as spool, monkeypatch.context() as patch:
        patch.setattr("stanch.store.segments.os.pwritev", few)
        assert spool.append(batch("a", "b")) == 2
    with Spool.open(tmp_path) as spool:
        assert spool.read(0, 10).column("id").to_pylist() == ["a", "b"]


def test_the_horizon_is_what_the_limits_say() -> None:
    assert Seen.knowing(1).horizon >= 1
    assert Seen.knowing(23_000_000).horizon >= 23_000_000
    assert Seen.knowing(23_000_000).nbytes < 1 << 18
