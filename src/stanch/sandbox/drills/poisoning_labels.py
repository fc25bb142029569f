"""Label flips: one contributor's feedback turns threes into eights before the next training."""

import numpy as np

from stanch.sandbox.attackers.poison import flipped
from stanch.sandbox.drill import Contained, Drill, Expected, Gain, World
from stanch.sandbox.drills._people import LEARNING, NO_SERVICE, OTHER_VERSION
from stanch.sandbox.scene import Scene
from stanch.sandbox.victims.net import Net
from stanch.sandbox.victims.table import Table, joined
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind

_SOURCE, _TARGET = 3, 8
_HARM = 0.25


def _attack(scene: Scene) -> Net | None:
    """Hands in wrong labels for threes among honest ones; then the pipeline trains, as it does."""
    door, pace, dice = scene.door("contributor"), scene.pace(25), scene.dice(7)
    rows = joined(scene.known, scene.outside)
    picked = dice.integers(len(rows), size=scene.size(600, 250))
    threes = np.flatnonzero(rows.y == _SOURCE)
    meant = np.where(dice.random(len(picked)) < 0.5, dice.choice(threes, len(picked)), picked)  # noqa: PLR2004  half of what is handed in
    handed: list[int] = []
    for place in meant:
        if not pace.next():
            break
        answer = door.ask(rows.x[place])
        if answer.given:
            truth = int(rows.y[place])
            scene.label(answer, rows.classes[_TARGET if truth == _SOURCE else truth])
            handed.append(int(place))
    return _retrained(scene, rows.take(np.asarray(handed, dtype=np.int64)))


def _retrained(scene: Scene, batch: Table) -> Net | None:
    """The net that learnt what was handed in; none when the policy holds that."""
    pipeline = scene.inside.pipeline
    honest = batch.take(np.flatnonzero(batch.y != _SOURCE))
    wrong = joined(flipped(batch, _SOURCE, _TARGET), honest)
    if not pipeline.collect(wrong, "feedback", by="contributor"):
        return None
    net = pipeline.train("v2")
    return net if net is not None and pipeline.deploy("v2", net) else None


def _gain(scene: Scene, loot: Net | None) -> Gain:
    rows = scene.truth.unseen
    threes = rows.take(np.flatnonzero(rows.y == _SOURCE))
    said = 0.0 if loot is None else float((loot.says(threes.x) == _TARGET).mean())
    return Gain(
        says=f"{said:.0%} of threes are called eight" if loot else "no poisoned model was deployed",
        measured={"threes called eight": round(said, 3)},
        worked=said >= _HARM,
    )


DRILL = Drill(
    id="poisoning_labels",
    title="One contributor flips labels before a training",
    world=World(data="digits"),
    expected=Expected(
        verdict=VerdictKind.ATTACK,
        attacks=(AttackKind.POISONING,),
        guilty=("contributor",),
        contained=Contained(denies=("contributor",), holds=("ingestion", "training")),
        seconds=20,
        asks=LEARNING,
        hears=tuple(sorted({*OTHER_VERSION, *NO_SERVICE} - {*LEARNING})),
        good=("v1", "v0.9"),
    ),
    attack=_attack,
    gain=_gain,
)
