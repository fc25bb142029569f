"""Measuring: the incidents of a while, read from the store for the measures.

In    periods.
Out   the measures of each, of real incidents or of exercises, never of both at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from stanch.engine.clock import Clock
from stanch.engine.ports import Store, Transaction
from stanch.learn.measures import Case, Period, measured, periods
from stanch.vocabulary.approval import Answer
from stanch.vocabulary.casework import IncidentLine
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import BadInput

MOST_PERIODS = 104
"""Periods that can be asked for at once."""
LONGEST_PERIOD = 366
"""Days of one period."""
_DEADLINE = 60
_PAGE = 500
_ANSWERED = (Answer.YES.value, Answer.NO.value, Answer.OVERRIDDEN.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Which measures are wanted."""

    days: int = 7
    """How long a period is."""
    count: int = 12
    exercise: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """The measures of a while, each period alone and all of them as one."""

    periods: tuple[Period, ...]
    """Oldest first; the last one ends now."""
    whole: Period
    techniques: tuple[tuple[str, ...], ...]
    """What each incident was named after."""


def measures(store: Store, clock: Clock, asked: Asked) -> tuple[Period, ...]:
    """The measures of each period, oldest first; the last one ends now."""
    return told(store, clock, asked).periods


def told(store: Store, clock: Clock, asked: Asked) -> Told:
    """The measures of each period and of the whole, from one reading."""
    if not (1 <= asked.days <= LONGEST_PERIOD and 1 <= asked.count <= MOST_PERIODS):
        most = f"A period has 1 to {LONGEST_PERIOD} days"
        raise BadInput(f"{most}, and there are 1 to {MOST_PERIODS} of them.")
    now = clock()
    spans = periods(now, timedelta(days=asked.days), asked.count)
    whole = Span(start=spans[0].start, end=spans[-1].end)
    with store.look() as tx:
        cases = list(_cases(tx, whole, exercise=asked.exercise))
    return Told(
        periods=measured(cases, spans, now=now),
        whole=measured(cases, [whole], now=now)[0],
        techniques=tuple(
            case.incident.atlas for case in cases if case.incident.merged_into is None
        ),
    )


def _cases(tx: Transaction, span: Span, *, exercise: bool) -> Iterator[Case]:
    deadlines = {a.id: a.deadline_minutes for a in tx.assets.page(limit=_PAGE).items}
    answers = _answers(tx, span)
    for line in _lines(tx, span, exercise=exercise):
        one = line.incident
        yield Case(
            incident=one,
            deadline_minutes=deadlines.get(one.asset, _DEADLINE),
            findings=line.findings,
            answers=answers.get(one.id, 0),
        )


def _lines(tx: Transaction, span: Span, *, exercise: bool) -> Iterator[IncidentLine]:
    wanted = Wanted(since=span.start, until=span.end, exercise=exercise)
    after = ""
    while True:
        page = tx.incidents.page(wanted, after=after, limit=_PAGE)
        yield from page.items
        if not page.next:
            return
        after = page.next


def _answers(tx: Transaction, span: Span) -> dict[IncidentId, int]:
    wanted = Wanted(since=span.start, state=_ANSWERED)
    made: dict[IncidentId, int] = {}
    after = ""
    while True:
        page = tx.approvals.page(wanted, after=after, limit=_PAGE)
        for one in page.items:
            made[one.incident] = made.get(one.incident, 0) + 1
        if not page.next:
            return made
        after = page.next
