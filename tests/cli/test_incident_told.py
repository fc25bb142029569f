"""What the command line says of an incident, in the order in which a person needs it."""

from typing import Any

from stanch.cli.incident import _told

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
        "reasons": [{"says": says, "weight": weight} for says, weight in REASONS],
    },
    "severity": {"level": 3, "vector": "AISEV:1.0/MI:4", "fired": ["It is lost."]},
    "suspects": [],
    "atlas": [],
}

AHEAD: dict[str, Any] = {"actions": [], "playbook": "", "techniques": [], "call": [], "phases": []}


def test_what_speaks_for_the_verdict_comes_before_what_speaks_against_it() -> None:
    said = list(_told(INCIDENT, AHEAD, []))
    weights = [float(line.split()[0]) for line in said if line.startswith("   ")]
    assert weights == [2.6, 0.4, 0.0, -0.7]


def test_severity_is_a_word_with_its_reasons_and_the_vector_last() -> None:
    said = list(_told(INCIDENT, AHEAD, []))
    start = said.index("\nSeverity: high")
    assert said[start + 1 : start + 3] == ["  It is lost.", "  AISEV:1.0/MI:4"]
