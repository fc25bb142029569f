"""Systems: which outside systems there are, what they do for whom, and how people are reached.

In    the text of the connectors file (YAML).
Out   a `Plan`: systems by name; which of them makes a call; which follow an asset's policy; the
      channels of people; or `BadInput` with what is wrong.
Why   one file, checked when the server starts, is the only place where other systems are named. It
      holds no secret: each names the file or the variable that does.

    systems:
      registry: {connector: mlflow, address: "http://127.0.0.1:5000"}
      edge:     {connector: haproxy, address: "unix:/run/haproxy/admin.sock"}
      hooks: {connector: webhook, address: "https://hooks.example.org/", secret_file: /run/hook}
      mail: {connector: mail, address: "smtp://stanch@mx.example.org:587", secret_env: MAIL_KEY}
    calls: {keys: hooks, datasets: hooks}
    follow:
      fraud-scorer:
        - {system: registry, as: alias, subject: fraud@champion, usual: "7"}
        - {system: edge, as: weights, subject: scorers, versions: {v6: old, v7: new}, usual: v7}
        - {system: edge, as: deny, subject: /etc/haproxy/denied.map}
    people:
      ada: [mail ada@example.org]
      "*": [hooks]
    keep:
      fraud-scorer: [{system: registry, subject: fraud, versions: {v6: "6", v7: "7"}}]
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

import msgspec
import yaml

from stanch.vocabulary.ids import AssetId, asset_id
from stanch.vocabulary.trouble import BadInput

EVERYBODY = "*"
CALLS = ("keys", "datasets")
"""What actions call for: keys that are revoked, datasets that are set aside."""


class Follows(StrEnum):
    """How a system follows a policy."""

    ALIAS = "alias"
    """A registry's alias names the version that answers."""
    WEIGHTS = "weights"
    """A load balancer's servers have the weights of their versions."""
    DENY = "deny"
    """A map holds the principals who are refused."""
    CANARY = "canary"
    """The newest revision gets its version's share, in per cent."""
    MODEL = "model"
    """The storage address of the version that answers."""
    POLICY = "policy"
    """The whole policy is told, signed, each time it changes."""


NEEDS_USUAL = frozenset({Follows.ALIAS, Follows.WEIGHTS, Follows.CANARY, Follows.MODEL})


@dataclass(frozen=True, kw_only=True, slots=True)
class System:
    """One outside system."""

    connector: str
    address: str
    secret_file: str = ""
    secret_env: str = ""
    seconds: float = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Tie:
    """One system that follows one asset's policy."""

    asset: AssetId
    system: str
    how: Follows
    subject: str = ""
    """In the other system's own name: model@alias, backend, map file, namespace/name."""
    usual: str = ""
    """The version that answers when no policy says otherwise."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """The other system's name of each version, where it is not ours."""

    @property
    def key(self) -> str:
        """What its latest state is kept under."""
        return f"{self.system}/{self.how}/{self.subject}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """Where what an asset's versions are made of can be read, to be kept as evidence."""

    asset: AssetId
    system: str
    subject: str
    """In the other system's own name: a registered model, a path with `{version}` in it."""
    usual: str = ""
    """The version that is kept when nothing names one."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """The other system's name of each version, where it is not ours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """One way to reach somebody."""

    system: str
    to: str = ""
    """Their address there; empty is their name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Everything outside."""

    systems: Mapping[str, System] = field(default_factory=dict)
    calls: Mapping[str, str] = field(default_factory=dict)
    ties: tuple[Tie, ...] = ()
    people: Mapping[str, tuple[Channel, ...]] = field(default_factory=dict)
    held: tuple[Held, ...] = ()

    def of(self, asset: AssetId) -> tuple[Tie, ...]:
        """What follows this asset's policy."""
        return tuple(tie for tie in self.ties if tie.asset == asset)


class Doer(Protocol):
    """An outside system that does what it is told, once for each key."""

    def __call__(self, verb: str, subject: str, value: str, key: str) -> str:
        """A sentence on what it shows now; `Unreachable` when it did not do it."""
        ...


class _System(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    connector: str
    address: str
    secret_file: str = ""
    secret_env: str = ""
    seconds: float = 10.0


class _Tie(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"how": "as"}):
    system: str
    how: Follows
    subject: str = ""
    usual: str = ""
    versions: dict[str, str] = {}


