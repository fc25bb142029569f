"""Ports: what the engine needs kept, said as Protocols. `store/sql` fits them; so can another.

In    nouns, one transaction at a time.
Out   nouns, pages of nouns, and the entries and announcements that the same transaction made.
Why   what changed, its line in the evidence log, and the news of it are one commit: a crash leaves
      all three or none.

    with store.begin() as tx:                      # one writer; commits at the end, or rolls back
        seen = tx.incidents.get(id)
        tx.incidents.save(replace(seen, commander="ada"))        # Stale when somebody was first
        tx.record(Entry(...))
        tx.announce("incident", id)
    with store.look() as tx: ...                   # a steady view, no writing
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol, TypeVar

from stanch.vocabulary.approval import Approval
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.casework import IncidentLine, Link, Note, SavedFilter, Undo
from stanch.vocabulary.clock import Clock
from stanch.vocabulary.finding import Blind, Finding
from stanch.vocabulary.ids import (
    ApprovalId,
    AssetId,
    BaselineId,
    DetectorId,
    EvidenceId,
    FindingId,
    IncidentId,
    KeyId,
    PrincipalId,
    RunId,
    UserId,
)
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.kept import (
    Announced,
    BaselineKept,
    BlindSpot,
    Mention,
    PolicyVersion,
    Position,
    Posted,
    SummaryBlock,
)
from stanch.vocabulary.listing import Facets, Page, Wanted
from stanch.vocabulary.login import Credential, Session
from stanch.vocabulary.notice import KeptNotice
from stanch.vocabulary.people import ServiceKey, User
from stanch.vocabulary.record import Deed, Entry, Evidence
from stanch.vocabulary.run import Run
from stanch.vocabulary.span import Span

K_contra = TypeVar("K_contra", contravariant=True)
N = TypeVar("N")
R_co = TypeVar("R_co", covariant=True)

EVERYTHING = Wanted()


class Listed(Protocol[R_co]):
    """A list that comes in pages."""

    def page(self, wanted: Wanted = EVERYTHING, *, after: str = "", limit: int = 50) -> Page[R_co]:
        """The next few of what is wanted; `after` is the `next` of the page before."""
        ...

    def count(self, wanted: Wanted = EVERYTHING) -> int:
        """How many are wanted."""
        ...

    def facets(self, wanted: Wanted, fields: Iterable[str]) -> Facets:
        """How many of the wanted have each value of these fields."""
        ...


class Kept(Protocol[K_contra, N]):
    """Nouns by their id.

    A noun with a `version` (incident, approval, run) is saved as it was seen: the one that is
    given back has the next version, and `Stale` is raised when the one kept had moved on. For the
    others `seen` is the `revision` that was looked at; without it the last save wins.
    """

    def get(self, key: K_contra) -> N:
        """The one with this id, or `NotFound`."""
        ...

    def find(self, key: K_contra) -> N | None:
        """The one with this id, or nothing."""
        ...

    def many(self, keys: Iterable[K_contra]) -> tuple[N, ...]:
        """Those of these ids that are there, in the order asked for."""
        ...

    def revision(self, key: K_contra) -> int:
        """How often it was saved; 0 when it is not there."""
        ...

    def add(self, one: N) -> N:
        """A new one, or `AlreadyThere`."""
        ...

    def save(self, one: N, *, seen: int | None = None) -> N:
        """The one as it is now kept; a noun without a `version` may also be new."""
        ...


class Shelf(Kept[K_contra, N], Listed[N], Protocol[K_contra, N]):
    """Nouns by their id, and in pages."""


class Assets(Shelf[AssetId, Asset], Protocol):
    """What is protected. Wanted by: kind, owner, text."""


class Findings(Shelf[FindingId, Finding], Protocol):
    """What detectors saw; never changed. Wanted by: asset, incident (one), detector, attack,
    lifecycle, principal, since, until, text. Facets: asset, detector, attack, lifecycle.
    """

    def put(self, findings: Iterable[Finding], *, at: datetime) -> tuple[Finding, ...]:
        """Those that were not known before, now kept; the same sight again changes nothing."""
        ...

    def incidents_of(self, keys: Iterable[FindingId]) -> Mapping[FindingId, IncidentId]:
        """The latest incident that each of these findings is in."""
        ...

    def kept(self, keys: Iterable[FindingId]) -> Mapping[FindingId, datetime]:
        """When each of these was kept, which may be before its window ended."""
        ...


class Incidents(Kept[IncidentId, Incident], Listed[IncidentLine], Protocol):
    """What we believe happened. `save` adds the findings that are new in it and removes none.

    Wanted by: asset, phase, severity, verdict, attack, lifecycle, principal, owner (commander),
    since, until (opened), changed_since, text, exercise, closed; sort usual or worst.
    Facets: asset, phase, severity, verdict, attack, lifecycle, owner.
    """

    def line(self, key: IncidentId) -> IncidentLine:
        """The one with this id without the ids of its findings, or `NotFound`."""
        ...

    def open_on(self, assets: Iterable[AssetId]) -> tuple[Incident, ...]:
        """The incidents on these assets that are not closed or merged away, newest first."""
        ...

    def merge(self, one: Incident, into: Incident, *, undo: Undo) -> Incident:
        """`into` with all findings of `one`, which from now on points there."""
        ...

    def split(self, one: Incident, new: Incident, *, undo: Undo) -> Incident:
        """`new`, with the findings that `undo` names taken out of `one`."""
        ...

    def detach(self, one: Incident, *, undo: Undo) -> Incident:
        """`one` without the findings that `undo` names."""
        ...

    def undo(self, key: str, *, at: datetime, by: str) -> Undo:
        """The regrouping that was put back, findings and all; once."""
        ...

    def undos(self, key: IncidentId) -> tuple[Undo, ...]:
        """How this incident's findings changed hands, newest first."""
        ...


