"""The record: what the evidence log holds, entry by entry.

Each entry says who did what to which thing, when, and the digest of the thing as it then was. The
log is append-only and public to an auditor, so personal data never stands in an entry itself, only
in the vault item that its digest names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from stanch.vocabulary.asset import Scalar
from stanch.vocabulary.ids import Digest, EvidenceId, IncidentId


class Deed(StrEnum):
    """What an entry is about."""

    STARTED = "server.started"
    BATCH_RECORDED = "events.recorded"
    ASSET_CHANGED = "asset.changed"
    BASELINE_SET = "baseline.set"
    FINGERPRINTS_CHANGED = "fingerprints.changed"
    FINDING_MADE = "finding.made"
    FINDING_LAPSED = "finding.lapsed"
    SET_ASIDE = "set-aside"
    INCIDENT_OPENED = "incident.opened"
    INCIDENT_CHANGED = "incident.changed"
    INCIDENT_MOVED = "incident.moved"
    INCIDENT_SEEN_AGAIN = "incident.seen-again"
    EVIDENCE_TAKEN = "evidence.taken"
    EVIDENCE_READ = "evidence.read"
    EVIDENCE_EXPORTED = "evidence.exported"
    POLICY_CHANGED = "policy.changed"
    POLICY_PROVED = "policy.proved"
    APPROVAL_ASKED = "approval.asked"
    APPROVAL_GIVEN = "approval.given"
    APPROVAL_LAPSED = "approval.lapsed"
    APPROVAL_WITHDRAWN = "approval.withdrawn"
    STEP_DONE = "playbook.step"
    PLAYBOOK_CHANGED = "playbook.changed"
    RULE_CHANGED = "rule.changed"
    CLOCK_STARTED = "clock.started"
    PERSON_TOLD = "person.told"
    CONNECTORS_CHANGED = "connectors.changed"
    ACCESS_CHANGED = "access.changed"
    ACCESS_REFUSED = "access.refused"
    BACKUP_MADE = "backup.made"
    SCRUBBED = "vault.scrubbed"
    RETENTION_SET = "retention.set"
    ALARMS_SET = "alarms.set"
    COUNTS_LET_GO = "counts.let-go"
    DRILL_PLAYED = "drill.played"
    TABLETOP_MOVED = "tabletop.moved"
    PERSONAL_DATA_SHREDDED = "personal-data.shredded"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of the evidence log, before it has a place in it."""

    at: datetime
    deed: Deed
    actor: str
    about: str
    """The id of the thing: an asset, an incident, an evidence item."""
    digest: Digest | None = None
    """The digest of the thing as it was at that moment."""
    incident: IncidentId | None = None
    facts: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Destroyed:
    """That personal data was destroyed on purpose: when, by whom, and why."""

    at: datetime
    by: str
    because: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """An immutable item in the vault, as the log and the incident know it."""

    id: EvidenceId
    incident: IncidentId | None
    digest: Digest
    size: int
    kind: str
    """What it is: policy, baseline, summary, events, artefact, report, note."""
    name: str
    taken: datetime
    by: str
    log_index: int
    personal: bool = False
    """Whether it holds personal data, so that it is encrypted under a key that can be destroyed."""
    destroyed: Destroyed | None = None
    """Set once somebody destroyed the key of an item with personal data; its digest stays."""