class _Held(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    system: str
    subject: str
    usual: str = ""
    versions: dict[str, str] = {}


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    systems: dict[str, _System] = {}
    calls: dict[str, str] = {}
    follow: dict[str, list[_Tie]] = {}
    people: dict[str, list[str]] = {}
    keep: dict[str, list[_Held]] = {}


def systems_in(
    text: str, connectors: Mapping[str, tuple[str, ...]], holders: Collection[str] = ()
) -> Plan:
    """The plan of this file.

    `connectors` are those there are, with the orders each takes; `holders` give out files.
    """
    try:
        read = msgspec.convert(yaml.safe_load(text) or {}, _File)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise BadInput(f"The connectors file cannot be read: {error}.") from error
    systems = {name: System(**msgspec.structs.asdict(one)) for name, one in read.systems.items()}
    ties = tuple(_tie(asset, one) for asset, all_ in read.follow.items() for one in all_)
    plan = Plan(
        systems=MappingProxyType(systems),
        calls=MappingProxyType(dict(read.calls)),
        ties=ties,
        people=MappingProxyType({n: tuple(map(_channel, w)) for n, w in read.people.items()}),
        held=tuple(_held(asset, one) for asset, all_ in read.keep.items() for one in all_),
    )
    _known(plan, connectors)
    for tie in ties:
        _fits(tie, connectors[systems[tie.system].connector])
    for one in plan.held:
        if systems[one.system].connector not in holders:
            raise BadInput(f"{one.system} cannot give out what {one.asset} is made of.")
    return plan


def _known(plan: Plan, connectors: Mapping[str, tuple[str, ...]]) -> None:
    """Nothing, or BadInput when the plan names what there is not."""
    for name, system in plan.systems.items():
        if system.connector not in connectors:
            raise _bad(f"{name} has the connector {system.connector!r}", connectors)
        if not 0 < system.seconds <= 120:  # noqa: PLR2004  a call that takes longer is a hang
            raise BadInput(f"{name}: seconds must be above 0 and at most 120.")
    strange = sorted(set(plan.calls) - set(CALLS))
    if strange:
        raise _bad(f"calls names {strange[0]!r}", CALLS)
    channels = (c.system for ways in plan.people.values() for c in ways)
    tied = (t.system for t in (*plan.ties, *plan.held))
    for system in (*plan.calls.values(), *tied, *channels):
        if system not in plan.systems:
            raise _bad(f"{system!r} is no system there", plan.systems)


_VERBS = {Follows.WEIGHTS: "weigh", Follows.DENY: "put"}


def _fits(tie: Tie, verbs: tuple[str, ...]) -> None:
    """Nothing, or BadInput when the system cannot follow so."""
    verb = _VERBS.get(tie.how, str(tie.how))
    if verb not in verbs and "any" not in verbs:
        says = f"{tie.system} cannot follow {tie.asset} as {tie.how}"
        raise BadInput(f"{says}; it takes: {', '.join(verbs) or 'no orders'}.")
    if tie.how in NEEDS_USUAL and not tie.usual:
        raise BadInput(
            f"{tie.system} for {tie.asset} needs `usual`: the version when no policy names one."
        )
    if tie.how is not Follows.POLICY and not tie.subject:
        raise BadInput(f"{tie.system} for {tie.asset} needs `subject`: what is to be moved there.")


def _tie(asset: str, one: _Tie) -> Tie:
    return Tie(
        asset=asset_id(asset),
        system=one.system,
        how=one.how,
        subject=one.subject,
        usual=one.usual,
        versions=MappingProxyType(dict(one.versions)),
    )


def _held(asset: str, one: _Held) -> Held:
    return Held(
        asset=asset_id(asset),
        system=one.system,
        subject=one.subject,
        usual=one.usual,
        versions=MappingProxyType(dict(one.versions)),
    )


def _channel(text: str) -> Channel:
    system, _, to = text.strip().partition(" ")
    return Channel(system=system, to=to.strip())


def _bad(says: str, known: Mapping[str, object] | tuple[str, ...]) -> BadInput:
    return BadInput(f"The connectors file: {says}. Use one of: {', '.join(sorted(known))}.")
