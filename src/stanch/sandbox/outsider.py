"""The outsider: is given each incident's bundle, and believes the offline verifier alone.

In    the server's public API; the log's public keys, as they were before the attack.
Out   a `Bundle` for each incident that has evidence.
Why   the proof is for somebody who trusts neither us nor our software: the verifier is run as its
      one file, by a Python that does not see stanch, and under keys that were known beforehand.
"""

import base64
import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec

import stanch
from stanch.engine.clock import monotonic
from stanch.sandbox.score import Bundle
from stanch.sandbox.wire import Api
from stanch.vocabulary.trouble import Trouble

_NO_EVIDENCE = 404
_GOOD = 200
_PATIENCE = 120.0
VERIFIER = Path(stanch.__file__).parent / "store" / "verify.py"
"""As a release has it, not the one that came in the bundle."""


def remembered(api: Api) -> tuple[str, ...]:
    """The public keys of the log, which anybody may ask for."""
    told = api.get("/log/keys") or {}
    return tuple(map(str, told.get("keys", ())))


def bundles_of(
    api: Api, incidents: Iterable[str], folder: Path, keys: Sequence[str]
) -> tuple[Bundle, ...]:
    """What the verifier says of each incident's bundle; none for incidents without evidence."""
    return tuple(_bundles(api, incidents, folder, keys))


def _bundles(
    api: Api, incidents: Iterable[str], folder: Path, keys: Sequence[str]
) -> Iterator[Bundle]:
    for name in incidents:
        began = monotonic()
        try:
            status, body = api.ask("POST", f"/api/v1/incidents/{name}/bundle")
        except Trouble as gone:
            yield Bundle(incident=name, verified=None, says=f"It could not be fetched: {gone}")
            continue
        if status == _NO_EVIDENCE:
            continue
        if status != _GOOD:
            yield Bundle(incident=name, verified=None, says=f"It was refused with {status}.")
            continue
        path = folder / f"{name}.zip"
        path.write_bytes(body)
        told = verified(path, keys)
        yield Bundle(
            incident=name,
            verified=told.get("holds"),
            says=str(told["says"]),
            entries=int(told.get("entries", 0)),
            items=int(told.get("items", 0)),
            size=len(body),
            seconds=round(monotonic() - began, 2),
        )


def verified(bundle: Path, keys: Sequence[str]) -> dict[str, Any]:
    """What the verifier says of this bundle, under the first of these keys that signed it."""
    pinned = _fingerprint(bundle.read_bytes(), keys)
    if not pinned:
        return {"holds": False, "says": "keys.json: none of its keys is one known beforehand"}
    command = (sys.executable, "-I", str(VERIFIER), str(bundle), "--key", pinned, "--json")
    try:
        found = subprocess.run(  # noqa: S603  our own file, by our own Python
            command, capture_output=True, check=False, timeout=_PATIENCE
        )
        told: dict[str, Any] = msgspec.json.decode(found.stdout, type=dict[str, Any])
    except (subprocess.TimeoutExpired, msgspec.DecodeError, OSError) as error:
        return {"holds": None, "says": f"the verifier did not answer: {type(error).__name__}"}
    return told


def _fingerprint(body: bytes, keys: Sequence[str]) -> str:
    """The fingerprint of the generation in this bundle that is known; empty when none is."""
    # The last part is in base64, which has plus signs of its own.
    known = {one.split("+", 2)[-1] for one in keys}
    try:
        with zipfile.ZipFile(BytesIO(body)) as bundle:
            listed = msgspec.json.decode(bundle.read("keys.json"), type=_Listed).generations
        for one in listed:
            # As verifier keys spell it (C2SP signed-note): the kind of key, then the key.
            if base64.b64encode(b"\x01" + base64.b64decode(one.ed25519)).decode() in known:
                return one.fingerprint
    except (zipfile.BadZipFile, KeyError, ValueError):
        pass
    return ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Keys:
    """One set of public keys, as a bundle lists it."""

    name: str
    ed25519: str
    mldsa44: str
    mldsa65: str

    @property
    def fingerprint(self) -> str:
        """As `docs/explanation/evidence-format.md` has it."""
        own = map(base64.b64decode, (self.ed25519, self.mldsa44, self.mldsa65))
        head = f"stanch-keys/v1\n{self.name}\n".encode()
        return "sha256:" + hashlib.sha256(head + b"".join(own)).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Listed:
    generations: tuple[_Keys, ...]
