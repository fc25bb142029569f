"""The report after a play: what happened, what went well, the gaps, what is to be done.

In    the scenario, the state at the end, the score.
Out   an `AfterAction`, and the same as Markdown.
Why   an exercise that leaves no action with an owner and a day was a meeting. What went well is
      named first: people who are only shown their mistakes do not play again.

What people wrote is quoted as text: no markup of theirs passes, and hidden characters are shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from stanch.learn.tabletop.play import Asked, Reply, Standing, State
from stanch.learn.tabletop.quoting import quoted
from stanch.learn.tabletop.scenario import BEST, Scenario
from stanch.learn.tabletop.score import PlayScore, QuestionScore
from stanch.vocabulary.people import Duty

WELL = 0.75
"""From this share on an answer went well."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelineLine:
    """One line of the timeline."""

    at: datetime
    played: float
    """Seconds on the play's clock."""
    says: str
    who: str = ""
    text: str = ""
    """What this person answered, in their own words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """Something that did not go well, and what would close it."""

    inject: str
    says: str
    good: str
    critical: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class AfterAction:
    """The report."""

    timeline: tuple[TimelineLine, ...]
    well: tuple[str, ...]
    gaps: tuple[Gap, ...]


def review(now: State, judged: PlayScore) -> AfterAction:
    """What the play showed."""
    by_id = {one.inject.id: one for one in now.asked}
    return AfterAction(
        timeline=tuple(sorted(_moments(now), key=lambda m: m.played)),
        well=tuple(_well(one) for one in judged.lines if _went_well(one)),
        gaps=tuple(gap for one in judged.lines for gap in _gaps(one, by_id[one.inject])),
    )


def _moments(now: State) -> Iterator[TimelineLine]:
    for one in now.shown:
        start = one.inject.starts
        first = min((r.at for r in one.replies), default=now.started)
        yield TimelineLine(at=first, played=start, says=one.inject.title)
        for reply in one.replies:
            late = "" if reply.in_time else ", late"
            yield TimelineLine(
                at=reply.at,
                played=start + reply.took,
                who=reply.who,
                says=f"answers for {spoken(reply.duty)}{late}",
                text=_said(one, reply),
            )


def spoken(duty: Duty | None) -> str:
    """A part as people call it."""
    return str(duty or "no part").replace("ml_", "ML_").replace("_", " ")


def _said(one: Asked, reply: Reply) -> str:
    chosen = one.inject.choice(reply.choice)
    return "; ".join(part for part in (chosen.says if chosen else "", reply.text) if part)


def _went_well(one: QuestionScore) -> bool:
    return one.in_time and not one.split and (one.content or 0.0) >= WELL


def _well(one: QuestionScore) -> str:
    took = f" after {spell(one.took)}" if one.took is not None else ""
    named = f"; named: {_list(one.named)}" if one.named else ""
    return f"{one.title}: answered well{took}{named}."


def _gaps(one: QuestionScore, asked: Asked) -> Iterator[Gap]:
    said = list(_lacking(one))
    if said:
        says = f"{one.title}: {'; '.join(said)}."
        yield Gap(inject=one.inject, says=says, good=asked.inject.good, critical=one.gap)


def _lacking(one: QuestionScore) -> Iterator[str]:
    if one.put and one.answered:
        yield from _how(one)
        yield from _who(one)
    elif one.put and one.content is not None:
        yield "nobody answered in time"


def _how(one: QuestionScore) -> Iterator[str]:
    if not one.in_time and one.took is not None:
        yield f"the answer took {spell(one.took)}, {spell(one.allowed)} were allowed"
    missed = tuple(says for says in one.missed if says not in one.unsure)
    if missed:
        yield f"not named: {_list(missed)}"
    if one.unsure:
        yield f'said beside a "not", to be told by the leader: {_list(one.unsure)}'
    if not one.missed and one.content is not None and one.content < WELL:
        yield "another answer would have been better"


def _who(one: QuestionScore) -> Iterator[str]:
    if one.split:
        yield "people of one role decided differently"
    if one.by_others:
        yield f"nobody who plays {spoken(one.asks)} answered"
    for decision in one.decisions:
        if decision.apart:
            yield f"the playbook does not know {_list(decision.apart)} for this"


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _list(words: tuple[str, ...]) -> str:
    return ", ".join(words)


def spell(seconds: float) -> str:
    """Minutes and seconds as people say them."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def clock(seconds: float) -> str:
    """The play's clock: `T+12:30`."""
    minutes, rest = divmod(int(seconds), 60)
    return f"T+{minutes}:{rest:02}"


