"""The first tab of an incident: what happened, why it matters, what to ask, what to do."""

from contextlib import suppress
from dataclasses import replace

from stanch.engine.in_words import in_words
from stanch.engine.kin import done_for
from stanch.engine.placed import in_force
from stanch.engine.ports import Transaction
from stanch.triage.callout import roles_to_call
from stanch.triage.impact import matters
from stanch.triage.next_steps import first_actions
from stanch.triage.severity.factors import ANCHORS, NAMES, Factor
from stanch.triage.severity.vector import factors_from
from stanch.triage.similar import similar
from stanch.triage.taxonomy.names import known_as
from stanch.triage.taxonomy.owasp import none_for
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.trouble import BadInput
from stanch.web.alike import alike, people
from stanch.web.lists import seen_at
from stanch.web.pages.incident import case_of
from stanch.web.pages.incident_now import Deeds, now_of
from stanch.web.paper import page
from stanch.web.questions import questions
from stanch.web.taken_off import taken_off
from stanch.web.visit import Answer, Page, Visit

NEWEST = 60
"""Findings that are looked through for what they say."""
_TOLD = 6
_OTHERS = 20
"""Incidents to merge into that are offered."""


def show(visit: Visit) -> Answer:
    """What stands now, what happened, why it matters, what to ask, what to do."""
    with visit.console.store.look() as tx:
        case = case_of(visit, tx)
        one = case.incident
        newest = tx.findings.page(Wanted(incident=(one.id,)), limit=NEWEST).items
        told = alike(newest, seen_at(tx, newest))
        closed = Wanted(closed=True, exercise=one.exercise)
        past = [line.incident for line in tx.incidents.page(closed, limit=200).items]
        near = similar(one, past, top=3)
        titles = {p.id: p.title for p in past}
        acts = [act for act in done_for(tx, one.id) if act.undone is None]
        standing = in_force(tx, acts)
        done = {act.act: act for act in acts if act.key in standing or not act.demands}
        steps = first_actions(one)
        past_policies = tx.policies.history(one.asset) if case.held.bare else ()
        off = next((o for each in case.kin for o in taken_off(past_policies, each)), None)
        told_in_words = in_words(tx, one.id)
        others = _others(tx, one)
        now_is = now_of(visit, tx, case, Deeds(done=done, steps=steps))
    guilty = sorted(one.suspects, key=lambda s: -s.share)[:8]
    return page(
        visit,
        "incident_overview.html",
        case=case,
        tab="",
        now_is=now_is,
        off=off,
        told=told[:_TOLD],
        newest=NEWEST,
        more_told=max(0, len(told) - _TOLD),
        factors=_factors(one.severity.vector),
        matters=matters(one.impact, one.asset),
        questions=questions(one),
        steps=steps,
        done=done,
        calls=people(roles_to_call(one, case.asset)),
        near=near,
        others=others,
        techniques=[(t.partition("@")[0], known_as(t)) for t in (*one.atlas, *one.owasp)],
        atlas_of={t.partition("@")[2] for t in one.atlas},
        none_of_owasp=none_for(one.verdict.attack) if one.verdict.attack and not one.owasp else "",
        titles=titles,
        in_words=told_in_words,
        likely=[(g.technique, known_as(g.technique)) for g in told_in_words.techniques],
        guilty=guilty,
    )


def _others(tx: Transaction, one: Incident) -> list[Incident]:
    """What it may be merged into: what else is open, that on its own asset first."""
    open_ones = Wanted(closed=False, exercise=one.exercise)
    found: dict[IncidentId, Incident] = {}
    for wanted in (replace(open_ones, asset=(one.asset,)), open_ones):
        lines = tx.incidents.page(wanted, limit=_OTHERS).items
        found |= {line.incident.id: line.incident for line in lines}
    return [each for each in found.values() if each.id != one.id][:_OTHERS]


def _factors(vector: str) -> list[tuple[str, int, str]]:
    """What each part of the vector is about, its step of four, and what that means."""
    with suppress(BadInput):
        found = factors_from(vector)
        return [(NAMES[f], found[f], ANCHORS[f][found[f]]) for f in Factor]
    return []


PAGES = (Page(path="/incidents/{incident:str}", show=show),)
