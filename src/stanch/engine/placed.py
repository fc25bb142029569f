"""What was put in force for an incident: the ledger of acts, by the key each was ordered with.

In    orders that are about to be carried out.
Out   the same, for a second time with the same key, for proof, and for undoing.
Why   the line stands here before the act is done, with its moment: done over after a crash, the act
      is the very same demand and changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import msgspec

from stanch.engine.policies import standing_from
from stanch.engine.ports import Transaction
from stanch.vocabulary.ids import AssetId, IncidentId, RunId
from stanch.vocabulary.playbook import Argument
from stanch.vocabulary.standing import DemandId

_NAME = "placed/"


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """One act in force."""

    key: str
    act: str
    args: Mapping[str, Argument] = field(default_factory=dict)
    asset: AssetId
    at: datetime
    demands: tuple[tuple[AssetId, DemandId], ...] = ()
    version: int = 0
    """The policy version that first had it."""
    says: str = ""
    proved: datetime | None = None
    undone: datetime | None = None
    replaced: bool = False
    """Taken back because something else is in its place."""
    freed: datetime | None = None
    """When it ended, where a run has looked at that, and who let go those it names."""
    freed_by: str = ""
    cannot: tuple[str, ...] = ()
    """What of it a guard says it does not enforce."""


_ALL = msgspec.json.Decoder(tuple[Placed, ...])


def placed(tx: Transaction, incident: IncidentId) -> tuple[Placed, ...]:
    """Everything that was done for the incident, oldest first."""
    text = tx.settings.get(_NAME + incident)
    return _ALL.decode(text) if text else ()


def in_force(tx: Transaction, lines: Iterable[Placed]) -> frozenset[str]:
    """The keys of the acts of which something is in force now; what ended or was freed is not."""
    return frozenset(where(tx, lines))


def where(tx: Transaction, lines: Iterable[Placed]) -> Mapping[str, tuple[AssetId, ...]]:
    """By the key of each act of which something is in force now: the assets on which it is."""
    standing: dict[AssetId, frozenset[DemandId]] = {}
    found: dict[str, tuple[AssetId, ...]] = {}
    for one in lines:
        for asset, demand in one.demands:
            if asset not in standing:
                now = tx.policies.now(asset)
                demands = standing_from(now).demands if now is not None else ()
                standing[asset] = frozenset(d.id for d in demands)
            if demand in standing[asset]:
                found[one.key] = (*found.get(one.key, ()), asset)
    return found


def of_step(lines: Iterable[Placed], run: RunId, step: str) -> Placed | None:
    """The newest line in force that this step of this run put there; None where there is none."""
    mine = (p for p in lines if p.key.startswith(f"{run}/") and p.demands and p.undone is None)
    return next((p for p in reversed(tuple(mine)) if step_of(p.key) == step), None)


def step_of(key: str) -> str:
    """The step of a key: its last part, or the one before the number of a round."""
    parts = key.split("/")
    return parts[-2] if parts[-1].isdigit() else parts[-1]


def place(tx: Transaction, incident: IncidentId, one: Placed) -> Placed:
    """The line of this key: the one that is there, else this one."""
    all_ = placed(tx, incident)
    known = next((p for p in all_ if p.key == one.key), None)
    if known is not None:
        return known
    _put(tx, incident, (*all_, one))
    return one


def mark(tx: Transaction, incident: IncidentId, one: Placed) -> Placed:
    """The line as it now is."""
    _put(tx, incident, tuple(one if p.key == one.key else p for p in placed(tx, incident)))
    return one


def undone(one: Placed, at: datetime, *, replaced: bool = False) -> Placed:
    """The line of an act that was taken back."""
    return replace(one, undone=at, replaced=replaced)


def _put(tx: Transaction, incident: IncidentId, all_: tuple[Placed, ...]) -> None:
    tx.settings.put(_NAME + incident, msgspec.json.encode(all_).decode())
