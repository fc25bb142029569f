import re
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stanch.triage.severity.factors import ANCHORS, IMPACTS, TOP, Factor, Factors, factors
from stanch.triage.severity.facts import Measured, facts_of
from stanch.triage.severity.judge import GATES, Gate, rank_of, severity_of
from stanch.triage.severity.vector import factors_from, vector_of
from stanch.vocabulary.asset import Asset, AssetKind, Criticality, Oversight
from stanch.vocabulary.finding import AttackKind, Lifecycle, Suspect
from stanch.vocabulary.ids import AssetId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Impact, Incident, Level, Verdict, VerdictKind
from stanch.vocabulary.trouble import BadInput

AT = datetime(2026, 11, 21, tzinfo=UTC)
L, M, H = Level.LOW, Level.MEDIUM, Level.HIGH


def numbered(numbers: list[int]) -> Factors:
    return Factors(values=dict(zip(Factor, numbers, strict=True)))


any_factors = st.builds(
    numbered, st.lists(st.integers(0, TOP), min_size=len(Factor), max_size=len(Factor))
)

GOLDEN: list[tuple[str, dict[str, int], Level]] = [
    ("nothing at all", {}, L),
    ("a probe that failed", {"MI": 1, "BR": 1, "PH": 3, "AA": 1}, L),
    ("a probe going on by one client", {"MI": 1, "BR": 1, "PH": 3, "AA": 4}, L),
    ("a probe going on by most clients", {"MI": 1, "BR": 3, "PH": 3, "AA": 4}, M),
    ("a season that moved the inputs", {"MI": 1, "BR": 3, "PH": 3}, L),
    ("a wrong unit, small loss", {"SB": 1, "MI": 2, "BR": 2, "PH": 3}, M),
    ("a wrong unit, an important service is wrong", {"SB": 3, "BR": 3, "PH": 3}, H),
    ("some labels poisoned", {"MI": 2, "PH": 2, "AA": 3}, M),
    ("much of the data poisoned", {"MI": 3, "PH": 2, "AA": 3}, H),
    ("a backdoor in a served model", {"MI": 4, "PH": 3, "AA": 4}, H),
    ("weights replaced", {"MI": 4, "PH": 3, "AA": 3}, H),
    ("a malicious part, never loaded", {"MI": 1, "PH": 1, "AA": 1}, L),
    ("a malicious part, loaded", {"MI": 4, "PH": 3, "AA": 3}, H),
    ("architecture exposed", {"MI": 3, "RV": 4, "AA": 3}, H),
    ("a third of a model copied", {"MI": 2, "RV": 4, "AU": 2, "AA": 3}, M),
    ("a model copied whole", {"MI": 4, "DS": 4, "RV": 4, "AA": 3}, H),
    ("some evasions passed", {"SB": 2, "MI": 1, "AA": 4, "BR": 1}, M),
    ("an evasion of a medical device", {"HP": 3, "AA": 4, "BR": 1}, H),
    ("somebody died", {"HP": 4}, H),
    ("distress, nothing more", {"HP": 2}, M),
    ("membership of one person told", {"DS": 1, "RV": 4, "AU": 2, "AA": 3}, L),
    ("health data of some told", {"DS": 3, "AA": 3}, H),
    ("mail addresses of hundreds", {"DS": 2, "AA": 3}, M),
    ("a gap between groups of one point", {"RF": 1, "BR": 3}, L),
    ("a gap of four points", {"RF": 2, "BR": 3}, M),
    ("a group is refused", {"RF": 4, "BR": 3}, H),
    ("a chatbot said something rude", {"HP": 1, "PH": 3, "AA": 3}, L),
    ("an agent sent one mail it should not", {"SB": 1, "AU": 4, "RV": 3, "PH": 4, "AA": 3}, L),
    ("an agent paid out, unwatched and final", {"SB": 2, "AU": 4, "RV": 4, "PH": 4, "AA": 3}, H),
    ("an agent deleted a test table for good", {"SB": 1, "AU": 3, "RV": 4, "PH": 4}, M),
    ("the bill doubled", {"SB": 2, "AA": 4, "BR": 1}, M),
    ("a critical service is down", {"SB": 4, "BR": 3}, H),
    ("a stolen key, used on several assets", {"MI": 2, "BR": 3, "AA": 4}, H),
    ("a failed login", {"AA": 1}, L),
    ("an agent is misled on and on, widely", {"MI": 1, "RV": 4, "AU": 3, "AA": 4, "BR": 3}, M),
]


