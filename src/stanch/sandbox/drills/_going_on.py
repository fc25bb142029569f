"""The world goes on: nobody attacks, and what tenants send is of one time after the other."""

from collections.abc import Callable, Sequence

from stanch.sandbox.drill import Gain
from stanch.sandbox.scene import Scene
from stanch.sandbox.victims.table import Table

Times = Callable[[], Sequence[Table]]


def going_on(times: Times, *, full: int, small: int) -> Callable[[Scene], float]:
    """What happens, with so many seconds of each time in the full and the small size."""

    def happens(scene: Scene) -> float:
        """The share of right answers in the last time: the only harm is the world's."""
        net, right = scene.truth.net, 1.0
        for rows in times():
            scene.inside.habits.turn_to(rows)
            right = net.right(rows)
            if scene.stop.wait(scene.size(full, small) / scene.speed):
                break
        return right

    return happens


def nothing(_scene: Scene, right: float) -> Gain:
    """Nobody gains."""
    return Gain(
        says=f"nothing; {right:.0%} of answers are right", measured={"right": round(right, 3)}
    )
