"""Signing keys: made here, kept here, and never shown.

In    a folder of our own, the name of the log, and what is to be signed.
Out   signed checkpoints (C2SP signed notes) and signed values (DSSE envelopes), each with two
      signatures that must both hold: Ed25519, and ML-DSA for the day Ed25519 falls.
Why   a verdict, a policy or a log entry is worth what its signature is worth. One Ed25519 key signs
      notes and envelopes: a note begins with a name that holds no space, an envelope's message
      begins with `DSSEv1 `, so neither can pass for the other. A new generation of keys is handed
      over by the one before it, whose secrets are then destroyed.
"""

import base64
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA65PrivateKey

from stanch.store import verify
from stanch.store.verify import Generation
from stanch.vocabulary.trouble import BadFile, BadInput, Tampered

HANDOVER = "application/vnd.stanch.handover"
_SECRET, _PUBLIC = "signing.secret", "keys.json"
_NAME_MOST = 255


@dataclass(frozen=True, kw_only=True, slots=True)
class Signer:
    """The keys in use now, and the public keys of all that were."""

    public: tuple[Generation, ...]
    _ed25519: Ed25519PrivateKey = field(repr=False)
    _mldsa44: MLDSA44PrivateKey = field(repr=False)
    _mldsa65: MLDSA65PrivateKey = field(repr=False)

    @classmethod
    def fresh(cls, name: str) -> Self:
        """New keys under this name, kept nowhere."""
        return cls.from_seeds(name, [os.urandom(32) for _ in range(3)])

    @classmethod
    def from_seeds(
        cls, name: str, seeds: Sequence[bytes], public: Sequence[Generation] = ()
    ) -> Self:
        """The keys that grow from three seeds of 32 bytes."""
        ed = Ed25519PrivateKey.from_private_bytes(seeds[0])
        small = MLDSA44PrivateKey.from_seed_bytes(seeds[1])
        large = MLDSA65PrivateKey.from_seed_bytes(seeds[2])
        grown = Generation(
            name=check_name(name),
            ed25519=ed.public_key().public_bytes_raw(),
            mldsa44=small.public_key().public_bytes_raw(),
            mldsa65=large.public_key().public_bytes_raw(),
        )
        if public and public[-1].fingerprint != grown.fingerprint:
            raise BadInput(f"These seeds are not those of {public[-1].fingerprint}.")
        return cls(public=tuple(public) or (grown,), _ed25519=ed, _mldsa44=small, _mldsa65=large)

    @property
    def now(self) -> Generation:
        """The public keys in use."""
        return self.public[-1]

    @property
    def name(self) -> str:
        """The name that the keys sign under; the log's origin."""
        return self.now.name

    @property
    def fingerprint(self) -> str:
        """What people compare to know these keys."""
        return self.now.fingerprint

    def vkeys(self) -> tuple[str, ...]:
        """The keys for notes as C2SP verifier keys: Ed25519, then ML-DSA-44."""
        both = ((verify.ED25519, self.now.ed25519), (verify.MLDSA44, self.now.mldsa44))
        return tuple(vkey(self.name, kind, public) for kind, public in both)

    def sign_note(self, body: str, at: datetime) -> str:
        """The checkpoint's body with both signature lines of the log under it."""
        ed = self._line(verify.ED25519, self.now.ed25519, self._ed25519.sign(body.encode()))
        return f"{body}\n{ed}{self._stamped(body, at)}"

    def cosign(self, body: str, at: datetime) -> str:
        """The lines by which a witness cosigns another log's checkpoint."""
        return self._stamped(body, at)

    def _stamped(self, body: str, at: datetime) -> str:
        stamp = int(at.timestamp()).to_bytes(8, "big")
        point = verify.parse_checkpoint(f"{body}\n\u2014 x AAAAAAA=\n")
        signature = self._mldsa44.sign(verify.stamped(self.name, stamp, point))
        return self._line(verify.MLDSA44, self.now.mldsa44, stamp + signature)

    def _line(self, kind: bytes, public: bytes, signature: bytes) -> str:
        number = verify.key_id(self.name, kind, public)
        return f"\u2014 {self.name} {_base64(number + signature)}\n"

    def sign_plain(self, payload: bytes) -> str:
        """The Ed25519 signature over these bytes alone, in base64: what guards check."""
        return _base64(self._ed25519.sign(payload))

    def sign_bytes(self, payload: bytes, kind: str) -> dict[str, Any]:
        """The payload in a DSSE envelope with both signatures, as a JSON value."""
        message = verify.pae(kind, payload)
        pairs = (
            (verify.ED25519, self.now.ed25519, self._ed25519.sign(message)),
            (verify.MLDSA65, self.now.mldsa65, self._mldsa65.sign(message, verify.CONTEXT)),
        )
        return {
            "payloadType": kind,
            "payload": _base64(payload),
            "signatures": [
                {
                    "keyid": f"{self.name}+{verify.key_id(self.name, number, public).hex()}",
                    "sig": _base64(signature),
                }
                for number, public, signature in pairs
            ],
        }

    def verify_bytes(self, envelope: Any, kind: str) -> bytes:
        """The payload of an envelope of this kind that this or an older generation signed."""
        return verify_bytes(envelope, kind, self.public)


