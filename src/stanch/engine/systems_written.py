"""Systems as they are written: the connectors file, read whole before any of it is taken up.

In    its text; the connectors there are, with the orders each takes.
Out   a `Plan`; or `BadFile` with `file:line` and what to write instead.
Why   what is wrong with it is better told to who writes it than found in an incident.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from stanch.engine.fields import Fields, Here
from stanch.engine.systems import (
    CALLS,
    NEEDS_USUAL,
    USUAL_SECONDS,
    Channel,
    Follows,
    Held,
    Plan,
    System,
    Tie,
)
from stanch.prepare.yaml_text import documents
from stanch.vocabulary.ids import AssetId, asset_id
from stanch.vocabulary.trouble import BadFile, BadName

FILE = "connectors.yaml"
LONGEST = 100_000
"""Characters of the file."""
_SECONDS = 120
"""A call that takes longer is a hang."""
_PARTS = ("systems", "calls", "follow", "people", "keep")
_SYSTEM = ("secret_file", "secret_env", "seconds")
_VERBS = {Follows.WEIGHTS: "weigh", Follows.DENY: "put", Follows.DENY_NETWORKS: "put"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """The connectors there are."""

    verbs: Mapping[str, tuple[str, ...]]
    """The orders that each takes."""
    holders: Collection[str] = ()
    """Those that give out files."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    """The systems that were read so far, and what they can do."""

    systems: Mapping[str, System]
    known: Known

    def system(self, here: Here) -> str:
        """The name of a system that is set up above."""
        name = here.text()
        if name not in self.systems:
            raise here.wrong(f"{name[:64]!r} is no system of this file. {_one_of(self.systems)}")
        return name

    def verbs(self, system: str) -> tuple[str, ...]:
        """The orders that this system takes."""
        return self.known.verbs[self.systems[system].connector]


def systems_in(text: str, known: Known, file: str = FILE) -> Plan:
    """The plan of this file."""
    if len(text) > LONGEST:
        raise BadFile(file, f"It has {len(text)} characters; {LONGEST} are taken.")
    found = list(documents(text, file))
    if not found:
        return Plan()
    if len(found) > 1:
        raise BadFile(f"{file}:{found[1].line}", "Write one document, without `---` in it.")
    top = Here(found[0], file).pairs((), _PARTS)
    parts = {name: _named(top, name) for name in _PARTS}
    systems = {name: _system(one, known) for name, one in parts["systems"].items()}
    reading = _Reading(systems=MappingProxyType(systems), known=known)
    return Plan(
        systems=reading.systems,
        calls=MappingProxyType(_calls(parts["calls"], reading)),
        ties=tuple(_tie(a, one, reading) for a, one in _each(parts["follow"])),
        people=MappingProxyType(
            {who: tuple(_channels(one, reading)) for who, one in parts["people"].items()}
        ),
        held=tuple(_held(a, one, reading) for a, one in _each(parts["keep"])),
    )


def _named(top: Fields, name: str) -> Mapping[str, Here]:
    found = top.find(name)
    return found.named() if found is not None else {}


def _each(part: Mapping[str, Here]) -> Iterator[tuple[AssetId, Here]]:
    for asset, here in part.items():
        try:
            key = asset_id(asset)
        except BadName as trouble:
            raise here.wrong(str(trouble)) from None
        for one in here.items():
            yield key, one


def _system(here: Here, known: Known) -> System:
    given = here.pairs(("connector", "address"), _SYSTEM)
    kind = given["connector"]
    if kind.text() not in known.verbs:
        raise kind.wrong(f"{kind.text()[:64]!r} is no connector. {_one_of(known.verbs)}")
    seconds = given.find("seconds")
    return System(
        connector=kind.text(),
        address=given["address"].text(),
        secret_file=_text(given, "secret_file"),
        secret_env=_text(given, "secret_env"),
        seconds=seconds.number(_SECONDS) if seconds is not None else USUAL_SECONDS,
        line=here.node.line,
    )


def _calls(part: Mapping[str, Here], reading: _Reading) -> dict[str, str]:
    for name, here in part.items():
        if name not in CALLS:
            raise here.wrong(f"Nothing calls for {name[:64]!r}. {_one_of(CALLS)}")
    return {name: reading.system(here) for name, here in part.items()}


def _tie(asset: AssetId, here: Here, reading: _Reading) -> Tie:
    given = here.pairs(("system", "as"), ("subject", "usual", "versions"))
    made = Tie(
        asset=asset,
        system=reading.system(given["system"]),
        how=given["as"].one_of(Follows),
        subject=_text(given, "subject"),
        usual=_text(given, "usual"),
        versions=_versions(given),
    )
    fault = _unfit(made, reading.verbs(made.system))
    if fault:
        raise here.wrong(fault)
    return made


def _unfit(tie: Tie, verbs: tuple[str, ...]) -> str:
    """Why the system cannot follow so; nothing when it can."""
    verb = _VERBS.get(tie.how, str(tie.how))
    if verb not in verbs and "any" not in verbs:
        says = f"{tie.system} cannot follow {tie.asset} as {tie.how}"
        return f"{says}; it takes: {', '.join(verbs) or 'no orders'}."
    if tie.how in NEEDS_USUAL and not tie.usual:
        says = "the version when no policy names one"
        return f"{tie.system} for {tie.asset} needs `usual`: {says}."
    if tie.how is not Follows.POLICY and not tie.subject:
        return f"{tie.system} for {tie.asset} needs `subject`: what is to be moved there."
    return ""


def _held(asset: AssetId, here: Here, reading: _Reading) -> Held:
    given = here.pairs(("system", "subject"), ("usual", "versions"))
    system = reading.system(given["system"])
    if reading.systems[system].connector not in reading.known.holders:
        raise here.wrong(f"{system} cannot give out what {asset} is made of.")
    return Held(
        asset=asset,
        system=system,
        subject=given["subject"].text(),
        usual=_text(given, "usual"),
        versions=_versions(given),
    )


def _channels(here: Here, reading: _Reading) -> Iterator[Channel]:
    for one in here.items():
        system, _, to = one.text().partition(" ")
        if system not in reading.systems:
            raise one.wrong(
                f"{system[:64]!r} is no system of this file. {_one_of(reading.systems)}"
            )
        yield Channel(system=system, to=to.strip())


def _text(given: Fields, name: str) -> str:
    found = given.find(name)
    return found.text() if found is not None else ""


def _versions(given: Fields) -> Mapping[str, str]:
    found = given.find("versions")
    named = found.named() if found is not None else {}
    return MappingProxyType({version: one.text() for version, one in named.items()})


def _one_of(names: Iterable[str]) -> str:
    known = ", ".join(sorted(names))
    return f"Write one of: {known}." if known else "There is none yet."
