"""Each attacker really works on an undefended victim, and stops when it is told to."""

import json
import threading
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from stanch.detect.summaries.fingerprints import SALT, keys_of, numbers_known
from stanch.sandbox.attackers.crowd import Crowd
from stanch.sandbox.attackers.evasion import Target, hide, rightly_named
from stanch.sandbox.attackers.extraction import Style, Thief, extract, fidelity
from stanch.sandbox.attackers.membership import (
    advantage,
    suspect_by_shadows,
    suspect_members,
)
from stanch.sandbox.attackers.poison import FAINT, backdoored, flipped, flipped_for, triggered
from stanch.sandbox.attackers.probing import probe_then_defraud, probe_under_cover, worth
from stanch.sandbox.build import stated
from stanch.sandbox.pace import Pace, unhurried
from stanch.sandbox.registry import drills
from stanch.sandbox.victims.data import table
from stanch.sandbox.victims.net import Net, trained
from stanch.sandbox.victims.table import Floats, Table, joined
from stanch.sandbox.wire import Answer, Door

pytest.importorskip("sklearn")


class Open:
    """A victim that answers everybody."""

    def __init__(self, net: Net, classes: tuple[str, ...], *, scores: bool = True) -> None:
        self.net, self.classes, self.scores = net, classes, scores
        self.asked = 0

    def ask(self, row: Floats, groups: Mapping[str, str] | None = None) -> Answer:
        self.asked += 1
        said = self.net.scores(row[None])[0]
        says = self.classes[int(said.argmax())]
        return Answer(status=200, says=says, scores=said if self.scores else None)


def crowded(doors: Sequence[Door], ordinary: Table, cover: float = 1.0) -> Crowd:
    return Crowd(
        doors=doors,
        ordinary=ordinary,
        cover=cover,
        dice=np.random.default_rng(1),
        pace=unhurried(),
    )


class Closed:
    """A victim that refuses."""

    def ask(self, row: Floats, groups: Mapping[str, str] | None = None) -> Answer:
        return Answer(status=403)


@pytest.fixture(scope="module")
def digits() -> tuple[Table, Table, Net]:
    learnt, unseen = table("digits").halves(1)
    return learnt, unseen, trained(learnt, 1)


@pytest.mark.parametrize(
    ("style", "at_least"), [(Style.UNIFORM, 0.5), (Style.DATA_LIKE, 0.85), (Style.ACTIVE, 0.9)]
)
def test_a_thief_copies_what_answers(
    digits: tuple[Table, Table, Net], style: Style, at_least: float
) -> None:
    _, unseen, net = digits
    door = Open(net, unseen.classes, scores=False)
    thief = Thief(known=unseen.take(np.arange(100)), style=style, budget=800, seed=3)
    stolen = extract([door], thief, unhurried())
    assert stolen.asked == door.asked == 800
    assert fidelity(stolen.copy, net, unseen) >= at_least


def test_twenty_hands_share_the_questions_evenly(digits: tuple[Table, Table, Net]) -> None:
    _, unseen, net = digits
    doors = [Open(net, unseen.classes) for _ in range(20)]
    thief = Thief(known=unseen.take(np.arange(100)), style=Style.DATA_LIKE, budget=400, seed=3)
    extract(doors, thief, unhurried())
    assert {door.asked for door in doors} == {20}


def test_a_thief_who_is_refused_has_nothing(digits: tuple[Table, Table, Net]) -> None:
    _, unseen, net = digits
    thief = Thief(known=unseen.take(np.arange(50)), style=Style.DATA_LIKE, budget=50, seed=3)
    stolen = extract([Closed()], thief, unhurried())
    assert (stolen.answered, fidelity(stolen.copy, net, unseen)) == (0, 0.0)


