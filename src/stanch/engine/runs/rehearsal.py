"""Rehearsals: what a playbook would do about an incident, without doing any of it.

In    a playbook, an incident that is or was, and how people are taken to answer.
Out   the steps in the order a run would take them, each with what it would change and for whom.
Why   the walk, the conditions and the previews are those of a real run; only the acting is left
      out. Conditions see the incident as it is now, for nothing changes while it is rehearsed.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from stanch.contain.playbook.condition import holds
from stanch.contain.playbook.condition_reading import parse
from stanch.contain.playbook.condition_words import answered, text_in_words
from stanch.contain.playbook.walk import Came, State, What, after, begin, ready
from stanch.engine.runs.deeds import Shown
from stanch.engine.runs.performer import Visit, World, order_of
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import IncidentId, RunId
from stanch.vocabulary.playbook import Ask, Decide, Do, Parallel, Playbook, Repeat, Step, Wait
from stanch.vocabulary.run import Run
from stanch.vocabulary.trouble import Trouble

MOST_STEPS = 300


class Answers(StrEnum):
    """How people are taken to answer, and how waits are taken to end."""

    YES = "yes"
    NO = "no"
    SILENCE = "silence"
    """Nobody answers: each question ends as it says itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """One step as it would be taken."""

    step: str
    kind: str
    says: str
    came: str
    """What would come of it."""
    shown: str = ""
    """What it would change, as people would see it."""
    risk: Risk | None = None
    """How much consent it would need; nothing when it is no act."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Play:
    """A whole rehearsal."""

    incident: IncidentId
    answers: Answers
    scenes: tuple[Scene, ...]
    cut: bool = False
    """Whether it was cut because it went on and on."""

    @property
    def at_once(self) -> int:
        """How many acts would be done without asking anybody."""
        return sum(one.risk is Risk.AUTOMATIC for one in self.scenes)

    @property
    def asked(self) -> int:
        """How many times people would be asked."""
        return sum(one.kind == "ask" or one.risk in (Risk.ONE, Risk.TWO) for one in self.scenes)


class Rehearsal:
    """Plays playbooks without acting."""

    def __init__(self, world: World) -> None:
        self._world = world

    def play(self, book: Playbook, incident: IncidentId, answers: Answers = Answers.YES) -> Play:
        """What this playbook would do about this incident."""
        at = self._world.clock()
        with self._world.store.look() as tx:
            asset = tx.incidents.get(incident).asset
        run = Run(
            id=RunId("rehearsal"),
            playbook=book.id,
            incident=incident,
            asset=asset,
            started=at,
            updated=at,
        )
        state, scenes = begin(book), list[Scene]()
        while (token := ready(state)) is not None and len(scenes) < MOST_STEPS:
            visit = Visit(run=run, book=book, state=state, token=token)
            round_over = any(scene.step == visit.step.id for scene in scenes)
            came, scene = self._taken(visit, answers, round_over=round_over)
            scenes.append(scene)
            state = after(book, state, token, came)
        cut = ready(state) is not None
        return Play(incident=incident, answers=answers, scenes=tuple(scenes), cut=cut)

    def _taken(self, visit: Visit, answers: Answers, *, round_over: bool) -> tuple[Came, Scene]:
        run = visit.run
        match visit.step:
            case Do() as step:
                return self._done(run, step, visit.state, answers)
            case Ask() as step:
                return self._asked(visit, step, answers)
            case Wait() as step:
                late = answers is not Answers.YES and step.until != ""
                came = Came(what=What.LATE if late else What.OVER)
                told = (
                    "its time is up"
                    if late or not step.until
                    else f"it came: {text_in_words(step.until)}"
                )
                return came, _scene(step, told)
            case Repeat() as step if round_over:
                # Nothing is done here, so nothing would end it: one round stands for all.
                asked = text_in_words(step.condition)
                told = f"and so on, as long as {asked}"
                return Came(what=What.NO), _scene(step, told)
            case Decide() | Repeat() as step:
                facts = self._world.deeds.facts(run.incident, self._world.clock())
                yes = holds(parse(step.condition), facts)
                told = answered(step.condition, yes=yes)
                return Came(what=What.YES if yes else What.NO), _scene(step, told)
            case Parallel() as step:
                return Came(what=What.OVER), _scene(step, f"{len(step.branches)} branches begin")

    def _done(self, run: Run, step: Do, state: State, answers: Answers) -> tuple[Came, Scene]:
        try:
            shown = self._world.deeds.show(order_of(run, step, step.id))
        except Trouble as trouble:
            return Came(what=What.FAILED, says=str(trouble)), _scene(step, f"fails: {trouble}")
        granted = step.id in state.granted
        free = shown.risk is Risk.AUTOMATIC or granted or answers is Answers.YES
        told = "done" if free else f"not done: the answer is {_word(answers)}"
        if free and shown.risk is not Risk.AUTOMATIC:
            told = "done after a yes"
        scene = _scene(step, told, shown)
        return Came(what=What.DONE if free else What.FAILED, says=told), scene

    def _asked(self, visit: Visit, step: Ask, answers: Answers) -> tuple[Came, Scene]:
        yes = answers is Answers.YES or (answers is Answers.SILENCE and step.if_silent)
        shown = "\n".join(self._preview(visit.run, visit.book.steps[one]) for one in step.about)
        told = f"{step.people} of role {step.role}: {_word(answers)}"
        granted = dict.fromkeys(step.about, "rehearsed") if yes else dict[str, str]()
        came = Came(what=What.YES if yes else What.NO, granted=granted)
        return came, replace(_scene(step, told), shown=shown)

    def _preview(self, run: Run, step: Step) -> str:
        if not isinstance(step, Do):
            return ""
        try:
            return self._world.deeds.show(order_of(run, step, step.id)).text
        except Trouble as trouble:
            return str(trouble)


def _word(answers: Answers) -> str:
    return "nobody's" if answers is Answers.SILENCE else str(answers)


def _scene(step: Step, came: str, shown: Shown | None = None) -> Scene:
    return Scene(
        step=step.id,
        kind=type(step).__name__.lower(),
        says=step.says,
        came=came,
        shown=shown.text if shown is not None else "",
        risk=shown.risk if shown is not None else None,
    )
