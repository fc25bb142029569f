"""Long stretches past the system's cache: the same bytes by whichever way, none too late."""

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from itertools import accumulate, pairwise
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from stanch.store.vault import Vault, scrub, stretches, trays
from stanch.store.vault.stretches import Stretches
from stanch.vocabulary.trouble import Conflict, NoSpace

SMALL = 8192


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "STRETCH", SMALL)
    monkeypatch.setattr(trays, "STRETCH", SMALL)
    monkeypatch.setattr(trays, "BLOCK", SMALL // 2)


@pytest.fixture
def fd(tmp_path: Path) -> Iterator[int]:
    made = os.open(tmp_path / "item", os.O_RDWR | os.O_CREAT)
    try:
        yield made
    finally:
        os.close(made)


def _noise(seed: int, size: int) -> bytes:
    return hashlib.shake_256(b"%d" % seed).digest(size)


def _written(fd: int, sizes: list[int]) -> tuple[bytes, list[int]]:
    parts = [_noise(n, size) for n, size in enumerate(sizes)]
    one = Stretches(fd)
    try:
        starts = [one.add(part) for part in parts]
        one.settle()
    finally:
        one.close()
    return b"".join(parts), starts


SIZES: tuple[list[int], ...] = (
    [],
    [1],
    [SMALL - 1],
    [SMALL],
    [SMALL + 1],
    [1, SMALL - 1, 3 * SMALL, 5],
    [0, 100, 0, 5 * SMALL + 17, 0],
    [100] * 400,
)


@pytest.mark.parametrize("sizes", SIZES)
def test_what_is_added_stands_in_the_file_where_it_was_said(fd: int, sizes: list[int]) -> None:
    whole, starts = _written(fd, sizes)
    assert os.pread(fd, len(whole) + 1, 0) == whole
    assert starts == [sum(sizes[:n]) for n in range(len(sizes))]


@pytest.mark.parametrize("order", ["lay", "add lay add", "lay lay", "add add lay lay add lay"])
@pytest.mark.parametrize("size", [1, 4095, 4096, 5000, SMALL])
def test_pages_that_go_as_they_are_stand_where_it_was_said(fd: int, order: str, size: int) -> None:
    one, said = Stretches(fd), dict[int, bytes]()
    try:
        for n, how in enumerate(order.split()):
            data = _noise(n, size)
            if how == "add":
                said[one.add(data)] = data
            else:
                page = one.pages.take()
                page[:] = b"\xff" * SMALL
                page[:size] = data
                said[one.lay(page, size)] = data
        end = one.add(b"the end")
        one.settle()
    finally:
        one.close()
    at = 0
    for start, data in sorted(said.items()):
        assert os.pread(fd, start - at, at) == bytes(start - at), "only zeroes stand between"
        assert os.pread(fd, size, start) == data
        at = start + size
    assert os.pread(fd, 100, end) == b"the end"


@pytest.mark.parametrize("refuses", ["the flag", "the write"])
def test_a_file_system_without_another_way_gets_the_usual_one(
    fd: int, refuses: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    control, write = fcntl.fcntl, os.pwrite
    refused: list[int] = []

    def no_flag(handle: int, what: int, *more: int) -> int:
        if what == fcntl.F_SETFL and more[0] & os.O_DIRECT:
            refused.append(what)
            raise OSError(errno.EINVAL, "no")
        return control(handle, what, *more)

    def no_write(handle: int, data: Any, at: int) -> int:
        if control(handle, fcntl.F_GETFL) & os.O_DIRECT:
            refused.append(at)
            raise OSError(errno.EINVAL, "no")
        return write(handle, data, at)

    if refuses == "the flag":
        monkeypatch.setattr(stretches.fcntl, "fcntl", no_flag)
    else:
        monkeypatch.setattr(stretches.os, "pwrite", no_write)
    whole, _ = _written(fd, [3 * SMALL + 5])
    assert os.pread(fd, len(whole) + 1, 0) == whole
    assert refused or refuses == "the write", "a file system without that flag refuses no write"


def test_a_disk_that_fills_while_a_stretch_is_under_way_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Vault.open(tmp_path / "vault") as vault:

        def full(*_: object) -> int:
            raise OSError(errno.ENOSPC, "full")

        with monkeypatch.context() as now:
            now.setattr(stretches.os, "pwrite", full)
            with pytest.raises(NoSpace):
                vault.put_bytes(_noise(1, 6 * SMALL))
        assert list(vault.items()) == []
        assert list((tmp_path / "vault" / "new").iterdir()) == []
        kept = vault.put_bytes(_noise(1, 6 * SMALL))
        assert b"".join(vault.read(kept.digest)) == _noise(1, 6 * SMALL)


def test_closing_waits_for_the_stretch_under_way(fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    write, entered, go = os.pwrite, Event(), Event()
    done: list[int] = []

    def slow(handle: int, data: Any, at: int) -> int:
        entered.set()
        assert go.wait(60)
        done.append(at)
        return write(handle, data, at)

    monkeypatch.setattr(stretches.os, "pwrite", slow)
    one = Stretches(fd)
    seen: list[int] = []
    one.add(bytes(SMALL))
    assert entered.wait(60)

    def close() -> None:
        one.close()
        seen.append(len(done))

    closing = Thread(target=close)
    closing.start()
    assert seen == []
    go.set()
    closing.join(30)
    assert seen == [1]


def test_a_stream_is_whole_before_it_is_read_again(tmp_path: Path) -> None:
    data = _noise(2, 3 * SMALL + 5)
    (tmp_path / "stream").write_bytes(data)
    with Vault.open(tmp_path / "vault") as vault, (tmp_path / "stream").open("rb") as stream:
        assert b"".join(vault.read(vault.put_stream(stream).digest)) == data


def _tensors(*parts: bytes) -> bytes:
    ends = list(accumulate(map(len, parts), initial=0))
    said = {str(n): {"data_offsets": list(pair)} for n, pair in enumerate(pairwise(ends))}
    head = json.dumps(said).encode()
    return len(head).to_bytes(8, "little") + head + b"".join(parts)


@pytest.mark.parametrize("known", [set[int](), {0}, {2, 3}, {5}, {0, 1, 2, 3, 4, 5}])
def test_what_is_partly_known_and_partly_packed_comes_back_whole(
    tmp_path: Path, known: set[int]
) -> None:
    parts = [_noise(n, 3000 + 997 * n) for n in range(6)]
    parts += [bytes(9000), parts[4], _noise(9, 2 * SMALL)]
    with Vault.open(tmp_path / "vault") as vault:
        for n in known:
            vault.put_bytes(_tensors(parts[n]))
        (tmp_path / "file").write_bytes(_tensors(*parts))
        for item in (vault.put_bytes(_tensors(*parts)), vault.put_file(tmp_path / "file")):
            assert b"".join(vault.read(item.digest)) == _tensors(*parts)
        assert not any(one.damage for one in scrub(vault))


def test_a_file_cut_short_while_it_is_read_is_a_conflict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(_tensors(*(_noise(n, SMALL) for n in range(9))))
    read = os.preadv

    def cutting(handle: int, room: Any, at: int) -> int:
        os.truncate(path, 5 * SMALL)
        return read(handle, room, at)

    monkeypatch.setattr(os, "preadv", cutting)
    with Vault.open(tmp_path / "vault") as vault:
        with pytest.raises(Conflict, match="changed while it was read"):
            vault.put_file(path)
        assert list(vault.items()) == []
        assert list((tmp_path / "vault" / "new").iterdir()) == []
