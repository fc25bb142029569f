"""The referee is strict: one thing wrong, and the drill is not won; each thing is named."""

from dataclasses import replace
from typing import Any

import pytest

from stanch.sandbox.drill import Contained, Drill, Expected, Gain, World
from stanch.sandbox.eyes import Sight
from stanch.sandbox.referee import Record, enough, hit_wrongly, score
from stanch.sandbox.score import Answered, Bundle
from stanch.sandbox.tenants import Service, network_of
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind
from stanch.vocabulary.trouble import BadInput

EXPECTED = Expected(
    verdict=VerdictKind.ATTACK,
    attacks=(AttackKind.EXTRACTION,),
    guilty=("thief",),
    contained=Contained(denies=("thief",)),
    seconds=15,
)


GOOD = ("v1", "v0.9")
BUNDLE = Bundle(incident="inc-1", verified=True, says="it holds", entries=12, items=2, seconds=0.4)


def drill(expected: Expected = EXPECTED, *, innocent: bool = False) -> Drill:
    return Drill(
        id="example",
        title="An example",
        world=World(data="digits"),
        expected=expected,
        attack=lambda _scene: None,
        gain=lambda _scene, _loot: Gain(says="nothing"),
        innocent=innocent,
    )


def policy(**parts: Any) -> dict[str, Any]:
    return {
        "mode": "serving",
        "route": {},
        "mirror": "",
        "deny": {"principals": [], "networks": []},
        "limit": {"principals": {}},
        "shape": {"scores": "all", "jitter": 0.0},
        "filter": {"input": "off"},
        "tools": {"deny": []},
        "hold": {"ingestion": False, "training": False, "deployment": False},
        **parts,
    }


def incident(kind: str = "attack", attack: str | None = "extraction") -> dict[str, Any]:
    return {
        "id": "inc-1",
        "phase": "contained",
        "opened": "2026-01-01T00:00:00Z",
        "severity": {"rank": 50},
        "verdict": {"kind": kind, "attack": attack},
        "suspects": [{"principal": "thief", "confidence": 0.9}],
    }


def record() -> Record:
    blocked = policy(deny={"principals": ["thief"], "networks": []})
    sight = Sight(
        finding=1.0,
        incident=1.2,
        contained=2.0,
        incidents={"inc-1": incident()},
        policies=[{"version": 1, "policy": blocked}],
    )
    return Record(
        drill=drill(),
        seed=1,
        speed=1.0,
        tenants=("tenant-1", "tenant-2"),
        sight=sight,
        service=Service(),
        gain=Gain(says="12 answers"),
        evidence=True,
        bundles=(BUNDLE,),
        undone=True,
    )


def test_all_right_is_won() -> None:
    found = score(record())
    assert found.won, found.notes
    assert found.got == "extraction by thief, contained"


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"undone": False}, "way back"),
        ({"evidence": None}, "no evidence"),
        ({"evidence": False}, "does not hold"),
        ({"notes": ("No baseline.",)}, "No baseline"),
        ({"bundles": ()}, "no bundle of it"),
        ({"bundles": (replace(BUNDLE, verified=False, says="entry 3: x"),)}, "entry 3: x"),
        ({"bundles": (BUNDLE, replace(BUNDLE, verified=None, says="gone"))}, "verify: gone"),
    ],
)
def test_one_thing_wrong_is_named_and_not_won(parts: dict[str, Any], why: str) -> None:
    found = score(replace(record(), **parts))
    assert not found.won
    assert any(why in note for note in found.notes), found.notes
    assert found.evidence_verified is not True or "notes" in parts or "undone" in parts


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"contained": None}, "not contained"),
        ({"incident": 40.0}, "took 40.0 s"),
        ({"early": ("inc-0",)}, "before anything happened"),
        ({"contained": None, "enough": 3.0}, "no proof followed"),
        ({"contained": 40.0}, "Containment took 40.0 s; 15 s"),
        ({"asked": {"a": {"action": "stop_endpoint"}}}, "asked about stop_endpoint, which is not"),
        ({"incidents": {}}, "No incident"),
    ],
)
def test_one_sight_wrong_is_named_and_not_won(parts: dict[str, Any], why: str) -> None:
    found = score(_seen(**parts))
    assert not found.won
    assert any(why in note for note in found.notes), found.notes


def test_what_a_person_takes_to_answer_comes_on_top() -> None:
    answered = (Answered(action="roll_back", yes=True, seconds=5.0),)
    one = replace(_seen(contained=20.0), answers=answered)
    assert score(one).won
    assert score(one).answers == answered
    assert not score(replace(_seen(contained=22.0), answers=answered)).won


def test_what_the_attacker_got_is_told_and_not_judged() -> None:
    found = score(replace(record(), gain=Gain(says="a copy", worked=True)))
    assert found.won
    assert found.gained
    assert found.harm == "a copy"


