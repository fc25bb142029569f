"""A model registry in a folder: versions, who pushed them, and a signature for each.

In    nets to push, by whom; a key that signs.
Out   the net of a version, with its digest and whether the signature holds.
Why   swapped weights and unsigned models need a place where they can really happen.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from stanch.sandbox.victims.net import Net, digest_of
from stanch.vocabulary.trouble import BadInput


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """What the registry says of a version."""

    version: str
    digest: str
    by: str
    signature: str = ""


Promoted = Callable[[str], None]
"""Told which version was made the current one."""


def nobody_cares(_: str) -> None:
    """Where whoever serves looks for itself."""


class Registry:
    """One model's versions, as files."""

    def __init__(self, folder: Path, promoted: Promoted = nobody_cares) -> None:
        self.folder = folder
        self.promoted = promoted
        folder.mkdir(parents=True, exist_ok=True)

    def push(
        self, version: str, net: Net, *, by: str, key: Ed25519PrivateKey | None = None
    ) -> Card:
        """The version, now in the registry; signed when there is a key."""
        body = net.to_bytes()
        signature = base64.b64encode(key.sign(body)).decode() if key else ""
        card = Card(version=version, digest=digest_of(body), by=by, signature=signature)
        self.weights(version).write_bytes(body)
        self._card(version).write_bytes(msgspec.json.encode(card))
        return card

    def swap(self, version: str, net: Net) -> None:
        """Other weights under the same version; its card still tells of the old ones."""
        self.weights(version).write_bytes(net.to_bytes())

    def promote(self, version: str) -> None:
        """Makes it the version that answers unless a policy says otherwise."""
        (self.folder / "current").write_text(version, encoding="utf-8")
        self.promoted(version)

    @property
    def current(self) -> str:
        """The version that answers; empty before the first promotion."""
        path = self.folder / "current"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def net(self, version: str) -> Net:
        """The net that is there now, whatever the card says."""
        return Net.from_bytes(self._read(self.weights(version)))

    def digest(self, version: str) -> str:
        """The digest of the weights that are there now."""
        return digest_of(self._read(self.weights(version)))

    def card(self, version: str) -> Card:
        """What was said when it was pushed."""
        return msgspec.json.decode(self._read(self._card(version)), type=Card)

    def holds(self, version: str, key: Ed25519PublicKey) -> bool:
        """Whether the signature is of this key and of the weights that are there now."""
        signature = base64.b64decode(self.card(version).signature)
        try:
            key.verify(signature, self._read(self.weights(version)))
        except InvalidSignature:
            return False
        return True

    def versions(self) -> tuple[str, ...]:
        """Every version, by name."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.npz")))

    def changed(self, version: str) -> tuple[int, int]:
        """When and how large the weights are: differs as soon as somebody writes them anew."""
        seen = self.weights(version).stat()
        return seen.st_mtime_ns, seen.st_size

    def weights(self, version: str) -> Path:
        """Where the weights of a version are."""
        return self.folder / f"{version}.npz"

    def _card(self, version: str) -> Path:
        return self.folder / f"{version}.json"

    @staticmethod
    def _read(path: Path) -> bytes:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise BadInput(f"The registry has no version {path.stem!r}.") from None
