"""Token buckets: who has asked how much, by a clock that only goes forward.

In    a name, its rate, the moment, what a request costs.
Out   0 when it fits, else the seconds until it would.
Why   the state outlives a change of policy, so that a new version gives nobody a fresh start; and
      it is bounded, so that inventing names does not fill the memory. When too many names are
      known, those longest unseen are forgotten first; the limit on all still holds.

What other guards tell is believed so far only: it makes nobody owe more than so much, and names
that only others know are forgotten before any that asked here.
"""

from collections import OrderedDict

from stanch.vocabulary.ids import digest_of
from stanch.vocabulary.policy import Rate
from stanch.vocabulary.spelling import folded

LONGEST = 300
"""Letters of a name; what is longer is known by its digest, or one name fills a tally."""
NEVER = 86_400.0
"""What is said to somebody whose request can never fit."""


def spelled(name: str) -> str:
    """The name of a bucket: the one spelling of who has it, and never too long to be told."""
    known = folded(name)
    return known if len(known) <= LONGEST else digest_of(known.encode("utf-8", "replace"))


class Buckets:
    """One bucket for each name, full at the start."""

    __slots__ = ("_known", "_most", "untold")

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._known: OrderedDict[str, list[float]] = OrderedDict()
        self.untold: dict[str, list[float]] = {}
        """Those that were charged since the other guards were told."""

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
        """What this name has left, since when, and what was charged to it that the other guards
        were not told yet, as it lies here; None for a name unknown.
        """
        return self._known.get(name)

    def take(self, name: str, rate: Rate, at: float, need: float) -> None:
        """Charge the name for a request that was let through."""
        found = self._known.get(name)
        left = self._left(name, rate, at) - need
        if found is None:
            found = self._add(name, left, at)
            self._bounded()
        else:
            found[0], found[1] = left, max(at, found[1])
            self._known.move_to_end(name)
        if not found[2]:
            self.untold[name] = found
        found[2] += need

    def told(self, most: int) -> dict[str, float]:
        """What was charged here since this was last asked, of so many names."""
        found: dict[str, float] = {}
        for name in list(self.untold)[:most]:
            # Out of the list first: what is charged from here on puts it there again.
            bucket = self.untold.pop(name)
            found[name], bucket[2] = bucket[2], 0.0
        return found

    def charged(self, name: str, rate: Rate, at: float, amount: float, *, deepest: float) -> bool:
        """Charge what another guard let through; what is owed then is waited for.

        Whether that is no more than can be owed, `deepest`: what goes beyond is not charged.
        """
        before = self._left(name, rate, at)
        left = max(before - amount, min(before, -deepest))
        found = self._known.get(name)
        if found is None:
            self._add(name, left, at)
            self._known.move_to_end(name, last=False)
            self._bounded()
        else:
            found[0], found[1] = left, max(at, found[1])
        return before - amount >= -deepest

    def begun(self, name: str, at: float) -> None:
        """Whoever is new here begins with nothing."""
        if name not in self._known:
            self._add(name, 0.0, at)
            self._bounded()

    def _add(self, name: str, left: float, at: float) -> list[float]:
        found = self._known[name] = [left, at, 0.0]
        return found

    def _bounded(self) -> None:
        """Forget whom nobody asked as for the longest, where there are too many."""
        while len(self._known) > self._most:
            gone, _ = self._known.popitem(last=False)
            self.untold.pop(gone, None)

    def _left(self, name: str, rate: Rate, at: float) -> float:
        burst = rate.count if rate.burst is None else rate.burst
        found = self._known.get(name)
        if found is None:
            return burst
        left, since, _ = found
        gained = max(0.0, at - since) * rate.count / rate.seconds
        return min(burst, left + gained)
