"""Answering: nothing is contained as long as the version that is the attack answers."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.engine.contained import FRAUD, INCIDENT, NOON, Contained

from stanch.engine.held import held
from stanch.engine.owed import PROOFS, owed
from stanch.engine.placed import placed
from stanch.engine.policies import Change
from stanch.engine.runs.deeds import Order
from stanch.engine.unproved import PATIENCE, Unproved
from stanch.engine.watch.memory import keep_history
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Finding
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import DetectorId, RunId
from stanch.vocabulary.incident import Phase
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.span import Span

MINUTE = timedelta(minutes=1)
HOLD = Order(
    act="freeze_pipeline",
    args={"deployments": True},
    incident=INCIDENT,
    asset=FRAUD,
    key="run-1/hold",
    run=RunId("run-1"),
)
BACK = replace(HOLD, act="roll_back", args={"to": "v1"}, key="run-1/back")
OUT = replace(HOLD, act="isolate_version", args={"version": "v2"}, key="run-1/out")
SAFE = replace(HOLD, act="safe_mode", args={}, key="run-1/safe")
BLOCK = replace(HOLD, act="block_principal", args={"principals": ("key-9",)}, key="run-1/block")
SHAPE = replace(HOLD, act="shape_outputs", args={"scores": "top1"}, key="run-1/less")


def version(name: str, at: datetime) -> tuple[Happening, Happening]:
    """The run that made it, and its deployment a second later."""
    digest = f"sha256:{name}"
    run = Happening(
        at=at,
        event=f"t-{name}",
        kind=EventKind.TRAINING,
        version=name,
        what="r",
        facts={"digest": digest},
    )
    deployed = Happening(
        at=at + MINUTE / 60,
        event=f"d-{name}",
        kind=EventKind.DEPLOYMENT,
        version=name,
        what=digest,
        principal="pipeline",
    )
    return run, deployed


class House(Contained):
    """Version v1 for an hour, v2 for a minute, and a guard that shows everything."""

    def __init__(self, folder: Path, attack: AttackKind) -> None:
        super().__init__(folder, attack)
        self.chore = Unproved(self.store, self.now, self.deeds.shown, lambda *_: True)
        self.deployed(*version("v1", NOON - 60 * MINUTE), *version("v2", NOON - MINUTE))

    def deployed(self, *history: Happening) -> None:
        with self.store.begin() as tx:
            keep_history(tx, FRAUD, history)

    def blames(self, name: str, kind: AttackKind) -> None:
        seen = Finding(
            detector=DetectorId("model_provenance"),
            asset=FRAUD,
            version=name,
            window=Span(start=NOON, end=NOON),
            says="s",
            measured={},
            because=(),
            points_to={kind: 0.9},
        )
        with self.store.begin() as tx:
            tx.findings.put([seen], at=NOON)
            one = tx.incidents.get(INCIDENT)
            tx.incidents.save(replace(one, findings=(seen.id,)))

    def later(self, by: timedelta) -> Phase:
        self.at += by
        self.chore.turn()
        return self.phase

    def does(self, *orders: Order) -> Phase:
        for order in orders:
            assert self.deeds.perform(order).ok
        with self.store.look() as tx:
            assert all(line.proved for line in placed(tx, INCIDENT) if line.demands)
        return self.phase

    @property
    def says(self) -> str:
        with self.store.look() as tx:
            return held(tx, tx.incidents.get(INCIDENT), tx.assets.find(FRAUD)).says


@pytest.fixture
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    made = House(tmp_path, getattr(request, "param", AttackKind.SUPPLY_CHAIN))
    yield made
    made.store.close()


@pytest.mark.parametrize("last", [BACK, OUT, SAFE], ids=lambda order: order.act)
def test_a_proved_hold_contains_nothing_while_the_version_that_is_the_attack_answers(
    house: House, last: Order
) -> None:
    house.blames("v2", AttackKind.SUPPLY_CHAIN)
    assert house.does(HOLD, BLOCK, SHAPE) is Phase.TRIAGED
    assert house.says == "Not contained while v2, which is under suspicion, answers"
    assert house.does(last) is Phase.CONTAINED
    assert house.says == "Contained"


def test_where_it_answers_once_more_that_is_said(house: House) -> None:
    house.blames("v2", AttackKind.SUPPLY_CHAIN)
    assert house.does(HOLD, BACK) is Phase.CONTAINED
    assert house.deeds.undo(BACK, BACK.key).ok
    assert house.says == "It was contained; v2, which is under suspicion, answers"


def test_a_hold_contains_what_is_in_no_version_that_answers(house: House) -> None:
    assert house.does(HOLD) is Phase.CONTAINED


def test_a_version_that_a_newer_one_took_the_place_of_answers_no_more(house: House) -> None:
    house.blames("v1", AttackKind.SUPPLY_CHAIN)
    assert house.does(HOLD) is Phase.CONTAINED


@pytest.mark.parametrize("house", [AttackKind.POISONING], indirect=True)
def test_a_version_from_before_the_first_odd_row_has_learnt_nothing_of_them(house: House) -> None:
    house.blames("v2", AttackKind.POISONING)
    assert house.does(HOLD) is Phase.CONTAINED


@pytest.mark.parametrize("house", [AttackKind.POISONING], indirect=True)
def test_a_version_that_came_after_the_first_odd_row_may_have_learnt_them(house: House) -> None:
    house.deployed(*version("v1", NOON - 60 * MINUTE), *version("v3", NOON + MINUTE))
    assert house.does(HOLD) is Phase.TRIAGED
    assert house.does(BACK) is Phase.CONTAINED


@pytest.mark.parametrize("house", [AttackKind.EXTRACTION], indirect=True)
def test_who_asks_is_contained_by_a_block_whatever_version_was_asked(house: House) -> None:
    house.blames("v2", AttackKind.WEIGHT_TAMPERING)
    assert house.does(BLOCK) is Phase.CONTAINED


def test_a_share_of_the_traffic_is_an_answer_too(house: House) -> None:
    house.blames("v2", AttackKind.SUPPLY_CHAIN)
    split = Policy(asset=FRAUD, route={"v1": 95, "v2": 5})
    house.policies.set_base(split, Change(by="ada", because="a canary"))
    assert house.does(HOLD) is Phase.TRIAGED
    assert house.does(OUT) is Phase.CONTAINED


def test_a_version_that_people_replace_by_their_own_means_contains_it_too(house: House) -> None:
    house.blames("v2", AttackKind.SUPPLY_CHAIN)
    assert house.does(HOLD) is Phase.TRIAGED
    assert house.later(MINUTE) is Phase.TRIAGED
    older = (*version("v1", NOON - 60 * MINUTE), *version("v2", NOON - MINUTE))
    house.deployed(*older, *version("v3", NOON + MINUTE))
    assert house.later(PATIENCE / 2) is Phase.TRIAGED
    assert house.later(PATIENCE) is Phase.CONTAINED
    with house.store.look() as tx:
        assert owed(tx, PROOFS) == []
