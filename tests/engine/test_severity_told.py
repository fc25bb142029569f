"""Severity as people read it: from what was found to the line of factors of the incident."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.engine.contained import FRAUD, INCIDENT, NOON, Contained

from stanch.detect.detector import Detector
from stanch.detect.detectors import (
    access_anomaly,
    aimed_labels,
    hidden_trigger,
    label_residual,
    latency_and_errors,
)
from stanch.engine.cases import Cases, Judgement, Step
from stanch.engine.containment_clock import ContainmentClock, clock_id
from stanch.engine.runs.deeds import Order
from stanch.engine.triage import Triage
from stanch.triage.severity.judge import level_of_duties
from stanch.vocabulary.asset import Criticality, Oversight
from stanch.vocabulary.clock import ClockState
from stanch.vocabulary.finding import AttackKind, Finding, Suspect
from stanch.vocabulary.ids import DetectorId, PrincipalId, RunId
from stanch.vocabulary.incident import Incident, Level, Phase, VerdictKind
from stanch.vocabulary.people import ROLE_SCOPES, Caller, Role
from stanch.vocabulary.span import Span

ADA = Caller(name="ada", scopes=ROLE_SCOPES[Role.APPROVER], role=Role.APPROVER)


def found(attack: AttackKind | None, minute: int = 0, **measured: float) -> Finding:
    start = NOON + timedelta(minutes=minute)
    return Finding(
        detector=DetectorId("access_anomaly"),
        asset=FRAUD,
        window=Span(start=start, end=start + timedelta(minutes=1)),
        says="Something.",
        measured=measured,
        because=(),
        strength=9.0,
        suspects=(Suspect(principal=PrincipalId("key-91"), share=0.9, confidence=0.95),),
        topic=f"{minute}",
        points_to={attack: 0.95} if attack is not None else {},
    )


class House(Contained):
    """One model, what is found on it, and a guard that shows what holds."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, AttackKind.ACCESS)
        self.triage = Triage(self.store, self.now)
        self.cases = Cases(self.store, self.now)
        with self.store.begin() as tx:
            first = tx.incidents.get(INCIDENT)
            tx.incidents.save(replace(first, phase=Phase.CLOSED, closed_at=NOON))

    def meets(self, *findings: Finding) -> Incident:
        """The incident that these findings opened or joined."""
        with self.store.begin() as tx:
            tx.findings.put(findings, at=self.at)
        (one,) = self.triage.take(findings, {}).all
        return one

    def blocks(self, one: Incident) -> Incident:
        """The incident after its suspect was refused, and a guard showed it."""
        order = Order(
            act="block_principal",
            args={"principals": ("key-91",)},
            incident=one.id,
            asset=FRAUD,
            key="run-1/block",
            lasts=86_400,
            run=RunId("run-1"),
        )
        assert self.deeds.perform(order).ok
        prove = replace(order, act="await_probe", args={}, key="run-1/prove")
        assert self.deeds.perform(prove).ok
        return self.read(one)

    def read(self, one: Incident) -> Incident:
        with self.store.look() as tx:
            return tx.incidents.get(one.id)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.store.close()


def steps(one: Incident) -> dict[str, int]:
    parts = (part.split(":") for part in one.severity.vector.split("/")[1:])
    return {name: int(number) for name, number in parts}


def test_a_break_in_that_was_refused_throughout_and_stopped_reads_as_an_attempt_that_is_over(
    house: House,
) -> None:
    one = house.meets(found(AttackKind.ACCESS, got_through=0.0))
    assert one.verdict.attack is AttackKind.ACCESS
    assert steps(one)["AA"] == 4, "nobody has stopped it"
    held = house.blocks(one)
    assert (held.phase, steps(held)["AA"]) == (Phase.CONTAINED, 1)
    assert held.severity.rank <= one.severity.rank


@pytest.mark.parametrize(
    "other", [found(AttackKind.ACCESS, 1, got_through=1.0), found(AttackKind.ACCESS, 1)]
)
def test_one_sign_of_it_that_got_through_or_cannot_tell_makes_it_no_mere_attempt(
    house: House, other: Finding
) -> None:
    one = house.meets(found(AttackKind.ACCESS, got_through=0.0), other)
    assert steps(house.blocks(one))["AA"] == 3