@pytest.mark.parametrize(("story", "given_", "level"), GOLDEN, ids=[g[0] for g in GOLDEN])
def test_a_golden_incident_has_its_level(story: str, given_: dict[str, int], level: Level) -> None:
    assert severity_of(factors(**given_)).level is level


def test_there_are_thirty_golden_incidents_of_all_levels() -> None:
    assert len(GOLDEN) >= 30
    assert {g[2] for g in GOLDEN} == set(Level)


@given(any_factors, st.sampled_from(Factor))
def test_a_worse_factor_never_lowers_level_or_rank(found: Factors, factor: Factor) -> None:
    for value in range(found[factor], TOP + 1):
        worse = found.with_(factor, value)
        assert severity_of(worse).level >= severity_of(found).level
        assert rank_of(worse) >= rank_of(found)


@given(any_factors)
def test_the_vector_says_all_and_reads_back(found: Factors) -> None:
    assert factors_from(vector_of(found)) == found
    assert vector_of(factors_from(vector_of(found))) == vector_of(found)
    assert 0 <= rank_of(found) <= 100


@given(any_factors)
def test_what_would_change_it_does_and_nothing_smaller_does(found: Factors) -> None:
    severity = severity_of(found)
    told: dict[Factor, list[int]] = {f: [] for f in Factor}
    for says in severity.would_change:
        anchor = says.lower().rpartition(". that would make it ")[0].split(": ")[-1]
        ((factor, number),) = [
            (f, n) for f in Factor for n in range(TOP + 1) if ANCHORS[f][n].lower() == anchor
        ]
        told[factor].append(number)
    for factor in Factor:
        own = found[factor]
        for value in range(TOP + 1):
            changes = severity_of(found.with_(factor, value)).level is not severity.level
            reached = [v for v in told[factor] if min(own, value) <= v <= max(own, value)]
            assert changes <= bool(reached)
        assert all(
            severity_of(found.with_(factor, v)).level is not severity.level for v in told[factor]
        )


@pytest.mark.parametrize("gate", GATES, ids=lambda g: g.name)
def test_every_gate_fires_somewhere_and_is_told(gate: Gate) -> None:
    cases = {
        "serious_harm": {"HP": 4},
        "model_lost": {"MI": 4},
        "discrimination": {"RF": 4},
        "special_data": {"DS": 3},
        "unwatched_and_final": {"RV": 4, "AU": 3},
        "active_and_wide": {"AA": 4, "BR": 3},
    }
    fired = severity_of(factors(**cases[gate.name])).fired
    assert any(gate.says in f.lower() for f in fired)
    almost = {k: v - 1 for k, v in cases[gate.name].items()}
    assert not any(gate.says in f.lower() for f in severity_of(factors(**almost)).fired)


@given(any_factors)
def test_no_reason_needs_the_table_of_factors_beside_it(found: Factors) -> None:
    severity = severity_of(found)
    for says in (*severity.fired, *severity.would_change):
        assert not re.search(r"\b[A-Z]{2}\b|_|\d:", says), says
        assert says.endswith(".")


def test_no_weight_is_hidden_the_worst_impact_alone_sets_the_level() -> None:
    for value, level in enumerate((L, L, M, H, H)):
        for factor in IMPACTS:
            alone = severity_of(factors(**{factor.value: value}))
            assert alone.level is level
        everything = severity_of(factors(**{f.value: value for f in IMPACTS}))
        assert everything.level is level
    assert all(len(set(steps)) == 5 for steps in ANCHORS.values())