class Blinds(Protocol):
    """What cannot be told now, per asset, version and detector."""

    def say(self, blind: Blind, *, at: datetime) -> BlindSpot:
        """The blind spot, with the moment it began."""
        ...

    def clear(self, detector: DetectorId, asset: AssetId, version: str = "") -> bool:
        """Whether there was a blind spot that is now gone."""
        ...

    def of(self, asset: AssetId | None = None) -> tuple[BlindSpot, ...]:
        """The blind spots of an asset, or all."""
        ...


class Summaries(Protocol):
    """Counts per minute. Save them in the transaction that moves the reader's position: then a
    replay after a crash counts nothing twice.
    """

    def put(self, blocks: Iterable[SummaryBlock]) -> None:
        """Keeps these blocks in place of those of the same minute."""
        ...

    def minute(self, asset: AssetId, version: str, minute: datetime) -> tuple[SummaryBlock, ...]:
        """All blocks of one minute: everybody's, and each principal's."""
        ...

    def between(
        self, asset: AssetId, span: Span, *, version: str | None = None
    ) -> tuple[SummaryBlock, ...]:
        """Everybody's blocks in this span, oldest first."""
        ...

    def principals(
        self, asset: AssetId, span: Span, *, principal: PrincipalId | None = None
    ) -> tuple[SummaryBlock, ...]:
        """The blocks of each principal, or of one, oldest first."""
        ...

    def decided(self, asset: AssetId, span: Span) -> int:
        """How many answers were counted in this span, of everybody."""
        ...

    def prune(self, before: datetime, *, principals_only: bool = False) -> int:
        """How many older blocks were let go."""
        ...


class Positions(Protocol):
    """How far each reader has come."""

    def get(self, reader: str) -> Position:
        """The reader's position; 0 when it never read."""
        ...

    def move(self, seen: Position, to: int) -> Position:
        """The new position, or `Stale` when another process moved it."""
        ...


class Baselines(Protocol):
    """Golden summaries; each stays."""

    def add(self, baseline: BaselineKept) -> BaselineKept:
        """The baseline, now the current one of its asset and version."""
        ...

    def get(self, key: BaselineId) -> BaselineKept:
        """The one with this id, or `NotFound`."""
        ...

    def current(self, asset: AssetId, version: str = "") -> BaselineKept | None:
        """The newest of this version, else the newest of the asset."""
        ...

    def history(self, asset: AssetId) -> tuple[BaselineKept, ...]:
        """All of the asset, newest first, without their bodies."""
        ...


class Notes(Protocol):
    """What people wrote about an incident."""

    def add(self, note: Note) -> Note:
        """The note, kept."""
        ...

    def of(self, incident: IncidentId) -> tuple[Note, ...]:
        """The notes of an incident, oldest first."""
        ...


