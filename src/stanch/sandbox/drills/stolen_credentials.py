"""Stolen credentials: keys are guessed, one fits, and the model is emptied through it."""

from stanch.sandbox.attackers.extraction import Stolen
from stanch.sandbox.drill import Contained, Drill, Expected, World
from stanch.sandbox.drills._copying import Copying
from stanch.sandbox.drills._people import WIDER
from stanch.sandbox.scene import Scene
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind

_FROM = "203.0.113.77"
_COPYING = Copying(budget=1600, small=700, hands=("tenant-3",), source=_FROM)


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
    return _COPYING.attack(scene)


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
        hears=(*WIDER, "revoke_key", "freeze_pipeline", "block_network"),
    ),
    attack=_attack,
    gain=_COPYING.gain,
    anywhere=True,
)
