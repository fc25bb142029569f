"""Ports: what the engine needs kept, said as Protocols. Start at store.py."""

from stanch.engine.ports.shelf import Listed
from stanch.engine.ports.store import Store, Transaction

__all__ = ["Listed", "Store", "Transaction"]
