"""Scrubbing: every item read and re-hashed, and the damaged ones named.

In    a vault.
Out   one `Scrubbed` for each item, as it goes.
Why   disks forget; a copy must be fetched from the backup while there still is one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from stanch.store.vault.vault import Vault
from stanch.vocabulary.ids import Digest
from stanch.vocabulary.trouble import Trouble


@dataclass(frozen=True, kw_only=True, slots=True)
class Scrubbed:
    """One item after it was re-hashed."""

    digest: Digest
    bytes: int
    done: int
    """How many items were looked at so far, this one included."""
    of: int
    damage: str = ""
    """What is wrong with it, or nothing."""


def scrub(vault: Vault) -> Iterator[Scrubbed]:
    """Each item, re-hashed in full; a damaged one is named and the rest goes on."""
    of = sum(1 for _ in vault.items())
    for done, digest in enumerate(vault.items(), 1):
        size, damage = 0, ""
        try:
            for block in vault.sealed_bytes(digest):
                size += len(block)
        except Trouble as error:
            damage = str(error)
            vault.distrust(digest)
        yield Scrubbed(digest=digest, bytes=size, done=done, of=max(of, done), damage=damage)
