"""Entries of the evidence log, told as sentences for people.

In    an entry as the log has it.
Out   a sentence, and where the thing it speaks of can be seen.
Why   the log is written for machines and auditors; the audit tab is read at three in the morning.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from urllib.parse import quote

from stanch.engine.desk import Logged
from stanch.vocabulary.asset import Scalar
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.words import size, word

_SAID: Mapping[Deed, str] = MappingProxyType(
    {
        Deed.STARTED: "The server started",
        Deed.ASSET_CHANGED: "Wrote down what the asset is",
        Deed.BASELINE_SET: "Set a baseline",
        Deed.FINDING_MADE: "Made a finding",
        Deed.FINDING_LAPSED: "A finding lapsed",
        Deed.INCIDENT_OPENED: "Opened the incident",
        Deed.INCIDENT_CHANGED: "Changed the incident",
        Deed.INCIDENT_MOVED: "Moved the incident",
        Deed.INCIDENT_SEEN_AGAIN: "Saw it again",
        Deed.EVIDENCE_TAKEN: "Took into evidence",
        Deed.EVIDENCE_READ: "Read the evidence",
        Deed.EVIDENCE_EXPORTED: "Gave the evidence out of the house",
        Deed.POLICY_CHANGED: "Put a policy in force",
        Deed.POLICY_PROVED: "Asked the guards for proof",
        Deed.APPROVAL_ASKED: "Asked for consent",
        Deed.APPROVAL_GIVEN: "Answered a question",
        Deed.APPROVAL_LAPSED: "A question lapsed",
        Deed.APPROVAL_WITHDRAWN: "A question was withdrawn",
        Deed.STEP_DONE: "Took a step of the playbook",
        Deed.CLOCK_STARTED: "Started a clock",
        Deed.PERSON_TOLD: "Told people",
        Deed.PERSONAL_DATA_SHREDDED: "Destroyed personal data, on purpose",
    }
)
_PLACES = MappingProxyType(
    {"inc": "incidents", "fnd": "findings", "evd": "evidence", "apr": "approvals"}
)
_WORDS = ("what", "says", "because", "why", "answer", "action", "duty", "kind", "name")
"""The facts that say most, in this order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One entry, told."""

    place: int
    at: datetime
    by: str
    deed: Deed
    says: str
    about: str
    href: str = ""


def told(logged: Logged) -> Line:
    """The entry as a line."""
    one = logged.entry
    return Line(
        place=logged.index,
        at=one.at,
        by=one.actor,
        deed=one.deed,
        says=sentence(one),
        about=one.about,
        href=place_of(one.about),
    )


def sentence(entry: Entry) -> str:
    """What happened, in a sentence."""
    if entry.deed is Deed.PERSON_TOLD and "to" in entry.facts:
        return _carried(entry.facts)
    head = _SAID.get(entry.deed, word(entry.deed))
    facts = {k: v for k, v in entry.facts.items() if v not in ("", None)}
    parts = [_fact(k, facts[k]) for k in _WORDS if k in facts]
    parts += [_fact(k, v) for k, v in facts.items() if k not in _WORDS]
    return f"{head}: {', '.join(parts)}" if parts else head


def _carried(facts: Mapping[str, Scalar]) -> str:
    """To whom, by which channel, with what end, and the words."""
    how = f" through {facts['channels']}" if facts.get("channels") else ""
    why = f" ({facts['why']})" if facts.get("why") else ""
    state = word(facts.get("state", "told"))
    return f"To {word(facts['to'])}{how}, {state}{why}: {facts.get('says', '')}"


def _fact(name: str, value: object) -> str:
    if name in {"what", "says", "because", "why"}:
        return str(value)
    if name == "size" and isinstance(value, int):
        return size(value)
    if name == "percent":
        return f"{value} % of the time is over"
    return f"{word(name)} {word(value)}"


def place_of(thing: str) -> str:
    """Where this thing can be seen; empty when it has no page of its own."""
    kind = _PLACES.get(thing[:3]) if thing[3:4] == "-" else None
    return f"/{kind}/{quote(thing, safe='')}" if kind else ""
