"""The main path: what happens to an event, from the wire to the review. Read this file first.

(1) record events: the intake puts them on disk before it answers      engine/ingest
(2) summarise: the watch counts them, per asset, version and minute      engine/watch
(3) detect: every detector looks at the window                            detect/
(4) triage into one incident: correlate, verdict, severity, impact        engine/triage
(5) start the clocks, tell the people                                     Teller
(6) preserve evidence, before anything changes                            engine/freeze
(7) contain by playbook: the narrow at once, the wide after a yes         Responder

What follows needs people: investigate, recover through gates, review. Every hop is an entry in the
evidence log, written in the same commit as what it tells of.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from stanch.detect.window import Window
from stanch.engine.aside import its_own
from stanch.engine.evidence import EvidenceRoom
from stanch.engine.freeze import FROZEN, Events, of_asset, pieces
from stanch.engine.owed import ANSWERS, owed, paid
from stanch.engine.ports import Store
from stanch.engine.shares import Alone, Shares
from stanch.engine.triage import Triage, Triaged
from stanch.engine.watch.watcher import Seen, Watcher
from stanch.vocabulary.finding import Report
from stanch.vocabulary.ids import AssetId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.naming import named
from stanch.vocabulary.record import Evidence
from stanch.vocabulary.span import Span

MACHINE = "stanch"
BACK = timedelta(hours=1)
"""What is kept of the time before an incident that no finding of its own brought a window for."""
AHEAD = timedelta(minutes=1)
"""Clocks of senders may be a little ahead."""


class Teller(Protocol):
    """Who starts clocks and tells people."""

    def opened(self, incident: Incident) -> None:
        """Starts the incident's clocks and tells the people of its asset."""
        ...

    def changed(self, incident: Incident) -> None:
        """Tells people what changed enough to matter."""
        ...


class Responder(Protocol):
    """Who answers an incident with a playbook."""

    def answer(self, incident: Incident) -> None:
        """Starts the playbook for what the incident now is, once; a repeat changes nothing."""
        ...


class Copier(Protocol):
    """Who copies what an asset's versions are made of."""

    def __call__(
        self, asset: AssetId, incident: IncidentId | None, *, by: str
    ) -> tuple[Evidence, ...]:
        """What was kept of them now."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What one turn of the main path did."""

    seen: Seen
    triaged: Triaged


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What the main path is made of."""

    store: Store
    watcher: Watcher
    triage: Triage
    evidence: EvidenceRoom
    events: Events
    tellers: tuple[Teller, ...] = ()
    responders: tuple[Responder, ...] = ()
    shares: Shares = field(default_factory=Alone)
    """Who, of several processes on one database, takes up what was held back."""
    artefacts: Copier | None = None
    """What keeps the files of an asset's versions."""
    in_turn: Callable[[], AbstractContextManager[None]] = nullcontext
    """Held from finding to answer, so that one process at a time opens and changes incidents."""


class Lifecycle:
    """Carries what was recorded through to a contained incident, without a person, in seconds."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def turn(self) -> Turn:
        """One turn over whatever the intake has recorded since the last. (1) is done by then."""
        with ExitStack() as turn:
            # (2) summarise, (3) detect: one commit, exactly once
            held: list[None] = []

            def hold() -> None:
                if not held:
                    held.append(turn.enter_context(self._parts.in_turn()))

            seen = self._parts.watcher.step(hold)
            if not (seen.findings or self._mine(seen)):
                return Turn(seen=seen, triaged=Triaged())
            hold()
            # (4) triage; with nothing new, what was held back may still lapse
            triaged = self._parts.triage.take(seen.findings, seen.windows, looked=seen.looked)
            self._tell(triaged)
            self._answer(seen.windows)
        return Turn(seen=seen, triaged=triaged)

    def _mine(self, seen: Seen) -> bool:
        """Whether this process has something to take up although nothing was found."""
        return self._parts.shares.mine("triage") or self._parts.triage.waits(seen.looked)

    def report(self, report: Report) -> Triaged:
        """What a person's report opened or joined; whom it names as events name them."""
        whom = (PrincipalId(name) for one in report.principals if (name := named(one)))
        report = replace(report, principals=tuple(dict.fromkeys(whom)))
        with self._parts.in_turn():
            triaged = self._parts.triage.take((), {}, (report,))
            self._tell(triaged)
            self._answer({})
        return triaged

    def freeze(
        self, incident: Incident, windows: Mapping[str, Window], until: datetime | None = None
    ) -> None:
        """Keeps what its asset is now; where it has no window of its own, the hour until then."""
        mine = set(incident.findings)
        own = {id(w): w for f, w in windows.items() if f in mine}
        back = Span(start=until - BACK, end=until + AHEAD) if until is not None else None
        with self._parts.store.look() as tx:
            found = list(pieces(tx, incident, own.values(), self._parts.events, back))
        self._parts.evidence.take(incident.id, found, by=MACHINE)

    def freeze_asset(
        self, asset: AssetId, span: Span, incident: IncidentId | None, *, by: str
    ) -> tuple[Evidence, ...]:
        """What was kept of an asset as it is now, because a person asked."""
        with self._parts.store.look() as tx:
            found = list(of_asset(tx, asset, span, self._parts.events))
            if incident is not None:
                tx.incidents.get(incident)
        kept = self._parts.evidence.take(incident, found, by=by)
        copied = self._parts.artefacts
        return kept if copied is None else (*kept, *copied(asset, incident, by=by))

    def _tell(self, triaged: Triaged) -> None:
        # (5) start the clocks, tell the people
        for teller in self._parts.tellers:
            for incident in triaged.opened:
                teller.opened(incident)
            for incident in triaged.changed:
                teller.changed(incident)

    def _answer(self, windows: Mapping[str, Window]) -> None:
        """Answers every incident that is owed an answer, also those of a turn that was killed."""
        aside = self._parts.triage.aside
        with self._parts.store.look() as tx:
            keys = [key for key in owed(tx, ANSWERS) if not aside.resting(key)]
            due = tx.incidents.many(map(IncidentId, keys))
            frozen = {i.id: Wanted(incident=(i.id,), kind=(FROZEN,)) for i in due}
            kept = {key for key, wanted in frozen.items() if tx.evidence.count(wanted)}
        for incident in due:
            try:
                self._answer_one(incident, windows, new=incident.id not in kept)
            except Exception as error:
                if not its_own(error):
                    raise
                # One that cannot be answered keeps nobody else waiting; it stays owed.
                with self._parts.store.begin() as tx:
                    aside.put(tx, [(incident.id, incident.asset)], error)
                continue
            with self._parts.store.begin() as tx:
                paid(tx, ANSWERS, [incident.id])
                aside.done(tx, [incident.id])

    def _answer_one(self, incident: Incident, windows: Mapping[str, Window], *, new: bool) -> None:
        # (6) preserve evidence, before anything changes
        if new:
            self.freeze(incident, windows, incident.updated)
        # (7) contain by playbook
        for responder in self._parts.responders:
            responder.answer(incident)
        # What came since is kept beside it: whoever is still at it is not waited for.
        if not new:
            self.freeze(incident, windows)
