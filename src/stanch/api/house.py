"""The house, as the routes see it: everything they may ask, said as Protocols.

In    the parts that `app/` joined.
Out   one value that every route is given.
Why   a route parses, asks one of these and shows the answer; it knows no database and no file.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa

from stanch.api.askers import Asker, Askers
from stanch.api.wire import source_of
from stanch.engine.access import Access
from stanch.engine.ahead import Previews
from stanch.engine.alarms import Alarms
from stanch.engine.approvals import Approvals
from stanch.engine.backfill import Pieces
from stanch.engine.baselines import Baselines
from stanch.engine.by_hand import ByHand
from stanch.engine.cases import Cases
from stanch.engine.clock import Clock
from stanch.engine.desk import Desk
from stanch.engine.effect import Effects
from stanch.engine.fingerprints import Printed
from stanch.engine.guards import Guards
from stanch.engine.health import Checkup
from stanch.engine.lifecycle import Lifecycle
from stanch.engine.marking import Marking
from stanch.engine.naming import Naming
from stanch.engine.neighbours import Neighbours
from stanch.engine.oidc import Oidc
from stanch.engine.policies import Policies
from stanch.engine.ports import Store
from stanch.engine.rulebook import Rulebook
from stanch.engine.runs.bookshelf import Bookshelf
from stanch.engine.runs.rehearsal import Rehearsal
from stanch.engine.runs.runner import Runner
from stanch.engine.shredding import Shredding
from stanch.engine.sites import Sites
from stanch.engine.stream import Stream
from stanch.engine.switchboard import Switchboard
from stanch.engine.tabletop.tables import Tabletops
from stanch.engine.witnesses import Witnesses
from stanch.sandbox.desk import DrillDesk
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.receipt import Receipt


class Intake(Protocol):
    """Where events come in."""

    def take(self, body: bytes, media_type: str, encoding: str = "", /) -> Receipt:
        """What became of the batch, once it is on disk."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is asked of the lake."""

    asset: AssetId
    where: str = ""
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 100


class Lake(Protocol):
    """Where the events of all time are."""

    def hunt(self, question: Question, asker: Asker, /) -> list[dict[str, object]]:
        """The newest events that match, while who asks is there."""
        ...

    def hunt_count(self, question: Question, asker: Asker, /) -> int:
        """How many events match."""
        ...

    def table(self, question: Question, asker: Asker, /) -> pa.Table:
        """The newest events that match, as an Arrow table, while who asks is there."""
        ...

    def pieces(self, question: Question) -> Pieces:
        """The files that may hold events that match, and all events that are in no file yet."""
        ...


class Health(Protocol):
    """How the server is."""

    def unready(self, *, why: bool = True) -> tuple[str, ...]:
        """What keeps it from serving now, in sentences; `why`: with the cause of each."""
        ...

    def away(self, *, why: bool = True) -> tuple[str, ...]:
        """What is wrong outside, and does not keep it from serving, in sentences; likewise."""
        ...

    def aside(self) -> tuple[str, ...]:
        """How much of what was found could not be judged or answered; nothing else waits for it."""
        ...

    def checkups(self) -> Sequence[Checkup]:
        """Everything the server can say of itself, with a remedy for what is not well."""
        ...

    def measures(self) -> Iterable[tuple[str, str, float]]:
        """Each measure: its name, its type (counter or gauge), its value."""
        ...


class Told(Protocol):
    """What a witness answers."""

    @property
    def status(self) -> int:
        """The status of HTTP."""
        ...

    @property
    def body(self) -> str:
        """Its text."""
        ...

    @property
    def content_type(self) -> str:
        """Of which kind the text is."""
        ...


class Witness(Protocol):
    """Our memory of other logs."""

    def add_checkpoint(self, request: str, /) -> Told:
        """Our cosignature, or why not."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """Everything the routes may ask."""

    clock: Clock
    store: Store
    access: Access
    intake: Intake
    lake: Lake
    desk: Desk
    shredding: Shredding
    health: Health
    stream: Stream
    lifecycle: Lifecycle
    baselines: Baselines
    printed: Printed
    cases: Cases
    policies: Policies
    previews: Previews
    guards: Guards
    effects: Effects
    approvals: Approvals
    runner: Runner
    books: Bookshelf
    rulebook: Rulebook
    alarms: Alarms
    naming: Naming
    rehearsal: Rehearsal
    by_hand: ByHand
    marking: Marking
    neighbours: Neighbours
    switchboard: Switchboard
    sites: Sites
    drills: DrillDesk
    tabletops: Tabletops
    sign_policy: Callable[[bytes], str]
    sign_in: Oidc | None = None
    """The identity provider's door, when there is one."""
    witness: Witness | None = None
    witnesses: Witnesses | None = None
    secure: bool = False
    """Whether browsers reach it over TLS, so that its cookie must not travel without."""
    source: Callable[[Mapping[str, Any]], str] = source_of
    """The address that a request comes from, behind proxies too."""
    body_cap: int = 32 * 1024 * 1024
    """Bytes of one request."""
    vault_most: int = 64 * 1024**3
    """Bytes of one item that is put into the vault."""
    intake_threads: int = 4
    """Some parse while others wait for the disk, where one fsync serves them all; with more, each
    Arrow batch costs a third more CPU, because every thread has its own memory to warm."""
    heartbeat: float = 15.0
    """Seconds between two signs of life on a stream."""
    askers: Askers = field(default_factory=Askers)
    """Those who wait for long answers."""


def described() -> House:
    """A house without parts: enough to describe the routes, never to serve them."""
    nothing: Any = None
    given = (f for f in fields(House) if f.default is MISSING and f.default_factory is MISSING)
    asked = {f.name: nothing for f in given}
    return House(**asked)