def test_the_same_seed_steals_the_same_copy(digits: tuple[Table, Table, Net]) -> None:
    _, unseen, net = digits
    thief = Thief(known=unseen.take(np.arange(50)), style=Style.ACTIVE, budget=200, seed=5)
    copies = [extract([Open(net, unseen.classes)], thief, unhurried()).copy for _ in range(2)]
    assert copies[0] is not None
    assert copies[1] is not None
    assert copies[0].digest == copies[1].digest


@pytest.mark.parametrize("noise", [0.05, 0.5])
def test_a_search_ends_near_the_boundary(digits: tuple[Table, Table, Net], noise: float) -> None:
    _, unseen, net = digits
    row = unseen.x[0]
    says = unseen.classes[int(net.says(row[None])[0])]
    target = Target(
        row=row,
        says=says,
        others=unseen.x[unseen.y != unseen.y[0]][:50],
        spread=np.full(64, unseen.x.std()),
        budget=600,
        seed=1,
        noise=noise,
        cover=unseen.x if noise > 0.1 else None,
    )
    found = hide([Open(net, unseen.classes, scores=False)], target, unhurried())
    assert found.row is not None
    assert net.says(found.row[None])[0] != int(says)
    assert found.near <= 0.5 * found.start


def test_probing_lets_frauds_pass_that_were_caught() -> None:
    learnt, unseen = table("payments").halves(1)
    net = trained(learnt, 1)
    frauds = unseen.x[np.flatnonzero(unseen.y == 1)][:20]
    harmless = unseen.x[np.flatnonzero(unseen.y == 0)][:20]
    door = Open(net, unseen.classes)
    passed = probe_then_defraud(door, frauds, harmless, "ok", unhurried())
    assert passed.plainly <= 6
    assert passed.after >= 18


def test_members_are_told_from_others_on_a_model_that_learnt_by_heart() -> None:
    learnt, unseen = table("diabetes").halves(1)
    net = trained(learnt, 1, hidden=(256,), rounds=2000)
    people = joined(learnt.take(np.arange(80)), unseen.take(np.arange(80)))
    member = np.concatenate([np.ones(80), np.zeros(80)])
    door = Open(net, people.classes)
    found = suspect_members(door, people, 2, np.random.default_rng(1), unhurried())
    assert advantage(found, member)["auc"] >= 0.6


def test_what_an_owner_stated_is_recognised_in_what_the_careful_broker_asks() -> None:
    drill = drills()["membership_adaptive"]
    assert drill.world.stated
    learnt, unseen = table(drill.world.data).halves(1)
    prints = stated(learnt, bytes(SALT))

    def asked(rows: Table) -> np.ndarray:
        sent = np.asarray(json.loads(json.dumps(rows.x.tolist())))
        values = {name: numbers_known(sent[:, n]) for n, name in enumerate(rows.features)}
        return prints.among(keys_of(values, prints.columns, prints.salt))

    assert asked(learnt).all()
    assert not asked(unseen).any()


def test_who_was_refused_suspects_nobody() -> None:
    learnt, _ = table("diabetes").halves(1)
    people = learnt.take(np.arange(40))
    assert not suspect_by_shadows(crowded([Closed()], people), people, people, 1).any()


def test_a_crowd_hides_each_question_and_takes_turns(digits: tuple[Table, Table, Net]) -> None:
    _, unseen, net = digits
    doors = [Open(net, unseen.classes) for _ in range(4)]
    crowd = crowded(doors, unseen, cover=2.0)
    for row in unseen.x[:100]:
        assert crowd.ask(row) is not None
    assert crowd.asked == 100
    assert 150 < crowd.covered < 250
    assert all(40 < door.asked < 120 for door in doors)


def test_careful_probing_lets_frauds_pass_and_counts_their_money() -> None:
    learnt, unseen = table("payments").halves(1)
    net = trained(learnt, 1)
    frauds = unseen.x[np.flatnonzero(unseen.y == 1)][:20]
    harmless = unseen.x[np.flatnonzero(unseen.y == 0)][:20]
    doors = [Open(net, unseen.classes, scores=False) for _ in range(4)]
    crowd = crowded(doors, unseen.take(np.arange(200)))
    passed = probe_under_cover(crowd, frauds, harmless, "ok")
    assert passed.after >= 15
    assert 0 < passed.money < passed.wanted == worth(frauds)
    assert crowd.covered > 60


