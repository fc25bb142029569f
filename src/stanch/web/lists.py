"""The lists there are: their columns, their facets, the words of their query bars."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from stanch.engine.event_list import EventLine
from stanch.engine.ports import Transaction
from stanch.engine.query import KNOWN
from stanch.vocabulary.approval import Approval
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.casework import IncidentLine
from stanch.vocabulary.clock import Clock
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.record import Evidence
from stanch.vocabulary.run import Run
from stanch.vocabulary.words import absolute, odds, size, word
from stanch.web.alike import folded
from stanch.web.listing import Column, Lines


def seen_at(tx: Transaction, findings: Sequence[Finding]) -> Mapping[str, datetime]:
    """When each was seen: as it was made, though its window may go on."""
    by = {f.id: f.window.end for f in findings}
    return {key: min(by[key], at) for key, at in tx.findings.kept(by).items()}


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
            wide=3,
        ),
        Column(id="incident", head="Incident", text=lambda x: x.incident.title),
        Column(id="phase", head="Phase", text=lambda x: word(x.incident.phase), wide=7),
        Column(id="verdict", head="Verdict", text=lambda x: _verdict(x.incident), wide=13),
        Column(id="findings", head="Findings", text=lambda x: str(x.findings), wide=6),
        Column(id="commander", head="Command", text=lambda x: x.incident.commander, wide=6),
        Column(id="opened", head="Opened", text=lambda x: absolute(x.incident.opened), wide=7),
        Column(
            id="updated",
            head="Updated",
            text=lambda x: absolute(x.incident.updated),
            wide=7,
            usual=False,
        ),
        Column(id="id", head="Id", text=lambda x: x.incident.id, wide=15, usual=False),
        Column(id="asset", head="Asset", text=lambda x: x.incident.asset, wide=9, usual=False),
    ),
    known=KNOWN["incidents"],
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
    folds=folded,
    listed=lambda tx, _: tx.findings,
    columns=(
        Column(id="finding", head="Finding", text=lambda x: x.says),
        Column(id="strength", head="By chance", text=lambda x: odds(x.strength), wide=8),
        Column(id="detector", head="Detector", text=lambda x: word(x.detector), wide=8),
        Column(id="asset", head="Asset", text=lambda x: x.asset, wide=8),
        Column(
            id="suspects",
            head="Principals",
            text=lambda x: " ".join(s.principal for s in x.suspects),
            wide=7,
        ),
        Column(id="window", head="Seen", text=lambda x: absolute(x.window.end), wide=7, seen=True),
        Column(id="id", head="Id", text=lambda x: x.id, wide=15, usual=False),
    ),
    known=KNOWN["findings"],
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
        Column(id="kind", head="Kind", text=lambda x: word(x.kind), wide=7),
        Column(id="owner", head="Owner", text=lambda x: x.owner, wide=9),
        Column(id="criticality", head="Criticality", text=lambda x: word(x.criticality), wide=8),
        Column(id="version", head="Version", text=lambda x: x.version, wide=8),
        Column(id="deadline", head="Deadline", text=lambda x: f"{x.deadline_minutes} min", wide=7),
        Column(id="domain", head="Domain", text=lambda x: x.domain, wide=8, usual=False),
    ),
    known=KNOWN["assets"],
    facets=("kind", "owner"),
    empty="Nothing is protected yet. Describe the first asset: stanch asset add FILE",
)

APPROVALS: Lines[Approval] = Lines(
    noun="approvals",
    title="Approvals",
    kind="approval",
    listed=lambda tx, _: tx.approvals,
    columns=(
        Column(id="question", head="Question", text=lambda x: x.shown),
        Column(id="risk", head="People", text=lambda x: word(x.risk), wide=6),
        Column(id="asset", head="Asset", text=lambda x: x.asset, wide=9),
        Column(id="state", head="Answer", text=lambda x: word(x.answer), wide=7),
        Column(id="asked", head="Asked", text=lambda x: absolute(x.asked), wide=7),
        Column(id="expires", head="Time left", text=lambda x: absolute(x.expires), wide=9),
    ),
    known=KNOWN["approvals"],
    facets=("state", "action", "asset"),
    start="state:open",
    calm="Nobody waits for an answer",
    empty="Nobody was ever asked for consent here.",
    views=(
        ("Waiting", "state:open"),
        ("Answered", "state:yes,no"),
        ("Lapsed", "state:lapsed"),
        ("Withdrawn", "state:withdrawn"),
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
        Column(id="kind", head="Kind", text=lambda x: word(x.kind), wide=9),
        Column(id="size", head="Size", text=lambda x: size(x.size), wide=7),
        Column(id="digest", head="Digest", text=lambda x: x.digest, wide=10),
        Column(id="by", head="Taken by", text=lambda x: x.by, wide=8),
        Column(id="taken", head="Taken", text=lambda x: absolute(x.taken), wide=7),
        Column(
            id="incident",
            head="Incident",
            text=lambda x: x.incident or "",
            wide=15,
            usual=False,
        ),
    ),
    known=KNOWN["evidence"],
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
        Column(id="law", head="Law", text=lambda x: x.law, wide=12),
        Column(id="state", head="State", text=lambda x: word(x.state), wide=7),
        Column(id="due", head="Due", text=lambda x: absolute(x.due), wide=10),
    ),
    known=KNOWN["clocks"],
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
        Column(id="state", head="State", text=lambda x: word(x.state), wide=7),
        Column(id="asset", head="Asset", text=lambda x: x.asset, wide=8),
        Column(id="by", head="Started by", text=lambda x: x.by, wide=7),
        Column(id="started", head="Started", text=lambda x: absolute(x.started), wide=7),
        Column(id="updated", head="Last sign", text=lambda x: absolute(x.updated), wide=7),
    ),
    known=KNOWN["runs"],
    facets=("state", "playbook", "asset"),
    empty="No playbook has run yet.",
)

EVENTS: Lines[EventLine] = Lines(
    noun="events",
    title="Events",
    listed=lambda _, visit: visit.console.events,
    columns=(
        Column(id="event", head="Event", text=lambda x: f"{word(x.kind)} {x.says}".strip()),
        Column(id="asset", head="Asset", text=lambda x: x.asset, wide=9),
        Column(id="principal", head="Principal", text=lambda x: x.principal or "", wide=9),
        Column(id="version", head="Version", text=lambda x: x.version, wide=6),
        Column(id="source", head="From", text=lambda x: x.source, wide=9, usual=False),
        Column(id="at", head="When", text=lambda x: absolute(x.at), wide=7),
    ),
    known=KNOWN["events"],
    facets=("kind", "asset"),
    start="since:24h",
    calm="No event in the last day",
    empty="No system has told anything yet. Send what it logged: stanch ingest FILE",
    views=(("Last 24 hours", "since:24h"), ("Last hour", "since:1h"), ("Of all time", "")),
)

ALL = (INCIDENTS, FINDINGS, ASSETS, APPROVALS, EVIDENCE, CLOCKS, RUNS, EVENTS)