@pytest.mark.parametrize(
    "line",
    [
        "",
        "AISEV:2.0/HP:1",
        "AISEV:1.0/HP:1",
        "AISEV:1.0/HP:9",
        vector_of(factors()) + "/HP:1",
        vector_of(factors()).replace("AISEV:1.0", "AISEV:2.0"),
        vector_of(factors()).replace("AISEV:1.0/", ""),
        vector_of(factors()).replace("HP:0", "HP:5"),
        vector_of(factors()).replace("HP:0", "HP:"),
    ],
)
def test_a_vector_that_is_not_whole_is_refused(line: str) -> None:
    with pytest.raises(BadInput):
        factors_from(line)


def incident(kind: VerdictKind, attack: AttackKind | None = None) -> Incident:
    return Incident(
        id=IncidentId("inc-1"),
        title="t",
        asset=AssetId("fraud"),
        opened=AT,
        first_seen=AT,
        updated=AT,
        lifecycle=Lifecycle.INFERENCE,
        verdict=Verdict(kind=kind, attack=attack),
        suspects=(Suspect(principal=PrincipalId("key"), share=1, confidence=1),),
    )


def asset(kind: AssetKind = AssetKind.ENDPOINT, domain: str = "", *data: str) -> Asset:
    return Asset(
        id=AssetId("fraud"),
        kind=kind,
        name="fraud",
        owner="ml",
        domain=domain,
        data_classes=data,
        criticality=Criticality.HIGH,
    )


def overseen(by: Oversight) -> Asset:
    return replace(asset(AssetKind.AGENT), oversight=by)


def level(
    kind: VerdictKind,
    attack: AttackKind | None = None,
    at: Asset | None = None,
    measured: Measured | None = None,
    impact: Impact | None = None,
) -> Level:
    facts = facts_of(
        incident(kind, attack), at or asset(), impact or Impact(), measured or Measured()
    )
    assert set(facts.why) == set(Factor)
    return severity_of(facts.factors).level


def test_facts_become_factors_as_the_mission_wants() -> None:
    attack, natural = VerdictKind.ATTACK, VerdictKind.NATURAL
    assert level(attack, AttackKind.BACKDOOR) is H
    assert level(attack, AttackKind.POISONING) is M
    assert level(attack, AttackKind.POISONING, measured=Measured(corrupt=0.3)) is H
    assert level(natural) is L
    assert level(natural, measured=Measured(accuracy_lost=0.3)) is H
    assert level(VerdictKind.FAULT, measured=Measured(failing=0.5)) is H
    assert level(natural, measured=Measured(gap_grown=0.11)) is H


K = AttackKind
ATTACK, NATURAL, FAULT = VerdictKind.ATTACK, VerdictKind.NATURAL, VerdictKind.FAULT
BOTH = (AssetId("fraud"), AssetId("cards"))


