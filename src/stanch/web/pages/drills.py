"""Drills: real attacks in a sandbox, started here, watched live, and what came of each."""

from collections.abc import Sequence
from dataclasses import dataclass

from stanch.sandbox.desk import DrillRun, HowToPlay
from stanch.sandbox.moment import Part
from stanch.sandbox.score import Seconds
from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import BadInput
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit, go

_LARGEST_SEED = 1_000_000
_PARTS = (Part.BUILDING, Part.QUIET, Part.ATTACK, Part.AFTER, Part.PROOF, Part.BACK)
_WORDS = {
    Part.BUILDING: "the model is trained",
    Part.QUIET: "ordinary traffic",
    Part.ATTACK: "the attack",
    Part.AFTER: "what follows",
    Part.PROOF: "the evidence is checked",
    Part.BACK: "everything is taken back",
}
_RECENT = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """One part of a drill, and whether it is over, under way, or to come."""

    words: str
    tone: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Milestone:
    """What was seen, and how many seconds after the first hostile request."""

    words: str
    seconds: float | None


def show(visit: Visit) -> Answer:
    """Every drill with its last score, what is played now, and how to play one."""
    board = visit.console.drills.board()
    recent = visit.console.drills.runs(limit=_RECENT).items
    scored = [one.last for one in board.drills if one.last is not None and one.last.score]
    return page(
        visit,
        "drills.html",
        board=board,
        running=board.running,
        marks=marks(board.running) if board.running else (),
        recent=recent,
        won=sum(one.score is not None and one.score.won for one in scored),
        scored=len(scored),
    )


def one(visit: Visit) -> Answer:
    """One drill that was played: how far it is, or its score with every reason."""
    run = visit.console.drills.get(visit.names["run"])
    return page(
        visit,
        "drill_run.html",
        run=run,
        marks=marks(run),
        milestones=milestones(run.seconds),
        over=run.ended is not None,
    )


def start(visit: Visit) -> Answer:
    """The page of the drill that begins."""
    seed = visit.given("seed") or "1"
    if not (seed.isascii() and seed.isdecimal() and int(seed[:9]) <= _LARGEST_SEED):
        raise BadInput(f"A seed is a whole number up to {_LARGEST_SEED}.")
    running = visit.console.drills.stand().running
    if running is not None and running.live and visit.given("live"):
        # Whoever presses twice is shown what is being played.
        return go(f"/drills/{running.id}")
    how = HowToPlay(seed=int(seed), small=not visit.given("whole"), live=bool(visit.given("live")))
    run = visit.console.drills.start(visit.given("name"), how, visit.caller)
    return go(f"/drills/{run.id}")


def stop(visit: Visit) -> Answer:
    """The page of the drill, which is broken off."""
    run = visit.console.drills.stop(visit.names["run"])
    return go(f"/drills/{run.id}")


def marks(run: DrillRun) -> Sequence[Mark]:
    """The parts of the drill in their order."""
    at = _PARTS.index(run.part) if run.part in _PARTS else (len(_PARTS) if run.ended else -1)
    return tuple(
        Mark(words=_WORDS[part], tone="past" if i < at else ("now" if i == at else ""))
        for i, part in enumerate(_PARTS)
    )


def milestones(seconds: Seconds) -> Sequence[Milestone]:
    """What was seen so far, in its order."""
    return (
        Milestone(words="a finding", seconds=seconds.finding),
        Milestone(words="an incident", seconds=seconds.incident),
        Milestone(words="a policy that suffices", seconds=seconds.enough),
        Milestone(words="containment, proved", seconds=seconds.contained),
    )


PAGES = (
    Page(path="/drills", show=show),
    Page(path="/drills/start", show=start, needs=Scope.RESPOND, method="POST"),
    Page(path="/drills/{run:str}", show=one),
    Page(path="/drills/{run:str}/stop", show=stop, needs=Scope.RESPOND, method="POST"),
)
