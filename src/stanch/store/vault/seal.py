r"""Sealing: personal data under a key of its own, which can be destroyed.

In    bytes, front to back, and a fresh key.
Out   frames of AES-256-GCM, front to back; and the bytes again.
Why   evidence is never deleted, yet a person's data must be erasable: destroy the key, and what
      is left is noise whose digest still proves the log.

    frame 0    "stanch sealed 1" and a line feed, then sha256("stanch seal\\n" + key)
    frame n    AES-256-GCM over up to 1 MiB, compressed where it pays;
               nonce: frame number (11 bytes), then 1 on the last

The key is used for one item only, so counting is a safe nonce. The last frame's mark stops
cutting; the number stops swapping. GCM alone would open under two keys to two texts; the digest
of the key in frame 0 stops that. The first frame is all that is bound in clear: neither the
digest of the plain content nor anything guessable from it stands outside the frames.
"""

import hashlib
from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stanch.store.vault.codec import pack, unpack
from stanch.vocabulary.trouble import Tampered

MAGIC = b"stanch sealed 1\n"
FRAME = 1 << 20


def seal(blocks: Iterator[bytes], key: bytes) -> Iterator[bytes]:
    """The frames of these bytes, sealed."""
    head = _head(key)
    yield head
    cipher = AESGCM(key)
    held: bytes | None = None
    number = 0
    for frame in _frames(blocks):
        if held is not None:
            number += 1
            yield cipher.encrypt(_nonce(number, last=False), _packed(held), head)
        held = frame
    yield cipher.encrypt(_nonce(number + 1, last=True), _packed(held or b""), head)


def unseal(frames: Iterator[bytes], key: bytes, name: str) -> Iterator[bytes]:
    """The bytes again; `Tampered` at the first frame that is not as it was sealed."""
    head = next(frames, b"")
    if head != _head(key):
        raise Tampered(f"the seal of {name} is of another key")
    cipher = AESGCM(key)
    held: bytes | None = None
    number = 0
    for frame in frames:
        if held is not None:
            number += 1
            yield _open(cipher, _nonce(number, last=False), held, head, name)
        held = frame
    yield _open(cipher, _nonce(number + 1, last=True), held or b"", head, name)


def _packed(frame: bytes) -> bytes:
    """The frame with a byte before it that says whether it is compressed, and its size."""
    codec, data = pack(frame)
    return bytes([bool(codec)]) + len(frame).to_bytes(4, "big") + data


def _open(cipher: AESGCM, nonce: bytes, frame: bytes, head: bytes, name: str) -> bytes:
    try:
        opened = cipher.decrypt(nonce, frame, head)
        return unpack("zstd" if opened[0] else "", opened[5:], int.from_bytes(opened[1:5], "big"))
    except (InvalidTag, IndexError, ValueError) as error:
        raise Tampered(f"a frame of {name} does not open under its key") from error


def _head(key: bytes) -> bytes:
    return MAGIC + hashlib.sha256(b"stanch seal\n" + key).digest()


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _frames(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of one size, so that sizes inside do not show."""
    held = bytearray()
    for block in blocks:
        held += block
        while len(held) >= FRAME:
            yield bytes(held[:FRAME])
            del held[:FRAME]
    if held:
        yield bytes(held)