@pytest.mark.parametrize(
    ("kind", "attack", "at", "measured", "step"),
    [
        (ATTACK, K.EVASION, asset(domain="medical"), Measured(), "HP:3"),
        (NATURAL, None, asset(domain="medical"), Measured(), "HP:2"),
        (ATTACK, K.EVASION, asset(domain="retail"), Measured(), "HP:0"),
        (NATURAL, None, asset(domain="hiring"), Measured(), "RF:1"),
        (NATURAL, None, asset(), Measured(gap_grown=0.05), "RF:2"),
        (NATURAL, None, asset(), Measured(gap_grown=0.06), "RF:3"),
        (ATTACK, K.MEMBERSHIP_INFERENCE, asset(AssetKind.MODEL, "", "health"), Measured(), "DS:4"),
        (ATTACK, K.PROMPT_INJECTION, asset(AssetKind.MODEL, "", "Health"), Measured(), "DS:4"),
        (NATURAL, None, asset(), Measured(gap_grown=-0.02), "RF:0"),
        (NATURAL, None, asset(domain="Hiring"), Measured(), "RF:1"),
        (NATURAL, None, asset(), Measured(gap_grown=0.02), "RF:1"),
        (NATURAL, None, asset(), Measured(gap_grown=0.101), "RF:4"),
        (NATURAL, None, asset(), Measured(accuracy_lost=0.0), "MI:0"),
        (NATURAL, None, asset(), Measured(accuracy_lost=0.01), "MI:1"),
        (NATURAL, None, asset(), Measured(accuracy_lost=0.21), "MI:4"),
        (ATTACK, K.POISONING, asset(), Measured(), "MI:2"),
        (ATTACK, K.POISONING, asset(), Measured(corrupt=0.11), "MI:3"),
        (ATTACK, K.SUPPLY_CHAIN, asset(), Measured(), "MI:4"),
        (ATTACK, K.WEIGHT_TAMPERING, asset(), Measured(), "MI:4"),
        (ATTACK, K.MEMBERSHIP_INFERENCE, asset(), Measured(), "RV:4"),
        (NATURAL, None, asset(AssetKind.MODEL), Measured(), "AU:3"),
        (ATTACK, K.EVASION, asset(AssetKind.MODEL, "", "health"), Measured(), "DS:0"),
        (FAULT, None, asset(), Measured(failing=0.5), "SB:3"),
        (FAULT, None, asset(), Measured(), "SB:1"),
        (ATTACK, K.DENIAL_OF_WALLET, asset(), Measured(), "SB:2"),
        (NATURAL, None, asset(), Measured(accuracy_lost=0.05), "MI:2"),
        (NATURAL, None, asset(), Measured(accuracy_lost=0.06), "MI:3"),
        (ATTACK, K.POISONING, asset(), Measured(corrupt=0.10), "MI:2"),
        (ATTACK, K.BACKDOOR, asset(), Measured(), "MI:4"),
        (NATURAL, None, asset(AssetKind.AGENT), Measured(), "AU:4"),
        (NATURAL, None, overseen(Oversight.DECIDES), Measured(), "AU:0"),
        (NATURAL, None, overseen(Oversight.CONFIRMS), Measured(), "AU:1"),
        (NATURAL, None, overseen(Oversight.CAN_STOP), Measured(), "AU:2"),
        (NATURAL, None, overseen(Oversight.AFTERWARDS), Measured(), "AU:3"),
        (NATURAL, None, overseen(Oversight.NONE), Measured(), "AU:4"),
        (NATURAL, None, asset(AssetKind.DATASET), Measured(), "AU:2"),
        (NATURAL, None, asset(), Measured(), "RV:1"),
        (ATTACK, K.EVASION, asset(), Measured(), "RV:2"),
        (ATTACK, K.EXTRACTION, asset(), Measured(), "RV:4"),
        (ATTACK, K.EXTRACTION, asset(AssetKind.TOOL), Measured(), "RV:3"),
        (NATURAL, None, asset(), Measured(), "PH:3"),
        (NATURAL, None, asset(AssetKind.DATASET), Measured(), "PH:1"),
        (NATURAL, None, asset(AssetKind.AGENT), Measured(), "PH:4"),
        (FAULT, None, asset(), Measured(), "AA:0"),
        (VerdictKind.UNDECIDED, None, asset(), Measured(), "AA:2"),
        (ATTACK, K.EVASION, asset(), Measured(), "AA:4"),
        (ATTACK, K.EVASION, asset(), Measured(over=True), "AA:3"),
        (ATTACK, K.EVASION, asset(), Measured(over=True, came_to_nothing=True), "AA:1"),
        (ATTACK, K.EVASION, asset(), Measured(came_to_nothing=True), "AA:4"),
        (FAULT, None, asset(), Measured(failing=0.49), "SB:2"),
        (NATURAL, None, asset(), Measured(failing=0.1), "SB:2"),
        (NATURAL, None, asset(), Measured(failing=0.09), "SB:0"),
        (ATTACK, K.DENIAL_OF_WALLET, asset(), Measured(failing=0.5), "SB:3"),
        (VerdictKind.UNDECIDED, None, asset(), Measured(corrupt=0.2), "MI:3"),
        (FAULT, None, asset(), Measured(corrupt=0.2), "MI:3"),
        (NATURAL, None, asset(), Measured(corrupt=0.2), "MI:0"),
    ],
)
def test_each_fact_has_its_step(
    kind: VerdictKind, attack: AttackKind | None, at: Asset, measured: Measured, step: str
) -> None:
    found = facts_of(incident(kind, attack), at, Impact(), measured)
    assert step in vector_of(found.factors).split("/")


