"""Entries of the evidence log, told as sentences for people.

In    an entry as the log has it.
Out   a sentence, and where the thing it speaks of can be seen.
Why   the log is written for machines and auditors; the audit tab is read at three in the morning.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from stanch.engine.desk import Logged
from stanch.engine.refused_lines import in_words
from stanch.engine.runs.library import act_title
from stanch.vocabulary.asset import Scalar
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.words import begun, counted, short, size, when, word
from stanch.web.address import segment

_SAID: Mapping[Deed, str] = MappingProxyType(
    {
        Deed.STARTED: "The server started",
        Deed.BATCH_RECORDED: "Sealed what was sent",
        Deed.ASSET_CHANGED: "Wrote down what the asset is",
        Deed.BASELINE_SET: "Set a baseline",
        Deed.FINGERPRINTS_CHANGED: "Stated which rows are known",
        Deed.FINDING_MADE: "Made a finding",
        Deed.FINDING_LAPSED: "A finding lapsed",
        Deed.SET_ASIDE: "Could not judge or answer it, and set it aside",
        Deed.INCIDENT_OPENED: "Opened the incident",
        Deed.INCIDENT_CHANGED: "Changed the incident",
        Deed.INCIDENT_MOVED: "Moved the incident",
        Deed.INCIDENT_SEEN_AGAIN: "Saw it again",
        Deed.EVIDENCE_TAKEN: "Took into evidence",
        Deed.EVIDENCE_READ: "Read the evidence",
        Deed.EVIDENCE_EXPORTED: "Exported evidence",
        Deed.POLICY_CHANGED: "Put a policy in force",
        Deed.POLICY_PROVED: "Proved to be in force",
        Deed.APPROVAL_ASKED: "Asked for consent",
        Deed.APPROVAL_GIVEN: "Answered a question",
        Deed.APPROVAL_LAPSED: "Nobody answered",
        Deed.APPROVAL_WITHDRAWN: "A question was withdrawn",
        Deed.STEP_DONE: "Took a step of the playbook",
        Deed.PLAYBOOK_CHANGED: "Changed a playbook",
        Deed.RULE_CHANGED: "Changed a rule",
        Deed.CLOCK_STARTED: "Started a clock",
        Deed.PERSON_TOLD: "Told people",
        Deed.CONNECTORS_CHANGED: "Changed what is connected outside",
        Deed.ACCESS_CHANGED: "Changed who may come in",
        Deed.ACCESS_REFUSED: "Refused at the door",
        Deed.BACKUP_MADE: "Made a backup",
        Deed.SCRUBBED: "Read every item of the vault back",
        Deed.RETENTION_SET: "Said how long things are kept",
        Deed.ALARMS_SET: "Said how often an alarm, or a name, may be wrong",
        Deed.COUNTS_LET_GO: "Let go of old counts",
        Deed.DRILL_PLAYED: "Played a drill",
        Deed.TABLETOP_MOVED: "A move in a tabletop",
        Deed.PERSONAL_DATA_SHREDDED: "Destroyed personal data, on purpose",
    }
)
_PLACES = MappingProxyType(
    {"inc": "incidents", "fnd": "findings", "evd": "evidence", "apr": "approvals"}
)
_TEXTS = ("what", "says", "because", "reviewed", "why")
"""The facts that are sentences already, in this order."""
_RUNS = "running"
"""The state of a clock that has not ended."""
_LOGGED = "logged"
"""How a notice ended that no channel carried."""
_ALONE = (Deed.INCIDENT_CHANGED, Deed.INCIDENT_MOVED, Deed.INCIDENT_SEEN_AGAIN)
"""Deeds whose `what` says all."""
_LET_IN: Mapping[str, str] = MappingProxyType(
    {
        "user added": "Let {name} in, as {role}",
        "user enabled": "Let {name} in again, as {role}",
        "user disabled": "Shut {name} out",
        "password set": "Set the password of {name}",
        "password changed": "Changed their own password",
        "session ended": "Ended one of their own sessions",
        "other sessions ended": "Ended all their other sessions",
        "session of theirs ended": "Ended a session of {name}",
        "sessions of theirs ended": "Logged {name} out everywhere",
        "key created": "Made the key {name}, which may {scopes}",
        "key revoked": "Revoked the key {name}",
    }
)
"""How it is said who may come in, by what was done; all else is the new role of somebody."""
_NOBODY: Mapping[str, str] = MappingProxyType({})
_PROVED = MappingProxyType(
    {"true": "A guard showed it", "false": "A guard showed that it does not hold"}
)
_WANTED = MappingProxyType(
    {
        "automatic": "nobody need be asked",
        "one": "one person must agree",
        "two": "two people must agree",
    }
)
_PHRASES: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "act": act_title,
        "action": act_title,
        "asset": "on {}".format,
        "from": lambda v: f"from {word(v)}",
        "to": lambda v: f"to {word(v)}",
        "kind": word,
        "attack": word,
        "state": word,
        "duty": str,
        "due": lambda v: f"due {when(v)}",
        "means": "silence means {}".format,
        "delegated_to": "{} may answer, too".format,
        "risk": lambda v: _WANTED.get(v, v),
    }
)
"""How a fact is said, where its name and its value do not say it."""
_AMOUNTS: Mapping[str, Callable[[Any], str]] = MappingProxyType(
    {
        "findings": lambda v: counted(v, "finding"),
        "items": lambda v: counted(v, "item"),
        "rows": lambda v: counted(v, "row"),
        "size": size,
        "bytes": size,
        "seconds": lambda v: f"after {short(v)}",
        "percent": "{} % of the time is over".format,
    }
)
"""The same for numbers."""
_QUIET = frozenset({"answer", "yes", "override", "review", "holds"})
"""Facts that the head of the sentence says, or that only the machine needs."""


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


def told(logged: Logged, names: Mapping[str, str] = _NOBODY) -> Line:
    """The entry as a line; `names` by the id of whom an earlier release entered by id alone."""
    one = logged.entry
    return Line(
        place=logged.index,
        at=one.at,
        by=one.actor,
        deed=one.deed,
        says=sentence(one, names),
        about=one.about,
        href=place_of(one.about),
    )


def sentence(entry: Entry, names: Mapping[str, str] = _NOBODY) -> str:
    """What happened, in a sentence."""
    facts = {k: v for k, v in entry.facts.items() if v not in ("", None)}
    if entry.deed is Deed.PERSON_TOLD and "to" in facts:
        return _carried(facts)
    if entry.deed is Deed.ACCESS_CHANGED and {"role", "scopes"} & facts.keys():
        return _let_in({"name": names.get(entry.about, entry.about), **facts})
    if entry.deed is Deed.ACCESS_REFUSED:
        return in_words(facts)
    if entry.deed in _ALONE and "what" in facts:
        return begun(facts["what"])
    if entry.deed is Deed.STEP_DONE and "says" in facts:
        book = f"Playbook {word(facts.get('playbook', ''))}"
        return (
            f"{book}, step {facts['step']}: {facts['says']}"
            if "step" in facts
            else (f"{book} {facts['says']}")
        )
    texts = [str(facts[name]).rstrip(".") for name in _TEXTS if name in facts]
    head, parts = _head(entry.deed, facts), [*texts, *_rest(facts)]
    return f"{head}: {', '.join(parts)}" if parts else head


def _let_in(facts: Mapping[str, Scalar]) -> str:
    told = _LET_IN.get(str(facts["what"]), "Made {name} {role}")
    name, role = str(facts["name"]), word(facts.get("role", ""))
    scopes = ", ".join(str(facts.get("scopes", "")).split(" "))
    return told.format(name=name, role=role, scopes=scopes)


def _head(deed: Deed, facts: Mapping[str, object]) -> str:
    match deed:
        case Deed.APPROVAL_GIVEN:
            return _answered(facts)
        case Deed.POLICY_PROVED if "holds" in facts:
            return _PROVED.get(str(facts["holds"]), "No guard could tell whether it holds")
        case Deed.CLOCK_STARTED if facts.get("state", _RUNS) != _RUNS:
            return "A clock ended"
        case _:
            return _SAID[deed]


def _answered(facts: Mapping[str, object]) -> str:
    if facts.get("override"):
        return "Decided alone, in an emergency"
    if "reviewed" in facts:
        return "Reviewed what was decided alone"
    return ("Said yes" if facts["yes"] else "Said no") if "yes" in facts else "Answered a question"


def _rest(facts: Mapping[str, object]) -> Iterator[str]:
    """The facts that are no sentences."""
    for name, value in facts.items():
        if name in _TEXTS or name in _QUIET or (name == "verdict" and "attack" in facts):
            continue
        if name in _AMOUNTS and isinstance(value, int | float):
            yield _AMOUNTS[name](value)
        elif name in _PHRASES:
            yield _PHRASES[name](str(value))
        else:
            yield f"{word(name)} {word(value)}"


def _carried(facts: Mapping[str, Scalar]) -> str:
    """To whom, by which channel, with what end, and the words."""
    why = f" ({facts['why']})" if facts.get("why") else ""
    if facts.get("state") == _LOGGED:
        return f"To {word(facts['to'])}, in the server's log only{why}: {facts.get('says', '')}"
    how = f" through {facts['channels']}" if facts.get("channels") else ""
    state = word(facts.get("state", "told"))
    return f"To {word(facts['to'])}{how}, {state}{why}: {facts.get('says', '')}"


def place_of(thing: str) -> str:
    """Where this thing can be seen; empty when it has no page of its own."""
    kind = _PLACES.get(thing[:3]) if thing[3:4] == "-" else None
    return f"/{kind}/{segment(thing)}" if kind else ""