def markdown(scenario: Scenario, now: State, judged: PlayScore, title: str) -> str:
    """The report as a page of Markdown."""
    found = review(now, judged)
    parts = [
        [f"# {quoted(title)}", "", "This was an exercise. Nothing of it happened."],
        _head(scenario, now, judged),
        ["## What was asked", "", *_table(judged)],
        ["## Timeline", "", *(_told(m) for m in found.timeline)],
        ["## What went well", "", *_or_none([f"- {quoted(w)}" for w in found.well])],
        ["## Gaps", "", *_or_none([line for gap in found.gaps for line in _gap(gap)])],
        ["## To do", "", *_follow_ups(now)],
    ]
    if now.remarks:
        said = [f"- {quoted(m.by)}: {quoted(m.text)}" for m in now.remarks]
        parts.append(["## Remarks", "", *said])
    return "\n".join(line for part in parts for line in (*part, "")).rstrip() + "\n"


def _head(scenario: Scenario, now: State, judged: PlayScore) -> list[str]:
    total = "not judged yet" if judged.percent is None else f"{judged.percent:.0f} %"
    over = now.standing is Standing.OVER
    ended = f"{now.ended:%Y-%m-%d %H:%M} UTC" if now.ended and over else "it still goes on"
    seats = [f"{quoted(spoken(d))}: {quoted(', '.join(w))}" for d, w in now.seats]
    unrated = f", {_many(judged.unrated, 'answer')} to be rated" if judged.unrated else ""
    gaps = len(judged.gaps)
    return [
        f"- Played: {now.started:%Y-%m-%d %H:%M} UTC, ended: {ended}",
        f"- On the clock of the play: {spell(now.played)} of {scenario.minutes} min",
        f"- Score: {total}{unrated}",
        f"- Critical gaps: {gaps or 'none'}",
        f"- Answered: {judged.answered} of {judged.put} questions, {judged.in_time} in time",
        f"- Decisions that the playbook `{scenario.playbook}` does not know: {judged.apart}",
        f"- People: {'; '.join(seats) or 'nobody took a part'}",
        f"- ATLAS: {', '.join(scenario.atlas) or 'none'}",
    ]


def _table(judged: PlayScore) -> list[str]:
    rows = ["| question | for | after | allowed | score |", "|---|---|---|---|---|"]
    for one in judged.lines:
        after = spell(one.took) if one.took is not None else ("no answer" if one.put else "not put")
        points = "" if one.counts is None else f"{BEST * one.counts:.1f} of {BEST}"
        mark = " (critical gap)" if one.gap else ""
        rows.append(
            f"| {quoted(one.title)} | {spoken(one.asks)} | {after} "
            f"| {spell(one.allowed)} | {points or '-'}{mark} |"
        )
    return rows


def _told(one: TimelineLine) -> str:
    who = f"{quoted(one.who)} " if one.who else ""
    text = f": {quoted(one.text)}" if one.text else ""
    return f"- {clock(one.played)} {who}{quoted(one.says)}{text}"


def _gap(one: Gap) -> list[str]:
    mark = "**Critical.** " if one.critical else ""
    return [f"- {mark}{quoted(one.says)}", f"  A good answer: {quoted(one.good)}"]


def _follow_ups(now: State) -> list[str]:
    if not now.follow_ups:
        return ["Nothing was agreed on."]
    rows = ["| what | who | until |", "|---|---|---|"]
    return rows + [
        f"| {quoted(f.text)} | {quoted(f.owner)} | {quoted(f.due)} |" for f in now.follow_ups
    ]


def _or_none(lines: list[str]) -> list[str]:
    return lines or ["Nothing."]
