"""A visit: what a page is given, and what it gives back.

In    one request of a browser, already read.
Out   an `Answer`. A page is a plain function from the one to the other: no framework in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from stanch.engine.access import Access
from stanch.engine.approvals import Approvals
from stanch.engine.asked import Asked
from stanch.engine.by_hand import ByHand
from stanch.engine.cases import Cases
from stanch.engine.clock import Clock
from stanch.engine.custody import Custody
from stanch.engine.desk import Desk
from stanch.engine.effect import Effects
from stanch.engine.event_list import Events
from stanch.engine.guards import Guards
from stanch.engine.lifecycle import Lifecycle
from stanch.engine.marking import Marking
from stanch.engine.neighbours import Neighbours
from stanch.engine.policies import Policies
from stanch.engine.ports import Store
from stanch.engine.retention import Retention
from stanch.engine.rule_trial import RuleTrial
from stanch.engine.rulebook import Rulebook
from stanch.engine.runs.bookshelf import Bookshelf
from stanch.engine.runs.rehearsal import Rehearsal
from stanch.engine.runs.runner import Runner
from stanch.engine.shredding import Shredding
from stanch.engine.switchboard import Switchboard
from stanch.engine.tabletop.tables import Tabletops
from stanch.sandbox.desk import DrillDesk
from stanch.vocabulary.people import Caller, Scope
from stanch.vocabulary.trouble import NotLoggedIn
from stanch.web.address import query_of

Fields = Mapping[str, tuple[str, ...]]
"""Names and the values given for each, of a query or of a form."""


SHOWN_WITHIN = 2.0
"""So many seconds a page waits until guards show a change that was made on it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Console:
    """What the pages may ask."""

    clock: Clock
    store: Store
    access: Access
    desk: Desk
    shredding: Shredding
    cases: Cases
    policies: Policies
    approvals: Approvals
    guards: Guards
    effects: Effects
    books: Bookshelf
    rehearsal: Rehearsal
    rulebook: Rulebook
    rule_trial: RuleTrial
    retention: Retention
    neighbours: Neighbours
    switchboard: Switchboard
    drills: DrillDesk
    tabletops: Tabletops
    runner: Runner
    custody: Custody
    by_hand: ByHand
    marking: Marking
    lifecycle: Lifecycle
    events: Events
    asked: Asked
    secure: bool = False
    """Whether browsers reach it over TLS, so that its cookies must not travel without."""
    provider: bool = False
    """Whether people can also log in through an identity provider."""
    unwell: Callable[[], tuple[str, ...]] = tuple
    """Why stanch itself cannot do its work now, in sentences."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """How somebody likes the pages."""

    theme: str = "system"
    contrast: str = "normal"
    density: str = "dense"
    zone: str = "utc"
    tour: str = "new"
    """Whether the tour was taken, or waved away."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """One request."""

    console: Console
    method: str
    path: str
    at: datetime
    query: Fields = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    """The parts of the path that the route names."""
    form: Fields = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    cookie: str = ""
    known: Caller | None = None
    look: Look = Look()
    seen: int = 0
    """The newest announcement when the page was asked for; the stream goes on from there."""

    @property
    def caller(self) -> Caller:
        """Who is asking, or `NotLoggedIn`."""
        if self.known is None:
            raise NotLoggedIn
        return self.known

    def asked(self, name: str, default: str = "") -> str:
        """The last value of the query under this name."""
        return self.query.get(name, (default,))[-1]

    def given(self, name: str, default: str = "") -> str:
        """The last value of the form under this name."""
        return self.form.get(name, (default,))[-1]

    @property
    def address(self) -> str:
        """The path with its query, as a link back here."""
        pairs = [(k, v) for k, values in self.query.items() for v in values]
        return f"{self.path}?{query_of(pairs)}" if pairs else self.path


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the browser gets."""

    body: bytes = b""
    status: int = 200
    kind: str = "text/html"
    headers: Mapping[str, str] = field(default_factory=dict)
    cookie: str = ""
    """A whole Set-Cookie value."""
    later: Callable[[], bytes] | None = None
    """What takes longer: it is made and sent when the body is on its way."""
    end: bytes = b""
    """What comes after that."""


Show = Callable[[Visit], Answer]


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """One page: where it is, who may see it, and what makes it."""

    path: str
    show: Show
    needs: Scope | None = Scope.READ
    """The right it asks for; None for the few that strangers see."""
    method: str = "GET"


def go(path: str, cookie: str = "") -> Answer:
    """Sends the browser there, with a GET."""
    return Answer(status=303, headers={"location": path}, cookie=cookie)
