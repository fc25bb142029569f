"""Names that are never the same twice, at a live server: what its memory comes to.

    python -m bench.never_twice [what ...] [--minutes 45] [--pace 250] [--seed 5]

One server with the settings it comes with, and one asset with a baseline of 20,000 answers to 60
principals. So many events a second come, each with a new name in one place: a principal, an input,
a value of an input, an endpoint, and so on (`KINDS`; all of them in turn where none is said). Names
have 40 to 118 letters. Told is the memory that the server holds (RSS) after each minute. A window
that is looked at is twenty minutes long, so that nothing can have levelled off before.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bench.opening import ordinary, prepare, rows, serving

BATCH = 2_000
QUIET_S = 12.0
Event = dict[str, Any]


def inference(dice: np.random.Generator, n: int) -> list[Event]:
    """Ordinary answers, to sixty principals."""
    now = datetime.now(UTC)
    who = [f"user-{i % 60}" for i in range(n)]
    return rows("small", who, ordinary(dice, n), [now] * n)


def other(kind: str, **facts: object) -> Callable[[np.random.Generator, int], list[Event]]:
    """Events of another kind, all alike."""

    def made(dice: np.random.Generator, n: int) -> list[Event]:
        now = datetime.now(UTC).isoformat()
        one = {"ts": now, "kind": kind, "asset": "small", "principal": "user-1", **facts}
        return [{**one, "id": f"{kind}-{dice.integers(1 << 62)}"} for _ in range(n)]

    return made


ACCESS = other("access", action="get", outcome="ok", resource="/score", source="192.0.2.7")
TOOL = other("tool_call", tool="search", arguments={"q": "weather"})
EXCHANGE = other("exchange", messages=[{"role": "user", "content": "hello"}], output="hello")


def put(*path: str) -> Callable[[Event, str], None]:
    """Writes the name into this place of an event."""

    def write(event: Event, name: str) -> None:
        into = event
        for step in path[:-1]:
            into = into.setdefault(step, {})
        into[path[-1]] = name

    return write


def new_input(event: Event, name: str) -> None:
    """An input that nobody sent before, beside those that are known."""
    event["features"] = {f"f{i}": x for i, x in enumerate(event["features"])} | {name: 1.0}


def new_value(event: Event, name: str) -> None:
    """A known input holds a text that it never held."""
    event["features"] = {f"f{i}": x for i, x in enumerate(event["features"])} | {"f0": name}


KINDS: dict[str, tuple[Callable[..., list[Event]], Callable[[Event, str], None]]] = {
    "principals": (inference, put("principal")),
    "inputs": (inference, new_input),
    "values of an input": (inference, new_value),
    "answers": (inference, put("prediction")),
    "groups": (inference, put("groups", "region")),
    "sessions": (inference, put("session")),
    "sources of answers": (inference, put("source")),
    "user agents": (inference, put("user_agent")),
    "principals of accesses": (ACCESS, put("principal")),
    "endpoints": (ACCESS, put("resource")),
    "sources": (ACCESS, put("source")),
    "actions": (ACCESS, put("action")),
    "outcomes": (ACCESS, put("outcome")),
    "tools": (TOOL, put("tool")),
    "principals of tools": (TOOL, put("principal")),
    "principals of exchanges": (EXCHANGE, put("principal")),
    "labels of no answer": (other("label", label="yes", of="nothing"), put("of")),
    "training runs": (other("training", run="one"), put("run")),
    "deployments": (other("deployment", digest="sha256:00"), put("digest")),
    "versions": (inference, put("version")),
    "assets": (inference, put("asset")),
}


def named(dice: np.random.Generator) -> str:
    """A name that nobody has."""
    size = int(dice.integers(20, 60))
    return dice.bytes(size).hex()


def memory(pid: int) -> tuple[int, int]:
    """MB that the process holds, and held at most."""
    told = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    )
    now, most = (int(told[name].split()[0]) // 1024 for name in ("VmRSS", "VmHWM"))
    return now, most


def told(kinds: list[str], minutes: int, pace: int, seed: int) -> Iterator[Event]:
    """What the memory was in each minute."""
    dice = np.random.default_rng(seed)
    with serving() as server:
        prepare(server, "small", dice)
        server.ask("POST", "/api/v1/events", json.dumps(inference(dice, BATCH)).encode())
        time.sleep(QUIET_S)
        begun, sent = time.monotonic(), 0
        for minute in range(minutes + 1):
            now, most = memory(server.pid)
            yield {"minute": minute, "names": sent, "mb": now, "most": most}
            until, share = begun + 60 * (minute + 1), max(1, pace // len(kinds))
            while time.monotonic() < until and minute < minutes:
                for kind in kinds:
                    make, write = KINDS[kind]
                    events = make(dice, share)
                    for one in events:
                        write(one, named(dice))
                    server.ask("POST", "/api/v1/events", json.dumps(events).encode())
                    sent += share
                time.sleep(max(0.0, begun + sent / pace - time.monotonic()))


def main() -> None:
    """Prints a line for each minute."""
    ask = argparse.ArgumentParser()
    ask.add_argument("what", nargs="*", default=[])
    ask.add_argument("--minutes", type=int, default=45)
    ask.add_argument("--pace", type=int, default=250)
    ask.add_argument("--seed", type=int, default=5)
    asked = ask.parse_args()
    for one in told(asked.what or list(KINDS), asked.minutes, asked.pace, asked.seed):
        sys.stdout.write(json.dumps(one) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
