"""Correlation rules: sentences over several kinds of events that came true in this window.

In    a Window: what the rules counted, minute by minute (`rules`), as far back as they look.
Out   a Finding for each rule that came true in the window; Blind when no event was ever counted.
Why   "five failed logins, then one that works" is no statistic of one kind of event.
How   `rules.evaluate` over the counters; a rule that came true before this window was told there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from stanch.detect import examples
from stanch.detect.detector import Detector
from stanch.detect.rules.evaluate import findings_from
from stanch.detect.rules.load import packaged
from stanch.detect.rules.rule import COUNTED, Row, Rule
from stanch.detect.rules.tally import tally_of
from stanch.detect.window import Window
from stanch.detect.wording import shown
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Blind, Cite, CiteKind, Finding, Lifecycle
from stanch.vocabulary.ids import DetectorId

ID = DetectorId("correlation_rules")


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Which rules."""

    rules: tuple[Rule, ...] = ()
    """Rules of the place, besides the packaged ones; one with the same id replaces a packaged."""
    off: frozenset[str] = frozenset({"untrained_deployment"})
    """Ids of rules that are not to be asked: what `model_provenance` sees over all the lineage, a
    rule on one asset's events cannot."""


def book(limits: Limits, own: Iterable[Rule] = ()) -> tuple[Rule, ...]:
    """The rules that are asked, in the order of their ids; people's own ones are never off."""
    every = {r.id: r for r in (*packaged(), *limits.rules) if r.id not in limits.off}
    return tuple(rule for _, rule in sorted((every | {r.id: r for r in own}).items()))


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for each time a rule came true in this window."""
    if not window.rules.cells and not window.record.deeds and not window.record.seen:
        why = "no event was counted for rules"
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    rules = book(limits, window.own_rules)
    titles = {r.id: r.title for r in rules}
    for found in findings_from(rules, window.rules):
        if window.span.start < found.window.end <= window.span.end:
            yield _told(window, found, titles[found.detector])


def _told(window: Window, found: Finding, title: str) -> Finding:
    """The rule's finding as this detector's, on this window."""
    return replace(
        found,
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"{title}: {shown(found.says.rstrip('.'), longest=400)}.",
        because=(Cite(kind=CiteKind.ASSET, ref=window.asset.id),),
        topic=f"{found.detector} {found.window.start.isoformat()}",
    )


def _example(fails: int) -> Window:
    def login(second: int, outcome: str) -> Row:
        return {
            "ts": examples.START + timedelta(seconds=second),
            "kind": EventKind.ACCESS,
            "asset": examples.asset().id,
            "principal": "user-03",
            "action": "login",
            "outcome": outcome,
            "source": "203.0.113.9",
        }

    rows = [*(login(5 * k, "failed") for k in range(fails)), login(45, "ok")]
    return replace(examples.nothing_seen(), rules=tally_of(packaged(), rows, frozenset()))


DETECTOR = Detector(
    id=ID,
    title="Correlation rules",
    reads=COUNTED,
    atlas=(),
    lifecycle=Lifecycle.INFERENCE,
    limits=Limits(),
    look=look,
    fires_on=lambda: _example(6),
    quiet_on=lambda: _example(2),
)
