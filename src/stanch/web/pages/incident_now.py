"""Now: whether an incident is contained, and the one thing to do next.

In    an incident's head; what was done for it; its open questions and its runs.
Out   a sentence on containment, what is in force, and what comes next.
Why   who is woken at three has five seconds: the title says what happened, this says the rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from stanch.engine.placed import Placed
from stanch.engine.policies import standing_from
from stanch.engine.ports import Transaction
from stanch.triage.next_steps import Recommended
from stanch.vocabulary.approval import Answer as Said
from stanch.vocabulary.approval import Approval
from stanch.vocabulary.incident import Incident, Phase, VerdictKind
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.run import Run, RunState
from stanch.web.pages.incident import Case
from stanch.web.visit import Visit
from stanch.web.words import word

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

    tone: str
    """`bad`, `odd`, `good` or `calm`."""
    says: str
    due: datetime | None = None
    """When containment is due."""
    held: tuple[str, ...] = ()
    """What is in force because of it."""
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

    standing: Sequence[Placed]
    """The acts of which something is in force."""
    done: Mapping[str, Placed]
    steps: Sequence[Recommended]


def now_of(visit: Visit, tx: Transaction, case: Case, deeds: Deeds) -> Now | None:
    """What this person sees at the top; nothing once it is closed or merged away."""
    one = case.incident
    if one.phase is Phase.CLOSED or one.merged_into:
        return None
    of = Wanted(incident=(one.id,), state=(Said.OPEN.value,))
    asked = [q for q in tx.approvals.page(of, limit=20).items if visit.at < q.expires]
    mine = sorted(asked, key=lambda q: (_voted(q, visit.caller.name), q.expires))
    held = _held(tx, one, deeds.standing)
    tone, says = _standing(case, held)
    runs = tx.runs.page(Wanted(incident=(one.id,), state=AT_WORK), limit=1).items
    left = [s for s in deeds.steps if s.action not in deeds.done]
    return Now(
        tone=tone,
        says=says,
        due=case.contain_by,
        held=held,
        question=mine[0] if mine else None,
        others=max(0, len(mine) - 1),
        run=runs[0] if runs else None,
        step=left[0] if left and tone in {"bad", "odd"} else None,
        onward=_ONWARD.get(one.phase, ""),
    )


def _voted(question: Approval, name: str) -> bool:
    return any(v.by == name for v in question.votes)


def _held(tx: Transaction, one: Incident, standing: Sequence[Placed]) -> tuple[str, ...]:
    kept = tx.policies.now(one.asset)
    demands = standing_from(kept).demands if kept else ()
    asked = [word(d.action or "a change of policy") for d in demands if d.incident == one.id]
    return tuple(dict.fromkeys([*asked, *(word(act.act) for act in standing)]))


def _once_more(one: Incident) -> tuple[str, str]:
    """The same of what was contained at least once."""
    if one.held_at is None:
        return "bad", "Seen again, and not contained yet this time"
    return "good", "Contained" if one.loose_at is None else "Contained once more"


def _standing(case: Case, held: Sequence[str]) -> tuple[str, str]:
    """How it stands with containment, and how loud that is."""
    one = case.incident
    if case.bare:
        return "odd", "It was contained; nothing holds it now"
    if one.held_at is not None or one.loose_at is not None:
        return _once_more(one)
    match one.verdict.kind:
        case VerdictKind.NATURAL:
            return "calm", "Nothing to contain, as it looks: natural change"
        case VerdictKind.FAULT:
            return "calm", "No attack, as it looks: a fault of our own"
        case VerdictKind.UNDECIDED:
            return "odd", "Not contained; not known yet whether it is an attack"
        case VerdictKind.ATTACK:
            return "bad", "Not proved to be contained yet" if held else "Not contained"
