"""What is kept of a play: its scenario as it was at the start, and its moves, one by one.

In    a transaction.
Out   plays by id, their moves in order; a move that is added is entered in the evidence log.
Why   a scenario that is edited while it is played must not change under the people. Moves are only
      ever added, each in a place of its own: two people who answer at once are both kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from stanch.engine.ports import Transaction
from stanch.learn.tabletop.play import Move, What
from stanch.learn.tabletop.scenario import Scenario
from stanch.vocabulary.asset import Scalar
from stanch.vocabulary.ids import IncidentId, digest_of
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadInput, NotFound

_PLAY, _MOVES, _GOING = "tabletop/play/", "tabletop/moves/", "tabletop/going"
MOST_MOVES = 5000


@dataclass(frozen=True, kw_only=True, slots=True)
class Play:
    """One time that a scenario is played."""

    id: str
    scenario: Scenario
    acts: tuple[str, ...]
    """What the playbook may do, as it was at the start."""
    incident: IncidentId
    by: str
    """Who started it, and so leads it."""
    started: datetime


_READ_PLAY = msgspec.json.Decoder(Play)
_READ_MOVE = msgspec.json.Decoder(Move)
_IDS = msgspec.json.Decoder(list[str])


def play(tx: Transaction, key: str) -> Play:
    """The play of this id, or `NotFound`."""
    text = tx.settings.get(_PLAY + key)
    if text is None:
        raise NotFound("play of a tabletop", key[:64], "tabletop list")
    return _READ_PLAY.decode(text)


def plays(tx: Transaction) -> list[Play]:
    """All of them, newest first."""
    found = [_READ_PLAY.decode(text) for text in tx.settings.all(_PLAY).values()]
    return sorted(found, key=lambda one: one.id, reverse=True)


def keep(tx: Transaction, one: Play) -> None:
    """Keeps a new play, which goes on from now."""
    tx.settings.put(_PLAY + one.id, msgspec.json.encode(one).decode())
    go(tx, (*going(tx), one.id))


def moves(tx: Transaction, key: str) -> list[Move]:
    """The moves of a play, in their order."""
    kept = tx.settings.all(f"{_MOVES}{key}/")
    return [_READ_MOVE.decode(kept[name]) for name in sorted(kept)]


def add(tx: Transaction, one: Play, before: list[Move], move: Move, clock: float) -> Move:
    """The move in its place, with its line in the log; `clock` is the play's own."""
    if len(before) >= MOST_MOVES:
        raise BadInput(f"A play has {MOST_MOVES} moves at most. Stop this one and start another.")
    at = max(move.at, before[-1].at) if before else move.at
    placed = replace(move, seq=len(before) + 1, at=at)
    content = msgspec.json.encode(placed)
    tx.settings.put(f"{_MOVES}{one.id}/{placed.seq:06}", content.decode())
    facts: dict[str, Scalar] = {"what": placed.what, "clock": round(clock), "move": placed.seq}
    if placed.inject:
        facts["inject"] = placed.inject
    if placed.what is What.STARTED:
        facts["scenario"] = one.scenario.id
    tx.record(
        Entry(
            at=placed.at,
            deed=Deed.TABLETOP_MOVED,
            actor=placed.by,
            about=one.id,
            digest=digest_of(content),
            incident=one.incident,
            facts=facts,
        )
    )
    tx.announce("tabletop", one.id)
    return placed


def going(tx: Transaction) -> tuple[str, ...]:
    """The plays that go on, or wait for their report to be kept."""
    text = tx.settings.get(_GOING)
    return tuple(_IDS.decode(text)) if text else ()


def go(tx: Transaction, keys: Iterable[str]) -> None:
    """From now on these go on."""
    tx.settings.put(_GOING, msgspec.json.encode(list(dict.fromkeys(keys))).decode())
