"""The vault: content-addressed, write-once evidence. Start at vault.py."""

from stanch.store.vault.scrub import Scrubbed, scrub
from stanch.store.vault.vault import Item, Vault

__all__ = ["Item", "Scrubbed", "Vault", "scrub"]
