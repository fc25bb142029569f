"""Outside: the systems of the connectors file, opened for the engine.

Opening makes no call, so a system that is down stops nothing at the start. A secret is read when
the server starts, from the file or the variable that the system names, and goes into nothing but
the connection.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import stanch.connectors
from stanch.app.parts import Parts, text_of
from stanch.connectors import Connector, Link, Order, Source, with_secret
from stanch.engine.artefacts import Artefacts, Copies
from stanch.engine.clock import utc_now
from stanch.engine.following import Following
from stanch.engine.neighbours import Door, Neighbours
from stanch.engine.notices import Notices
from stanch.engine.policies import Policies
from stanch.engine.systems import Doer, Plan, System, systems_in
from stanch.engine.systems_outside import SystemsOutside
from stanch.settings import secret_named
from stanch.vocabulary.registry import extensions
from stanch.vocabulary.trouble import BadInput


@dataclass(frozen=True, kw_only=True, slots=True)
class Others:
    """What the engine needs of others."""

    outside: SystemsOutside
    following: Following
    notices: Notices
    neighbours: Neighbours
    artefacts: Artefacts


def others_of(parts: Parts, policies: Policies) -> Others:
    """Everything outside that the connectors file sets up; nothing, without one."""
    plan = plan_of(text_of(parts.settings.connectors))
    links = {name: _link(name, system) for name, system in plan.systems.items()}
    sources = {name: _opened(plan.systems[name], link) for name, link in links.items()}
    copies = {name: _copies(name, source) for name, source in sources.items()}
    doers = {name: _doer(name, source) for name, source in sources.items()}
    doors = {name: _door(link, sources[name]) for name, link in links.items()}
    following = Following(parts.store, policies, plan, doers)
    return Others(
        outside=SystemsOutside(store=parts.store, plan=plan, doers=doers, following=following),
        following=following,
        notices=Notices(parts.store, utc_now, plan, doers),
        neighbours=Neighbours(plan, doors),
        artefacts=Artefacts((parts.store, parts.room, utc_now), plan, copies),
    )


def plan_of(text: str) -> Plan:
    """The plan of a connectors file, held against the connectors there are."""
    known = connectors().values()
    holders = {one.id for one in known if one.holds}
    return systems_in(text, {one.id: one.verbs for one in known}, holders)


def connectors() -> Mapping[str, Connector]:
    """Every connector there is."""
    return extensions(stanch.connectors, "CONNECTOR", Connector)


def _link(name: str, system: System) -> Link:
    password = text_of(system.secret_file).strip() or secret_named(system.secret_env)
    if system.secret_env and not password:
        raise BadInput(f"{name}: the variable {system.secret_env} is not set.")
    return Link(address=with_secret(system.address, password), seconds=system.seconds)


def _opened(system: System, link: Link) -> Source:
    return connectors()[system.connector].open(link)


def _doer(name: str, source: Source) -> Doer:
    def do(verb: str, subject: str, value: str, key: str) -> str:
        ordered = getattr(source, "do", None)
        if ordered is None:
            raise BadInput(f"{name} takes no orders.")
        return str(ordered(Order(verb=verb, subject=subject, value=value, key=key)))

    return do


def _copies(name: str, source: Source) -> Copies:
    def copy(subject: str, version: str, into: Path) -> None:
        given = getattr(source, "copy", None)
        if given is None:
            raise BadInput(f"{name} gives out no files.")
        given(subject, version, into)

    return copy


def _door(link: Link, source: Source) -> Door:
    def call() -> str:
        known = len(source.assets())
        return f"It answers, and knows {known} of what can be protected."

    return Door(address=link.shown, call=call)
