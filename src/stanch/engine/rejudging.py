"""Judging again after findings changed hands, on the counts that those findings were made on.

In    an incident that gained or lost findings, in the transaction that moved them.
Out   the incident as its own findings and the kept minutes say; an answer is owed for it.
Why   two deeds that were taken for one have two verdicts, two lists of suspects and two playbooks.
      What a person said stays; what the machine believed because of findings that left does not.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from stanch.detect.summaries.record import Record
from stanch.detect.window import Window
from stanch.engine.judging import MACHINE
from stanch.engine.owed import ANSWERS, owe
from stanch.engine.ports import Transaction
from stanch.engine.triage import judge, newest
from stanch.engine.watch.golden import Seasons
from stanch.engine.watch.lane import Lane
from stanch.engine.watch.memory import history_of, made_from, usage_of, windows_of
from stanch.engine.watch.minutes import from_bytes
from stanch.engine.watch.tally import Tally
from stanch.vocabulary.asset import stranger
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.incident import Incident, Phase, Verdict

MOST_WINDOWS = 3
"""Windows that are put together again, newest first: each costs the merge of twenty minutes."""


def judged_again(tx: Transaction, incident: Incident, at: datetime) -> Incident:
    """The incident after it gained findings: nothing that was shown is taken back."""
    if incident.phase is Phase.CLOSED or not incident.findings:
        return incident
    windows = dict(_windows(tx, newest(tx, incident)))
    owe(tx, ANSWERS, [incident.id])
    return judge(tx, incident, windows, at)


def judged_anew(tx: Transaction, incident: Incident, at: datetime) -> Incident:
    """The incident after it lost findings, or came to be: only what it holds speaks."""
    if incident.phase is Phase.CLOSED:
        return incident
    ours = incident.verdict.by == MACHINE
    verdict = Verdict() if ours else incident.verdict
    bare = replace(incident, verdict=verdict, suspects=())
    if incident.findings:
        return judged_again(tx, bare, at)
    return tx.incidents.save(replace(bare, updated=at)) if bare != incident else incident


def _windows(tx: Transaction, findings: tuple[Finding, ...]) -> Iterator[tuple[str, Window]]:
    """The windows of the newest findings, by finding, as far as their minutes are still kept."""
    known: dict[tuple[object, ...], Window | None] = {}
    for finding in reversed(findings):
        key = finding.asset, finding.version, finding.condition, finding.window
        if key not in known:
            if len(known) == MOST_WINDOWS:
                return
            known[key] = _window(tx, finding)
        window = known[key]
        if window is not None:
            yield finding.id, window


def _window(tx: Transaction, finding: Finding) -> Window | None:
    """What the finding's detector looked at, from the minutes; without a baseline, nothing."""
    asset, span = tx.assets.find(finding.asset) or stranger(finding.asset), finding.window
    lane = Lane(finding.asset, finding.version, finding.condition)
    kept = tx.baselines.current(*lane)
    if kept is None:
        return None
    baseline = Seasons.of(kept)
    tally = Tally(
        asset=asset,
        version=lane.version,
        condition=lane.condition,
        baseline=baseline,
        alarms=None,
    )
    for block in tx.summaries.between(
        asset.id, span, version=lane.version, condition=lane.condition
    ):
        tally.minutes[block.minute] = from_bytes(block.body, baseline.plan)
    usage = usage_of(tx, lane.name)
    return replace(
        tally.window(span, Record()),
        history=history_of(tx, asset.id) + made_from(tx, asset),
        usage=windows_of(usage, span.start),
    )