@pytest.mark.parametrize(
    ("classes", "people", "step"),
    [
        (("Health",), 1001, "DS:4"),
        (("health",), 1000, "DS:3"),
        (("health",), None, "DS:4"),
        (("personal",), 1001, "DS:3"),
        (("personal",), 1000, "DS:2"),
        (("personal",), 2, "DS:2"),
        (("personal",), 1, "DS:1"),
        (("confidential",), None, "DS:3"),
        (("credentials",), 40, "DS:2"),
        (("internal",), 40, "DS:1"),
        ((), 40, "DS:0"),
    ],
)
def test_whose_data_and_of_how_many_sets_the_step(
    classes: tuple[str, ...], people: int | None, step: str
) -> None:
    impact = Impact(data_classes=classes, people=people)
    found = facts_of(incident(ATTACK, K.ACCESS), asset(), impact, Measured())
    assert step in vector_of(found.factors).split("/")


@pytest.mark.parametrize("critical", Criticality)
def test_how_much_hangs_on_an_asset_counts_where_it_can_hurt_or_is_down(
    critical: Criticality,
) -> None:
    """Only a person says that somebody died: what is known of the asset stops one step below."""
    vital = replace(asset(domain="Medical"), criticality=critical)
    found = facts_of(incident(ATTACK, K.EVASION), vital, Impact(), Measured(failing=0.5)).factors
    assert found[Factor.HARM] == min(3, int(critical))
    assert found[Factor.SERVICE] == int(critical)
    natural = facts_of(incident(NATURAL), vital, Impact(), Measured()).factors
    assert natural[Factor.HARM] == int(critical) - 1


def test_an_attack_or_a_change_that_stops_nothing_is_no_loss_of_service() -> None:
    for one, step in (
        (incident(ATTACK, K.EVASION), "SB:0"),
        (incident(NATURAL), "SB:0"),
        (incident(VerdictKind.FAULT), "SB:1"),
    ):
        found = facts_of(one, asset(), Impact(), Measured())
        assert step in vector_of(found.factors).split("/")


def test_how_far_it_reaches_and_where_it_struck_are_read_from_the_incident() -> None:
    one = incident(ATTACK, K.POISONING)
    made = replace(one, suspects=(), lifecycle=Lifecycle.TRAINING)
    for now, impact, step in (
        (one, Impact(), "BR:1"),
        (made, Impact(), "BR:2"),
        (one, Impact(assets=BOTH), "BR:3"),
        (made, Impact(), "PH:2"),
    ):
        found = facts_of(now, asset(), impact, Measured())
        assert step in vector_of(found.factors).split("/")


def test_the_rank_is_the_worst_impact_first_and_then_all_the_rest() -> None:
    assert rank_of(factors(MI=4)) == 96
    assert rank_of(factors(**{f.value: TOP for f in Factor})) == 100
    assert (
        rank_of(factors(MI=2)) < rank_of(factors(MI=2, DS=2, BR=4, AA=4)) < rank_of(factors(MI=3))
    )


@given(any_factors)
def test_all_factors_but_the_worst_impact_share_four_points_equally(found: Factors) -> None:
    numbers = [found[factor] for factor in Factor]
    worst = max(found[factor] for factor in IMPACTS)
    assert rank_of(found) == round(24 * worst + 4 * (sum(numbers) - worst) / (9 * 4))
    assert 0 <= rank_of(found) <= 100


def test_people_who_were_not_counted_count_as_many() -> None:
    attack = VerdictKind.ATTACK
    health = Impact(data_classes=("health",))
    assert level(attack, AttackKind.ACCESS, impact=health) is H
    one = Impact(data_classes=("contact",), people=1)
    assert level(attack, AttackKind.ACCESS, impact=one) is L
    many = Impact(data_classes=("contact",))
    assert level(attack, AttackKind.ACCESS, impact=many) is H


def test_the_page_of_reference_is_what_the_tables_say() -> None:
    root = Path(__file__).parents[2]
    script = root / "scripts/reference_severity.py"
    spec = spec_from_file_location("reference_severity", script)
    assert spec is not None
    assert spec.loader is not None
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    assert (root / "docs/reference/severity.md").read_text("utf-8") == made.page()
