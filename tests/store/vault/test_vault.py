import fcntl
import hashlib
import io
import json
import os
import stat
import struct
import threading
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from stanch.store.vault import Item, Vault, pack, scrub
from stanch.vocabulary.ids import Digest, digest_of
from stanch.vocabulary.trouble import BadFile, BadName, Conflict, NotFound, Refused, Shredded


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with Vault.open(tmp_path / "vault") as opened:
        yield opened


def noise(size: int, seed: bytes = b"") -> bytes:
    return hashlib.shake_128(b"noise" + seed).digest(size)


def safetensors(tensors: dict[str, bytes], note: str = "") -> bytes:
    header: dict[str, object] = {"__metadata__": {"note": note}}
    at = 0
    for name, data in tensors.items():
        header[name] = {"dtype": "U8", "shape": [len(data)], "data_offsets": [at, at + len(data)]}
        at += len(data)
    head = json.dumps(header).encode()
    return len(head).to_bytes(8, "little") + head + b"".join(tensors.values())


def gguf(tensors: dict[str, bytes]) -> bytes:
    def text(words: str) -> bytes:
        return struct.pack("<Q", len(words)) + words.encode()

    out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), 3)
    out += text("general.name") + struct.pack("<I", 8) + text("small")
    out += text("tokens") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("b")
    out += text("sizes") + struct.pack("<IIQ", 9, 4, 2) + struct.pack("<II", 1, 2)
    at, body = 0, b""
    for name, data in tensors.items():
        out += text(name) + struct.pack("<IQIQ", 1, len(data), 0, at)
        body += data + b"\0" * (-len(data) % 32)
        at = len(body)
    return out + b"\0" * (-len(out) % 32) + body


