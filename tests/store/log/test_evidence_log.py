"""The log: what it acknowledged is there, in one order, for ever."""

import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stanch.store import verify
from stanch.store.log.evidence_log import EvidenceLog
from stanch.store.log.sqlite import SqliteLeaves
from stanch.store.signing import Signer
from stanch.vocabulary.record import Entry
from stanch.vocabulary.trouble import BadFile, BadInput, InUse, NoSpace, NotFound, Tampered

AT = datetime(2026, 11, 21, tzinfo=UTC)
Opened = Callable[[], EvidenceLog]
Entries = Callable[[int], Entry]


def test_entries_get_the_next_places_and_are_read_back(opened: Opened, entry: Entries) -> None:
    log = opened()
    assert log.append([entry(0), entry(1)]) == range(2)
    assert log.append([]) == range(2, 2)
    assert log.append([entry(2)]) == range(2, 3)
    assert [one.about for one in log.entries(1)] == ["fnd-1", "fnd-2"]
    assert log.size == 3


def test_an_empty_log_has_a_checkpoint_and_holds(opened: Opened) -> None:
    log = opened()
    assert verify.parse_checkpoint(log.checkpoint()).size == 0
    assert log.verify().holds


@pytest.mark.parametrize("size", [1, 255, 256, 257, 700])
def test_a_log_of_any_size_proves_each_entry_after_a_restart(
    opened: Opened, entry: Entries, signer: Signer, size: int
) -> None:
    opened().append([entry(i) for i in range(size)])
    log = opened()
    assert log.size == size
    for one in list(log.leaves())[:: max(1, size // 9)]:
        text = log.proof_text(one.index)
        assert verify.check_proof(text, one.leaf, signer.public, "here")[0] == one.index
    assert log.verify().entries == size


def test_history_continues_over_restarts(opened: Opened, entry: Entries) -> None:
    points = []
    for start in range(0, 900, 90):
        log = opened()
        log.append([entry(i) for i in range(start, start + 90)])
        points.append(verify.parse_checkpoint(log.checkpoint()))
    log, last = opened(), points[-1]
    for one in points:
        path = log.consistency(one.size)
        assert verify.consistent((one.size, one.root), (last.size, last.root), path)


def test_a_replayed_outbox_adds_nothing_twice(opened: Opened, entry: Entries) -> None:
    log = opened()
    assert log.position("engine") is None
    assert log.append([entry(0), entry(1)], source="engine", upto=2) == range(2)
    assert log.append([entry(0), entry(1)], source="engine", upto=2) == range(2, 2)
    log = opened()
    assert log.append([entry(1)], source="engine", upto=1) == range(2, 2)
    assert log.append([entry(2)], source="engine", upto=3) == range(2, 3)
    assert log.append([entry(9)], source="guard", upto=1) == range(3, 4)
    assert (log.position("engine"), log.position("guard"), log.size) == (3, 1, 4)
    with pytest.raises(BadInput):
        log.append([entry(3)], source="engine")


def test_many_threads_each_get_their_own_places(opened: Opened, entry: Entries) -> None:
    log = opened()
    got: list[int] = []

    def work(who: int) -> None:
        for i in range(40):
            (place,) = log.append([entry(who * 1000 + i)])
            got.append(place)
            if i % 10 == 0:
                log.checkpoint()

    threads = [threading.Thread(target=work, args=(who,)) for who in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(got) == list(range(240))
    assert log.verify().entries == 240


def test_partial_tiles_go_once_the_full_one_is_there(
    opened: Opened, entry: Entries, tmp_path: Path
) -> None:
    log = opened()
    log.append([entry(i) for i in range(250)])
    log.checkpoint()
    assert (tmp_path / "log/tile/0/000.p/250").stat().st_size == 250 * 32
    log.append([entry(i) for i in range(250, 260)])
    log.checkpoint()
    names = {str(p.relative_to(tmp_path / "log")) for p in (tmp_path / "log/tile").rglob("*")}
    files = {name for name in names if (tmp_path / "log" / name).is_file()}
    assert files == {
        *("tile/0/000", "tile/0/001.p/4", "tile/1/000.p/1"),
        *("tile/entries/000", "tile/entries/001.p/4"),
    }


def test_lost_tile_files_are_made_again_by_a_start_without_a_checkpoint(
    opened: Opened, entry: Entries, tmp_path: Path
) -> None:
    log = opened()
    log.append([entry(i) for i in range(300)])
    kept = log.checkpoint()
    shutil.rmtree(tmp_path / "log/tile")
    assert log.verify().where == "tile/entries/000"
    assert opened().verify().where == "tile/entries/000"
    (tmp_path / "log/checkpoint").unlink()
    again = opened()
    assert again.verify().holds
    assert again.continues(kept).holds


def test_a_second_writer_is_refused_by_name(
    opened: Opened, tmp_path: Path, signer: Signer, entry: Entries
) -> None:
    opened()
    with pytest.raises(InUse) as refused:
        EvidenceLog.open(tmp_path / "log", signer, lambda: AT)
    assert refused.value.facts[0] == str(os.getpid())
    assert opened().append([entry(0)]) == range(1)


def test_an_older_database_under_a_newer_checkpoint_is_refused(
    opened: Opened, entry: Entries, tmp_path: Path
) -> None:
    opened().append([entry(i) for i in range(10)])
    opened().close()
    for old in (tmp_path / "log").glob("leaves.sqlite*"):
        old.unlink()
    with pytest.raises(Tampered):
        opened()


def test_the_database_itself_refuses_to_change_a_leaf(
    opened: Opened, entry: Entries, tmp_path: Path
) -> None:
    opened().append([entry(0)])
    other = sqlite3.connect(tmp_path / "log/leaves.sqlite")
    for wish in ("DELETE FROM leaf", "UPDATE leaf SET body = x'00'"):
        with pytest.raises(sqlite3.IntegrityError):
            other.execute(wish)
    other.close()


def test_a_leaf_changed_behind_the_log_is_named(
    opened: Opened, entry: Entries, tmp_path: Path
) -> None:
    log = opened()
    log.append([entry(i) for i in range(9)])
    log.checkpoint()
    other = sqlite3.connect(tmp_path / "log/leaves.sqlite")
    with other:
        other.execute("DROP TRIGGER leaf_stays")
        other.execute("UPDATE leaf SET body = x'00' WHERE place = 4")
    other.close()
    assert log.verify().where == "entry 4"
    log.close()
    with pytest.raises(Tampered):
        opened()


def test_what_is_not_there_cannot_be_proved(opened: Opened, entry: Entries) -> None:
    log = opened()
    log.append([entry(0)])
    for index, size in ((1, None), (-1, None), (0, 2)):
        with pytest.raises(NotFound):
            log.inclusion(index, size)
    with pytest.raises(NotFound):
        log.consistency(2)


def test_a_failed_commit_adds_nothing_and_the_next_one_works(
    opened: Opened, entry: Entries, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = opened()
    log.append([entry(0)])

    def full(*_given: object) -> None:
        broken = sqlite3.OperationalError("disk is full")
        broken.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise broken

    with monkeypatch.context() as patched:
        patched.setattr("stanch.store.log.sqlite._Transaction.add", full)
        with pytest.raises(NoSpace):
            log.append([entry(1)], source="s", upto=1)
    assert (log.size, log.position("s")) == (1, None)
    assert log.append([entry(1)], source="s", upto=1) == range(1, 2)
    assert log.verify().holds


def test_a_file_that_is_no_database_is_named(tmp_path: Path, signer: Signer) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log/leaves.sqlite").write_bytes(b"nothing of the kind" * 99)
    with pytest.raises(BadFile):
        SqliteLeaves(tmp_path / "log/leaves.sqlite").close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("a tmpfs can be mounted by root only")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.needs_tmpfs
def test_a_full_disk_loses_nothing_that_was_acknowledged(
    small_disk: Path, signer: Signer, entry: Entries
) -> None:
    log = EvidenceLog.open(small_disk / "log", signer, lambda: AT)
    filler = small_disk / "filler"
    filler.write_bytes(bytes(1 << 20))
    kept = [0]

    def until_full() -> None:
        while True:
            kept[0] = log.append([entry(i) for i in range(200)]).stop

    with pytest.raises(NoSpace):
        until_full()
    filler.unlink()
    assert log.size == kept[0] > 0
    assert log.append([entry(0)]) == range(kept[0], kept[0] + 1)
    assert log.verify().entries == kept[0] + 1
    log.close()