def test_a_bad_version_in_service_after_containment_loses_the_drill() -> None:
    found = score(replace(record(), clean=False))
    assert not found.won
    assert "after containment" in found.notes[0]


def test_who_helps_the_guilty_may_be_named_and_need_not_be() -> None:
    both = incident()
    both["suspects"].append({"principal": "gang", "confidence": 0.9})
    with_gang = drill(replace(EXPECTED, also=("gang",)))
    one = replace(_seen(incidents={"inc-1": both}), drill=with_gang)
    assert score(one).won
    assert not score(_seen(incidents={"inc-1": both})).won


def _seen(**parts: Any) -> Record:
    one = record()
    for name, value in parts.items():
        setattr(one.sight, name, value)
    return one


def test_a_wrong_name_is_not_right() -> None:
    found = score(_seen(incidents={"inc-1": incident(attack="evasion")}))
    assert not found.right
    assert not found.won


def test_an_innocent_who_is_named_or_hit_loses_the_drill() -> None:
    accused = incident()
    accused["suspects"].append({"principal": "tenant-1", "confidence": 0.8})
    assert not score(_seen(incidents={"inc-1": accused})).principals_right
    both = policy(deny={"principals": ["thief", "tenant-2"], "networks": []})
    found = score(_seen(policies=[{"version": 1, "policy": both}]))
    assert found.contained_wrongly == ("tenant-2",)
    assert not found.won


def test_a_doubtful_suspect_is_not_yet_named() -> None:
    doubtful = incident()
    doubtful["suspects"].append({"principal": "tenant-1", "confidence": 0.2})
    assert score(_seen(incidents={"inc-1": doubtful})).won


def test_refused_innocents_lose_the_drill() -> None:
    one = record()
    one.service.asked.update({"tenant-1": 100})
    one.service.refused.update({"tenant-1": 5})
    found = score(one)
    assert found.innocent_refused == 0.05
    assert not found.won


@pytest.mark.parametrize(
    ("wanted", "parts", "holds"),
    [
        (Contained(denies=("a",)), {}, False),
        (Contained(denies=("a",)), {"limit": {"principals": {"a": {"count": 1}}}}, True),
        (
            Contained(denies=("a",)),
            {"deny": {"principals": [], "networks": [network_of("a") + "/32"]}},
            True,
        ),
        (Contained(pins="v1"), {"route": {"v1": 100, "v2": 0}}, True),
        (Contained(pins="v1"), {"route": {"v1": 50, "v2": 50}}, False),
        (Contained(pins="v1"), {"route": {"v0.9": 100}}, True),
        (Contained(pins="v1"), {"route": {"v2": 0}}, True),
        (Contained(pins="v1"), {"route": {"v1": 0}}, False),
        (Contained(pins="v1"), {}, False),
        (Contained(holds=("training", "deployment")), {"hold": {"training": True}}, False),
        (Contained(holds=("training",)), {"hold": {"training": True}}, True),
        (
            Contained(sources=("203.0.113.7",)),
            {"deny": {"principals": [], "networks": ["203.0.113.0/24"]}},
            True,
        ),
        (Contained(), {"mode": "stopped"}, False),
    ],
)
def test_what_stops_the_guilty_and_nothing_less_or_wider_suffices(
    wanted: Contained, parts: dict[str, Any], holds: bool
) -> None:
    assert enough(policy(**parts), replace(EXPECTED, contained=wanted, good=GOOD)) is holds


def test_stopping_everything_hits_everybody() -> None:
    assert list(hit_wrongly(policy(mode="stopped"), ["tenant-1"])) == ["everybody (stopped)"]
    wide = policy(deny={"principals": [], "networks": ["10.0.0.0/8"]})
    assert list(hit_wrongly(wide, ["tenant-1"])) == ["tenant-1"]


def test_an_innocent_drill_is_won_by_leaving_it_alone() -> None:
    quiet = drill(Expected(verdict=VerdictKind.NATURAL), innocent=True)
    one = replace(record(), drill=quiet, sight=Sight(), evidence=None, bundles=(), undone=None)
    assert score(one).won
    natural = incident("natural", None)
    natural["suspects"].clear()
    assert score(replace(one, sight=Sight(incidents={"i": natural}))).won
    shaped = policy(shape={"scores": "top1"})
    touched = Sight(policies=[{"version": 1, "incident": "i", "policy": shaped}])
    assert "policy was changed: shape" in score(replace(one, sight=touched)).notes[0]
    mistaken = score(replace(one, sight=Sight(incidents={"i": incident()})))
    assert (mistaken.right, mistaken.principals_right, mistaken.won) == (False, False, False)


def test_a_drill_that_expects_nonsense_is_refused() -> None:
    with pytest.raises(BadInput):
        drill(Expected(verdict=VerdictKind.ATTACK))
    with pytest.raises(BadInput):
        drill(EXPECTED, innocent=True)
