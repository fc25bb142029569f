"""The player: drills in a process of its own, `python -m stanch.sandbox.player`, told on stdin.

In    lines of JSON on stdin, an `Order` each; the starter holds it open.
Out   lines of JSON on stdout: each `Told` is a moment, and the last one of an order the score or
      what went wrong.
Why   a server that plays a drill must not pay for it with its own memory and threads, and several
      drills can be played at once. When stdin ends, the drill under way is broken off and cleans
      up; whoever has many to play pays for the start once.
"""

import os
import queue
import signal
import sys
import threading
from dataclasses import dataclass

import msgspec

from stanch.engine import ending
from stanch.sandbox.ground import Grounds
from stanch.sandbox.moment import Moment, Part
from stanch.sandbox.options import Options
from stanch.sandbox.score import Score
from stanch.vocabulary.trouble import Trouble


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """Which drill, and how."""

    name: str
    options: Options
    more: bool = False
    """Whether another one will follow, whose server is started while this one is taken back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """One line of a player: exactly one of these."""

    moment: Moment | None = None
    score: Score | None = None
    trouble: str = ""
    """What went wrong, in a sentence."""
    code: str = ""
    """Its stable name."""


def main() -> None:
    """Plays what stdin says, one order after the other."""
    orders: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    ending.heard()
    threading.Thread(target=_listen, args=(orders,), daemon=True).start()
    grounds = Grounds()
    try:
        while line := orders.get():
            _say(_played(msgspec.json.decode(line, type=Order), grounds))
    except KeyboardInterrupt:
        _say(Told(trouble="The drill was broken off.", code="stopped"))
    finally:
        grounds.close()


def _played(order: Order, grounds: Grounds) -> Told:
    from stanch.sandbox.registry import drill, on  # noqa: PLC0415  a drill that cannot load is told
    from stanch.sandbox.runner import run  # noqa: PLC0415  likewise

    def tell(moment: Moment) -> None:
        _say(Told(moment=moment))
        if order.more and moment.part is Part.PROOF:
            grounds.prepare()

    try:
        played = on(drill(order.name), order.options.data)
        return Told(score=run(played, order.options, tell, grounds.take()))
    except Trouble as trouble:
        return Told(trouble=str(trouble), code=trouble.code)


def _say(told: Told) -> None:
    try:
        sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        return


def _listen(orders: queue.SimpleQueue[bytes]) -> None:
    """Hands on what is asked for; breaks off when nobody is left to ask."""
    for line in sys.stdin.buffer:
        orders.put(line)
    orders.put(b"")
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
