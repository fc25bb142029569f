"""Plays: drills in processes of their own, from the side that waits for them.

In    an order.
Out   each moment as it happens; at the end the score, or the trouble in words.
Why   the console, the whole matrix and a person who presses ^C all need a drill that can be
      watched, and be broken off, from outside.
"""

import threading

import msgspec

from stanch.sandbox.moment import Tell
from stanch.sandbox.player import Order, Told
from stanch.sandbox.processes import Process
from stanch.vocabulary.trouble import CouldNotTell


class Play:
    """One drill under way, in a process that ends with it."""

    def __init__(self, order: Order) -> None:
        self._player = Player()
        self._player.ask(order)

    def watch(self, tell: Tell) -> Told:
        """The last it says: a score or a trouble; every moment is told until then."""
        try:
            return self._player.watch(tell)
        finally:
            self.stop()

    def stop(self) -> None:
        """Breaks it off; returns when nothing of it is left."""
        self._player.stop()


class Player:
    """A process that plays one drill after the other."""

    def __init__(self) -> None:
        self._process = Process("stanch.sandbox.player", ())
        self._over = threading.Lock()
        self._stopped = False

    def ask(self, order: Order) -> None:
        """From now on it plays this; a player that broke is replaced."""
        with self._over:
            if self._stopped:
                return
            if not self._process.alive:
                self._process.stop()
                self._process = Process("stanch.sandbox.player", ())
        self._process.say(msgspec.json.encode(order))

    def watch(self, tell: Tell) -> Told:
        """The last it says of what it plays; every moment is told until then."""
        try:
            while True:
                told = msgspec.json.decode(self._process.line(), type=Told)
                if told.moment is None:
                    return told
                tell(told.moment)
        except CouldNotTell as gone:
            return Told(trouble=str(gone), code=gone.code)

    def stop(self) -> None:
        """Ends it, with what it plays; returns when nothing of it is left."""
        with self._over:
            if not self._stopped:
                self._process.stop()
                self._stopped = True