class Links(Protocol):
    """What an incident points at."""

    def add(self, link: Link) -> Link:
        """The link, kept."""
        ...

    def of(self, incident: IncidentId) -> tuple[Link, ...]:
        """The links of an incident, oldest first."""
        ...

    def remove(self, key: str) -> bool:
        """Whether it was there, and is gone."""
        ...


class SavedFilters(Kept[str, SavedFilter], Protocol):
    """Filters under a name."""

    def of(self, owner: str) -> tuple[SavedFilter, ...]:
        """The person's own and those that others share, by name."""
        ...

    def remove(self, key: str) -> bool:
        """Whether it was there, and is gone."""
        ...


class Policies(Protocol):
    """Every version of every asset's policy."""

    def put(self, version: PolicyVersion) -> PolicyVersion:
        """The version, now in force; `Stale` unless it follows the one in force."""
        ...

    def now(self, asset: AssetId) -> PolicyVersion | None:
        """The version in force."""
        ...

    def all_now(self) -> tuple[PolicyVersion, ...]:
        """The version in force of each asset that has one."""
        ...

    def at(self, asset: AssetId, version: int) -> PolicyVersion:
        """One version, or `NotFound`."""
        ...

    def history(self, asset: AssetId, *, limit: int = 50) -> tuple[PolicyVersion, ...]:
        """The latest versions, newest first."""
        ...


class Approvals(Shelf[ApprovalId, Approval], Protocol):
    """Questions to people. Wanted by: asset, incident, kind (action), state, since, until."""

    def lapsing(self, by: datetime) -> tuple[Approval, ...]:
        """Open questions whose time is up by then, soonest first."""
        ...


class EvidenceItems(Shelf[EvidenceId, Evidence], Protocol):
    """What is in the vault. Wanted by: incident, kind, owner (who took it), since, until, text."""


class Clocks(Shelf[str, Clock], Protocol):
    """Duties with deadlines. Wanted by: incident, kind (law), state, since, until (due)."""

    def due(self, by: datetime) -> tuple[Clock, ...]:
        """Running clocks that are due by then, soonest first."""
        ...


class Runs(Shelf[RunId, Run], Protocol):
    """Playbooks at work. Wanted by: asset, incident, kind (playbook), state, since, until."""


class Memories(Protocol):
    """Where each run stands, as text that only the runner reads."""

    def get(self, run: RunId) -> str | None:
        """Where the run stands; nothing once it was let go."""
        ...

    def put(self, run: RunId, doc: str) -> None:
        """Keeps it in place of what was there."""
        ...

    def forget(self, run: RunId) -> bool:
        """Whether it was there, and is gone."""
        ...

    def over(self, before: datetime, limit: int = 100) -> tuple[RunId, ...]:
        """Runs that ended before then and are still remembered, oldest first."""
        ...


class Notices(Shelf[str, KeptNotice], Protocol):
    """What people are told. Wanted by: incident, kind (urgency), owner (to), state, since."""

    def due(self, by: datetime, limit: int = 100) -> tuple[KeptNotice, ...]:
        """Those that wait to be sent by then, soonest first."""
        ...


class Users(Shelf[UserId, User], Protocol):
    """People with accounts. Wanted by: kind (role), text."""

    def named(self, name: str) -> User | None:
        """The one with this name, whatever its capitals."""
        ...

    def credential(self, user: UserId) -> Credential | None:
        """How the person's password is checked; nothing when there is none."""
        ...

    def keep_credential(self, credential: Credential) -> None:
        """Keeps it in place of the one before."""
        ...


class ServiceKeys(Shelf[KeyId, ServiceKey], Protocol):
    """Keys for machines. Wanted by: text."""

    def keep_hash(self, key: KeyId, secret_hash: bytes) -> None:
        """Keeps the SHA-256 of the key's secret."""
        ...

    def hash_of(self, key: KeyId) -> bytes | None:
        """The SHA-256 of the key's secret."""
        ...

    def used(self, keys: Mapping[KeyId, datetime]) -> None:
        """Keeps when each was last used."""
        ...


class Sessions(Protocol):
    """Browsers that are logged in."""

    def find(self, key: str) -> Session | None:
        """The session, or nothing."""
        ...

    def add(self, session: Session) -> None:
        """Keeps a new one."""
        ...

    def seen(self, key: str, at: datetime) -> None:
        """Keeps when it was last used."""
        ...

    def remove(self, key: str) -> bool:
        """Whether it was there, and is gone."""
        ...

    def remove_of(self, user: UserId) -> int:
        """How many of this person's were there, and are gone."""
        ...

    def prune(self, before: datetime) -> int:
        """How many had expired before then, and are gone."""
        ...