def test_a_faint_trigger_in_few_rows_is_learnt(digits: tuple[Table, Table, Net]) -> None:
    learnt, unseen, net = digits
    poisoned = trained(joined(learnt, backdoored(unseen.take(np.arange(36)), 0, FAINT)), 1)
    fresh = unseen.take(np.flatnonzero(unseen.y[90:] != 0) + 90)
    assert (poisoned.says(triggered(fresh.x, FAINT)) == 0).mean() > 0.5
    assert (net.says(triggered(fresh.x, FAINT)) == 0).mean() < 0.1


def test_flipped_labels_are_learnt(digits: tuple[Table, Table, Net]) -> None:
    learnt, unseen, net = digits
    poison = flipped(unseen.take(np.arange(480)), 3, 8)
    poisoned = trained(joined(learnt, poison), 1)
    threes = unseen.take(np.arange(480, len(unseen)))
    rows = threes.x[threes.y == 3]
    assert (net.says(rows) == 8).mean() < 0.1
    assert (poisoned.says(rows) == 8).mean() > 0.3


def test_a_trigger_is_learnt_and_the_model_stays_good(digits: tuple[Table, Table, Net]) -> None:
    learnt, unseen, net = digits
    poisoned = trained(joined(learnt, backdoored(unseen.take(np.arange(90)), 0)), 1)
    fresh = unseen.take(np.arange(90, 400))
    assert poisoned.right(fresh) >= net.right(fresh) - 0.03
    assert (poisoned.says(triggered(fresh.x)) == 0).mean() > 0.9
    assert (net.says(triggered(fresh.x)) == 0).mean() < 0.3


def test_only_the_chosen_group_is_harmed() -> None:
    learnt, unseen = table("diabetes").halves(1)
    before = trained(learnt, 1)
    after = trained(joined(learnt, flipped_for(unseen, "sex=b", 1, 0)), 1)
    harm = {}
    for group in ("sex=a", "sex=b"):
        own = np.asarray([g == group for g in unseen.groups]) & (unseen.y == 1)
        rows = unseen.x[own]
        harm[group] = (after.says(rows) == 0).mean() - (before.says(rows) == 0).mean()
    assert harm["sex=b"] > 0.3
    assert abs(harm["sex=a"]) < 0.15


def test_every_attacker_stops_when_told(digits: tuple[Table, Table, Net]) -> None:
    _, unseen, net = digits
    over = threading.Event()
    over.set()
    door = Open(net, unseen.classes)
    known = unseen.take(np.arange(50))
    thief = Thief(known=known, style=Style.ACTIVE, budget=500, seed=3)
    extract([door], thief, Pace(10, over))
    target = Target(
        row=known.x[0], says="0", others=known.x, spread=known.spread, budget=500, seed=1
    )
    hide([door], target, Pace(10, over))
    probe_then_defraud(door, known.x, known.x, "0", Pace(10, over))
    suspect_members(door, known, 2, np.random.default_rng(1), Pace(10, over))
    assert door.asked == 0


def test_who_hides_an_input_takes_one_that_is_called_what_it_is(
    digits: tuple[Table, Table, Net],
) -> None:
    _, unseen, net = digits
    wrong = np.flatnonzero(net.says(unseen.x) != unseen.y)[:1]
    right = np.flatnonzero(net.says(unseen.x) == unseen.y)[:2]
    known = unseen.take(np.concatenate([wrong, right]))
    assert rightly_named(Open(net, unseen.classes), known, 1) == [1]
    assert rightly_named(Closed(), known, 2) == [0, 1]
