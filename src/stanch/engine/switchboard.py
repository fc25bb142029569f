"""The switchboard: the connectors file, and the lines to outside systems that it makes.

In    the file, as people on the machine or in the console change it.
Out   the lines that are open now; a check of a text; every text that was ever in force.
Why   a channel that does not work is mended in the night it is needed, without a restart. Every
      change is checked whole, entered in the evidence log with its digest, and can be taken back.

The file on disk is the truth. A change by the console holds the digest of what was shown, so that
nobody writes over what came since. A change on disk is taken up once it stood still from one look
to the next; one that cannot be read changes nothing, and is told of until it is mended. Passwords
in addresses, which a file may hold, are shown to nobody and kept nowhere else.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Protocol

import msgspec

from stanch.engine.allowance import Allowance, hidden
from stanch.engine.clock import Clock
from stanch.engine.neighbours import Answered, answered
from stanch.engine.ports import Store, Transaction
from stanch.engine.systems import Lines, Plan
from stanch.vocabulary.ids import Digest, digest_of
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadInput, NotFound, Stale, Trouble

_NOW, _OLD = "connectors/now", "connectors/old/"
FOUND_BY = "the file"
"""Who changed what nobody changed through stanch."""


class PlanFile(Protocol):
    """Where the text is."""

    @property
    def name(self) -> str:
        """Its name, for messages."""
        ...

    def read(self) -> str:
        """What stands there; nothing when it is not there."""
        ...

    def write(self, text: str) -> None:
        """Puts it there whole; `BadFile` when it cannot be written."""
        ...

    def alone(self) -> AbstractContextManager[None]:
        """Held while no other process changes it."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """One connector there is, as people may write it."""

    id: str
    address: str
    """How its addresses look."""
    says: str
    """What it is for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Makers:
    """How a text becomes lines."""

    plan: Callable[[str], Plan]
    """`BadFile` with the line of what is wrong."""
    lines: Callable[[Plan], Lines]
    """Opens each system, without a call."""
    known: tuple[Kind, ...] = ()
    """The connectors there are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wiring:
    """One text that was in force."""

    version: int
    by: str
    at: datetime
    digest: Digest
    """Of the file, with whatever it held."""
    text: str
    """Without the passwords that it held."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """The file as people see it."""

    text: str
    digest: Digest
    """What a change must name."""
    fault: str = ""
    """Why what stands on disk is not in force."""


_WIRING = msgspec.json.Decoder(Wiring)


class Switchboard:
    """The lines, and how they are changed."""

    def __init__(
        self, hands: tuple[Store, Clock], file: PlanFile, makers: Makers, allowance: Allowance
    ) -> None:
        self._store, self._clock = hands
        self._file = file
        self._makers = makers
        self._allowance = allowance
        self._turning = Lock()
        text = file.read()
        plan = makers.plan(text)
        self._lines = makers.lines(plan)
        self._digest = self._last = digest_of(text.encode())
        with self._store.begin() as tx:
            if text or _now(tx) is not None:
                _keep(tx, (text, self._digest), FOUND_BY, self._clock())
        allowance.know([plan, *self._plans()])

    def lines(self) -> Lines:
        """The lines that are open now."""
        return self._lines

    def shown(self) -> Shown:
        """The file as it stands on disk."""
        text = self._file.read()
        digest, fault = digest_of(text.encode()), ""
        if digest != self._digest:
            try:
                self._makers.lines(self._makers.plan(text))
            except Trouble as trouble:
                fault = str(trouble)
        return Shown(text=hidden(text), digest=digest, fault=fault)

    def known(self) -> tuple[Kind, ...]:
        """The connectors there are."""
        return self._makers.known

    def versions(self) -> tuple[Wiring, ...]:
        """Every text that was in force, newest first."""
        with self._store.look() as tx:
            kept = [_WIRING.decode(text) for text in tx.settings.all(_OLD).values()]
        return tuple(sorted(kept, key=lambda one: -one.version))

    def check(self, text: str) -> Plan:
        """The plan of this text, or `BadFile` with the line of its first mistake."""
        plan = self._makers.plan(text)
        with suppress(BadInput):
            # Who wrote on the machine since the last look may name what they like.
            self._allowance.know([self._makers.plan(self._file.read())])
        self._allowance.holds(plan, self._file.name)
        return plan

    def tried(self, text: str, name: str) -> Answered:
        """Whether the system of this name in this text answers; nothing is put into use."""
        system = self.check(text).systems.get(name)
        if system is None:
            raise NotFound("system in this text", name[:64], "connector list")
        try:
            lines = self._makers.lines(Plan(systems={name: system}))
        except Trouble as trouble:
            return Answered(name=name, good=False, says=str(trouble))
        return answered(name, lines.doors[name])

    def put(self, text: str, *, by: str, seen: str | None = None) -> Wiring:
        """The text, in force from now on; `Stale` when the file is not as it was `seen`."""
        with self._turning, self._file.alone():
            before = digest_of(self._file.read().encode())
            if seen is not None and seen != before:
                raise Stale("connectors file", seen[7:19], before[7:19])
            lines = self._makers.lines(self.check(text))
            self._file.write(text)
            return self._taken((text, digest_of(text.encode())), lines, by)

    def restore(self, version: str, *, by: str, seen: str | None = None) -> Wiring:
        """The text of an earlier version, in force again."""
        found = [one for one in self.versions() if str(one.version) == version]
        if not found:
            raise NotFound("version of the connectors file", version[:20], "connector versions")
        return self.put(found[0].text, by=by, seen=seen)

    def turn(self) -> int:
        """1 when a change on disk was taken up; one that cannot be read is told of."""
        with self._turning:
            text = self._file.read()
            digest = digest_of(text.encode())
            still, self._last = digest == self._last, digest
            if digest == self._digest or not still:
                return 0
            plan = self._makers.plan(text)
            lines = self._makers.lines(plan)
            self._allowance.know([plan])
            self._taken((text, digest), lines, FOUND_BY)
            return 1

    def _taken(self, text: tuple[str, Digest], lines: Lines, by: str) -> Wiring:
        with self._store.begin() as tx:
            made = _keep(tx, text, by, self._clock(), _moved(self._lines.plan, lines.plan))
        self._lines, self._digest, self._last = lines, text[1], text[1]
        return made

    def _plans(self) -> Iterator[Plan]:
        """What was in force before, where it can still be read."""
        for one in self.versions():
            try:
                yield self._makers.plan(one.text)
            except BadInput:
                continue


def _moved(before: Plan, after: Plan) -> str:
    """Which systems are new, gone or other than they were."""
    known = {*before.systems, *after.systems}
    other = sorted(n for n in known if before.systems.get(n) != after.systems.get(n))
    return ", ".join(other)[:300]


def _now(tx: Transaction) -> Wiring | None:
    text = tx.settings.get(_NOW)
    return _WIRING.decode(text) if text is not None else None


def _keep(
    tx: Transaction, text: tuple[str, Digest], by: str, at: datetime, moved: str = ""
) -> Wiring:
    """The version; another process may have kept it already."""
    before = _now(tx)
    if before is not None and before.digest == text[1]:
        return before
    made = Wiring(
        version=before.version + 1 if before is not None else 1,
        by=by,
        at=at,
        digest=text[1],
        text=hidden(text[0]),
    )
    kept = msgspec.json.encode(made).decode()
    tx.settings.put(_NOW, kept)
    tx.settings.put(f"{_OLD}{made.version}", kept)
    facts = {"version": made.version, "systems": moved}
    deed = Deed.CONNECTORS_CHANGED
    tx.record(
        Entry(at=at, deed=deed, actor=by, about="connectors", digest=made.digest, facts=facts)
    )
    tx.announce("connectors", "connectors")
    return made
