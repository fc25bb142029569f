"""Who carries hops out in tests: when asked, in the test's own thread, without recording."""

from stanch.engine.runs.hops import Carrier
from stanch.engine.runs.memory import Hop, at_once
from stanch.engine.runs.performer import World


class Inline:
    """An engine for what is not about crashes."""

    def __init__(self, world: World) -> None:
        self.queue: list[Hop] = []
        self._carrier = Carrier(world)

    def enqueue(self, hop: Hop) -> None:
        self.queue.append(hop)

    def at_work(self, hop: Hop) -> bool:
        return hop in self.queue

    def work(self) -> None:
        while self.queue:
            self._carrier.carry(self.queue.pop(0), at_once)
