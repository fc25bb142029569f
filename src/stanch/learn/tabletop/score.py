"""The score of a play: how quickly, how well, and in step with the playbook.

In    the scenario, where the play is, the acts that the playbook knows.
Out   one line for each question, the total in percent, the gaps that no total makes good.
Why   a figure alone hides the one answer that would have cost most. So a critical gap stands beside
      the total and is never averaged away; what nobody has rated yet is said, not guessed.

Content   the mean over the people who answered (of points: what they named together), 0 to 1.
Time      an answer that came late counts half; no answer counts nothing.
Total     the mean of both over all questions that were put and judged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from stanch.learn.tabletop.play import Asked, Reply, Stage, State
from stanch.learn.tabletop.scenario import Kind, Scenario
from stanch.vocabulary.people import Duty

LATE_COUNTS = 0.5
ENOUGH = 0.5
"""Below this share a critical question is a gap."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """A decision to do something, held against the playbook."""

    says: str
    by: tuple[str, ...]
    apart: tuple[str, ...]
    """Acts that the playbook does not know for such an incident."""


@dataclass(frozen=True, kw_only=True, slots=True)
class QuestionScore:
    """How one question was answered."""

    inject: str
    title: str
    asks: Duty
    put: bool
    """Whether it was shown at all."""
    answered: bool
    content: float | None
    """0 to 1; None while it waits for a rating, or was never put."""
    took: float | None
    """Seconds until the first answer."""
    allowed: float
    in_time: bool
    critical: bool
    gap: bool
    """A critical question that was answered badly or not at all."""
    split: bool
    """Whether people answered differently."""
    by_others: bool
    """Whether nobody of the role that was asked answered, but others did."""
    named: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    """Of what was missed: said beside a "not", and nobody has told yet what was meant."""
    decisions: tuple[Decision, ...] = ()

    @property
    def counts(self) -> float | None:
        """What it adds to the total, 0 to 1."""
        if self.content is None:
            return None
        return self.content * (1.0 if self.in_time else LATE_COUNTS)


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleScore:
    """How the questions to one role were answered."""

    duty: Duty
    questions: int
    answered: int
    percent: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PlayScore:
    """How a play went."""

    lines: tuple[QuestionScore, ...]
    percent: float | None
    """None when nothing that was put can be judged yet."""
    put: int
    answered: int
    in_time: int
    unrated: int
    gaps: tuple[str, ...]
    """The critical gaps, by their inject."""
    apart: int
    """Decisions that the playbook does not know."""
    seconds: float | None
    """The median time to an answer."""
    roles: tuple[RoleScore, ...]


def score(scenario: Scenario, now: State, playbook_acts: frozenset[str]) -> PlayScore:
    """How the play went so far."""
    lines = tuple(_line(one, playbook_acts) for one in now.asked)
    put = [one for one in lines if one.put]
    took = [one.took for one in put if one.took is not None]
    return PlayScore(
        lines=lines,
        percent=_percent(put),
        put=len(put),
        answered=sum(one.answered for one in put),
        in_time=sum(one.in_time for one in put),
        unrated=sum(one.answered and one.content is None for one in put),
        gaps=tuple(one.inject for one in put if one.gap),
        apart=sum(bool(d.apart) for one in put for d in one.decisions),
        seconds=median(took) if took else None,
        roles=tuple(
            _role(duty, [one for one in put if one.asks is duty])
            for duty in dict.fromkeys(i.asks for i in scenario.injects)
        ),
    )


def _role(duty: Duty, lines: Sequence[QuestionScore]) -> RoleScore:
    return RoleScore(
        duty=duty,
        questions=len(lines),
        answered=sum(one.answered for one in lines),
        percent=_percent(lines),
    )


def _percent(lines: Sequence[QuestionScore]) -> float | None:
    found = [one.counts for one in lines if one.counts is not None]
    return 100 * sum(found) / len(found) if found else None


def _line(one: Asked, playbook_acts: frozenset[str]) -> QuestionScore:
    inject, stands = one.inject, one.standing
    put = one.stage is not Stage.TO_COME
    # A question that is still open, or waits for its rating, is not judged yet.
    content = _content(one) if put and (stands or one.stage is Stage.LATE) else None
    over = one.stage in {Stage.ANSWERED, Stage.LATE}
    rated = content is not None
    hit = _together(stands)
    beside = {point for reply in stands for point in reply.doubted} - hit
    return QuestionScore(
        inject=inject.id,
        title=inject.title,
        asks=inject.asks,
        put=put,
        answered=bool(stands),
        content=content,
        took=min((r.took for r in one.replies), default=None),
        allowed=60.0 * inject.minutes,
        in_time=any(r.in_time for r in stands),
        critical=inject.critical,
        gap=inject.critical and over and rated and (content or 0.0) < ENOUGH,
        split=len({(r.choice, r.worth) for r in stands}) > 1 and inject.kind is Kind.CHOICE,
        by_others=bool(stands) and all(r.duty is not inject.asks for r in stands),
        named=tuple(p.says for p in inject.points if p.id in hit),
        missed=tuple(p.says for p in inject.points if put and p.id not in hit),
        unsure=tuple(p.says for p in inject.points if p.id in beside),
        decisions=tuple(_decisions(one, playbook_acts)),
    )


def _content(one: Asked) -> float | None:
    stands = one.standing
    if not stands:
        return 0.0
    if one.inject.kind is Kind.POINTS:
        return len(_together(stands)) / len(one.inject.points)
    worth = [r.worth for r in stands if r.worth is not None]
    return sum(worth) / len(worth) if worth else None


def _together(stands: Sequence[Reply]) -> frozenset[str]:
    return frozenset(point for reply in stands for point in reply.named)


def _decisions(one: Asked, playbook_acts: frozenset[str]) -> list[Decision]:
    found = []
    for choice in one.inject.choices:
        by = tuple(r.who for r in one.standing if r.choice == choice.id)
        if by and choice.acts:
            apart = tuple(a for a in choice.acts if a not in playbook_acts)
            found.append(Decision(says=choice.says, by=by, apart=apart))
    return found
