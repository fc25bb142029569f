"""The trial of a rule: what it would have said about the events that were kept.

In    a rule, as it would be asked; a span of the past; the lake.
Out   each time that it would have come true, and how much of the span was looked at.
Why   a rule that cries every night, or never, is found out before anybody is woken by it.

Events are counted as the watch counts them, one asset at a time. Two things differ, and are said:
who was known to an asset then is not kept, so everybody counts as new; and of a busy span only the
newest events are read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import pyarrow as pa

from stanch.detect.rules.evaluate import findings_from
from stanch.detect.rules.rule import ANSWERED, COUNTED, Rule
from stanch.detect.rules.tally import tally_of
from stanch.engine.event_list import Slice
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Finding

MOST_EVENTS = 50_000
"""Events of one trial, of each of the two sorts."""
MOST_HITS = 100
_ALWAYS = ("ts", "kind", "asset", "principal", "by")
_MOST_NAMED = 200


class Past(Protocol):
    """Where the events of all time are."""

    def newest(self, question: Slice, columns: tuple[str, ...]) -> pa.Table:
        """These columns of the newest events that match, newest first."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """What became of a rule over the past."""

    since: datetime
    """From when on every event was looked at."""
    until: datetime
    events: int
    whole: bool
    """Whether all of what was asked for was looked at."""
    everybody_new: bool
    """Whether the rule asks who is new, which the past does not tell."""
    times: int
    """How often it would have come true."""
    hits: tuple[Finding, ...]
    """The newest of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    rows: list[dict[str, object]]
    since: datetime
    whole: bool


class RuleTrial:
    """Asks rules about the past; nothing is written, nobody is told."""

    def __init__(self, past: Past) -> None:
        self._past = past

    def over(self, rule: Rule, since: datetime, until: datetime) -> Trial:
        """What the rule would have said from then until then."""
        seen = self._read(rule, COUNTED, Slice(since=since, until=until))
        if rule.of_answers:
            begun = _begun(rule, seen.rows)
            ask = Slice(since=seen.since, until=until, where=_by_whom(rule, begun))
            answers = (
                self._read(rule, ANSWERED, ask)
                if begun
                else _Seen(rows=[], since=seen.since, whole=True)
            )
            whole = seen.whole and answers.whole
            seen = _Seen(rows=seen.rows + answers.rows, since=answers.since, whole=whole)
        found = sorted(_said(rule, seen.rows), key=lambda f: f.window.end, reverse=True)
        return Trial(
            since=seen.since,
            until=until,
            events=len(seen.rows),
            whole=seen.whole,
            everybody_new=any(one.stranger for one in rule.selections),
            times=len(found),
            hits=tuple(found[:MOST_HITS]),
        )

    def _read(self, rule: Rule, kinds: Sequence[EventKind], asked: Slice) -> _Seen:
        """The newest events of these kinds that the rule can speak of."""
        named = ", ".join(f"'{kind}'" for kind in _wanted(rule, kinds))
        assert asked.since is not None  # noqa: S101  a trial says from when on
        if not named:
            return _Seen(rows=[], since=asked.since, whole=True)
        where = f"kind IN ({named})" + (f" AND {asked.where}" if asked.where else "")
        question = Slice(where=where, since=asked.since, until=asked.until, limit=MOST_EVENTS + 1)
        rows = self._past.newest(question, _columns(rule)).to_pylist()
        if len(rows) <= MOST_EVENTS:
            return _Seen(rows=rows, since=asked.since, whole=True)
        kept = rows[:MOST_EVENTS]
        return _Seen(rows=kept, since=kept[-1]["ts"], whole=False)


def _wanted(rule: Rule, kinds: Sequence[EventKind]) -> list[EventKind]:
    """Those of the kinds that a selection of the rule can take."""
    asked = [one.fields.get("kind") for one in rule.selections]
    if any(patterns is None for patterns in asked):
        return list(kinds)
    return [kind for kind in kinds if any(kind in (patterns or ()) for patterns in asked)]


def _columns(rule: Rule) -> tuple[str, ...]:
    named = [*_ALWAYS, *rule.by, *(n for s in rule.selections for n in s.fields), rule.of_field]
    return tuple(dict.fromkeys(name for name in named if name))


def _begun(rule: Rule, rows: Iterable[Mapping[str, object]]) -> list[str]:
    """Who took the first step: answers are counted for them alone."""
    first = {s.name: s for s in rule.selections}[rule.steps[0].of]
    return sorted({str(r.get("principal") or "") for r in rows if first.takes(r, known=False)})


def _by_whom(rule: Rule, names: Sequence[str]) -> str:
    """Narrows the answers to these principals, when the rule groups by them."""
    if "principal" not in rule.by or len(names) > _MOST_NAMED:
        return ""
    told = ", ".join("'" + name.replace("\0", "").replace("'", "''") + "'" for name in names)
    return f"principal IN ({told})"


def _said(rule: Rule, rows: Iterable[Mapping[str, object]]) -> Iterable[Finding]:
    """What the rule says, of one asset at a time."""
    by_asset: dict[object, list[Mapping[str, object]]] = {}
    for row in rows:
        by_asset.setdefault(row["asset"], []).append(row)
    for _, own in sorted(by_asset.items(), key=lambda one: str(one[0])):
        yield from findings_from([rule], tally_of([rule], own, frozenset()))
