"""Killed: in the middle of an extraction the server is killed, then the guard; both come back."""

import threading

from stanch.sandbox.attackers.extraction import Stolen, Style, Thief, extract, fidelity
from stanch.sandbox.drill import Contained, Drill, Expected, Gain, World
from stanch.sandbox.scene import Scene
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind

_GOOD_COPY = 0.9


def _attack(scene: Scene) -> Stolen:
    thief = Thief(
        known=scene.known, style=Style.DATA_LIKE, budget=scene.size(2400, 900), seed=scene.seed
    )
    chaos = threading.Thread(target=_chaos, args=(scene,), daemon=True)
    chaos.start()
    try:
        return extract([scene.door("thief")], thief, scene.pace(40))
    finally:
        chaos.join(60)


def _chaos(scene: Scene) -> None:
    """The power goes after three seconds; the model service dies after seven."""
    server, victim = scene.inside.server, scene.inside.victim
    if not scene.stop.wait(3 / scene.speed):
        server.kill()
        server.start(server.port)
    if not scene.stop.wait(4 / scene.speed):
        victim.kill()
        victim.start()


def _gain(scene: Scene, loot: Stolen) -> Gain:
    same = fidelity(loot.copy, scene.truth.net, scene.truth.unseen)
    return Gain(
        says=f"a copy that agrees in {same:.0%}, from {loot.answered} of {loot.asked} questions",
        measured={"fidelity": round(same, 3), "answered": loot.answered, "asked": loot.asked},
        worked=same >= _GOOD_COPY,
    )


DRILL = Drill(
    id="killed",
    title="Server and guard are killed in the middle of an attack",
    world=World(data="digits"),
    expected=Expected(
        verdict=VerdictKind.ATTACK,
        attacks=(AttackKind.EXTRACTION,),
        guilty=("thief",),
        contained=Contained(denies=("thief",)),
        seconds=30,
    ),
    attack=_attack,
    gain=_gain,
)
