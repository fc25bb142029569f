"""First seen: when what findings are about began, as closely as what is kept can tell.

In    findings; the minutes that the store keeps of their windows.
Out   one moment: the deed's own where its event is kept, else the minute in which those who are
      named first did anything, else the first minute with anything of that version in it.
Why   a window begins up to twenty minutes before the deed. A responder who reads its start looks
      for the cause where there was none.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from stanch.detect.window import Window
from stanch.engine.ports import Transaction
from stanch.engine.situation import SOURCE
from stanch.engine.watch.minutes import Minute, from_bytes
from stanch.engine.watch.stored import DEEDS
from stanch.vocabulary.finding import CiteKind, Finding
from stanch.vocabulary.kept import SummaryBlock


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    """A minute of the finding's window."""

    block: SummaryBlock
    minute: Minute


def first_seen(
    tx: Transaction, findings: Iterable[Finding], windows: Mapping[str, Window], at: datetime
) -> datetime:
    """When the first of what these findings are about was; never later than now."""
    return min((_began(tx, f, windows.get(f.id)) for f in findings), default=at)


def _began(tx: Transaction, finding: Finding, window: Window | None) -> datetime:
    plan = window.baseline.plan if window is not None and window.baseline is not None else None
    blocks = tx.summaries.between(finding.asset, finding.window, condition=finding.condition)
    if finding.condition:
        blocks += tx.summaries.between(finding.asset, finding.window, version=DEEDS)
    kept = [
        _Kept(block=b, minute=from_bytes(b.body, plan))
        for b in blocks
        if b.version in (DEEDS, finding.version)
    ]
    for moments in (_deeds(finding, kept), _acts(finding, kept), _own(finding, kept)):
        if told := [moment for moment in moments if finding.window.covers(moment)]:
            return min(told)
    return finding.window.start


def _deeds(finding: Finding, kept: Iterable[_Kept]) -> Iterator[datetime]:
    """When the events were that are the deed, and the rows that are cited for it."""
    cited = {c.ref for c in finding.because if c.kind is CiteKind.EVENT}
    for one in kept:
        yield from (h.at for h in one.minute.record.happenings if h.event in finding.deeds)
        if (rows := one.minute.handed) is not None:
            yield from (rows.at(i) for i, event in enumerate(rows.events) if event in cited)


def _acts(finding: Finding, kept: Iterable[_Kept]) -> Iterator[datetime]:
    """The minutes in which those who are named did anything."""
    names = {s.principal for s in finding.suspects}
    sources = {g.removeprefix(SOURCE) for g in finding.groups if g.startswith(SOURCE)}
    for one in kept:
        minute, deeds = one.minute, one.minute.record.deeds
        asked = minute.counted.ledger.names if minute.counted is not None else ()
        if any(d.principal in names or d.source in sources for d in deeds) or names & {*asked}:
            yield one.block.minute


def _own(finding: Finding, kept: Iterable[_Kept]) -> Iterator[datetime]:
    """The minutes with anything of the finding's version in them."""
    return (one.block.minute for one in kept if one.block.version == finding.version)
