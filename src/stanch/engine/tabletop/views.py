"""Views: what people may see of scenarios and plays, and when.

In    a play, where it is, who looks.
Out   values for pages, routes and commands. What is right, and what is still to come, is in none of
      them before the play is over, except for who leads it.
"""

from dataclasses import dataclass
from datetime import datetime

from stanch.engine.tabletop.kept import Play
from stanch.learn.tabletop.play import Asked, FollowUp, Reply, Stage, Standing, State
from stanch.learn.tabletop.scenario import Channel, Kind, Scenario
from stanch.learn.tabletop.score import PlayScore
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.people import Duty


@dataclass(frozen=True, kw_only=True, slots=True)
class PlayLine:
    """A play in a list."""

    id: str
    scenario: str
    title: str
    incident: IncidentId
    by: str
    started: datetime
    ended: datetime | None
    standing: Standing
    percent: float | None = None
    """Only once it is over."""
    gaps: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ScenarioCard:
    """A scenario before it is played: nothing of what is right, nothing of what happens."""

    id: str
    title: str
    says: str
    learns: tuple[str, ...]
    minutes: int
    injects: int
    critical: int
    asks: tuple[tuple[Duty, int], ...]
    """Who is asked how often."""
    last: PlayLine | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """An answer to choose; what it is worth is told when the play is over."""

    id: str
    says: str
    worth: int | None = None
    because: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """A point that a good answer names."""

    id: str
    says: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """An answer; how good it is is told when the play is over."""

    move: int
    by: str
    who: str
    duty: Duty | None
    at: datetime
    took: float
    in_time: bool
    choice: str
    text: str
    stands: bool
    """Whether this person gave no later one."""
    worth: float | None = None
    named: tuple[str, ...] = ()
    doubted: tuple[str, ...] = ()
    """Points said beside a "not", until whoever leads tells what was meant."""
    rated_by: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TableQuestion:
    """What became known, and what is asked of whom."""

    id: str
    at: int
    title: str
    channel: Channel
    shows: str
    asks: Duty
    question: str
    kind: Kind
    critical: bool
    minutes: int
    left: float
    """Seconds of the play's clock; negative when the time is over."""
    stage: Stage
    options: tuple[Option, ...]
    answers: tuple[Said, ...]
    good: str = ""
    wishes: tuple[Wish, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Remarked:
    """What somebody noticed."""

    at: datetime
    by: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Seat:
    """Who plays a part."""

    duty: Duty
    people: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A play as it is now."""

    id: str
    scenario: str
    title: str
    says: str
    system: str
    incident: IncidentId
    by: str
    started: datetime
    ended: datetime | None
    standing: Standing
    played: float
    minutes: int
    next_in: float | None
    """Seconds of the play's clock until the next inject; None when everything was shown."""
    to_come: int
    done: bool
    """Whether everything was asked, and answered or too late."""
    questions: tuple[TableQuestion, ...]
    """What is known by now, newest last."""
    seats: tuple[Seat, ...]
    follow_ups: tuple[FollowUp, ...]
    remarks: tuple[Remarked, ...]
    score: PlayScore | None = None
    """Only once it is over."""


def card(one: Scenario, last: PlayLine | None = None) -> ScenarioCard:
    """The scenario as it may be seen before it is played."""
    roles = [i.asks for i in one.injects]
    return ScenarioCard(
        id=one.id,
        title=one.title,
        says=one.says,
        learns=one.learns,
        minutes=one.minutes,
        injects=len(one.injects),
        critical=sum(i.critical for i in one.injects),
        asks=tuple((duty, roles.count(duty)) for duty in dict.fromkeys(roles)),
        last=last,
    )


def line(one: Play, now: State, judged: PlayScore) -> PlayLine:
    """The play in a list."""
    over = now.standing is Standing.OVER
    return PlayLine(
        id=one.id,
        scenario=one.scenario.id,
        title=one.scenario.title,
        incident=one.incident,
        by=one.by,
        started=one.started,
        ended=now.ended,
        standing=now.standing,
        percent=judged.percent if over else None,
        gaps=len(judged.gaps) if over else 0,
    )


def table(one: Play, now: State, judged: PlayScore, *, leads: bool) -> Table:
    """The play as it may be seen; `leads`: by who leads it."""
    over = now.standing is Standing.OVER
    coming = now.next
    return Table(
        id=one.id,
        scenario=one.scenario.id,
        title=one.scenario.title,
        says=one.scenario.says,
        system=one.scenario.system,
        incident=one.incident,
        by=one.by,
        started=one.started,
        ended=now.ended,
        standing=now.standing,
        played=now.played,
        minutes=one.scenario.minutes,
        next_in=coming.starts - now.played if coming is not None else None,
        to_come=len(now.asked) - len(now.shown),
        done=now.all_asked,
        questions=tuple(_question(a, now, told=over or leads) for a in now.shown),
        seats=tuple(Seat(duty=duty, people=people) for duty, people in now.seats),
        follow_ups=now.follow_ups,
        remarks=tuple(Remarked(at=m.at, by=m.by, text=m.text) for m in now.remarks),
        score=judged if over else None,
    )


def _question(one: Asked, now: State, *, told: bool) -> TableQuestion:
    inject = one.inject
    return TableQuestion(
        id=inject.id,
        at=inject.at,
        title=inject.title,
        channel=inject.channel,
        shows=inject.shows,
        asks=inject.asks,
        question=inject.question,
        kind=inject.kind,
        critical=inject.critical and told,
        minutes=inject.minutes,
        left=inject.ends - now.played,
        stage=one.stage,
        options=tuple(
            Option(
                id=c.id,
                says=c.says,
                worth=c.worth if told else None,
                because=c.because if told else "",
            )
            for c in inject.choices
        ),
        answers=tuple(_said(r, told=told) for r in one.replies),
        good=inject.good if told else "",
        wishes=tuple(Wish(id=p.id, says=p.says) for p in inject.points) if told else (),
    )


def _said(one: Reply, *, told: bool) -> Said:
    return Said(
        move=one.seq,
        by=one.by,
        who=one.who,
        duty=one.duty,
        at=one.at,
        took=one.took,
        in_time=one.in_time,
        choice=one.choice,
        text=one.text,
        stands=one.last,
        worth=one.worth if told else None,
        named=one.named if told else (),
        doubted=one.doubted if told else (),
        rated_by=one.rated_by if told else "",
    )
