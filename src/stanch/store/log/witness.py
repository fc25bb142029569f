"""Witnessing: another machine remembers how far a log was, so that the log cannot be rewritten.

In    add-checkpoint requests of other logs (C2SP tlog-witness); cosignatures on our own.
Out   our cosignature, once the log is seen to continue what we remember; which lines hold for us.
Why   a signed checkpoint alone does not stop a log from showing two histories to two people; a
      witness that only moves forward does.
"""

import fcntl
import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from stanch.store import verify
from stanch.store.signing import Signer, write_whole
from stanch.vocabulary.trouble import BadInput

COSIGNED_ED25519 = b"\x04"
_COSIGNS = (COSIGNED_ED25519, verify.MLDSA44)
_STAMP = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A verifier key: whose, of which kind, and the key."""

    name: str
    kind: bytes
    public: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a witness answers, ready for HTTP."""

    status: HTTPStatus
    body: str = ""
    content_type: str = "text/plain"


def parse_vkey(text: str) -> Key:
    """The verifier key behind its text, or `BadInput`."""
    name, _, rest = text.partition("+")
    number, _, encoded = rest.partition("+")
    try:
        data = verify.unbase64(encoded, "key")
    except verify.Bad as bad:
        raise BadInput(f"{text[:80]!r} is not a verifier key.") from bad
    key = Key(name=name, kind=data[:1], public=data[1:])
    if not name or verify.key_id(name, key.kind, key.public).hex() != number:
        raise BadInput(f"{text[:80]!r} is not a verifier key: its id does not fit.")
    return key


def signed_by(point: verify.Checkpoint, key: Key) -> bool:
    """Whether this key's line stands under the checkpoint and holds."""
    if key.kind != COSIGNED_ED25519:
        try:
            return verify.good_line(key.kind, key.name, key.public, point)
        except verify.Bad:
            return False
    wanted = (key.name, verify.key_id(key.name, key.kind, key.public))
    mine = [sig for name, number, sig in point.signatures if (name, number) == wanted]
    return bool(mine) and all(_holds(key, sig, point) for sig in mine)


def _holds(key: Key, sig: bytes, point: verify.Checkpoint) -> bool:
    stamp = int.from_bytes(sig[:_STAMP], "big")
    message = f"cosignature/v1\ntime {stamp}\n{point.body}".encode()
    return verify.holds(Ed25519PublicKey.from_public_bytes, key.public, sig[_STAMP:], message)


def good_cosignatures(checkpoint: str, lines: str, witnesses: Sequence[str]) -> list[str]:
    """The lines that hold for this checkpoint and come from one of these witnesses."""
    keys = [parse_vkey(text) for text in witnesses]
    body = verify.parse_checkpoint(checkpoint).body
    good = []
    for line in lines.splitlines(keepends=True):
        try:
            point = verify.parse_checkpoint(f"{body}\n{line}")
        except verify.Bad:
            continue
        if any(signed_by(point, key) for key in keys if key.kind in _COSIGNS):
            good.append(line)
    return good


def with_lines(checkpoint: str, lines: Sequence[str]) -> str:
    """The checkpoint with these lines; each key keeps its last one only."""
    body, _, before = checkpoint.rpartition("\n\n")
    last = {verify.parse_signature(one.rstrip("\n"), "")[:2]: one for one in lines}
    kept = [
        one
        for one in before.splitlines(keepends=True)
        if verify.parse_signature(one.rstrip("\n"), "")[:2] not in last
    ]
    return f"{body}\n\n{''.join([*kept, *last.values()])}"


class Witness:
    """Our memory of other logs, one checkpoint each, in one folder."""

    def __init__(
        self,
        folder: Path,
        signer: Signer,
        clock: Callable[[], datetime],
        logs: Mapping[str, Sequence[str]],
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._signer = signer
        self._clock = clock
        self._logs = {name: [parse_vkey(one) for one in keys] for name, keys in logs.items()}
        self._guard = threading.Lock()

    def add_checkpoint(self, request: str) -> Answer:
        """Our cosignature, or why not, for one add-checkpoint request."""
        try:
            old, path, note = _parse(request)
            point = verify.parse_checkpoint(note)
        except verify.Bad as bad:
            return Answer(status=HTTPStatus.BAD_REQUEST, body=": ".join(bad.args))
        keys = self._logs.get(point.origin)
        if keys is None:
            return Answer(status=HTTPStatus.NOT_FOUND, body="this log is not witnessed here")
        if not all(signed_by(point, key) for key in keys):
            return Answer(status=HTTPStatus.FORBIDDEN, body="not signed with the log's keys")
        if old > point.size:
            return Answer(status=HTTPStatus.BAD_REQUEST, body="old is larger than the checkpoint")
        with self._exclusive():
            return self._decide(old, path, point, note)

    def _decide(
        self, old: int, path: Sequence[bytes], point: verify.Checkpoint, note: str
    ) -> Answer:
        known = self.remembered(point.origin)
        before = verify.parse_checkpoint(known) if known else None
        size, root = (before.size, before.root) if before else (0, b"")
        if old != size or (point.size == size and before and root != point.root):
            kind = "text/x.tlog.size"
            return Answer(status=HTTPStatus.CONFLICT, body=f"{size}\n", content_type=kind)
        if not verify.consistent((size, root), (point.size, point.root), path):
            return Answer(status=HTTPStatus.UNPROCESSABLE_ENTITY, body="the proof does not hold")
        write_whole(self._path(point.origin), note.encode())
        return Answer(status=HTTPStatus.OK, body=self._signer.cosign(point.body, self._clock()))

    def remembered(self, origin: str) -> str:
        """The last checkpoint of this log that we cosigned; empty when there is none."""
        path = self._path(origin)
        return path.read_text("utf-8") if path.exists() else ""

    def _path(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.checkpoint"

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        with self._guard, (self._folder / "lock").open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _parse(request: str) -> tuple[int, list[bytes], str]:
    head, gap, note = request.partition("\n\n")
    match head.split("\n"):
        case [old, *path] if gap and old.startswith("old "):
            return (
                verify.decimal(old.removeprefix("old "), "old size"),
                verify.hashes(path, "consistency proof"),
                note,
            )
    raise verify.Bad("request", "not an add-checkpoint request")
