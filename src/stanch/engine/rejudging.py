"""Judging again after findings changed hands, on the counts that those findings were made on.

In    an incident that gained or lost findings, in the transaction that moved them.
Out   the incident as its own findings and the kept minutes say; an answer is owed for it.
      Where it is only held or let go, its severity alone is rated anew.
Why   two deeds that were taken for one have two verdicts, two lists of suspects and two playbooks.
      What a person said stays; what the machine believed because of findings that left does not.
"""

from dataclasses import replace
from datetime import datetime

from stanch.engine.again import as_severe
from stanch.engine.judging import MACHINE, rated
from stanch.engine.owed import ANSWERS, owe
from stanch.engine.ports import Transaction
from stanch.engine.triage import judge, newest
from stanch.vocabulary.incident import Incident, Phase, Verdict


def judged_again(tx: Transaction, incident: Incident, at: datetime) -> Incident:
    """The incident after it gained findings: nothing that was shown is taken back."""
    if incident.phase is Phase.CLOSED or not incident.findings:
        return incident
    owe(tx, ANSWERS, [incident.id])
    return judge(tx, incident, {}, at)


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


def rated_again(tx: Transaction, incident: Incident) -> Incident:
    """The incident as severe as it is now that it is held, or let go; not saved."""
    return as_severe(tx, rated(incident, newest(tx, incident)))
