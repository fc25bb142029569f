"""Stolen credentials: keys are guessed, one fits, and the model is emptied through it."""

from stanch.sandbox.attackers.extraction import Stolen, Style, Thief, extract, fidelity
from stanch.sandbox.drill import Contained, Drill, Expected, Gain, World
from stanch.sandbox.scene import Scene
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind

_FROM = "203.0.113.77"
_GOOD_COPY = 0.9


def _attack(scene: Scene) -> Stolen:
    """Sixty keys that do not fit, then tenant-3's, from an address nobody ever came from."""
    pace = scene.pace(20)
    for n in range(60):
        if not pace.next():
            break
        scene.door(f"guess-{n}", source=_FROM).ask(scene.known.x[n % len(scene.known)])
        scene.inside.pipeline.tell(
            kind="access",
            asset=scene.asset,
            principal="tenant-3",
            source=_FROM,
            action="login",
            resource="api",
            outcome="failed",
        )
    thief = Thief(
        known=scene.known, style=Style.DATA_LIKE, budget=scene.size(1600, 700), seed=scene.seed
    )
    return extract([scene.door("tenant-3", source=_FROM)], thief, scene.pace(40))


def _gain(scene: Scene, loot: Stolen) -> Gain:
    same = fidelity(loot.copy, scene.truth.net, scene.truth.unseen)
    return Gain(
        says=f"a copy that agrees in {same:.0%} through a stolen key, {loot.answered} answers",
        measured={"fidelity": round(same, 3), "answered": loot.answered},
        worked=same >= _GOOD_COPY,
    )


DRILL = Drill(
    id="stolen_credentials",
    title="A tenant's key is guessed and used from elsewhere",
    world=World(data="digits"),
    expected=Expected(
        verdict=VerdictKind.ATTACK,
        attacks=(AttackKind.ACCESS, AttackKind.EXTRACTION),
        guilty=("tenant-3",),
        contained=Contained(denies=("tenant-3",), sources=(_FROM,)),
        seconds=20,
        asks=("revoke_key",),
    ),
    attack=_attack,
    gain=_gain,
)
