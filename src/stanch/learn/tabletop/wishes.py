"""Wishes: what people want to do at a table, made into moves or refused with a sentence.

In    the scenario, where the play is, what somebody wants.
Out   the move it comes to, without its place; or what to do instead.
Why   a route, a command and a page ask for the same, and must be refused with the same words.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime

from stanch.learn.tabletop.play import Move, Reply, State, What
from stanch.learn.tabletop.scenario import BEST, Inject, Kind, Scenario
from stanch.vocabulary.people import Duty
from stanch.vocabulary.trouble import BadInput, Conflict, NotFound

LONGEST = 4000
"""Characters of an answer."""
LONGEST_NAME = 80

Whose = tuple[str, datetime]
"""Who does it, and when."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """An answer."""

    inject: str
    choice: str = ""
    text: str = ""
    """The answer in words; with a choice, why."""
    duty: Duty | None = None
    """For which part; without it the seat of whoever answers, else the part that was asked."""
    who: str = ""
    """Who said it, when another one types it in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rating:
    """What a person makes of an answer."""

    answer: int
    """The number of the answer's move."""
    worth: int | None = None
    """0 to 2, of a free answer."""
    points: tuple[str, ...] = ()
    """The points that it truly names, of an answer in points."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """Something to be done after the exercise."""

    text: str
    owner: str
    due: str
    """A day, as 2026-12-01."""


def answered(scenario: Scenario, now: State, given: Given, whose: Whose) -> Move:
    """The answer as a move."""
    by, at = whose
    asked = next((a for a in now.shown if a.inject.id == given.inject), None)
    if asked is None or scenario.inject(given.inject) is None:
        raise NotFound("question that was put", given.inject[:64], "tabletop status")
    text, who = _words(given.text, LONGEST, "An answer"), _name(given.who)
    _fits(asked.inject, given.choice, text)
    return Move(
        seq=0,
        at=at,
        by=by,
        what=What.ANSWERED,
        inject=given.inject,
        choice=given.choice,
        text=text,
        who=who,
        duty=given.duty or _seat(now, who or by) or asked.inject.asks,
    )


def rated(now: State, rating: Rating, whose: Whose) -> Move:
    """The rating as a move."""
    by, at = whose
    inject, reply = _of(now, rating.answer)
    move = Move(seq=0, at=at, by=by, what=What.RATED, inject=inject.id, answer=reply.seq)
    match inject.kind:
        case Kind.CHOICE:
            raise Conflict("A choice is judged by the scenario. Rate answers in words.")
        case Kind.FREE:
            if rating.worth is None or not 0 <= rating.worth <= BEST:
                raise BadInput(f"Rate it with a whole number from 0 to {BEST}.")
            return replace(move, worth=rating.worth)
        case Kind.POINTS:
            strange = set(rating.points) - {p.id for p in inject.points}
            if strange:
                raise BadInput(f"It has no such points: {', '.join(sorted(strange))[:200]}.")
            return replace(move, points=tuple(dict.fromkeys(rating.points)))


def sat(duty: Duty, who: str, by: str, at: datetime) -> Move:
    """Taking a part, as a move."""
    return Move(seq=0, at=at, by=by, what=What.SAT, duty=duty, who=_name(who))


def told(text: str, by: str, at: datetime) -> Move:
    """A remark as a move."""
    words = _words(text, LONGEST, "A remark")
    if not words:
        raise BadInput("Write what you noticed.")
    return Move(seq=0, at=at, by=by, what=What.REMARKED, text=words)


def wanted(task: Task, by: str, at: datetime) -> Move:
    """Something to be done, as a move."""
    text, owner = _words(task.text, 500, "A task"), _name(task.owner)
    if not text or not owner:
        raise BadInput("Say what is to be done and who does it: an action without both is a wish.")
    try:
        due = date.fromisoformat(task.due.strip()).isoformat()
    except ValueError as error:
        raise BadInput("Say until which day, as 2026-12-01.") from error
    return Move(seq=0, at=at, by=by, what=What.FOLLOW_UP, text=text, owner=owner, due=due)


def _fits(inject: Inject, choice: str, text: str) -> None:
    if inject.kind is Kind.CHOICE:
        if inject.choice(choice) is None:
            names = ", ".join(c.id for c in inject.choices)
            raise BadInput(f"{choice[:64]!r} is no answer to this. Choose one of: {names}.")
    elif choice:
        raise BadInput("This question has no choices. Answer in words.")
    elif not text:
        raise BadInput("Answer in words.")


def _of(now: State, answer: int) -> tuple[Inject, Reply]:
    for asked in now.asked:
        for reply in asked.replies:
            if reply.seq == answer:
                return asked.inject, reply
    raise NotFound("answer", str(answer), "tabletop status")


def _seat(now: State, who: str) -> Duty | None:
    mine = who.casefold()
    return next((d for d, people in now.seats if any(p.casefold() == mine for p in people)), None)


def _words(text: str, longest: int, what: str) -> str:
    words = text.strip()
    if len(words) > longest:
        raise BadInput(f"{what} has at most {longest} characters; this one has {len(words)}.")
    return words


def _name(text: str) -> str:
    name = " ".join(text.split())
    if len(name) > LONGEST_NAME:
        raise BadInput(f"A name has at most {LONGEST_NAME} characters; this one has {len(name)}.")
    return name
