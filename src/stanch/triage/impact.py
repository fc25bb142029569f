"""Impact: which systems, decisions, people and data it may have touched.

In    an incident, the assets by id, the lineage graph, counts that the store can give.
Out   an `Impact`, in which every number that could not be told is None and named in words.
Why   "we do not know yet" is an answer that starts other clocks than "nobody".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from stanch.triage.lineage import Graph
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.finding import AttackKind, Lifecycle
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.incident import Impact, Incident, VerdictKind

MOST_NAMED = 8
"""Assets that are named; of more it is said how many there are."""
LEAKS = frozenset(
    {
        AttackKind.EXTRACTION,
        AttackKind.MEMBERSHIP_INFERENCE,
        AttackKind.PROMPT_INJECTION,
        AttackKind.ACCESS,
        AttackKind.SUPPLY_CHAIN,
    }
)
"""Kinds of attack that can carry data out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """What the store counted since the incident began; absent where nothing was counted."""

    decisions: Mapping[AssetId, int] = field(default_factory=dict)
    principals: int | None = None
    people: int | None = None
    """Data subjects behind the decisions or the data, when the owner can tell."""
    cost_per_decision: float | None = None
    currency: str = ""


def impact_of(
    incident: Incident, assets: Mapping[AssetId, Asset], graph: Graph, counted: Counted
) -> Impact:
    """What it may have touched, and in words what could not be told."""
    touched = tuple(dict.fromkeys((incident.asset, *_reached(incident, graph))))
    decided = [counted.decisions[a] for a in touched if a in counted.decisions]
    decisions = sum(decided) if decided else None
    money = None
    if decisions is not None and counted.cost_per_decision is not None:
        money = round(decisions * counted.cost_per_decision, 2)
    return Impact(
        assets=touched,
        decisions=decisions,
        principals=counted.principals,
        people=counted.people,
        data_classes=_exposed(incident, touched, assets, graph),
        money=money,
        currency=counted.currency if money is not None else "",
        unknown=tuple(_unknown(touched, assets, counted)),
    )


def _reached(incident: Incident, graph: Graph) -> tuple[AssetId, ...]:
    """What lies downstream: all of it for what happened in training, else who serves it."""
    if incident.lifecycle is Lifecycle.INFERENCE:
        return tuple(sorted(graph.down.get(incident.asset, ())))
    return graph.downstream(incident.asset)


def _exposed(
    incident: Incident,
    touched: tuple[AssetId, ...],
    assets: Mapping[AssetId, Asset],
    graph: Graph,
) -> tuple[str, ...]:
    """Data classes that can have left: of what was touched, and of what it was trained on."""
    verdict = incident.verdict
    if verdict.kind in {VerdictKind.NATURAL, VerdictKind.FAULT}:
        return ()
    if verdict.attack is not None and verdict.attack not in LEAKS:
        return ()
    sources = dict.fromkeys((*touched, *graph.upstream(incident.asset)))
    known = [assets[a] for a in sources if a in assets]
    return tuple(sorted({c for asset in known for c in asset.data_classes}))


def _unknown(
    touched: tuple[AssetId, ...], assets: Mapping[AssetId, Asset], counted: Counted
) -> Iterator[str]:
    uncounted = [a for a in touched if a not in counted.decisions]
    if uncounted:
        yield f"Decisions of {', '.join(uncounted)} were not counted."
    strangers = [a for a in touched if a not in assets]
    if strangers:
        yield f"{', '.join(strangers)} is in the lineage and not in the inventory."
    if counted.people is None:
        yield "How many people stand behind it is not known; ask the owner of the data."
    if counted.principals is None:
        yield "How many principals used it was not counted."
    if counted.cost_per_decision is None:
        yield "No cost per decision is configured, so no money is named."


def matters(impact: Impact, asset: AssetId) -> tuple[str, ...]:
    """Why it matters, for people; what is not known is said too. `asset` is where it was seen."""
    return (*_known(impact, asset), *map(_not_known, impact.unknown))


def _known(impact: Impact, asset: AssetId) -> Iterator[str]:
    others = [one for one in impact.assets if one != asset]
    if others:
        more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
        yield f"It may reach {', '.join(others[:MOST_NAMED])}{more}."
    counts = (
        (impact.decisions, "decision may be touched", "decisions may be touched"),
        (impact.people, "person may be touched", "people may be touched"),
        (impact.principals, "principal is involved", "principals are involved"),
    )
    for count, one, many in counts:
        if count is not None:
            yield f"{count:,} {one if count == 1 else many}."
    if impact.data_classes:
        yield f"Data that may be exposed: {', '.join(impact.data_classes)}."
    if impact.money is not None:
        cost = f"{impact.money:,.0f} {impact.currency}".rstrip()
        yield f"Up to {cost}, if each of these decisions were wrong."


def _not_known(what: str) -> str:
    """What is not known; a sentence stands for itself."""
    return what if what[:1].isupper() else f"Not known: {what}"
