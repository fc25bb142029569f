"""Upstreams: versions that an asset's guards can send requests to, before a policy names others.

In    a policy; what the guards that are heard of now report of their versions.
Out   a sentence for each guard that lacks one of them; `BadInput` with all of these.
Why   a route to a version that no guard has an upstream for refuses everybody with 502, which is
      better said before than seen afterwards. A guard that does not tell its versions is asked
      nothing: the service behind it chooses by itself.
"""

from collections.abc import Callable, Iterable, Iterator

from stanch.contain.policy import weights
from stanch.contain.wording import names
from stanch.engine.guards import GuardState
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.trouble import BadInput

Fronts = Callable[[AssetId], Iterable[GuardState]]
"""The guards of an asset that are heard of now."""


def reachable(policy: Policy, guards: Iterable[GuardState], *, how: str = "") -> None:
    """`BadInput` when a guard has no upstream for what this policy routes or mirrors to.

    `how` says what to do where the guard that has it is yet to come.
    """
    told = " ".join(lacking(policy, guards))
    if told:
        raise BadInput(f"{told} Name one of its versions, or start it with the new one too.{how}")


def lacking(policy: Policy, guards: Iterable[GuardState]) -> Iterator[str]:
    """A sentence for each guard that has no upstream for one of the versions that are named."""
    for one in guards:
        yield from _lacking(policy, one.report.guard, frozenset(one.report.versions))


def _lacking(policy: Policy, guard: str, known: frozenset[str]) -> Iterator[str]:
    if not known:
        return
    has = f"it has {names(known)}"
    if strange := weights(policy.route).keys() - known:
        yield f"{guard} has no upstream for {names(strange)}, and would answer 502: {has}."
    if policy.mirror and policy.mirror not in known:
        yield f"{guard} has no upstream for the mirror {policy.mirror}: {has}."
