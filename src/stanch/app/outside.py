"""Outside: the systems of the connectors file, opened for the engine.

Opening makes no call, so a system that is down stops nothing at the start. A secret is read when
the file is taken up, from the file or the variable that the system names, and goes into nothing but
the connection.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import stanch.connectors
from stanch.app.parts import Parts, text_of
from stanch.connectors import Connector, Link, Order, Source, with_secret
from stanch.engine.allowance import Allowance
from stanch.engine.artefacts import Artefacts
from stanch.engine.clock import utc_now
from stanch.engine.following import Following
from stanch.engine.neighbours import Neighbours
from stanch.engine.notices import Notices
from stanch.engine.policies import Policies
from stanch.engine.switchboard import Kind, Makers, Switchboard
from stanch.engine.systems import Copies, Doer, Door, Lines, Plan, Reads, System
from stanch.engine.systems_outside import SystemsOutside
from stanch.engine.systems_written import FILE, Known, systems_in
from stanch.settings import secret_named
from stanch.store.signing import write_whole
from stanch.vocabulary.registry import extensions
from stanch.vocabulary.trouble import BadFile, BadInput


@dataclass(frozen=True, kw_only=True, slots=True)
class Others:
    """What the engine needs of others."""

    switchboard: Switchboard
    outside: SystemsOutside
    following: Following
    notices: Notices
    neighbours: Neighbours
    artefacts: Artefacts


def others_of(parts: Parts, policies: Policies) -> Others:
    """Everything outside that the connectors file sets up; nothing, without one."""
    file = _OnDisk(parts)
    switchboard = Switchboard(
        (parts.store, utc_now),
        file,
        Makers(
            plan=lambda text: plan_of(text, file.name),
            lines=partial(_lines, file.name),
            known=_kinds(),
        ),
        Allowance(folder=parts.folder / "secrets"),
    )
    lines = switchboard.lines
    following = Following(parts.store, policies, lines, utc_now)
    return Others(
        switchboard=switchboard,
        outside=SystemsOutside(store=parts.store, lines=lines, following=following, clock=utc_now),
        following=following,
        notices=Notices(parts.store, utc_now, lines),
        neighbours=Neighbours(parts.store, utc_now, lines),
        artefacts=Artefacts((parts.store, parts.room, utc_now), lines),
    )


class _OnDisk:
    """The connectors file: the one that is named, else the one in the data folder."""

    def __init__(self, parts: Parts) -> None:
        named = parts.settings.connectors
        self._path = Path(named).absolute() if named else parts.folder / FILE
        self._needed = bool(named)
        self.name = self._path.name
        self.alone = partial(parts.in_turn, "connectors")

    def read(self) -> str:
        """What stands there; nothing, when none is named and none is in the data folder."""
        return text_of(str(self._path)) if self._needed or self._path.exists() else ""

    def write(self, text: str) -> None:
        """Puts it there whole, for those who could read it before."""
        path = self._path.resolve()
        try:
            mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
            write_whole(path, text.encode(), mode)
        except OSError as error:
            says = f"cannot be written here ({error.strerror}). Change it on the server"
            raise BadFile(self.name, f"{says}, or make it and its folder writable.") from error


def plan_of(text: str, file: str = FILE) -> Plan:
    """The plan of a connectors file, held against the connectors there are."""
    known = connectors().values()
    holders = {one.id for one in known if one.holds}
    return systems_in(text, Known(verbs={c.id: c.verbs for c in known}, holders=holders), file)


def _kinds() -> tuple[Kind, ...]:
    return tuple(Kind(id=c.id, address=c.like, says=c.says) for c in connectors().values())


def _lines(file: str, plan: Plan) -> Lines:
    links = {name: _link(f"{file}:{system.line}", system) for name, system in plan.systems.items()}
    sources = {name: _opened(plan.systems[name], link) for name, link in links.items()}
    return Lines(
        plan=plan,
        copies={name: _copies(name, source) for name, source in sources.items()},
        doers={name: _doer(name, source) for name, source in sources.items()},
        reads={name: reads for name, source in sources.items() if (reads := _reads(source))},
        doors={name: _door(link, sources[name]) for name, link in links.items()},
    )


def connectors() -> Mapping[str, Connector]:
    """Every connector there is."""
    return extensions(stanch.connectors, "CONNECTOR", Connector)


def _link(where: str, system: System) -> Link:
    try:
        password = text_of(system.secret_file).strip() or secret_named(system.secret_env)
    except BadFile as trouble:
        raise BadFile(where, f"Its secret: {trouble}") from trouble
    if system.secret_env and not password:
        raise BadFile(where, f"The variable {system.secret_env} is not set.")
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


def _reads(source: Source) -> Reads | None:
    found: Reads | None = getattr(source, "read", None)
    return found


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
