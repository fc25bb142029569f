"""Facts: all that a playbook can ask for, how people say it, and what it can be."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from stanch.vocabulary.asset import AssetKind
from stanch.vocabulary.finding import AttackKind, Lifecycle
from stanch.vocabulary.incident import Level, Phase, VerdictKind
from stanch.vocabulary.playbook import Argument

Facts = Mapping[str, Argument]
"""What is known when a step runs."""
TRUTH = ("true", "false")
NUMBER = ("number",)


class Fact(NamedTuple):
    """One fact."""

    says: str
    values: tuple[str, ...]
    means: str = ""
    """What has to be so, where the words alone do not tell."""


FACTS: Mapping[str, Fact] = MappingProxyType(
    {
        "verdict": Fact("the verdict", tuple(VerdictKind)),
        "attack": Fact("the kind of attack", tuple(AttackKind)),
        "severity": Fact("the severity", tuple(level.name.lower() for level in Level)),
        "phase": Fact("the phase", tuple(Phase)),
        "lifecycle": Fact("the part of the model's life", tuple(Lifecycle)),
        "asset_kind": Fact("the kind of asset", tuple(AssetKind)),
        "confidence": Fact("how sure the verdict is", NUMBER),
        "suspects": Fact("people or keys that are surely behind it", NUMBER),
        "named": Fact("people or keys that may be behind it, surely or not", NUMBER),
        "at_large": Fact("suspects who are not refused yet", NUMBER),
        "suspect_confidence": Fact("how sure the surest suspect is", NUMBER),
        "suspect_share": Fact("the suspects' share of what was odd", NUMBER),
        "networks": Fact("addresses they came from", NUMBER),
        "data_owners": Fact("people who answer for the data it learnt from", NUMBER),
        "downstream": Fact("people who answer for what is made from it or served by it", NUMBER),
        "sharing": Fact("people who answer for other models of the same data", NUMBER),
        "criticality": Fact("how much depends on the asset, from 1 to 4", NUMBER),
        "datasets": Fact("datasets it was trained on", NUMBER),
        "siblings": Fact("assets that share its data, its parent or its endpoint", NUMBER),
        "decisions": Fact("decisions that may be wrong", NUMBER),
        "minutes_open": Fact("minutes since the incident opened", NUMBER),
        "minutes_left": Fact("minutes left to contain it", NUMBER),
        "contained": Fact(
            "it is contained", TRUTH, "proved, and no version under suspicion answers"
        ),
        "proved": Fact("a guard has shown all that was done", TRUTH),
        "quiet": Fact("nothing new was seen for five minutes", TRUTH),
        "business_hours": Fact("people are at work", TRUTH),
        "good_version": Fact("a version is known that served well before", TRUTH),
        "suspect_version": Fact("it is known which version is the suspect one", TRUTH),
        "fallback": Fact("the asset has a fallback answer", TRUTH),
        "personal_data": Fact("the asset holds personal data", TRUTH),
        "exercise": Fact("this is an exercise", TRUTH),
        "reported_by_person": Fact("a person reported it", TRUTH),
    }
)
ORDERED = frozenset({"severity", "phase"})
"""Words that come in an order, so that they can be compared."""
