"""Killed: in the middle of an extraction the server is killed, then the guard; both come back."""

import threading
from dataclasses import replace

from stanch.sandbox.attackers.extraction import Stolen
from stanch.sandbox.drills._copying import Copying
from stanch.sandbox.scene import Scene

_COPYING = Copying(small=900)


def _attack(scene: Scene) -> Stolen:
    chaos = threading.Thread(target=_chaos, args=(scene,), daemon=True)
    chaos.start()
    try:
        return _COPYING.attack(scene)
    finally:
        chaos.join(60)


def _chaos(scene: Scene) -> None:
    """The power goes after a second, in mid-attack; the model service dies two seconds later."""
    server, victim = scene.inside.server, scene.inside.victim
    if not scene.stop.wait(_POWER / scene.speed):
        server.kill()
        server.start(server.port)
    if not scene.stop.wait(_SERVICE / scene.speed):
        victim.kill()
        victim.start()


_POWER, _SERVICE = 1.0, 2.0

DRILL = replace(
    _COPYING.drill("killed", "Server and guard are killed in the middle of an attack", seconds=30),
    attack=_attack,
)