def torch_zip(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


FORMATS = {"safetensors": safetensors, "gguf": gguf, "torch zip": torch_zip}


def back(vault: Vault, digest: Digest) -> bytes:
    return b"".join(vault.read(digest))


@pytest.mark.parametrize("size", [0, 1, 1000, 1 << 20, (1 << 20) + 1, 9 << 20])
@pytest.mark.parametrize("personal", [False, True])
def test_what_is_put_comes_back(vault: Vault, size: int, personal: bool) -> None:
    data = noise(size)
    assert back(vault, vault.put_bytes(data, personal=personal).digest) == data


def test_an_item_is_named_by_the_sha256_of_its_content(vault: Vault, tmp_path: Path) -> None:
    data = noise(3 << 20)
    (tmp_path / "file").write_bytes(data)
    ways = [
        vault.put_bytes(data),
        vault.put_file(tmp_path / "file"),
        vault.put_stream(io.BytesIO(data)),
    ]
    assert {item.digest for item in ways} == {digest_of(data)}
    assert list(vault.items()) == [digest_of(data)]
    assert vault.exists(digest_of(data))
    assert not vault.exists(digest_of(b"other"))


@pytest.mark.parametrize("kind", FORMATS)
def test_a_changed_tensor_costs_that_tensor_only(vault: Vault, kind: str) -> None:
    tensors = {f"layer{n}": noise(2 << 20, bytes([n])) for n in range(6)}
    first = vault.put_bytes(FORMATS[kind](tensors))
    assert first.format == kind
    assert {f"layer{n}" for n in range(6)} <= {o.name for o in first.objects}
    second = vault.put_bytes(FORMATS[kind](tensors | {"layer3": noise(2 << 20, b"new")}))
    assert 2 << 20 <= second.stored < (2 << 20) + 100_000


def test_a_change_inside_a_tensor_costs_one_block(vault: Vault) -> None:
    weights = bytearray(noise(8 << 20))
    vault.put_bytes(safetensors({"embedding": bytes(weights)}))
    weights[5_000_000] ^= 1
    assert vault.put_bytes(safetensors({"embedding": bytes(weights)})).stored < (1 << 20) + 50_000


def test_a_longer_header_moves_tensors_and_costs_nothing_more(vault: Vault) -> None:
    tensors = {"a": noise(2 << 20), "b": noise(2 << 20, b"b")}
    vault.put_bytes(safetensors(tensors))
    assert vault.put_bytes(safetensors(tensors, note="x" * 999)).stored < 10_000


def test_an_insertion_into_plain_bytes_costs_the_chunks_it_touches(vault: Vault) -> None:
    data = noise(24 << 20)
    first = vault.put_bytes(data)
    assert len(first.objects) > 5
    assert vault.put_bytes(b"inserted" + data).stored < 5 << 20


def test_text_is_kept_compressed_and_noise_as_it_is(vault: Vault) -> None:
    assert vault.put_bytes(b"all the same line\n" * 200_000).stored < 100_000
    item = vault.put_bytes(noise(2 << 20))
    assert {b.codec for o in item.objects for b in o.blocks} == {""}


def test_items_are_read_only_files(vault: Vault, tmp_path: Path) -> None:
    vault.put_bytes(b"evidence")
    files = list((tmp_path / "vault/items").glob("??/*"))
    assert [stat.S_IMODE(p.stat().st_mode) for p in files] == [0o400]
    assert list((tmp_path / "vault/new").iterdir()) == []


def test_what_is_not_there_is_not_found(vault: Vault) -> None:
    with pytest.raises(NotFound):
        vault.info(digest_of(b"never put"))
    with pytest.raises(BadName):
        vault.exists(Digest("sha256:../../etc/passwd"))


def test_a_folder_a_pipe_and_a_missing_file_are_refused(vault: Vault, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "missing"):
        with pytest.raises(BadFile):
            vault.put_file(path)


def test_a_file_that_changes_while_it_is_read_is_not_kept(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "growing"
    path.write_bytes(noise(100))
    real = os.pread

    def grow(fd: int, length: int, offset: int) -> bytes:
        with path.open("ab") as file:
            file.write(b"more")
        return real(fd, length, offset)

    monkeypatch.setattr(os, "pread", grow)
    with pytest.raises(Conflict, match="changed while it was read"):
        vault.put_file(path)
    monkeypatch.undo()
    assert list(vault.items()) == []


def test_many_threads_may_put_the_same_content_at_once(vault: Vault) -> None:
    data, start = noise(3 << 20), threading.Barrier(6)
    seen: list[Item] = []

    def put() -> None:
        start.wait()
        seen.append(vault.put_bytes(data))

    threads = [threading.Thread(target=put) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {item.digest for item in seen} == {digest_of(data)}
    assert len(seen) == 6
    assert back(vault, digest_of(data)) == data
    assert not any(one.damage for one in scrub(vault))


def test_a_lost_index_is_made_again(tmp_path: Path) -> None:
    data = noise(2 << 20)
    with Vault.open(tmp_path) as vault:
        vault.put_bytes(data)
    for path in tmp_path.glob("index.db*"):
        path.unlink()
    with Vault.open(tmp_path) as vault:
        assert back(vault, digest_of(data)) == data
        assert vault.put_bytes(safetensors({"t": data})).stored < (2 << 20) + 50_000
        assert vault.put_bytes(data + b"x").stored < 2 << 20


def test_a_vault_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "VERSION").write_text("stanch vault 9\n")
    with pytest.raises(BadFile, match="version"):
        Vault.open(tmp_path)


def test_a_shredded_item_cannot_be_read_and_its_digest_still_proves(vault: Vault) -> None:
    item = vault.put_bytes(b"Jane Doe asked for a loan", personal=True)
    assert item.sealed
    after = vault.shred(item.digest)
    assert after.shredded
    assert after.digest == item.digest
    with pytest.raises(Shredded):
        next(vault.read(item.digest))
    assert digest_of(b"".join(vault.sealed_bytes(item.digest))) == item.digest
    assert not any(one.damage for one in scrub(vault))
    assert vault.shred(item.digest) == after


def test_what_is_not_sealed_cannot_be_shredded(vault: Vault) -> None:
    with pytest.raises(Refused):
        vault.shred(vault.put_bytes(b"weights").digest)


def test_nothing_on_the_disk_tells_of_sealed_content(vault: Vault, tmp_path: Path) -> None:
    secret = b"patient 4711 has the flu"
    one, two = vault.put_bytes(secret, personal=True), vault.put_bytes(secret, personal=True)
    assert one.digest != two.digest
    told = hashlib.sha256(secret)
    files = [p for p in (tmp_path / "vault").rglob("*") if p.is_file()]
    assert len(files) > 5
    for path in files:
        data = path.read_bytes()
        assert secret not in data
        assert told.digest() not in data
        assert told.hexdigest().encode() not in data


def test_a_personal_stream_never_lies_open_on_the_disk(vault: Vault, tmp_path: Path) -> None:
    secret = b"name;illness\n" * 200_000
    seen: list[bytes] = []

    class Watching(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            seen.extend(p.read_bytes() for p in (tmp_path / "vault/new").iterdir())
            return super().read(size)

    item = vault.put_stream(Watching(secret), personal=True)
    assert back(vault, item.digest) == secret
    assert not any(b"illness" in data for data in seen)


def test_keys_are_for_their_owner_only(vault: Vault, tmp_path: Path) -> None:
    vault.put_bytes(b"personal", personal=True)
    keys = tmp_path / "vault/keys"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert [stat.S_IMODE(p.stat().st_mode) for p in keys.iterdir()] == [0o600]


def test_no_writer_waits_for_one_that_stands_still(tmp_path: Path) -> None:
    with Vault.open(tmp_path) as vault, ExitStack() as held:
        vault.put_bytes(b"first")
        # Whatever a process that was stopped half-way may hold.
        for path in [p for p in tmp_path.rglob("*") if p.is_file() and "index" not in p.name]:
            file = held.enter_context(path.open("rb"))
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        kept = vault.put_bytes(b"second")
        assert b"".join(vault.read(kept.digest)) == b"second"
        assert vault.put_bytes(b"second") == kept


def test_a_file_that_was_swept_before_it_was_locked_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = pack.fcntl.flock

    def swept(fd: int, how: int) -> None:
        for new in (tmp_path / "new").iterdir():
            monkeypatch.setattr(pack.fcntl, "flock", real)
            pack.remove_abandoned(new)
        real(fd, how)

    with Vault.open(tmp_path) as vault:
        monkeypatch.setattr(pack.fcntl, "flock", swept)
        kept = vault.put_bytes(b"bytes")
        assert b"".join(vault.read(kept.digest)) == b"bytes"
    with pack.Writer(tmp_path / "new/at-work") as writer:
        pack.remove_abandoned(writer.path)
        assert writer.kept()
