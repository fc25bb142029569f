"""Token buckets: who has asked how much, by a clock that only goes forward.

In    a name, its rate, the moment, what a request costs.
Out   0 when it fits, else the seconds until it would.
Why   the state outlives a change of policy, so that a new version gives nobody a fresh start; and
      it is bounded, so that inventing names does not fill the memory. When too many names are
      known, those longest unseen are forgotten first; the limit on all still holds.
"""

from collections import OrderedDict

from stanch.vocabulary.policy import Rate

NEVER = 86_400.0
"""What is said to somebody whose request can never fit."""


class Buckets:
    """One bucket for each name, full at the start."""

    __slots__ = ("_known", "_most")

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._known: OrderedDict[str, list[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def wait(self, name: str, rate: Rate, at: float, need: float) -> float:
        """Seconds until this much fits; nothing is taken, and who is refused counts as seen."""
        burst = rate.count if rate.burst is None else rate.burst
        left = self._left(name, rate, at)
        if left >= need:
            return 0.0
        if name in self._known:
            self._known.move_to_end(name)
        if need > burst or rate.count <= 0:
            return NEVER
        return (need - left) * rate.seconds / rate.count

    def bucket(self, name: str) -> list[float] | None:
        """What this name has left and since when, as it lies here; None for a name unknown."""
        return self._known.get(name)

    def take(self, name: str, rate: Rate, at: float, need: float) -> None:
        """Charge the name for a request that was let through."""
        found = self._known.get(name)
        left = self._left(name, rate, at) - need
        if found is None:
            self._add(name, left, at)
        else:
            found[0], found[1] = left, max(at, found[1])
            self._known.move_to_end(name)

    def _add(self, name: str, left: float, at: float) -> None:
        self._known[name] = [left, at]
        if len(self._known) > self._most:
            self._known.popitem(last=False)

    def _left(self, name: str, rate: Rate, at: float) -> float:
        burst = rate.count if rate.burst is None else rate.burst
        found = self._known.get(name)
        if found is None:
            return burst
        left, since = found
        gained = max(0.0, at - since) * rate.count / rate.seconds
        return min(burst, left + gained)
