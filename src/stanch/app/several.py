"""Several processes on one folder and one database: what each has of its own, and what they share.

In    a data folder, the name of this process.
Out   the folder of its own spool; the spools of the others; what is left of those that died.
Why   a process writes only its own spool, and reads all: who dies leaves nothing that the others
      could not count, roll up and enter in the log.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

from stanch.engine.clock import utc_now
from stanch.engine.ports import Store
from stanch.engine.sealing import READER as SEALING
from stanch.engine.sealing import enter_sealed
from stanch.engine.shares import Split
from stanch.engine.watch.feed import READER as WATCH
from stanch.engine.watch.feed import counted_upto
from stanch.store.lazy_lake import LazyLake
from stanch.store.spool import Spool, SpoolLimits
from stanch.store.tail import Tail
from stanch.vocabulary.ids import asset_id
from stanch.vocabulary.trouble import BadInput, InUse

NODES = "nodes"
PATIENCE = 30.0
"""Seconds in which an heir brings a spool to its end."""


def place_of(folder: Path, node: str, database: str) -> Path:
    """The folder of what is this process's own; the data folder when it is alone."""
    if not node:
        return folder
    if not database.startswith("postgres"):
        raise BadInput("Several processes need one PostgreSQL: set STANCH_DATABASE for all.")
    return folder / NODES / asset_id(node)


def own_spool(folder: Path, limits: SpoolLimits, node: str, *, patience: float = PATIENCE) -> Spool:
    """The spool of this process; among several, an heir who still has it is waited for."""
    end = monotonic() + patience if node else 0.0
    while True:
        try:
            return Spool.open(folder, limits, readers=(WATCH, SEALING))
        except InUse:
            if monotonic() >= end:
                raise
        sleep(0.2)


def sealing_of(node: str) -> str:
    """Under which name it is kept how far a process's segments were entered in the log."""
    return f"{SEALING}/{node}" if node else SEALING


@dataclass(frozen=True, kw_only=True, slots=True)
class Others:
    """The other processes of a folder, living or dead."""

    folder: Path
    node: str
    _tails: dict[Path, Tail] = field(default_factory=dict)

    def spools(self) -> Sequence[Tail]:
        """Their spools, by name."""
        found = sorted((self.folder / NODES).glob("*/spool/key")) if self.node else []
        for key in found:
            if key.parent.parent.name != self.node and key.parent not in self._tails:
                self._tails[key.parent] = Tail(key.parent)
        return [tail for _, tail in sorted(self._tails.items())]


class Heir:
    """Brings what dead processes left in their spools to its end: lake, log, and then nothing."""

    def __init__(self, store: Store, lake: LazyLake, split: Split, others: Others) -> None:
        self._store = store
        self._lake = lake
        self._split = split
        self._others = others
        self._done: set[str] = set()

    def turn(self) -> int:
        """How many dead processes' spools were emptied."""
        living = self._split.living()
        self._done -= living
        emptied = 0
        for path in sorted((self._others.folder / NODES).glob("*/spool/key")):
            node = path.parent.parent.name
            if node in living or node in self._done or not self._split.mine(f"heir of {node}"):
                continue
            try:
                with Spool.open(path.parent, readers=(WATCH, SEALING)) as spool:
                    emptied += self._take_over(node, spool)
            except InUse:
                continue  # it is just starting again
        return emptied

    def _take_over(self, node: str, spool: Spool) -> int:
        spool.seal()
        self._lake.take_over(spool)
        enter_sealed(self._store, spool, at=utc_now(), reader=sealing_of(node))
        with self._store.look() as tx:
            counted = counted_upto(tx, spool)
        spool.passed(WATCH, counted)
        if counted < spool.end:
            return 0
        self._done.add(node)
        return 1
