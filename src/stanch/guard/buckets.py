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
        self._known: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def wait(self, name: str, rate: Rate, at: float, need: float) -> float:
        """Seconds until this much fits; nothing is taken."""
        burst = rate.count if rate.burst is None else rate.burst
        left = self._left(name, rate, at)
        if left >= need:
            return 0.0
        if need > burst or rate.count <= 0:
            return NEVER
        return (need - left) * rate.seconds / rate.count

    def spend(self, name: str, rate: Rate, at: float, need: float) -> float:
        """Seconds until this much fits, or 0 and it is taken."""
        burst = rate.count if rate.burst is None else rate.burst
        known = self._known
        found = known.get(name)
        left, since = (burst, at) if found is None else found
        if at > since:
            left = min(burst, left + (at - since) * rate.count / rate.seconds)
            since = at
        if left < need:
            return (
                NEVER
                if need > burst or rate.count <= 0
                else (need - left) * rate.seconds / rate.count
            )
        known[name] = (left - need, since)
        known.move_to_end(name)
        if len(known) > self._most:
            known.popitem(last=False)
        return 0.0

    def take(self, name: str, rate: Rate, at: float, need: float) -> None:
        """Charge the name for a request that was let through."""
        known = self._known
        since = known[name][1] if name in known else at
        known[name] = (self._left(name, rate, at) - need, max(at, since))
        known.move_to_end(name)
        if len(known) > self._most:
            known.popitem(last=False)

    def _left(self, name: str, rate: Rate, at: float) -> float:
        burst = rate.count if rate.burst is None else rate.burst
        found = self._known.get(name)
        if found is None:
            return burst
        left, since = found
        gained = max(0.0, at - since) * rate.count / rate.seconds
        return min(burst, left + gained)
