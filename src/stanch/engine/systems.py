"""Systems: which outside systems there are, what they do for whom, and how people are reached.

In    the connectors file, read (`systems_written`).
Out   a `Plan`: systems by name; which of them makes a call; which follow an asset's policy; the
      channels of people; and `Lines`, a plan whose systems are opened.
Why   one file, checked before it is taken up, is the only place where other systems are named. It
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

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from stanch.vocabulary.ids import AssetId

EVERYBODY = "*"
CALLS = ("keys", "datasets")
"""What actions call for: keys that are revoked, datasets that are set aside."""
USUAL_SECONDS = 10.0
"""How long a system is waited for when the file does not say."""


class Follows(StrEnum):
    """How a system follows a policy."""

    ALIAS = "alias"
    """A registry's alias names the version that answers."""
    WEIGHTS = "weights"
    """A load balancer's servers have the weights of their versions."""
    DENY = "deny"
    """A map holds the principals who are refused, and the networks where nothing else does."""
    DENY_NETWORKS = "deny_networks"
    """A map holds the networks that are refused."""
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
    seconds: float = USUAL_SECONDS
    line: int = field(default=0, compare=False)
    """Where it stands in the file."""


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

    def ways(self, name: str) -> tuple[tuple[str, Channel], ...]:
        """How this person is reached: their address there, and the channel."""
        channels = self.people.get(name) or self.people.get(EVERYBODY, ())
        return tuple((one.to or name, one) for one in channels)


class Doer(Protocol):
    """An outside system that does what it is told, once for each key."""

    def __call__(self, verb: str, subject: str, value: str, key: str) -> str:
        """A sentence on what it shows now; `Unreachable` when it did not do it."""
        ...


class Reads(Protocol):
    """An outside system that shows what it has."""

    def __call__(self, verb: str, subjects: Sequence[str]) -> Mapping[str, str]:
        """What an order with this verb would set, of each subject that has it now."""
        ...


class Copies(Protocol):
    """An outside system that gives out what a version is made of."""

    def __call__(self, subject: str, version: str, into: Path) -> None:
        """Puts the version's files into this folder; `Unreachable` when it has not all of them."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """How one is called on."""

    address: str
    call: Callable[[], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Lines:
    """A plan whose systems are opened, by their names."""

    plan: Plan = Plan()
    doers: Mapping[str, Doer] = field(default_factory=dict)
    reads: Mapping[str, Reads] = field(default_factory=dict)
    """Of those systems that show what they have."""
    copies: Mapping[str, Copies] = field(default_factory=dict)
    doors: Mapping[str, Door] = field(default_factory=dict)


Connected = Callable[[], Lines]
"""What gives the lines that are open now; who works with them asks again each time."""
