"""Misnamed: names in a change that nothing seen lately goes by.

In    the policy before and after, the traffic of the span, what is known of versions.
Out   a sentence for each kind of name that may be spelt wrong, with what was perhaps meant.
Why   a block on a name that nobody has stops nobody, and looks like containment.
"""

from collections.abc import Collection, Iterator
from difflib import get_close_matches

from stanch.contain.known import Known
from stanch.contain.policy import weights
from stanch.contain.wording import names
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.spelling import folded
from stanch.vocabulary.standing import Traffic


def misnamed(before: Policy, after: Policy, traffic: Traffic, known: Known) -> tuple[str, ...]:
    """What may be spelt wrong, in sentences."""
    return (*_callers(before, after, traffic), *_versions(before, after, traffic, known))


def _callers(before: Policy, after: Policy, traffic: Traffic) -> Iterator[str]:
    """Principals that asked nothing, where everybody who asked is known by name."""
    seen = {folded(f.principal): str(f.principal) for f in traffic.flows}
    if not seen or "" in seen:
        return
    new = _named(after) - _named(before)
    strange = sorted(one for one in new if folded(one) not in seen)
    if strange:
        said = f"{names(strange)} asked nothing in the span looked at. Look at the spelling."
        yield said + _meant(strange, seen.values())


def _versions(before: Policy, after: Policy, traffic: Traffic, known: Known) -> Iterator[str]:
    """Versions that would come to answer or be asked, of which nothing is known."""
    seen = {*(v.version for v in known.versions), *(f.version for f in traffic.flows)}
    seen |= known.fronted
    come = {*weights(after.route), after.mirror} - {*weights(before.route), before.mirror, ""}
    if strange := sorted(come - seen):
        said = (
            f"Nothing tells that there is a version {names(strange)}: it was not deployed here and "
            "answered nothing in the span looked at."
        )
        yield said + _meant(strange, seen - {""})


def _named(policy: Policy) -> frozenset[str]:
    """Everybody whom the policy treats by name."""
    marked = (name for one in policy.shape.marks for name in one.principals)
    return frozenset(map(str, (*policy.deny.principals, *policy.limit.principals, *marked)))


def _meant(strange: Collection[str], seen: Collection[str]) -> str:
    near = sorted({n for one in strange for n in get_close_matches(one, seen, n=1)})
    return f" Was {names(near)} meant?" if near else ""
