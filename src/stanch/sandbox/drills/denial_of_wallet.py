"""Denial of wallet: one client asks as fast as it can, only so that somebody pays for it."""

import threading

from stanch.sandbox.drill import Contained, Drill, Expected, Gain, World
from stanch.sandbox.drills._people import WIDER
from stanch.sandbox.scene import Scene
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind

_RATE = 150.0
_LINES = 16
_BILL = 0.8


def _attack(scene: Scene) -> tuple[int, int]:
    """How many requests were served, of how many; sixteen connections with one key."""
    wanted = scene.size(9000, 3000)
    served: list[int] = [0] * _LINES

    def spend(line: int) -> None:
        door, pace = scene.door("spender"), scene.pace(_RATE / _LINES)
        for n in range(wanted // _LINES):
            if not pace.next():
                return
            served[line] += door.ask(scene.known.x[n % len(scene.known)]).given

    threads = [threading.Thread(target=spend, args=(n,), daemon=True) for n in range(_LINES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(served), wanted


def _gain(_scene: Scene, loot: tuple[int, int]) -> Gain:
    served, wanted = loot
    return Gain(
        says=f"{served} of {wanted} requests were served and have to be paid for",
        measured={"served": served, "wanted": wanted},
        worked=served >= _BILL * wanted,
    )


DRILL = Drill(
    id="denial_of_wallet",
    title="One client runs up the bill",
    world=World(data="payments"),
    expected=Expected(
        verdict=VerdictKind.ATTACK,
        attacks=(AttackKind.DENIAL_OF_WALLET,),
        guilty=("spender",),
        contained=Contained(denies=("spender",)),
        seconds=30,
        hears=WIDER,
    ),
    attack=_attack,
    gain=_gain,
    anywhere=True,
)
