"""The vault's files are what the page on formats says: read here by that page alone."""

import hashlib
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import zstandard
from blake3 import blake3
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stanch.store.vault import Vault
from stanch.store.vault.vault import Item


def _file(folder: Path, digits: str) -> bytes:
    return (folder / "items" / digits[:2] / digits[2:]).read_bytes()


def _manifest(file: bytes) -> dict[str, Any]:
    assert file[:16] == b"stanch vault 1\n\n"
    at, length, digest = struct.unpack("<QQ32s", file[-48:])
    packed = file[at : at + length]
    assert at + length + 48 == len(file)
    assert hashlib.sha256(packed).digest() == digest
    return dict(json.loads(zlib.decompress(packed)))


def _block(folder: Path, own: str, block: dict[str, Any]) -> bytes:
    file = _file(folder, block["home"] or own)
    stored = file[block["at"] : block["at"] + block["stored"]]
    data = zstandard.ZstdDecompressor().decompress(stored) if block["codec"] == "zstd" else stored
    assert len(data) == block["size"]
    assert blake3(data).hexdigest() == block["blake3"]
    return data


def _frames(folder: Path, item: Item) -> list[bytes]:
    """The item's blocks, each checked as the page says."""
    own = item.digest.removeprefix("sha256:")
    said = _manifest(_file(folder, own))
    blocks: list[bytes] = []
    for one in said["objects"]:
        mine = [_block(folder, own, block) for block in one["blocks"]]
        digests = b"".join(blake3(block).digest() for block in mine)
        whole = blake3(b"stanch object 1\n" + digests).hexdigest()
        assert one["blake3"] == (one["blocks"][0]["blake3"] if len(mine) == 1 else whole)
        assert one["size"] == sum(map(len, mine))
        blocks += mine
    assert said["size"] == sum(map(len, blocks))
    assert hashlib.sha256(b"".join(blocks)).hexdigest() == own == said["digest"][7:]
    return blocks


def _model(*tensors: bytes) -> bytes:
    said, at = dict[str, object](), 0
    for n, data in enumerate(tensors):
        said[f"layer.{n}"] = {"data_offsets": [at, at + len(data)]}
        at += len(data)
    head = json.dumps(said).encode()
    return len(head).to_bytes(8, "little") + head + b"".join(tensors)


def test_an_item_is_read_by_what_the_page_says(tmp_path: Path) -> None:
    noise = [hashlib.shake_256(b"%d" % n).digest(1_500_000) for n in range(5)]
    first, second = _model(*noise, bytes(70_000)), _model(noise[0], b"new" * 9_000, *noise[2:])
    with Vault.open(tmp_path) as vault:
        for data in (first, second, b"", b"a short one", bytes(5_000_000)):
            assert b"".join(_frames(tmp_path, vault.put_bytes(data))) == data


def test_a_sealed_item_is_opened_by_what_the_page_says(tmp_path: Path) -> None:
    data = hashlib.shake_256(b"sealed").digest(1_500_000) + bytes(900_000)
    with Vault.open(tmp_path) as vault:
        item = vault.put_bytes(data, personal=True)
    head, *frames = _frames(tmp_path, item)
    (key_file,) = (tmp_path / "keys").iterdir()
    key = key_file.read_bytes()
    assert head == b"stanch sealed 1\n" + hashlib.sha256(b"stanch seal\n" + key).digest()
    opened = b""
    for number, frame in enumerate(frames, 1):
        nonce = number.to_bytes(11, "big") + bytes([number == len(frames)])
        plain = AESGCM(key).decrypt(nonce, frame, head)
        part = zstandard.ZstdDecompressor().decompress(plain[5:]) if plain[0] else plain[5:]
        assert len(part) == int.from_bytes(plain[1:5], "big")
        opened += part
    assert opened == data
