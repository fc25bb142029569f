"""What the log says, said to people: by whom, to whom, by which way."""

import re
from datetime import UTC, datetime

import pytest

from stanch.vocabulary.record import Deed, Entry
from stanch.web.told import place_of, sentence

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def entry(deed: Deed, **facts: str | float) -> Entry:
    return Entry(at=NOW, deed=deed, actor="stanch", about="x", facts=facts)


def test_who_was_told_what_by_which_channel_and_how_it_ended() -> None:
    told = entry(
        Deed.PERSON_TOLD, to="ml_engineer", state="sent", channels="smtp ada", says="Look.", why=""
    )
    assert sentence(told) == "To ML engineer through smtp ada, sent: Look."
    failed = entry(
        Deed.PERSON_TOLD, to="ada", state="failed", channels="", says="Look.", why="down"
    )
    assert sentence(failed) == "To ada, failed (down): Look."


def test_a_reminder_says_how_much_of_the_time_is_over() -> None:
    assert sentence(entry(Deed.PERSON_TOLD, percent=80)) == "Told people: 80 % of the time is over"


@pytest.mark.parametrize("deed", list(Deed))
def test_every_deed_is_said_in_words(deed: Deed) -> None:
    assert re.fullmatch(r"[A-Z][a-z ,]+", sentence(entry(deed)))


@pytest.mark.parametrize(
    ("deed", "facts", "said"),
    [
        (
            Deed.INCIDENT_CHANGED,
            {"what": "wrote a note", "phase": "detected", "version": 1},
            "Wrote a note",
        ),
        (
            Deed.EVIDENCE_TAKEN,
            {"kind": "finding", "size": 2048},
            "Took into evidence: finding, 2.0 kB",
        ),
        (
            Deed.STEP_DONE,
            {"playbook": "supply_chain", "step": "law", "says": "It is done.", "came": "done"},
            "Playbook supply chain, step law: It is done.",
        ),
        (
            Deed.STEP_DONE,
            {"playbook": "supply_chain", "step": "", "says": "ends: done.", "came": "done"},
            "Playbook supply chain ends: done.",
        ),
        (
            Deed.POLICY_PROVED,
            {"version": 5, "holds": "true", "says": "Shown by a probe.", "seconds": 0.2},
            "A guard showed it: Shown by a probe, version 5, after 0.2 s",
        ),
        (
            Deed.POLICY_PROVED,
            {"version": 5, "holds": "unknown", "says": "No guard answers."},
            "No guard could tell whether it holds: No guard answers, version 5",
        ),
        (
            Deed.POLICY_PROVED,
            {"act": "roll_back", "version": 4},
            "Proved to be in force: Roll back, version 4",
        ),
        (
            Deed.CLOCK_STARTED,
            {"duty": "contain it on s", "state": "met"},
            "A clock ended: contain it on s, met",
        ),
        (Deed.EVIDENCE_EXPORTED, {"items": 25}, "Exported evidence: 25 items"),
        (
            Deed.PERSON_TOLD,
            {"to": "legal", "state": "logged", "channels": "log", "says": "It is yours."},
            "To legal, in the server's log only: It is yours.",
        ),
        (
            Deed.APPROVAL_ASKED,
            {"action": "roll_back", "asset": "s", "risk": "two"},
            "Asked for consent: Roll back, on s, two people must agree",
        ),
        (
            Deed.APPROVAL_LAPSED,
            {"action": "block_principal", "asset": "scorer", "answer": "lapsed", "means": "no"},
            "Nobody answered: Block principals, on scorer, silence means no",
        ),
        (
            Deed.APPROVAL_GIVEN,
            {
                "action": "roll_back",
                "asset": "s",
                "answer": "open",
                "yes": True,
                "why": "It is bad.",
            },
            "Said yes: It is bad, Roll back, on s",
        ),
        (
            Deed.INCIDENT_OPENED,
            {"asset": "s", "verdict": "attack", "attack": "threshold_probing", "findings": 1},
            "Opened the incident: on s, threshold probing, 1 finding",
        ),
        (
            Deed.CLOCK_STARTED,
            {"due": "2026-11-22T10:00Z"},
            "Started a clock: due 2026-11-22 10:00:00 UTC",
        ),
    ],
)
def test_facts_are_said_as_people_say_them(
    deed: Deed, facts: dict[str, str | float], said: str
) -> None:
    assert sentence(entry(deed, **facts)) == said


def test_only_what_has_a_page_is_a_link() -> None:
    assert place_of("evd-1234") == "/evidence/evd-1234"
    assert place_of("fraud-scorer") == place_of("inc") == ""
    assert place_of("inc-../x") == "/incidents/inc-..%2Fx"
