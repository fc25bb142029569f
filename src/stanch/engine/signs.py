"""Signs of life of others, judged by our own clock.

In    the moment that each of them wrote down last, by a clock of its own; our time now.
Out   whether it was heard of lately.
Why   clocks differ. What stands there is compared with what stood there before, and only how long
      it has not changed is measured, here. Of who is met for the first time nothing else is known
      than the moment, which is believed until it changes.
"""

from datetime import datetime, timedelta


class Signs:
    """What was last heard of whom, and when it came."""

    def __init__(self, lease: timedelta) -> None:
        self._lease = lease
        self._known: dict[str, tuple[datetime, datetime]] = {}

    def fresh(self, name: str, word: datetime, now: datetime) -> bool:
        """Whether it gave a sign within the lease."""
        before, since = self._known.get(name, (word, word))
        came = now if before != word else min(since, now)
        self._known[name] = word, came
        return now - came <= self._lease
