"""The containment clock: how long an asset's incident may go uncontained, and who hears of it.

In    incidents as they open and change; the time.
Out   one clock for each incident, its reminders, and the times that were measured.
Why   a minute of an attack costs; the asset says how many it may have. At half of them the
      responder is reminded, at four fifths who builds and owns it, at the end who leads. What is
      seen again while nothing holds it has that time once more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from stanch.engine.clock import Clock
from stanch.engine.kin import loose_since
from stanch.engine.ports import Store, Transaction
from stanch.engine.telling import Nobody, Notice, Notifier, Urgency
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.clock import Clock as Deadline
from stanch.vocabulary.clock import ClockState
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.incident import Incident, Phase, VerdictKind
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Duty
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.words import counted

LAW = "containment"
USUAL_MINUTES = 60
REMIND_AT = (50, 80, 100)
"""Percent of the time at which people hear of it."""
_TOLD: dict[int, tuple[tuple[Duty | str, ...], Urgency]] = {
    50: ((Duty.RESPONDER,), Urgency.SOON),
    80: ((Duty.RESPONDER, Duty.ML_ENGINEER, "owner"), Urgency.NOW),
    100: ((Duty.RESPONDER, "owner", Duty.LEADERSHIP), Urgency.NOW),
}
_HARMLESS = frozenset({VerdictKind.NATURAL, VerdictKind.FAULT})


@dataclass(frozen=True, kw_only=True, slots=True)
class Times:
    """What was measured of an incident; None where it has not come to that."""

    to_open: timedelta
    """From the earliest event behind it to the incident."""
    used: timedelta
    allowed: timedelta

    @property
    def percent(self) -> int:
        """How much of the time is used, in percent; it may be more than all."""
        return int(100 * self.used / self.allowed)


def times(
    incident: Incident, asset: Asset | None, at: datetime, since: datetime | None = None
) -> Times:
    """What was measured of it up to this moment, when it had to be contained since then."""
    allowed = timedelta(minutes=asset.deadline_minutes if asset else USUAL_MINUTES)
    since = since or incident.loose_at or incident.opened
    end = incident.held_at or incident.closed_at or at
    return Times(
        to_open=incident.opened - incident.first_seen,
        used=max(timedelta(0), end - since),
        allowed=max(allowed, timedelta(seconds=1)),
    )


class ContainmentClock:
    """Starts, watches and stops the clock of every incident."""

    def __init__(self, store: Store, clock: Clock, notifier: Notifier | None = None) -> None:
        self._store = store
        self._clock = clock
        self._notifier = notifier or Nobody()

    def opened(self, incident: Incident) -> None:
        """Starts the incident's clock, unless there is nothing to contain."""
        self._see(incident.id)

    def changed(self, incident: Incident) -> None:
        """Starts, stops or keeps the clock as the incident now is."""
        self._see(incident.id)

    def tick(self) -> tuple[Deadline, ...]:
        """The clocks that came to a mark or to their end now."""
        moved = []
        for one in self._running():
            after = self._look(one.id, one.incident)
            if after is not None and after != one:
                moved.append(after)
        return tuple(moved)

    def _see(self, key: IncidentId) -> None:
        at = self._clock()
        with self._store.begin() as tx:
            incident = tx.incidents.get(key)
            known = tx.clocks.find(clock_id(key))
            if known is None and _counts(incident):
                asset = tx.assets.find(incident.asset)
                since = loose_since(tx, incident)
                made = Deadline(
                    id=clock_id(key),
                    incident=key,
                    duty=f"contain it on {incident.asset}",
                    law=LAW,
                    started=since,
                    due=since + times(incident, asset, at).allowed,
                )
                tx.clocks.add(made)
                _enter(tx, made, at, Deed.CLOCK_STARTED, due=made.due.isoformat())
            elif known is not None:
                self._settle(tx, known, incident, at)

    def _look(self, key: str, about: IncidentId) -> Deadline | None:
        at = self._clock()
        with self._store.begin() as tx:
            known = tx.clocks.find(key)
            incident = tx.incidents.find(about)
            if known is None or incident is None or known.state is not ClockState.RUNNING:
                return None
            settled = self._settle(tx, known, incident, at)
            if settled.state is not ClockState.RUNNING:
                return settled
            asset = tx.assets.find(incident.asset)
            used = times(incident, asset, at, settled.started)
            passed = max((m for m in REMIND_AT if m <= used.percent), default=0)
        if passed <= known.told:
            return known
        # told before it is said to be: after a kill in between the same key is told once more
        self._tell(incident, used, [m for m in REMIND_AT if known.told < m <= passed])
        with self._store.begin() as tx:
            known = tx.clocks.find(key)
            if known is None or known.state is not ClockState.RUNNING or passed <= known.told:
                return known
            state = ClockState.MISSED if passed >= max(REMIND_AT) else ClockState.RUNNING
            after = replace(known, told=passed, state=state)
            tx.clocks.save(after)
            _enter(tx, after, at, Deed.PERSON_TOLD, percent=passed)
        return after

    @staticmethod
    def _settle(tx: Transaction, known: Deadline, incident: Incident, at: datetime) -> Deadline:
        """The clock, stopped if it is contained or there is nothing to contain."""
        since = loose_since(tx, incident)
        again = incident.loose_at is not None and since > known.started
        moved = known.state is ClockState.RUNNING and since != known.started
        if (again or moved) and _counts(incident):
            # It came loose: it has the time that the asset may have once more. Or another one, with
            # its own time, went into it or was taken out.
            due = since + times(incident, tx.assets.find(incident.asset), at).allowed
            known = replace(
                known, state=ClockState.RUNNING, started=since, due=due, met=None, told=0
            )
            tx.clocks.save(known)
            why = "seen again" if again else "put together with another, or taken apart"
            _enter(tx, known, at, Deed.CLOCK_STARTED, due=due.isoformat(), why=why)
        if known.state is ClockState.RUNNING and incident.held_at is not None:
            late = incident.held_at > known.due
            state = ClockState.MISSED if late else ClockState.MET
            after = replace(known, state=state, met=incident.held_at)
        elif known.state is ClockState.RUNNING and not _counts(incident):
            why = f"nothing to contain: {incident.verdict.kind}, {incident.phase}"
            after = replace(known, state=ClockState.STOPPED, why=why, by="stanch")
        elif known.state is ClockState.MISSED and known.met is None and incident.held_at:
            after = replace(known, met=incident.held_at)
        elif known.state is ClockState.STOPPED and known.by == "stanch" and _counts(incident):
            after = replace(known, state=ClockState.RUNNING, why="", by="")
        else:
            return known
        tx.clocks.save(after)
        _enter(tx, after, at, Deed.CLOCK_STARTED, state=after.state)
        return after

    def _tell(self, incident: Incident, used: Times, marks: Sequence[int]) -> None:
        """Tells those of each mark that was passed: a server that was away passes several."""
        passed, urgency = marks[-1], _TOLD[marks[-1]][1]
        whom = dict.fromkeys(to for mark in marks for to in _TOLD[mark][0])
        minutes = counted(int(used.used.total_seconds() // 60), "minute")
        says = (
            f"{incident.asset} is not contained after {minutes}, {used.percent} % of the time that "
            f"it may have: {incident.title}."
        )
        for to in whom:
            self._notifier.tell(
                Notice(
                    key=f"containment/{incident.id}/{passed}/{to}{_time(incident)}",
                    to=str(to),
                    says=says,
                    urgency=urgency,
                    incident=incident.id,
                    asset=incident.asset,
                )
            )

    def _running(self) -> list[Deadline]:
        wanted = Wanted(kind=(LAW,), state=(ClockState.RUNNING,))
        found: list[Deadline] = []
        after = ""
        with self._store.look() as tx:
            while True:
                page = tx.clocks.page(wanted, after=after, limit=500)
                found += page.items
                if not page.next:
                    return found
                after = page.next


def clock_id(incident: IncidentId) -> str:
    """The id of the incident's containment clock."""
    return f"clk-contain-{incident}"


def _time(incident: Incident) -> str:
    """Which time it is that it has to be contained; nothing at first."""
    return f"/{incident.loose_at.isoformat()}" if incident.loose_at is not None else ""


def _counts(incident: Incident) -> bool:
    """Whether there may be something to contain."""
    over = incident.phase is Phase.CLOSED or incident.merged_into is not None
    return not over and not incident.exercise and incident.verdict.kind not in _HARMLESS


def _enter(tx: Transaction, one: Deadline, at: datetime, deed: Deed, **facts: str | int) -> None:
    tx.record(
        Entry(
            at=at,
            deed=deed,
            actor="stanch",
            about=one.id,
            incident=one.incident,
            facts={"duty": one.duty, "state": one.state, **facts},
        )
    )
    tx.announce("clock", one.id)
