"""The reach of a change: whom it could hit, whether or not they asked anything lately.

In    the policy before and after.
Out   the principals and networks that it names, and whether it can hit anybody at all.
Why   the blast radius counts who was hit in the last hour; a caller who was silent then, or who
      waits below a rate today, is hit tomorrow. What runs unasked is judged by both: an act that
      can reach people who are not suspects asks first, however few of them were seen.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from stanch.contain.policy import answering_mode
from stanch.contain.rate import slower
from stanch.vocabulary.ids import PrincipalId
from stanch.vocabulary.policy import Filter, Mode, Policy, Strictness


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """Whom a change could hit."""

    everybody: bool = False
    """Whether it holds for whoever comes, named or not."""
    principals: frozenset[PrincipalId] = frozenset()
    networks: frozenset[str] = frozenset()

    @property
    def nobody(self) -> bool:
        """Whether it changes no answer for anybody: it only watches, keeps or holds back work."""
        return not (self.everybody or self.principals or self.networks)


def reach(before: Policy, after: Policy) -> Reach:
    """Whom going from one policy to the other could hit."""
    slowed = {
        principal
        for principal, rate in after.limit.principals.items()
        if slower(before.limit.principals.get(principal), rate)
        != before.limit.principals.get(principal)
    }
    changed = set(before.shape.marks) ^ set(after.shape.marks)
    marked = {principal for mark in changed for principal in mark.principals}
    return Reach(
        everybody=any(part(before) != part(after) for part in _FOR_ALL),
        principals=(after.deny.principals - before.deny.principals) | slowed | marked,
        networks=after.deny.networks - before.deny.networks,
    )


def _fallback(policy: Policy) -> str:
    return policy.fallback if answering_mode(policy) is not Mode.SERVING else ""


def _filter(policy: Policy) -> Filter:
    """What is looked for: without a rule a filter finds nothing, and normal is how rules look."""
    wanted = policy.filter
    if not wanted.rules:
        return Filter()
    off = Strictness.NORMAL
    return Filter(
        input=off if wanted.input is Strictness.OFF else wanted.input,
        output=off if wanted.output is Strictness.OFF else wanted.output,
        rules=wanted.rules,
    )


_FOR_ALL: tuple[Callable[[Policy], object], ...] = (
    answering_mode,
    _fallback,
    _filter,
    lambda policy: dict(policy.route),
    lambda policy: policy.limit.per_principal,
    lambda policy: policy.limit.overall,
    lambda policy: policy.limit.cost,
    lambda policy: policy.limit.max_batch,
    lambda policy: policy.limit.max_tokens,
    lambda policy: replace(policy.shape, marks=()),
    lambda policy: policy.tools,
)
"""What decides answers for whoever asks. Logs, mirrors and holds decide none."""
