"""Casework: counts beside a list, filters that people keep, and what an incident points at."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from litestar import delete, get, post
from litestar.params import FromPath, JSONBody

from stanch.api.asking import TheCaller, TheHouse, TheQuery, needs
from stanch.engine.clock import new_id
from stanch.engine.kept_filters import as_of, checked
from stanch.vocabulary.casework import Link, LinkKind, SavedFilter
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Caller, Scope
from stanch.vocabulary.trouble import BadInput, NotAllowed

_LONGEST = 2000
_OF_INCIDENTS = ("asset", "phase", "severity", "verdict", "attack", "lifecycle")
_OF_FINDINGS = ("asset", "detector", "attack", "lifecycle")


@dataclass(frozen=True, kw_only=True, slots=True)
class NewFilter:
    """A filter to keep."""

    name: str
    noun: str
    wanted: Wanted = field(default_factory=Wanted)
    shared: bool = False
    moving: Mapping[str, str] = field(default_factory=dict)
    """Moments that are so long ago whenever it is used: `{"since": "24h"}`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewLink:
    """Something that an incident is to point at."""

    kind: LinkKind
    to: str
    title: str = ""


@get(
    "/facets/incidents",
    opt=needs(
        Scope.READ,
        *(*_OF_INCIDENTS, "principal", "owner"),
        *("since", "until", "changed_since", "text", "exercise", "closed"),
    ),
    sync_to_thread=True,
)
def list_incident_facets(house: TheHouse, asked: TheQuery) -> Mapping[str, Mapping[str, int]]:
    """How many of the wanted incidents have each value of each field."""
    with house.store.look() as tx:
        return tx.incidents.facets(asked.wanted, _OF_INCIDENTS)


@get(
    "/facets/findings",
    opt=needs(Scope.READ, *_OF_FINDINGS, "incident", "principal", "since", "until", "text"),
    sync_to_thread=True,
)
def list_finding_facets(house: TheHouse, asked: TheQuery) -> Mapping[str, Mapping[str, int]]:
    """How many of the wanted findings have each value of each field."""
    with house.store.look() as tx:
        return tx.findings.facets(asked.wanted, _OF_FINDINGS)


@get("/filters", opt=needs(Scope.READ), sync_to_thread=True)
def filters(house: TheHouse, caller: TheCaller) -> tuple[SavedFilter, ...]:
    """The filters you kept, and those that others share; each with what it wants now."""
    now = house.clock()
    with house.store.look() as tx:
        return tuple(as_of(one, now) for one in tx.filters.of(caller.name))


@post("/filters", opt=needs(Scope.READ), sync_to_thread=True)
def keep_filter(house: TheHouse, caller: TheCaller, data: JSONBody[NewFilter]) -> SavedFilter:
    """The filter, kept under its name."""
    name = _words(data.name, "A filter's name")
    now = house.clock()
    kept = SavedFilter(
        id=new_id("flt", now),
        name=name,
        owner=caller.name,
        noun=data.noun,
        wanted=data.wanted,
        shared=data.shared,
        moving=data.moving,
    )
    with house.store.begin() as tx:
        return tx.filters.add(checked(kept, now))


@delete("/filters/{kept:str}", opt=needs(Scope.READ), status_code=200, sync_to_thread=True)
def drop_filter(house: TheHouse, caller: TheCaller, kept: FromPath[str]) -> SavedFilter:
    """The filter, gone; only its owner and an admin may."""
    with house.store.begin() as tx:
        one = tx.filters.get(kept)
        if not _own(caller, one.owner):
            raise NotAllowed("a filter of your own", f"one of {one.owner}")
        tx.filters.remove(kept)
        return one


@get("/incidents/{incident:str}/links", opt=needs(Scope.READ), sync_to_thread=True)
def links(house: TheHouse, incident: FromPath[str]) -> tuple[Link, ...]:
    """What the incident points at, oldest first."""
    with house.store.look() as tx:
        return tx.links.of(tx.incidents.get(IncidentId(incident)).id)


@post("/incidents/{incident:str}/links", opt=needs(Scope.RESPOND), sync_to_thread=True)
def add_link(
    house: TheHouse, caller: TheCaller, incident: FromPath[str], data: JSONBody[NewLink]
) -> Link:
    """The link, kept with the incident."""
    return house.cases.point(IncidentId(incident), data.kind, data.to, data.title, caller)


@delete(
    "/incidents/{incident:str}/links/{link:str}",
    opt=needs(Scope.RESPOND),
    status_code=200,
    sync_to_thread=True,
)
def remove_link(
    house: TheHouse, caller: TheCaller, incident: FromPath[str], link: FromPath[str]
) -> dict[str, bool]:
    """Whether the incident had such a link, and it is gone."""
    house.cases.let_go(IncidentId(incident), link, caller)
    return {"removed": True}


def _words(text: str, what: str) -> str:
    words = text.strip()
    if not words or len(words) > _LONGEST or not words.isprintable():
        raise BadInput(f"{what} has 1 to {_LONGEST} printable characters.")
    return words


def _own(caller: Caller, owner: str) -> bool:
    return caller.name == owner or caller.may(Scope.ADMIN)


ROUTES = (
    list_incident_facets,
    list_finding_facets,
    filters,
    keep_filter,
    drop_filter,
    links,
    add_link,
    remove_link,
)
