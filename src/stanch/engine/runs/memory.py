"""Memory: where a run stands, kept in the same commit as its step's line in the evidence log.

In    a run, what its latest step came to, where it stands after that.
Out   the same, for whoever takes the run up again.
Why   one commit keeps what a step came to, where the run stands after it, and its line in the
      evidence log: there is no second record that could say otherwise. Killed before it, a step is
      done over with the same key, which has no second effect; killed after it, the run goes on from
      here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

import msgspec

from stanch.contain.playbook.walk import Came, Stage, State
from stanch.engine.ports import Transaction
from stanch.vocabulary.asset import Scalar
from stanch.vocabulary.ids import RunId
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.run import OVER, Run, RunState
from stanch.vocabulary.trouble import NotFound


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """Where a run stands, and what its latest step came to."""

    state: State
    key: str = ""
    """The visit whose outcome `came` is."""
    came: Came | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Hop:
    """One stretch of a run, from one wait to the next: what the durable engine carries out."""

    run: RunId
    number: int


class Record(Protocol):
    """Does one piece of work of a hop, all of whose effect is kept when it returns."""

    def __call__(self, name: str, work: Callable[[], str]) -> str:
        """What the work gave."""
        ...


def at_once(name: str, work: Callable[[], str]) -> str:  # noqa: ARG001  the protocol's names
    """What the work gave; it keeps its own result."""
    return work()


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """What an entry of the log says of a step."""

    step: str
    says: str
    facts: Mapping[str, Scalar] = field(default_factory=dict)


_DECODER = msgspec.json.Decoder(Memory)


def remembered(tx: Transaction, run: RunId) -> Memory:
    """Where the run stands."""
    text = tx.memories.get(run)
    if text is None:
        raise NotFound("memory of the run", run, "playbook runs")
    return _DECODER.decode(text)


def remember(tx: Transaction, run: RunId, memory: Memory) -> None:
    """Keeps where the run stands."""
    tx.memories.put(run, msgspec.json.encode(memory).decode())


def entered(tx: Transaction, run: Run, line: Line, at: datetime) -> None:
    """Enters a step in the evidence log and tells the streams."""
    tx.record(
        Entry(
            at=at,
            deed=Deed.STEP_DONE,
            actor=run.by,
            about=run.id,
            digest=run.digest,
            incident=run.incident,
            facts={
                "playbook": run.playbook,
                "asset": run.asset,
                "step": line.step,
                "says": line.says[:500],
                **line.facts,
            },
        )
    )
    tx.announce("run", run.id)


def standing(run: Run, state: State, at: datetime) -> Run:
    """The run as people see it, from where it stands."""
    if state.stage is Stage.ENDED:
        end = RunState(state.end)
        says = state.why or run.says
        return replace(
            run, state=end, updated=at, ended=at, waits_for=(), wake=None, says=says, step=""
        )
    if state.stage is Stage.UNDOING or any(not t.waits for t in state.tokens):
        return replace(run, state=RunState.RUNNING, updated=at, waits_for=(), wake=None)
    waits = tuple(dict.fromkeys(t.waits for t in state.tokens))
    moments = [t.until for t in state.tokens if t.until is not None]
    held = all(w == PAUSE for w in waits)
    return replace(
        run,
        state=RunState.PAUSED if held else RunState.WAITING,
        step=", ".join(dict.fromkeys(t.at for t in state.tokens)),
        updated=at,
        waits_for=waits,
        wake=min(moments, default=None),
    )


PAUSE = "a person to let it go on"
TIME = "its time"


def is_over(run: Run) -> bool:
    """Whether the run has ended."""
    return run.state in OVER


def runs_in(tx: Transaction, *states: RunState) -> list[Run]:
    """Every run in one of these states."""
    found: list[Run] = []
    cursor = ""
    while True:
        page = tx.runs.page(Wanted(state=states), after=cursor, limit=500)
        found += page.items
        if not page.next:
            return found
        cursor = page.next
