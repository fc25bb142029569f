"""The incident on paper: all that is known of it on one page, to be printed or kept as a file.

In    an incident.
Out   its story, its verdict, what was found, done, asked, told and written; digests, not contents.
Why   who decides, audits or takes over reads one document, not ten tabs.
"""

from stanch.engine.kin import done_for
from stanch.engine.placed import in_force
from stanch.triage.impact import matters
from stanch.vocabulary.listing import Wanted
from stanch.web.charts import lanes
from stanch.web.lists import seen_at
from stanch.web.markdown import html
from stanch.web.pages.incident import case_of
from stanch.web.pages.incident_actions import turns
from stanch.web.pages.incident_moments import LANES, bunched, moments_of
from stanch.web.pages.incident_time import drawn, pins_of
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit

FINDINGS = 40
MOMENTS = 120


def show(visit: Visit) -> Answer:
    """All of the incident on one page."""
    visit.console.desk.settle()
    with visit.console.store.look() as tx:
        case = case_of(visit, tx)
        one = case.incident
        of, ours = Wanted(incident=(one.id,)), Wanted(incident=case.kin)
        moments = sorted(moments_of(tx, one), key=lambda m: m.at)
        happened = [m for m in moments if m.at <= visit.at]
        pins = pins_of(tx.links.of(one.id))
        findings = tx.findings.page(of, limit=FINDINGS).items
        seen = seen_at(tx, findings)
        evidence = tx.evidence.page(ours, limit=200).items
        questions = tx.approvals.page(ours, limit=100).items
        clocks = tx.clocks.page(of, limit=50).items
        runs = tx.runs.page(ours, limit=20).items
        policies = [t for t in turns(tx, one.asset) if t.kept.incident in case.kin]
        acts = done_for(tx, one.id)
        standing = in_force(tx, acts)
        notes = [(note, html(note.text)) for note in tx.notes.of(one.id)]
        entries = tx.mentions.count(one.id)
    points = drawn(happened, {p.moment.key for p in pins})
    told = bunched(m for m in moments if m.lane != "attack" or not m.href)
    return page(
        visit,
        "incident_paper.html",
        case=case,
        matters=matters(one.impact, one.asset),
        drawing=lanes(points, LANES, "What happened, by lane and time"),
        pins=pins,
        bunches=told[-MOMENTS:],
        left_out=max(0, len(told) - MOMENTS),
        findings=findings,
        seen=seen,
        evidence=evidence,
        questions=questions,
        clocks=clocks,
        runs=runs,
        policies=policies,
        acts=acts,
        standing=standing,
        notes=notes,
        entries=entries,
    )


PAGES = (Page(path="/incidents/{incident:str}/paper", show=show),)
