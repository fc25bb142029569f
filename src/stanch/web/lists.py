"""The lists there are: their columns, their facets, the words of their query bars."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from stanch.engine.event_list import EventLine
from stanch.engine.ports import Transaction
from stanch.vocabulary.approval import Approval
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.casework import IncidentLine
from stanch.vocabulary.clock import Clock
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.record import Evidence
from stanch.vocabulary.run import Run
from stanch.web.listing import Column, Lines
from stanch.web.words import absolute, size, word


def seen_at(tx: Transaction, findings: Sequence[Finding]) -> Mapping[str, datetime]:
    """When each was seen: as it was made, though its window may go on."""
    kept = tx.findings.kept(f.id for f in findings)
    return {f.id: min(f.window.end, kept[f.id]) for f in findings}


INCIDENTS: Lines[IncidentLine] = Lines(
    noun="incidents",
    title="Incidents",
    kind="incident",
    listed=lambda tx, _: tx.incidents,
    columns=(
        Column(
            id="severity",
            head="Sev",
            text=lambda x: word(x.incident.severity.level),
            narrow=True,
        ),
        Column(id="incident", head="Incident", text=lambda x: x.incident.title),
        Column(id="phase", head="Phase", text=lambda x: word(x.incident.phase), narrow=True),
        Column(id="verdict", head="Verdict", text=lambda x: _verdict(x.incident), narrow=True),
        Column(id="findings", head="Findings", text=lambda x: str(x.findings), narrow=True),
        Column(id="commander", head="Command", text=lambda x: x.incident.commander, narrow=True),
        Column(id="opened", head="Opened", text=lambda x: absolute(x.incident.opened), narrow=True),
        Column(
            id="updated",
            head="Updated",
            text=lambda x: absolute(x.incident.updated),
            narrow=True,
            usual=False,
        ),
        Column(id="id", head="Id", text=lambda x: x.incident.id, narrow=True, usual=False),
        Column(id="asset", head="Asset", text=lambda x: x.incident.asset, usual=False),
    ),
    known={
        **{n: n for n in ("asset", "phase", "severity", "verdict", "attack", "lifecycle")},
        **{n: n for n in ("principal", "since", "until", "exercise", "closed", "sort")},
        "commander": "owner",
        "changed": "changed_since",
    },
    facets=("severity", "phase", "verdict", "attack", "asset", "commander"),
    start="is:open sort:worst",
    calm="No incident is open",
    empty="No incident yet. Send events to an asset that has a baseline, or start the demo.",
    views=(
        ("Open, worst first", "is:open sort:worst"),
        ("Nobody in command", "is:open phase:detected,triaged"),
        ("Attacks, last 7 days", "verdict:attack since:7d"),
        ("High or still undecided", "is:open severity:high OR is:open verdict:undecided"),
        ("Closed", "is:closed"),
    ),
)


def _verdict(one: Incident) -> str:
    return word(one.verdict.attack or one.verdict.kind)


FINDINGS: Lines[Finding] = Lines(
    noun="findings",
    title="Findings",
    kind="finding",
    seen=seen_at,
    listed=lambda tx, _: tx.findings,
    columns=(
        Column(id="finding", head="Finding", text=lambda x: x.says),
        Column(id="strength", head="Evidence", text=lambda x: f"{x.strength:.1f}", narrow=True),
        Column(id="detector", head="Detector", text=lambda x: word(x.detector), narrow=True),
        Column(id="asset", head="Asset", text=lambda x: x.asset, narrow=True),
        Column(
            id="suspects",
            head="Principals",
            text=lambda x: " ".join(s.principal for s in x.suspects),
            narrow=True,
        ),
        Column(id="window", head="Seen", text=lambda x: absolute(x.window.end), narrow=True),
        Column(id="id", head="Id", text=lambda x: x.id, narrow=True, usual=False),
    ),
    known={
        n: n
        for n in (
            *("asset", "incident", "detector", "attack", "lifecycle", "principal"),
            *("since", "until"),
        )
    },
    facets=("attack", "detector", "asset", "lifecycle"),
    start="since:7d",
    calm="No finding in the last seven days",
    empty="No detector has said anything. Set a baseline for each asset, and send events.",
    views=(("Last 7 days", "since:7d"), ("Last 24 hours", "since:24h"), ("Of all time", "")),
)

ASSETS: Lines[Asset] = Lines(
    noun="assets",
    title="Assets",
    kind="asset",
    listed=lambda tx, _: tx.assets,
    columns=(
        Column(id="asset", head="Asset", text=lambda x: x.name),
        Column(id="kind", head="Kind", text=lambda x: word(x.kind), narrow=True),
        Column(id="owner", head="Owner", text=lambda x: x.owner, narrow=True),
        Column(
            id="criticality", head="Criticality", text=lambda x: word(x.criticality), narrow=True
        ),
        Column(id="version", head="Version", text=lambda x: x.version, narrow=True),
        Column(
            id="deadline", head="Deadline", text=lambda x: f"{x.deadline_minutes} min", narrow=True
        ),
        Column(id="domain", head="Domain", text=lambda x: x.domain, narrow=True, usual=False),
    ),
    known={"kind": "kind", "owner": "owner"},
    facets=("kind", "owner"),
    empty="Nothing is protected yet. `stanch asset add FILE` describes the first asset.",
)

APPROVALS: Lines[Approval] = Lines(
    noun="approvals",
    title="Approvals",
    kind="approval",
    listed=lambda tx, _: tx.approvals,
    columns=(
        Column(id="question", head="Question", text=lambda x: x.shown),
        Column(id="risk", head="People", text=lambda x: word(x.risk), narrow=True),
        Column(id="asset", head="Asset", text=lambda x: x.asset, narrow=True),
        Column(id="state", head="Answer", text=lambda x: word(x.answer), narrow=True),
        Column(id="asked", head="Asked", text=lambda x: absolute(x.asked), narrow=True),
        Column(id="expires", head="Time left", text=lambda x: absolute(x.expires), narrow=True),
    ),
    known={
        **{n: n for n in ("asset", "incident", "state", "since", "until")},
        "action": "kind",
    },
    facets=("state", "action", "asset"),
    start="state:open",
    calm="Nobody waits for an answer",
    empty="Nobody was ever asked for consent here.",
    views=(
        ("Waiting", "state:open"),
        ("Answered", "state:yes,no"),
        ("Lapsed", "state:lapsed"),
        ("Overridden", "state:overridden"),
    ),
)

EVIDENCE: Lines[Evidence] = Lines(
    noun="evidence",
    title="Evidence",
    kind="evidence",
    listed=lambda tx, _: tx.evidence,
    columns=(
        Column(id="item", head="Item", text=lambda x: x.name),
        Column(id="kind", head="Kind", text=lambda x: word(x.kind), narrow=True),
        Column(id="size", head="Size", text=lambda x: size(x.size), narrow=True),
        Column(id="digest", head="Digest", text=lambda x: x.digest, narrow=True),
        Column(id="by", head="Taken by", text=lambda x: x.by, narrow=True),
        Column(id="taken", head="Taken", text=lambda x: absolute(x.taken), narrow=True),
        Column(
            id="incident",
            head="Incident",
            text=lambda x: x.incident or "",
            narrow=True,
            usual=False,
        ),
    ),
    known={**{n: n for n in ("incident", "kind", "since", "until")}, "by": "owner"},
    facets=("kind", "by"),
    empty="Nothing was taken into evidence yet. An incident's evidence is taken as it opens.",
)

CLOCKS: Lines[Clock] = Lines(
    noun="clocks",
    title="Clocks",
    kind="clock",
    listed=lambda tx, _: tx.clocks,
    columns=(
        Column(id="duty", head="Duty", text=lambda x: x.duty),
        Column(id="law", head="Law", text=lambda x: x.law, narrow=True),
        Column(id="state", head="State", text=lambda x: word(x.state), narrow=True),
        Column(id="due", head="Due", text=lambda x: absolute(x.due), narrow=True),
    ),
    known={**{n: n for n in ("incident", "state", "since", "until")}, "law": "kind"},
    facets=("state", "law"),
    start="state:running",
    calm="No legal clock runs",
    empty="No legal clock was ever started.",
    views=(("Running", "state:running"), ("Missed", "state:missed"), ("Met", "state:met")),
)

RUNS: Lines[Run] = Lines(
    noun="runs",
    title="Playbook runs",
    kind="run",
    listed=lambda tx, _: tx.runs,
    columns=(
        Column(id="run", head="Playbook", text=lambda x: x.playbook),
        Column(id="state", head="State", text=lambda x: word(x.state), narrow=True),
        Column(id="asset", head="Asset", text=lambda x: x.asset, narrow=True),
        Column(id="by", head="Started by", text=lambda x: x.by, narrow=True),
        Column(id="started", head="Started", text=lambda x: absolute(x.started), narrow=True),
        Column(id="updated", head="Last sign", text=lambda x: absolute(x.updated), narrow=True),
    ),
    known={
        **{n: n for n in ("asset", "incident", "state", "since", "until")},
        "playbook": "kind",
        "changed": "changed_since",
    },
    facets=("state", "playbook", "asset"),
    empty="No playbook has run yet.",
)

EVENTS: Lines[EventLine] = Lines(
    noun="events",
    title="Events",
    listed=lambda _, visit: visit.console.events,
    columns=(
        Column(id="event", head="Event", text=lambda x: f"{word(x.kind)} {x.says}".strip()),
        Column(id="asset", head="Asset", text=lambda x: x.asset, narrow=True),
        Column(id="principal", head="Principal", text=lambda x: x.principal or "", narrow=True),
        Column(id="version", head="Version", text=lambda x: x.version, narrow=True),
        Column(id="source", head="From", text=lambda x: x.source, narrow=True, usual=False),
        Column(id="at", head="When", text=lambda x: absolute(x.at), narrow=True),
    ),
    known={n: n for n in ("asset", "kind", "principal", "since", "until")},
    facets=("kind", "asset"),
    start="since:24h",
    calm="No event in the last day",
    empty="No system has told anything yet. `stanch ingest FILE` sends some.",
    views=(("Last 24 hours", "since:24h"), ("Last hour", "since:1h"), ("Of all time", "")),
)

ALL = (INCIDENTS, FINDINGS, ASSETS, APPROVALS, EVIDENCE, CLOCKS, RUNS, EVENTS)
