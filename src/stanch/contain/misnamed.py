"""Misnamed: names in a change that nothing seen lately goes by, or that mean others as well.

In    the policy before and after, the traffic of the span, what is known of versions.
Out   a sentence for each kind of name that may be spelt wrong, with what was perhaps meant.
Why   a block on a name that nobody has stops nobody, and looks like containment.
"""

from collections.abc import Collection, Iterator
from difflib import get_close_matches

from stanch.contain.blast import SOURCES
from stanch.contain.known import Known
from stanch.contain.policy import weights
from stanch.contain.wording import names
from stanch.vocabulary.naming import named
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.spelling import folded
from stanch.vocabulary.standing import Traffic


def misnamed(
    before: Policy,
    after: Policy,
    traffic: Traffic,
    known: Known,
    datasets: Collection[str] = (),
) -> tuple[str, ...]:
    """What may be spelt wrong, in sentences; beside the policy, datasets that are set aside."""
    return (
        *strangers(before, after, traffic, known),
        *_versions(before, after, traffic, known),
        *_datasets(datasets, known),
    )


def strangers(before: Policy, after: Policy, traffic: Traffic, known: Known) -> tuple[str, ...]:
    """The same of what traffic alone tells: callers, tools, networks."""
    return (
        *_callers(before, after, traffic),
        *_spelt_otherwise(before, after, traffic),
        *_tools(before, after, traffic, known),
        *_networks(before, after, traffic),
    )


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


def _spelt_otherwise(before: Policy, after: Policy, traffic: Traffic) -> Iterator[str]:
    """Who is treated so by another spelling of a name, which a guard takes for the same."""
    new = _named(after) - _named(before)
    meant = {*new, *map(named, new)}
    of = {folded(one): one for one in sorted(new, reverse=True)}
    for key, known in sorted(of.items()):
        others = {str(f.principal) for f in traffic.flows if folded(f.principal) == key} - meant
        if others and key:
            yield (
                f"It holds for {names(others)} as for {names([known])}: guards compare names "
                "without capitals, widths and outer blanks."
            )


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


def _tools(before: Policy, after: Policy, traffic: Traffic, known: Known) -> Iterator[str]:
    """Tools that nobody called, where it is known which were."""
    seen = {tool for flow in traffic.flows for tool in flow.tools} | known.tools
    new = (after.tools.deny | after.tools.ask) - (before.tools.deny | before.tools.ask)
    strange = sorted(new - seen)
    if seen and strange:
        said = f"Nobody called {names(strange)} in the span looked at. Look at the spelling."
        yield said + _meant(strange, seen)


def _networks(before: Policy, after: Policy, traffic: Traffic) -> Iterator[str]:
    """Networks nobody asked from, where addresses are known."""
    new = after.deny.networks - before.deny.networks
    if new and traffic.found.get(SOURCES, {}).get("") == 0:
        yield f"Nobody asked from {names(sorted(new))} in the span looked at. Look at the spelling."


def _datasets(asked: Collection[str], known: Known) -> Iterator[str]:
    """Datasets that neither the inventory nor a training run names."""
    if strange := sorted(one for one in asked if not _within(one, known.datasets)):
        said = (
            f"Nothing tells that there is a dataset {names(strange)}: it is not in the inventory, "
            "and no training named it. Look at the spelling."
        )
        yield said + _meant(strange, known.datasets)


def _within(subject: str, datasets: Collection[str]) -> bool:
    """Whether it is a dataset that is known, or a partition of one."""
    return any(subject == one or subject.startswith(f"{one}/") for one in datasets)


def _named(policy: Policy) -> frozenset[str]:
    """Everybody whom the policy treats by name."""
    marked = (name for one in policy.shape.marks for name in one.principals)
    return frozenset(map(str, (*policy.deny.principals, *policy.limit.principals, *marked)))


def _meant(strange: Collection[str], seen: Collection[str]) -> str:
    near = sorted({n for one in strange for n in get_close_matches(one, seen, n=1)})
    return f" Was {names(near)} meant?" if near else ""