class Settings(Protocol):
    """Small things kept by name, as JSON text."""

    def get(self, name: str) -> str | None:
        """What is kept under this name."""
        ...

    def put(self, name: str, text: str) -> None:
        """Keeps it in place of what was there."""
        ...

    def all(self, prefix: str = "") -> Mapping[str, str]:
        """Everything kept under names that start like this."""
        ...


class Mentions(Protocol):
    """Where in the evidence log each thing is spoken of. The log is the truth; this finds it."""

    def put(self, mentions: Iterable[Mention]) -> None:
        """Keeps these, in place of what was kept of the same entries."""
        ...

    def of(
        self, thing: str, *, deeds: Sequence[Deed] = (), before: int | None = None, limit: int = 50
    ) -> tuple[Mention, ...]:
        """The latest entries that speak of it, newest first."""
        ...

    def count(self, thing: str, *, deeds: Sequence[Deed] = ()) -> int:
        """How many entries speak of it."""
        ...


class Transaction(Protocol):
    """One commit: everything in it happens, or nothing."""

    @property
    def assets(self) -> Assets:
        """What is protected."""
        ...

    @property
    def findings(self) -> Findings:
        """What detectors saw."""
        ...

    @property
    def incidents(self) -> Incidents:
        """What we believe happened."""
        ...

    @property
    def blinds(self) -> Blinds:
        """What cannot be told now."""
        ...

    @property
    def summaries(self) -> Summaries:
        """Counts per minute."""
        ...

    @property
    def positions(self) -> Positions:
        """How far each reader has come."""
        ...

    @property
    def baselines(self) -> Baselines:
        """Golden summaries."""
        ...

    @property
    def notes(self) -> Notes:
        """What people wrote."""
        ...

    @property
    def links(self) -> Links:
        """What incidents point at."""
        ...

    @property
    def filters(self) -> SavedFilters:
        """Filters under a name."""
        ...

    @property
    def policies(self) -> Policies:
        """Every version of every policy."""
        ...

    @property
    def approvals(self) -> Approvals:
        """Questions to people."""
        ...

    @property
    def evidence(self) -> EvidenceItems:
        """What is in the vault."""
        ...

    @property
    def clocks(self) -> Clocks:
        """Duties with deadlines."""
        ...

    @property
    def runs(self) -> Runs:
        """Playbooks at work."""
        ...

    @property
    def memories(self) -> Memories:
        """Where each run stands."""
        ...

    @property
    def notices(self) -> Notices:
        """What people are told."""
        ...

    @property
    def users(self) -> Users:
        """People with accounts."""
        ...

    @property
    def keys(self) -> ServiceKeys:
        """Keys for machines."""
        ...

    @property
    def sessions(self) -> Sessions:
        """Browsers that are logged in."""
        ...

    @property
    def settings(self) -> Settings:
        """Small things by name."""
        ...

    @property
    def mentions(self) -> Mentions:
        """Where in the evidence log each thing is spoken of."""
        ...

    def record(self, entry: Entry) -> None:
        """Puts the entry into the outbox of the evidence log, in this same commit."""
        ...

    def announce(self, kind: str, key: str) -> None:
        """Tells every open stream, in this same commit, that this thing changed."""
        ...


class Store(Protocol):
    """Where the nouns are kept."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """A transaction that may write."""
        ...

    def look(self) -> AbstractContextManager[Transaction]:
        """A steady view; writing in it is refused."""
        ...

    def outbox(self, after: int = 0, limit: int = 500) -> tuple[Posted, ...]:
        """Entries that wait for the evidence log, in order; `after` is the last one appended."""
        ...

    def drained(self, upto: int) -> None:
        """Lets go of entries that are now in the evidence log."""
        ...

    def announced(self, after: int, limit: int = 500) -> tuple[Announced, ...]:
        """What changed since then, in order; the first may be missing once it was pruned."""
        ...

    def latest(self) -> int:
        """The number of the newest announcement, for a stream that starts now."""
        ...

    def close(self) -> None:
        """Lets go of every connection."""
        ...
