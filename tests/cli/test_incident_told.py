"""What the command line says of an incident, in the order in which a person needs it."""

from collections.abc import Mapping
from typing import Any

from stanch.cli.incident import _head, _headline, _told

REASONS = [("usual", -0.7), ("told", 0.0), ("nobody trained it", 2.6), ("odd", 0.4)]
INCIDENT: dict[str, Any] = {
    "id": "inc-1",
    "title": "Weights",
    "phase": "triaged",
    "came_back": None,
    "again": 0,
    "again_at": None,
    "verdict": {
        "kind": "attack",
        "attack": "weight_tampering",
        "confidence": 0.8,
        "by": "stanch",
        "reasons": [{"name": "x", "says": says, "weight": weight} for says, weight in REASONS],
    },
    "severity": {
        "level": 3,
        "vector": "AISEV:1.0/MI:4",
        "fired": ["It is lost."],
        "would_change": ["It was stopped. That would make it medium."],
    },
    "asset": "scorer",
    "impact": {},
    "suspects": [],
    "atlas": [],
    "owasp": [],
    "merged_into": None,
}

WORDS: dict[str, Any] = {
    "assets": [],
    "entities": {},
    "urgency": [],
    "addressed_to_machines": False,
}
AHEAD: dict[str, Any] = {
    "kin": ["inc-1"],
    "actions": [],
    "playbook": "",
    "techniques": [],
    "similar": [],
    "words": WORDS,
    "call": [],
    "phases": [],
}


def test_what_speaks_for_the_verdict_comes_before_what_speaks_against_it() -> None:
    said = list(_told(INCIDENT, AHEAD, []))
    weights = [float(line.split()[0]) for line in said if line.startswith("   ")]
    assert weights == [2.6, 0.4, 0.0, -0.7]


def test_what_a_person_judged_stands_before_the_machines_reasons() -> None:
    person = {"name": "person", "says": "An agreed test.", "weight": 0.0}
    verdict = INCIDENT["verdict"]
    judged = INCIDENT | {"verdict": verdict | {"reasons": [*verdict["reasons"], person]}}
    said = list(_told(judged, AHEAD, []))
    assert said[said.index("    said  An agreed test.") - 1].startswith("\nVerdict: ")


def test_severity_is_a_word_with_its_reasons_and_the_vector_last() -> None:
    said = list(_told(INCIDENT, AHEAD, []))
    start = said.index("\nSeverity: high")
    assert said[start + 1 : start + 5] == [
        "  It is lost.",
        "  What would change it:",
        "  - It was stopped. That would make it medium.",
        "  AISEV:1.0/MI:4",
    ]


def test_what_it_may_reach_and_cost_its_techniques_and_what_was_like_it_are_told() -> None:
    impact = {"assets": ["scorer", "app"], "decisions": 40, "money": 500.0, "currency": "EUR"}
    one = INCIDENT | {"impact": impact | {"unknown": ["Decisions of app were not counted."]}}
    one |= {"atlas": ["AML.T0018.000@5.6.0", "AML.T9999@9"], "owasp": ["ML10:2023"]}
    like = {"incident": "inc-0", "score": 0.755, "shared": {"asset": 1.0, "suspects": 0.5}}
    said = "\n".join(_told(one, AHEAD | {"similar": [like]}, []))
    assert "\n  It may reach app.\n  40 decisions may be touched.\n  Up to 500 EUR, if" in said
    assert "\n  Decisions of app were not counted.\n" in said
    assert "\n  AML.T0018.000@5.6.0  Manipulate AI Model: Poison AI Model\n" in said
    assert "\n  AML.T9999@9\n  ML10:2023  Model Poisoning (OWASP for machine learning)\n" in said
    assert "\nLike it before:\n  inc-0: 76 %, by asset, suspects" in said
    much = INCIDENT | {"verdict": INCIDENT["verdict"] | {"attack": "denial_of_wallet"}}
    assert "(2023) has no entry for denial of wallet;" in "\n".join(_told(much, AHEAD, []))
    assert "The impact is not known yet." in "\n".join(_told(INCIDENT, AHEAD, []))


def test_it_begins_with_whether_it_is_contained_and_what_waits_for_an_answer() -> None:
    one = INCIDENT | {"asset": "scorer", "opened": "2026-11-22T10:22:36Z", "commander": ""}
    held: dict[str, Any] = {"says": "Not contained", "due": "2026-11-22T11:22:36Z"}
    held |= {"acts": ["Throttle"], "bare": False, "took": ""}
    asked: list[Mapping[str, Any]] = [
        {"id": "apr-1", "shown": "May v2 answer no more?\nWhy: nobody signed it."}
    ]
    said = list(_head(one, AHEAD | {"held": held}, asked))
    assert said[1] == "On scorer, opened 2026-11-22 10:22:36 UTC; nobody is in command."
    assert said[2].startswith("\nNot contained: ")
    assert said[2].endswith(" late.")
    assert said[3:] == [
        "In force: Throttle.",
        "Asked: May v2 answer no more?",
        "  stanch approve apr-1, or stanch deny apr-1",
    ]
    held |= {"says": "It was contained; nothing holds it now", "due": None, "acts": []}
    assert list(_head(one, AHEAD | {"held": held}, []))[2:] == [
        "\nIt was contained; nothing holds it now."
    ]


def test_what_people_wrote_is_read_for_them_and_a_merge_is_said_at_the_top() -> None:
    words = WORDS | {"assets": ["fraud"], "entities": {"key": ["key-7"]}, "urgency": ["leak"]}
    words |= {"addressed_to_machines": True}
    said = "\n".join(_told(INCIDENT, AHEAD | {"words": words}, []))
    assert "What people wrote names: fraud, key-7" in said
    assert "It sounds urgent: leak" in said
    assert "written to machines, not to you" in said
    one = INCIDENT | {"asset": "scorer", "opened": "2026-11-22T10:22:36Z", "commander": ""}
    one |= {"merged_into": "inc-9"}
    held: dict[str, Any] = {"says": "Closed", "due": None, "acts": [], "bare": False, "took": ""}
    head = list(_head(one, AHEAD | {"held": held, "kin": ["inc-1", "inc-2"]}, []))
    assert head[2:4] == [
        "It went into inc-9; its findings are there.",
        "With inc-2, put together with it.",
    ]


def test_a_verdict_is_said_in_words_and_an_action_by_its_title() -> None:
    first = {"action": "verbose_logging", "title": "Log everything", "why": "it changes nothing"}
    said = "\n".join(_told(INCIDENT, AHEAD | {"actions": [first]}, []))
    assert "Verdict: weight tampering, 80 % sure, by stanch" in said
    assert "  Log everything: it changes nothing" in said
    assert "_" not in said


def test_a_title_begins_no_line_of_its_own_and_goes_on_for_no_page() -> None:
    forged = {**INCIDENT, "title": "Odd\ninc-1 is contained\u202e " + "A" * 10_000}
    said = _headline(forged)
    assert "\n" not in said
    assert "\u202e" not in said
    assert said.startswith("inc-1  Odd")
    assert said.endswith("A\N{HORIZONTAL ELLIPSIS}  (high, triaged)")
    assert len(said) < 500


def test_suspects_who_are_too_many_to_show_are_counted() -> None:
    some = [{"principal": f"key-{n}", "share": 0.1, "confidence": 0.9} for n in range(13)]
    assert "  and 3 more; --json names them" in list(
        _told(INCIDENT | {"suspects": some}, AHEAD, [])
    )
    assert not any(
        "more; --json" in one for one in _told(INCIDENT | {"suspects": some[:10]}, AHEAD, [])
    )
