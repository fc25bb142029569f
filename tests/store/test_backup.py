import hashlib
import sqlite3
import stat
import tarfile
import threading
from contextlib import closing
from pathlib import Path

import pytest

from stanch.store.backup import Options, Progress, back_up, read_backup, restore
from stanch.store.vault import Vault, scrub
from stanch.vocabulary.trouble import AlreadyThere, BadFile, BadInput, Tampered, Trouble


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "log/tile/0").mkdir(parents=True)
    with Vault.open(folder / "vault") as vault:
        vault.put_bytes(b"evidence")
        vault.put_bytes(b"personal", personal=True)
    with closing(sqlite3.connect(folder / "stanch.db")) as db, db:
        db.execute("pragma journal_mode=wal")
        db.execute("create table incident (id text, item text)")
        db.execute("insert into incident values ('one', '')")
    with closing(sqlite3.connect(folder / "log/leaves.sqlite")) as db, db:
        db.execute("create table leaf (n integer)")
    (folder / "log/checkpoint").write_text("stanch\n1\n")
    (folder / "log/tile/0/000").write_bytes(bytes(32))
    (folder / "lock").write_text("1")
    return folder


class Seal:
    def sign(self, data: bytes) -> bytes:
        return hashlib.sha256(b"key" + data).digest()


def check(data: bytes, signature: bytes) -> None:
    if hashlib.sha256(b"key" + data).digest() != signature:
        raise Tampered("signature")


def test_what_was_backed_up_is_restored_and_works(data: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    made = back_up(data, tmp_path / "b.tar", Options(signer=Seal(), progress=seen.append))
    assert made.signed
    assert [one.files for one in seen] == list(range(1, len(made.contents.files) + 1))
    back = restore(tmp_path / "b.tar", tmp_path / "new", check, seen.append)
    assert back == made
    with Vault.open(tmp_path / "new/vault") as vault:
        assert len(list(vault.items())) == 2
        assert sorted(b"".join(vault.read(d)) for d in vault.items()) == [b"evidence", b"personal"]
        assert not any(one.damage for one in scrub(vault))
    with closing(sqlite3.connect(tmp_path / "new/stanch.db")) as db:
        assert db.execute("select id from incident").fetchall() == [("one",)]
    assert not (tmp_path / "new/lock").exists()
    assert stat.S_IMODE((tmp_path / "b.tar").stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir() if "unfinished" in p.name] == []


def test_what_points_is_copied_before_what_it_points_at(data: Path, tmp_path: Path) -> None:
    order = [one.path for one in back_up(data, tmp_path / "b.tar").contents.files]
    places = [
        order.index(name)
        for name in ("log/checkpoint", "log/tile/0/000", "stanch.db", "log/leaves.sqlite")
    ]
    items = [n for n, path in enumerate(order) if path.startswith("vault/items/")]
    assert places == sorted(places)
    assert max(places) < min(items)


def test_a_backup_made_while_people_work_is_consistent(data: Path, tmp_path: Path) -> None:
    stop = threading.Event()

    def work() -> None:
        with (
            Vault.open(data / "vault") as vault,
            closing(sqlite3.connect(data / "stanch.db", timeout=30)) as db,
        ):
            number = 0
            while not stop.is_set():
                number += 1
                item = vault.put_bytes(b"row %d" % number)
                with db:
                    db.execute("insert into incident values (?, ?)", (str(number), item.digest))

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for n in range(4):
            back_up(data, tmp_path / f"b{n}.tar")
    finally:
        stop.set()
        worker.join()
    for n in range(4):
        restore(tmp_path / f"b{n}.tar", tmp_path / f"new{n}")
        with (
            Vault.open(tmp_path / f"new{n}/vault") as vault,
            closing(sqlite3.connect(tmp_path / f"new{n}/stanch.db")) as db,
        ):
            there = set(vault.items())
            named = {d for (d,) in db.execute("select item from incident where item != ''")}
            assert named <= there
            assert not any(one.damage for one in scrub(vault))


def test_keys_can_be_left_out_so_that_shredding_reaches_the_backup(
    data: Path, tmp_path: Path
) -> None:
    made = back_up(data, tmp_path / "b.tar", Options(keys=False))
    assert not made.contents.keys
    assert not any("keys/" in one.path for one in made.contents.files)
    restore(tmp_path / "b.tar", tmp_path / "new")
    with Vault.open(tmp_path / "new/vault") as vault:
        assert sum(vault.info(d).shredded for d in vault.items()) == 1


def test_a_folder_that_is_not_empty_is_left_alone(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "b.tar")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").write_text("mine")
    with pytest.raises(BadInput, match="not empty"):
        restore(tmp_path / "b.tar", tmp_path / "full")
    with pytest.raises(AlreadyThere):
        back_up(data, tmp_path / "b.tar")


def test_of_two_backups_under_one_name_one_is_kept_and_the_other_is_told(
    data: Path, tmp_path: Path
) -> None:
    target, made = tmp_path / "b.tar", list[str]()

    def meanwhile(_: Progress) -> None:
        if not made:
            made.append("")
            made[0] = back_up(data, target).digest

    with pytest.raises(AlreadyThere):
        back_up(data, target, Options(progress=meanwhile))
    assert read_backup(target).digest == made[0]
    assert [one.name for one in tmp_path.iterdir() if "unfinished" in one.name] == []


def test_an_unfinished_or_cut_backup_is_refused_with_a_sentence(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "b.tar")
    whole = (tmp_path / "b.tar").read_bytes()
    for share in (0, 0.1, 0.5, 0.9):
        cut = tmp_path / f"cut{share}"
        cut.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(BadFile):
            restore(cut, tmp_path / "new")
        assert not (tmp_path / "new").exists()
    (tmp_path / "b.tar.unfinished").write_bytes(whole)
    with pytest.raises(BadFile, match="not finished"):
        read_backup(tmp_path / "b.tar.unfinished")


def test_no_flipped_byte_is_restored(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "b.tar", Options(signer=Seal()))
    whole = (tmp_path / "b.tar").read_bytes()
    with tarfile.open(tmp_path / "b.tar") as archive:
        places = [m.offset_data for m in archive.getmembers() if m.size]
    bad = tmp_path / "bad.tar"
    for at in places:
        bad.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(Trouble):
            restore(bad, tmp_path / "new", check)
        assert not (tmp_path / "new").exists()
    assert [p.name for p in tmp_path.iterdir() if "unfinished" in p.name] == []


def test_an_unsigned_backup_is_refused_where_a_signature_is_wanted(
    data: Path, tmp_path: Path
) -> None:
    back_up(data, tmp_path / "b.tar")
    with pytest.raises(Tampered, match="not signed"):
        restore(tmp_path / "b.tar", tmp_path / "new", check)
