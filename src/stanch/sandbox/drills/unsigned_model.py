"""Unsigned model: a version that no pipeline trained and nobody signed goes into service."""

from stanch.sandbox.attackers.poison import flipped
from stanch.sandbox.drill import Contained, Drill, Expected, Gain, World
from stanch.sandbox.drills._people import NO_SERVICE, OTHER_VERSION
from stanch.sandbox.pace import Pace
from stanch.sandbox.scene import Scene
from stanch.sandbox.victims.net import Net, trained
from stanch.sandbox.victims.table import joined
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind

_LASTED = 20.0
"""Seconds in which the foreign model must not go on answering."""


def _attack(scene: Scene) -> tuple[Net, int]:
    """The foreign net, and how many of the intruder's questions it answered."""
    inside = scene.inside
    rows = inside.pipeline.rows
    net = trained(joined(rows, flipped(rows, 0, 1)), scene.seed + 9)
    card = inside.registry.push("v2", net, by="contractor")
    inside.pipeline.touched("push", "v2", "contractor", source="203.0.113.40")
    inside.registry.promote("v2")
    inside.pipeline.tell(
        kind="deployment",
        asset=scene.asset,
        principal="contractor",
        by="contractor",
        version="v2",
        digest=card.digest,
    )
    return net, _answered(scene, scene.pace(5))


def _answered(scene: Scene, pace: Pace) -> int:
    door, count = scene.door("watcher"), 0
    for row in scene.known.x[: int(_LASTED * 5)]:
        if not pace.next():
            break
        answer = door.ask(row)
        count += answer.given and answer.version == "v2"
    return count


def _gain(scene: Scene, loot: tuple[Net, int]) -> Gain:
    net, answered = loot
    zeros = scene.truth.unseen.x[scene.truth.unseen.y == 0]
    wrong = float((net.says(zeros) != 0).mean())
    asked = min(len(scene.known), int(_LASTED * 5))
    return Gain(
        says=f"the foreign model gave {answered} of {asked} answers, {wrong:.0%} of zeros wrong",
        measured={"answered": answered, "zeros wrong": round(wrong, 3)},
        worked=answered >= 0.9 * asked,
    )


DRILL = Drill(
    id="unsigned_model",
    title="A model that nobody trained or signed is deployed",
    world=World(data="digits"),
    expected=Expected(
        verdict=VerdictKind.ATTACK,
        attacks=(AttackKind.SUPPLY_CHAIN, AttackKind.WEIGHT_TAMPERING),
        guilty=("contractor",),
        contained=Contained(pins="v1"),
        seconds=15,
        asks=OTHER_VERSION,
        hears=NO_SERVICE,
        good=("v1", "v0.9"),
    ),
    attack=_attack,
    gain=_gain,
    extra_callers=("watcher",),
)