def test_what_is_no_sign_of_the_attack_does_not_make_it_succeed(house: House) -> None:
    plain = replace(found(None, 1), detector=DetectorId("feature_drift"))
    one = house.meets(found(AttackKind.ACCESS, got_through=0.0), plain)
    assert steps(house.blocks(one))["AA"] == 1


def test_who_moves_it_back_says_that_it_goes_on(house: House) -> None:
    held = house.blocks(house.meets(found(AttackKind.ACCESS)))
    assert steps(held)["AA"] == 3
    back = Step(to=Phase.TRIAGED, seen=held.version, why="they are still there")
    again = house.cases.move(held.id, back, ADA)
    assert steps(again)["AA"] == 4
    held = replace(back, to=Phase.CONTAINED, seen=again.version, nothing_to_contain=True)
    assert steps(house.cases.move(again.id, held, ADA))["AA"] == 3


def test_what_is_done_again_while_it_is_held_goes_on(house: House) -> None:
    held = house.blocks(house.meets(found(AttackKind.ACCESS)))
    house.at += timedelta(minutes=9)
    anew = replace(found(AttackKind.ACCESS, 8), deeds=("evt-1",))
    again = house.meets(anew)
    assert (again.id, again.again, again.phase) == (held.id, 1, Phase.CONTAINED)
    assert steps(again)["AA"] == 4


def test_a_level_that_rested_on_the_attack_going_on_falls_once_it_is_stopped(house: House) -> None:
    with house.store.begin() as tx:
        mine = tx.assets.get(FRAUD)
        for n in range(2):
            name = type(FRAUD)(f"shop-{n}")
            tx.assets.add(replace(mine, id=name, name=name))
        served = tuple(type(FRAUD)(f"shop-{n}") for n in range(2))
        tx.assets.save(replace(mine, lineage=replace(mine.lineage, served_by=served)))
    one = house.meets(found(AttackKind.ACCESS))
    assert (steps(one)["BR"], one.severity.level) == (3, Level.MEDIUM)
    held = house.blocks(one).severity
    assert held.level is Level.LOW
    assert level_of_duties(held) is level_of_duties(one.severity) is Level.MEDIUM
    stays = "While it went on it was medium: for whom to call and what to report, that level stays."
    assert stays in held.fired
    assert stays not in one.severity.fired


def test_what_a_person_says_it_is_is_rated_at_once_and_the_machine_takes_nothing_back(
    house: House,
) -> None:
    one = house.meets(found(AttackKind.POISONING, corrupt=0.3))
    assert (steps(one)["MI"], one.severity.level) == (3, Level.HIGH)
    word = Judgement(seen=one.version, why="the law changed", verdict=VerdictKind.NATURAL)
    natural = house.cases.judge(one.id, word, ADA)
    assert (steps(natural)["MI"], natural.severity.level) == (0, Level.LOW)
    assert (natural.suspects, natural.atlas) == ((), ())
    assert (natural.phase, natural.version) == (one.phase, one.version + 1), (
        "one change of a person"
    )
    word = replace(
        word, seen=natural.version, verdict=VerdictKind.ATTACK, attack=AttackKind.BACKDOOR
    )
    tampered = house.cases.judge(one.id, word, ADA)
    assert (steps(tampered)["MI"], tampered.severity.level) == (4, Level.HIGH)
    assert tampered.atlas


def test_a_persons_severity_stays_under_another_verdict(house: House) -> None:
    one = house.meets(found(AttackKind.POISONING, corrupt=0.3))
    word = Judgement(seen=one.version, why="a lab", severity=Level.LOW)
    low = house.cases.judge(one.id, word, ADA)
    word = replace(
        word,
        seen=low.version,
        severity=None,
        verdict=VerdictKind.ATTACK,
        attack=AttackKind.BACKDOOR,
    )
    now = house.cases.judge(one.id, word, ADA)
    assert now.severity == low.severity


def test_a_return_that_a_person_calls_otherwise_has_its_own_level(house: House) -> None:
    one = house.meets(found(AttackKind.POISONING, corrupt=0.3))
    with house.store.begin() as tx:
        closed = tx.incidents.save(replace(one, phase=Phase.CLOSED, closed_at=house.at))
        back = replace(one, id=type(one.id)("inc-back"), came_back=closed.id, findings=())
        back = tx.incidents.add(back)
    word = Judgement(seen=back.version, why="the law changed", verdict=VerdictKind.NATURAL)
    assert house.cases.judge(back.id, word, ADA).severity.level is Level.LOW


