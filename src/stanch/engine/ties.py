"""Ties: what a policy asks of each system that follows it.

In    a tie, the policy in force.
Out   what it asks of each subject there: a value, and what else it can live with; nothing where the
      policy is silent on the matter. What a subject is brought to where nobody can say what it was.
Why   who is silent moves nothing: a policy that refuses one key says nothing of versions, and one
      that shuts one version out does not care which of the others answers, as long as one does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stanch.contain.policy import answering_mode, canonical, may_answer, neutral, weights
from stanch.engine.systems import Follows, Tie
from stanch.vocabulary.policy import Mode, Policy
from stanch.vocabulary.spoken import listed

FULL = 256
"""The largest weight a load balancer takes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Want:
    """What a policy asks of one subject."""

    value: str
    fine: Callable[[str], bool]
    """Whether what stands there already is as good."""
    exact: bool = False
    """Whether nothing else is."""


Wants = Mapping[str, Want]
"""Subject by subject."""


def _exactly(value: str) -> Want:
    return Want(value=value, fine=lambda there: there == value, exact=True)


def wanted(tie: Tie, policy: Policy, *, apart: bool = False) -> Wants:
    """What the policy asks of this tie; `apart`: another tie there has the networks."""
    match tie.how:
        case Follows.ALIAS | Follows.MODEL:
            return _version(tie, policy)
        case Follows.WEIGHTS:
            return _weights(tie, policy)
        case Follows.CANARY:
            return _canary(tie, policy)
        case Follows.DENY:
            networks = frozenset[str]() if apart else policy.deny.networks
            return _denied(tie, {*policy.deny.principals, *networks})
        case Follows.DENY_NETWORKS:
            return _denied(tie, {*policy.deny.networks})
        case Follows.POLICY:
            told = _told(tie, policy)
            return {} if neutral(policy) else {n: _exactly(v) for n, v in told.items()}


def usual(tie: Tie, policy: Policy) -> Mapping[str, str]:
    """What each subject is brought to when nothing is asked and nobody knows what it was."""
    name = tie.versions.get(tie.usual, tie.usual)
    match tie.how:
        case Follows.ALIAS | Follows.MODEL:
            return {tie.subject: name}
        case Follows.WEIGHTS:
            return {f"{tie.subject}/{s}": str(FULL * (s == name)) for s in tie.versions.values()}
        case Follows.CANARY:
            return {tie.subject: "100" if _newest(tie) == tie.usual else "0"}
        case Follows.DENY | Follows.DENY_NETWORKS:
            return {}
        case Follows.POLICY:
            return _told(tie, policy)


def _version(tie: Tie, policy: Policy) -> Wants:
    """The version that most requests go to; else any that may answer."""
    given = weights(policy.route)
    if given:
        version = max(sorted(given), key=lambda v: given[v])
        return {tie.subject: _exactly(tie.versions.get(version, version))}
    out = {tie.versions.get(v, v) for v in policy.route if not may_answer(policy.route, v)}
    rest = _stand_in(tie, policy)
    if not out or not rest:
        return {}
    name = tie.versions.get(rest, rest)
    return {tie.subject: Want(value=name, fine=lambda there: there not in out)}


def _weights(tie: Tie, policy: Policy) -> Wants:
    """The weight of each server; all zero when nobody is to be answered by a model."""
    servers = {v: f"{tie.subject}/{server}" for v, server in tie.versions.items()}
    if answering_mode(policy) in (Mode.STOPPED, Mode.SAFE):
        return {server: _exactly("0") for server in servers.values()}
    given = weights(policy.route)
    if given:
        most = max(given.values())
        return {s: _exactly(str(round(FULL * given.get(v, 0) / most))) for v, s in servers.items()}
    out = {v for v in servers if not may_answer(policy.route, v)}
    asked = {servers[v]: _exactly("0") for v in out}
    rest = _stand_in(tie, policy)
    if out and rest in servers:
        asked[servers[rest]] = Want(value=str(FULL), fine=lambda there: there not in {"", "0"})
    return asked


def _canary(tie: Tie, policy: Policy) -> Wants:
    """The share of the version that `versions` says is the newest revision."""
    given, newest = weights(policy.route), _newest(tie)
    if given:
        share = round(100 * given.get(newest, 0) / sum(given.values()))
        return {tie.subject: _exactly(str(share))}
    if not may_answer(policy.route, newest):
        return {tie.subject: _exactly("0")}
    return {} if may_answer(policy.route, tie.usual) else {tie.subject: _exactly("100")}


def _stand_in(tie: Tie, policy: Policy) -> str:
    """Who answers where a route only shuts versions out: the usual one, else as at a guard the
    first of the others that may; empty where none is known.
    """
    return next((v for v in (tie.usual, *tie.versions) if may_answer(policy.route, v)), "")


def _denied(tie: Tie, names: set[str]) -> Wants:
    """A key in the map for each; whatever value its owner gave it."""
    return {f"{tie.subject}#{one}": Want(value="1", fine=bool) for one in sorted(names)}


def _told(tie: Tie, policy: Policy) -> Mapping[str, str]:
    return {tie.subject or str(tie.asset): canonical(policy).decode()}


def _newest(tie: Tie) -> str:
    return next((v for v, name in tie.versions.items() if name == "newest"), tie.usual)


def silent(tie: Tie, asked: Wants) -> str:
    """That nobody would be answered there, in a sentence; empty where somebody is."""
    servers = {f"{tie.subject}/{server}" for server in tie.versions.values()}
    none = tie.how is Follows.WEIGHTS and servers and servers <= asked.keys()
    if none and all(want.value == "0" for want in asked.values()):
        return f" Then {tie.subject} answers nobody there."
    return ""


def ordered(tie: Tie, value: str) -> tuple[str, str]:
    """The verb and the value that bring one subject of the tie to this value."""
    match tie.how:
        case Follows.WEIGHTS:
            return "weigh", value
        case Follows.DENY | Follows.DENY_NETWORKS:
            return ("put", value) if value else ("drop", "")
        case _:
            return str(tie.how), value


def in_words(tie: Tie, asked: Wants) -> str:
    """What is asked of the system that follows, in a sentence."""
    goals = {subject: want.value for subject, want in sorted(asked.items())}
    only = "" if all(want.exact for want in asked.values()) else ", unless it is as good already"
    match tie.how:
        case Follows.POLICY:
            return f"{tie.system} is told the policy."
        case Follows.DENY | Follows.DENY_NETWORKS:
            names = listed(subject.partition("#")[2] for subject in goals)
            return f"{tie.system} refuses {names}."
        case Follows.WEIGHTS:
            each = ", ".join(f"{server} to weight {goal}" for server, goal in goals.items())
            return f"{tie.system} sets {each}{only}."
        case Follows.ALIAS | Follows.MODEL:
            return f"{tie.system} moves {tie.subject} to {goals[tie.subject]}{only}."
        case Follows.CANARY:
            return f"{tie.system} gives the newest of {tie.subject} {goals[tie.subject]} %."
