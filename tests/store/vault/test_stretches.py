"""Long stretches past the system's cache: the same bytes by whichever way, none too late."""

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from stanch.store.vault import Vault, stretches
from stanch.store.vault.stretches import Stretches
from stanch.vocabulary.trouble import NoSpace

SMALL = 8192


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "STRETCH", SMALL)


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
        assert go.wait(30)
        done.append(at)
        return write(handle, data, at)

    monkeypatch.setattr(stretches.os, "pwrite", slow)
    one = Stretches(fd)
    seen: list[int] = []
    one.add(bytes(SMALL))
    assert entered.wait(30)

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
