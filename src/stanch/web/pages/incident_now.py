"""Now: the one thing to do next about an incident.

In    an incident's head; what was done for it; its open questions and its runs.
Out   what comes next: a question, what a playbook does, a first step, the next phase.
Why   who is woken at three has five seconds: the title says what happened, this says the rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from stanch.engine.placed import Placed
from stanch.engine.ports import Transaction
from stanch.engine.voting import left_to
from stanch.triage.next_steps import Recommended
from stanch.vocabulary.approval import Answer as Said
from stanch.vocabulary.approval import Approval
from stanch.vocabulary.incident import Phase
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.run import Run, RunState
from stanch.web.pages.incident import Case
from stanch.web.visit import Visit

AT_WORK = (RunState.RUNNING, RunState.WAITING, RunState.PAUSED, RunState.STUCK)
_ONWARD: Mapping[Phase, str] = MappingProxyType(
    {
        Phase.CONTAINED: "find the cause and remove it; then move it on to eradicated",
        Phase.ERADICATED: "when it serves as before, move it on to recovered",
        Phase.RECOVERED: "look back at it together; then close it",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Now:
    """What stands at the top of an incident."""

    question: Approval | None = None
    """What waits for an answer: first what this person can answer."""
    others: int = 0
    """Questions that wait beside it."""
    run: Run | None = None
    step: Recommended | None = None
    onward: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Deeds:
    """What was done, and what is recommended."""

    done: Mapping[str, Placed]
    steps: Sequence[Recommended]


def now_of(visit: Visit, tx: Transaction, case: Case, deeds: Deeds) -> Now | None:
    """What this person sees at the top; nothing once it is closed or merged away."""
    one = case.incident
    if one.phase is Phase.CLOSED or one.merged_into:
        return None
    of = Wanted(incident=case.kin, state=(Said.OPEN.value,))
    asked = [q for q in tx.approvals.page(of, limit=20).items if visit.at < q.expires]
    may_say = left_to(tx, asked, visit.caller)
    mine = sorted(asked, key=lambda q: (not may_say[q.id], q.expires))
    runs = tx.runs.page(Wanted(incident=case.kin, state=AT_WORK), limit=1).items
    left = [s for s in deeds.steps if s.action not in deeds.done]
    return Now(
        question=mine[0] if mine else None,
        others=max(0, len(mine) - 1),
        run=runs[0] if runs else None,
        step=left[0] if left and case.held.tone in {"bad", "odd"} else None,
        onward=_ONWARD.get(one.phase, ""),
    )