def verify_bytes(envelope: Any, kind: str, keys: Sequence[Generation]) -> bytes:
    """The payload, if one of these generations signed it as this kind; else `Tampered`."""
    try:
        said, payload = verify.check_envelope(envelope, keys, "the signed value")
    except verify.Bad as bad:
        raise Tampered(": ".join(bad.args)) from bad
    if said != kind:
        raise Tampered(f"the signed value is a {said!r}, not a {kind!r}")
    return payload


def open_signer(folder: Path, name: str) -> Signer:
    """The keys in this folder; made, with mode 0600, when there are none yet."""
    if not (folder / _SECRET).exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        seeds = [os.urandom(32) for _ in range(3)]
        _keep(folder, seeds, Signer.from_seeds(name, seeds).public)
    return _load(folder, name)


def name_of(folder: Path, wanted: str = "") -> str:
    """The name to sign under: the wanted one, that of the keys in this folder, or a new one.

    A new one is like no other: a witness knows a log by its name.
    """
    if wanted:
        return check_name(wanted)
    try:
        listed = json.loads((folder / _SECRET).read_bytes())["generations"]
        return check_name(str(listed[-1]["name"]))
    except FileNotFoundError:
        return f"stanch/{os.urandom(6).hex()}"
    except (KeyError, IndexError, TypeError, ValueError) as broken:
        raise BadFile(folder / _SECRET, "not signing keys. Restore them from a backup.") from broken


def rotate(folder: Path, name: str) -> Signer:
    """New keys, handed over by the old ones, whose secrets are destroyed."""
    old = _load(folder, name)
    seeds = [os.urandom(32) for _ in range(3)]
    bare = Signer.from_seeds(name, seeds).now
    handover = old.sign_bytes(bare.fingerprint.encode(), HANDOVER)
    _keep(folder, seeds, (*old.public, replace(bare, handover=handover)))
    return _load(folder, name)


def check_name(name: str) -> str:
    """The name, if a signed note can carry it."""
    printable = name.isascii() and name.isprintable()
    if not name or not printable or set(name) & set(" +") or len(name) > _NAME_MOST:
        raise BadInput(f"{name!r} cannot name a log. Use letters, digits, dots and slashes.")
    return name


def public_json(keys: Sequence[Generation]) -> bytes:
    """The public keys as the file `keys.json`."""
    listed = [
        {
            "name": one.name,
            "ed25519": _base64(one.ed25519),
            "mldsa44": _base64(one.mldsa44),
            "mldsa65": _base64(one.mldsa65),
            **({"handover": one.handover} if one.handover else {}),
        }
        for one in keys
    ]
    return json.dumps({"generations": listed}, indent=1).encode() + b"\n"


def vkey(name: str, kind: bytes, public: bytes) -> str:
    """The public key in C2SP's verifier-key text."""
    return f"{name}+{verify.key_id(name, kind, public).hex()}+{_base64(kind + public)}"


def write_whole(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Leave the file either as it was or whole and on disk, whatever happens in between."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".half")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Names in this folder, once given, stay after a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _keep(folder: Path, seeds: Sequence[bytes], public: Sequence[Generation]) -> None:
    # One file holds both halves, so that a crash never leaves secrets without their public keys.
    both = json.loads(public_json(public))
    both["seeds"] = [_base64(seed) for seed in seeds]
    write_whole(folder / _SECRET, json.dumps(both).encode(), 0o600)


def _load(folder: Path, name: str) -> Signer:
    path = folder / _SECRET
    if path.stat().st_mode & 0o077:
        raise BadFile(path, "others may read these keys. Run: chmod 600, then rotate them.")
    try:
        data = path.read_bytes()
        public = verify.read_keys(data)
        seeds = [verify.unbase64(seed, path.name) for seed in json.loads(data)["seeds"]]
        found = Signer.from_seeds(name, seeds, public)
    except (verify.Bad, BadInput, KeyError, TypeError, ValueError) as broken:
        raise BadFile(path, f"not the keys of {name}. Restore them from a backup.") from broken
    beside = folder / _PUBLIC
    if not beside.exists() or beside.read_bytes() != public_json(public):
        write_whole(beside, public_json(public))
    return found


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
