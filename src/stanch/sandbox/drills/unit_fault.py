"""Unit fault: a new release of the feature pipeline sends metres where kilometres were."""

from stanch.sandbox.drill import Drill, Expected, Gain, World
from stanch.sandbox.scene import Scene
from stanch.vocabulary.incident import VerdictKind

_DISTANCE, _METRES = 2, 1000.0


def _attack(scene: Scene) -> float:
    """The share of right answers once everybody's distance is a thousand times what it was."""
    scene.inside.pipeline.tell(
        kind="deployment",
        asset="feature-pipeline",
        principal="pipeline",
        by="pipeline",
        version="4.2",
        digest="sha256:" + "4f" * 32,
    )
    scene.inside.habits.break_unit(_DISTANCE, _METRES)
    scene.stop.wait(scene.size(60, 40) / scene.speed)
    rows = scene.truth.unseen
    broken = rows.x.copy()
    broken[:, _DISTANCE] *= _METRES
    return float((scene.truth.net.says(broken) == rows.y).mean())


def _gain(_scene: Scene, loot: float) -> Gain:
    return Gain(
        says=f"nothing; {loot:.0%} of answers are right", measured={"right": round(loot, 3)}
    )


DRILL = Drill(
    id="unit_fault",
    title="A feature changes its unit for everybody",
    world=World(data="payments"),
    expected=Expected(verdict=VerdictKind.FAULT),
    attack=_attack,
    gain=_gain,
    innocent=True,
)
