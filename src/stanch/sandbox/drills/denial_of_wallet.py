"""Denial of wallet: one client asks as fast as it can, only so that somebody pays for it."""

from stanch.sandbox.drill import Contained, Drill, Expected, Gain, World
from stanch.sandbox.scene import Scene
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind

_RATE = 150.0
_BILL = 0.8


def _attack(scene: Scene) -> tuple[int, int]:
    """How many requests were served, of how many."""
    door, pace = scene.door("spender"), scene.pace(_RATE)
    wanted = scene.size(9000, 5000)
    served = asked = 0
    while asked < wanted and pace.next():
        asked += 1
        served += door.ask(scene.known.x[asked % len(scene.known)]).given
    return served, wanted


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
    world=World(data="payments", per_second=2, history=90_000, hours=12.5),
    expected=Expected(
        verdict=VerdictKind.ATTACK,
        attacks=(AttackKind.DENIAL_OF_WALLET,),
        guilty=("spender",),
        contained=Contained(denies=("spender",)),
        seconds=60,
    ),
    attack=_attack,
    gain=_gain,
)
