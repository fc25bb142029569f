"""Showing: the probes that show a change of policy, whoever made it.

In    the policy before and after.
Out   probes: one of the whole, and one or two for each field that a guard's answer shows.
Why   an act names its own probe. What an owner sets, what is taken back and what time ends must be
      shown as well, and so must that somebody is served again.

Each asks for the digest of the policy as well: what no answer shows by itself, like how scores are
rounded, is at least in the policy that the guard runs.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from ipaddress import ip_network

from stanch.contain.alike import named
from stanch.contain.diff import changes
from stanch.contain.policy import REST, answering_mode, digest, may_answer, weights
from stanch.contain.rate import in_words, own_rates
from stanch.vocabulary.ids import PrincipalId
from stanch.vocabulary.network import Networks
from stanch.vocabulary.policy import Mode, Policy, Rate
from stanch.vocabulary.probe import ANY, Probe
from stanch.vocabulary.spelling import folded, spellings

Probes = Iterable[Probe]

_ORDINARY: Mapping[Mode, tuple[str, ...]] = {
    Mode.SERVING: ("serve", "wait"),
    Mode.SHADOW: ("shadow", "wait"),
    Mode.SAFE: ("fallback", "wait"),
    Mode.STOPPED: ("refuse",),
}


def showing(before: Policy, after: Policy) -> tuple[Probe, ...]:
    """The probes that show that guards went from the one policy to the other."""
    exact, found = digest(after), changes(before, after)
    whole = replace(_asking(after), about=tuple(c.field for c in found))
    parts = (
        replace(probe, about=(change.field,))
        for change in found
        for probe in _SHOWN.get(change.field, _by_the_whole)(before, after)
    )
    return tuple(replace(probe, digest=exact) for probe in (whole, *parts))


def _asking(policy: Policy, principal: str = "", source: str = "", rows: int = 1) -> Probe:
    """A request and what this policy makes of it."""
    plain = Probe(asset=policy.asset)
    who = principal or plain.principal
    mode, most = answering_mode(policy), policy.limit.max_batch
    refused = (
        (mode is not Mode.SERVING and not policy.fallback)
        or folded(who) in spellings(policy.deny.principals)
        or (source and Networks(policy.deny.networks).cover(source))
        or (most is not None and rows > most)
    )
    expect = ("refuse",) if refused else _ORDINARY[mode]
    return replace(plain, principal=who, source=source, rows=rows, expect=expect)


def _by_the_whole(_: Policy, __: Policy) -> Probes:
    return ()


def _one_each(before: frozenset[str], after: frozenset[str]) -> Iterable[str]:
    """One of those that came, and one of those that went."""
    return (min(some) for some in (after - before, before - after) if some)


def _mode(_: Policy, after: Policy) -> Probes:
    yield replace(_asking(after), field="mode", value=answering_mode(after))


def _route(before: Policy, after: Policy) -> Probes:
    for version in list(weights(after.route))[:1]:
        yield Probe(asset=after.asset, expect=ANY, version=version)
    known = sorted({*before.route, *after.route} - {REST})
    for version in [one for one in known if not may_answer(after.route, one)][:1]:
        yield Probe(asset=after.asset, expect=ANY, not_version=version)


def _mirror(_: Policy, after: Policy) -> Probes:
    yield Probe(asset=after.asset, expect=ANY, field="mirror", value=after.mirror)


def _principals(before: Policy, after: Policy) -> Probes:
    for name in _one_each(before.deny.principals, after.deny.principals):
        yield _asking(after, principal=name)


def _networks(before: Policy, after: Policy) -> Probes:
    for text in _one_each(before.deny.networks, after.deny.networks):
        yield _asking(after, source=str(ip_network(text, strict=False)[0]))


def _batch(before: Policy, after: Policy) -> Probes:
    for most in {before.limit.max_batch, after.limit.max_batch} - {None}:
        yield _asking(after, rows=(most or 0) + 1)


def _rate(policy: Policy, who: str = "") -> Probe:
    """That somebody is held to the rate that this policy states."""
    probe = _asking(policy, principal=who)
    held = own_rates(policy.limit).get(folded(probe.principal)) or policy.limit.per_principal
    return replace(probe, expect=ANY, field="rate", value=in_words(held) if held else "")


def _everybodys_rate(_: Policy, after: Policy) -> Probes:
    yield _rate(after)


def _own_rates(before: Policy, after: Policy) -> Probes:
    def told(policy: Policy) -> frozenset[tuple[PrincipalId, Rate]]:
        return frozenset(policy.limit.principals.items())

    some = sorted(who for who, _ in told(before) ^ told(after))
    yield from (_rate(after, who) for who in some[:1])


def _scores(_: Policy, after: Policy) -> Probes:
    yield Probe(asset=after.asset, expect=ANY, field="scores", value=after.shape.scores)


def _marks(before: Policy, after: Policy) -> Probes:
    marked, was = (
        frozenset(str(name) for mark in policy.shape.marks for name in mark.principals)
        for policy in (after, before)
    )
    for name in _one_each(was, marked):
        on = "on" if name in marked else ""
        yield Probe(asset=after.asset, principal=name, expect=ANY, field="marks", value=on)


def _rules(_: Policy, after: Policy) -> Probes:
    if after.filter.rules:
        looked_for = ",".join(sorted(map(named, after.filter.rules)))
        yield Probe(asset=after.asset, expect=ANY, field="filter", value=looked_for)


def _tools(_: Policy, after: Policy) -> Probes:
    if after.tools.deny:
        denied = ",".join(sorted(after.tools.deny))
        yield Probe(asset=after.asset, expect=ANY, field="tools", value=denied)


def _hold(_: Policy, after: Policy) -> Probes:
    hold = after.hold
    on = {"ingestion": hold.ingestion, "training": hold.training, "deployment": hold.deployment}
    if any(on.values()):
        held = ",".join(name for name, held in on.items() if held)
        yield Probe(asset=after.asset, expect=ANY, field="hold", value=held)


def _log(_: Policy, after: Policy) -> Probes:
    yield Probe(asset=after.asset, expect=ANY, field="log", value=after.log)


_SHOWN: Mapping[str, Callable[[Policy, Policy], Probes]] = {
    "mode": _mode,
    "route": _route,
    "mirror": _mirror,
    "deny.principals": _principals,
    "deny.networks": _networks,
    "limit.max_batch": _batch,
    "limit.per_principal": _everybodys_rate,
    "limit.principals": _own_rates,
    "shape.scores": _scores,
    "shape.marks": _marks,
    "filter.rules": _rules,
    "tools.deny": _tools,
    "hold.ingestion": _hold,
    "hold.training": _hold,
    "hold.deployment": _hold,
    "log": _log,
}
"""The other fields show in no answer of a guard."""
