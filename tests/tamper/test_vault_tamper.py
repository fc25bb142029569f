"""Any change to a vault's files is seen where it is read, and named."""

import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stanch.store.vault import Vault, scrub
from stanch.vocabulary.trouble import Tampered


def noise(size: int) -> bytes:
    return hashlib.shake_128(b"tamper").digest(size)


def only_file(folder: Path) -> Path:
    (path,) = folder.glob("items/??/*")
    path.chmod(0o600)
    return path


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.binary(min_size=1, max_size=3000), where=st.floats(0, 1, exclude_max=True))
@pytest.mark.parametrize("personal", [False, True])
def test_no_flipped_bit_goes_unseen(
    tmp_path_factory: pytest.TempPathFactory, personal: bool, data: bytes, where: float
) -> None:
    folder = tmp_path_factory.mktemp("vault")
    with Vault.open(folder) as vault:
        digest = vault.put_bytes(data, personal=personal).digest
        path = only_file(folder)
        flip(path, int(where * path.stat().st_size))
        with pytest.raises(Tampered):
            b"".join(vault.read(digest))


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def cut_all(path: Path) -> None:
    os.truncate(path, 0)


def grow(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x")


def swap_blocks(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:16] + data[17:18] + data[16:17] + data[18:])


@pytest.mark.parametrize("harm", [cut, cut_all, grow, swap_blocks])
def test_a_cut_grown_or_swapped_file_is_named_by_scrub(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    with Vault.open(tmp_path) as vault:
        good = vault.put_bytes(b"good").digest
        path = tmp_path / "items" / good[7:9] / good[9:]
        bad = vault.put_bytes(noise(5000)).digest
        path = tmp_path / "items" / bad[7:9] / bad[9:]
        path.chmod(0o600)
        harm(path)
        found = {one.digest: one.damage for one in scrub(vault)}
        assert not found[good]
        assert path.name in found[bad] or bad in found[bad]


def test_a_damaged_object_is_named_with_every_item_that_rests_on_it(tmp_path: Path) -> None:
    data = noise(2 << 20)
    with Vault.open(tmp_path) as vault:
        first = vault.put_bytes(data)
        second = vault.put_bytes(data + b"tail")
        path = tmp_path / "items" / first.digest[7:9] / first.digest[9:]
        path.chmod(0o600)
        flip(path, 100)
        found = {one.digest: one.damage for one in scrub(vault)}
        assert first.objects[0].blake3 in found[first.digest]
        assert first.objects[0].blake3 in found[second.digest]


def test_after_a_scrub_new_evidence_no_longer_rests_on_a_damaged_block(tmp_path: Path) -> None:
    data = noise(200_000)
    with Vault.open(tmp_path) as vault:
        vault.put_bytes(data)
        flip(only_file(tmp_path), 100)
        assert any(one.damage for one in scrub(vault))
        again = vault.put_stream(io.BytesIO(data + b"x" * 300_000))
        assert b"".join(vault.read(again.digest)) == data + b"x" * 300_000


def test_a_file_put_in_the_place_of_another_is_seen(tmp_path: Path) -> None:
    with Vault.open(tmp_path) as vault:
        one, two = vault.put_bytes(b"one").digest, vault.put_bytes(b"two").digest
        target = tmp_path / "items" / one[7:9] / one[9:]
        source = tmp_path / "items" / two[7:9] / two[9:]
        target.chmod(0o600)
        target.write_bytes(source.read_bytes())
        with pytest.raises(Tampered, match="another item"):
            next(vault.read(one))


def test_a_damaged_vault_still_opens(tmp_path: Path) -> None:
    with Vault.open(tmp_path) as vault:
        vault.put_bytes(b"one")
    cut(only_file(tmp_path))
    for path in tmp_path.glob("index.db*"):
        path.unlink()
    with Vault.open(tmp_path) as vault:
        assert [bool(one.damage) for one in scrub(vault)] == [True]


def test_another_key_does_not_open_a_sealed_item(tmp_path: Path) -> None:
    with Vault.open(tmp_path) as vault:
        digest = vault.put_bytes(b"personal", personal=True).digest
        (key,) = (tmp_path / "keys").iterdir()
        key.write_bytes(bytes(32))
        with pytest.raises(Tampered, match="another key"):
            next(vault.read(digest))