def test_whoever_is_told_of_changes_hears_of_a_persons_verdict_at_once(house: House) -> None:
    one = house.meets(found(AttackKind.POISONING, corrupt=0.3))
    clock = ContainmentClock(house.store, house.now)
    clock.opened(one)
    cases = Cases(house.store, house.now, [clock])
    word = Judgement(seen=one.version, why="the law changed", verdict=VerdictKind.NATURAL)
    cases.judge(one.id, word, ADA)
    with house.store.look() as tx:
        assert tx.clocks.get(clock_id(one.id)).state is ClockState.STOPPED


def test_a_persons_severity_stays_when_it_is_stopped(house: House) -> None:
    one = house.meets(found(AttackKind.ACCESS))
    word = Judgement(seen=one.version, why="it is ours", severity=Level.HIGH)
    said = house.cases.judge(one.id, word, ADA)
    assert house.blocks(one).severity == said.severity


def test_what_another_stanch_rated_in_other_factors_can_be_stopped_and_keeps_its_level(
    house: House,
) -> None:
    one = house.meets(found(AttackKind.ACCESS))
    older = replace(one.severity, level=Level.HIGH, vector="AISEV:0.9/GONE:4")
    with house.store.begin() as tx:
        kept = tx.incidents.save(replace(tx.incidents.get(one.id), severity=older))
    assert house.blocks(kept).severity == older
    assert level_of_duties(older) is Level.HIGH


@pytest.mark.parametrize(("failing", "step"), [(0.05, 0), (0.1, 2), (0.49, 2), (0.5, 4), (1.0, 4)])
def test_what_the_service_fails_to_answer_is_how_far_it_is_down(
    house: House, failing: float, step: int
) -> None:
    with house.store.begin() as tx:
        tx.assets.save(replace(tx.assets.get(FRAUD), criticality=Criticality.CRITICAL))
    one = house.meets(found(AttackKind.ACCESS, failing=failing))
    assert steps(one)["SB"] == step


def test_much_that_is_corrupt_is_high_and_a_little_medium(house: House) -> None:
    little = house.meets(found(AttackKind.POISONING, corrupt=0.02))
    assert (steps(little)["MI"], little.severity.level) == (2, Level.MEDIUM)
    much = house.meets(found(AttackKind.POISONING, 1, corrupt=0.3))
    assert (much.id, steps(much)["MI"], much.severity.level) == (little.id, 3, Level.HIGH)


def test_labels_that_moved_with_the_world_are_not_corrupt(house: House) -> None:
    one = house.meets(found(AttackKind.POISONING, corrupt=0.3))
    word = Judgement(seen=one.version, why="the law changed", verdict=VerdictKind.NATURAL)
    house.cases.judge(one.id, word, ADA)
    again = house.meets(found(AttackKind.POISONING, 1, corrupt=0.3))
    assert (again.id, steps(again)["MI"], again.severity.level) == (one.id, 0, Level.LOW)


def test_what_the_inventory_says_of_people_is_how_far_it_acts_by_itself(house: House) -> None:
    with house.store.begin() as tx:
        tx.assets.save(replace(tx.assets.get(FRAUD), oversight=Oversight.CONFIRMS))
    assert steps(house.meets(found(AttackKind.ACCESS)))["AU"] == 1


@pytest.mark.parametrize(
    ("detector", "name", "least", "most"),
    [
        (access_anomaly.DETECTOR, "got_through", 0, 40),
        (aimed_labels.DETECTOR, "corrupt", 0.001, 1),
        (hidden_trigger.DETECTOR, "corrupt", 0.001, 1),
        (label_residual.DETECTOR, "corrupt", 0.001, 1),
        (latency_and_errors.DETECTOR, "failing", 0.09, 0.11),
    ],
)
def test_what_severity_asks_for_is_measured_by_the_detectors_that_can_tell(
    detector: Detector[object], name: str, least: float, most: float
) -> None:
    told = detector.look(detector.fires_on(), detector.limits)
    values = [f.measured[name] for f in told if isinstance(f, Finding) and name in f.measured]
    assert values
    assert all(least <= value <= most for value in values), values
