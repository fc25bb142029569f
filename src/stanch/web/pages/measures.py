"""Measures: how well incidents were found and answered, and what nobody looks for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from stanch.detect.registry import detectors
from stanch.engine.measuring import Asked, told
from stanch.learn.measures import Period
from stanch.triage.taxonomy.atlas import packaged
from stanch.triage.taxonomy.coverage import answered, coverage, watched
from stanch.triage.taxonomy.labels import IDS
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.words import counted
from stanch.web.paper import page
from stanch.web.trends import Spread, Stack, spreads, stacks
from stanch.web.visit import Answer, Page, Visit

_SPANS: Mapping[str, tuple[str, Asked]] = {
    "weeks": ("12 weeks", Asked(days=7, count=12)),
    "days": ("30 days", Asked(days=1, count=30)),
    "months": ("12 months", Asked(days=30, count=12)),
}


def show(visit: Visit) -> Answer:
    """The measures of a while, and the map of techniques."""
    name = visit.asked("by") if visit.asked("by") in _SPANS else "weeks"
    exercise = visit.asked("of") == "exercises"
    _, asked = _SPANS[name]
    found = told(visit.console.store, visit.console.clock, replace(asked, exercise=exercise))
    columns = coverage(packaged(), _watchers(visit), found.techniques, _answers(visit))
    return page(
        visit,
        "measures.html",
        by=name,
        exercise=exercise,
        spans=[(key, words) for key, (words, _) in _SPANS.items()],
        whole=found.whole,
        periods=found.periods,
        kinds=_kinds(found.periods),
        opening=_times(found.periods, "to_open", "From the first event to an incident"),
        containing=_times(found.periods, "to_contain", "From the incident to its containment"),
        columns=columns,
        covered=watched(columns),
        answered=answered(columns),
        version=packaged().version,
    )


def _watchers(visit: Visit) -> Mapping[str, Sequence[str]]:
    """The detectors and the rules that are asked, with the techniques that each looks for."""
    every = (*detectors().values(), *visit.console.rulebook.asked())
    return {one.title: one.atlas for one in every}


def _answers(visit: Visit) -> Mapping[str, Sequence[str]]:
    """The playbooks, with the techniques of the attacks that each answers."""
    made: dict[str, Sequence[str]] = {}
    for one in visit.console.books.values():
        kinds = [kind for kind in AttackKind if kind in one.playbook.answers]
        made[one.playbook.title] = [t for kind in kinds for t in IDS[kind].atlas]
    return made


def _day(period: Period) -> str:
    return f"{period.span.start:%d %b}"


def _kinds(periods: Sequence[Period]) -> str:
    columns = [
        Stack(
            name=_day(one),
            parts=(
                ("hot", one.attacks, counted(one.attacks, "attack")),
                ("warm", one.faults, counted(one.faults, "fault")),
                ("good", one.natural, counted(one.natural, "natural change")),
                ("then", one.undecided, f"{one.undecided} undecided"),
            ),
        )
        for one in periods
    ]
    return stacks(columns, "Incidents by what they were, in each period")


def _times(periods: Sequence[Period], field: str, says: str) -> str:
    columns = []
    for one in periods:
        took = getattr(one, field)
        median = took.median if took.count else None
        columns.append(Spread(name=_day(one), median=median, worst=took.worst))
    return spreads(columns, f"{says}: median and worst in each period")


PAGES = (Page(path="/measures", show=show),)
