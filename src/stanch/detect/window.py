"""The window: all that a detector may look at, as one value.

In    what the shell merged and judged: summaries, ledgers, records, readings of the alarms.
Out   a `Window` on one asset and version over one span.
Why   a detector that sees only this can be replayed, tested and trusted; it cannot cite what it
      did not see.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from stanch.detect.alarms.reading import Reading, Stream
from stanch.detect.rules.rule import Rule
from stanch.detect.rules.tally import Tally
from stanch.detect.summaries.acquaintances import Known as Acquaintances
from stanch.detect.summaries.fingerprints import Fingerprints, Known
from stanch.detect.summaries.handed import Handed
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.plan import Plan
from stanch.detect.summaries.record import Record
from stanch.detect.summaries.summary import Summary
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.finding import Cite, CiteKind
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import Digest
from stanch.vocabulary.span import Span


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Baseline:
    """Normal operation of an asset, as the detectors need it."""

    plan: Plan
    golden: Summary
    """The reference for the window's condition and hour of the week."""
    digest: Digest
    """Of the signed baseline."""
    habits: Ledger | None = None
    """What single principals looked like in the reference, in all its hours."""
    customs: Ledger | None = None
    """The same in a few windows of each; None where these do not tell of more."""
    minutes: float = 0.0
    """About how many minutes of the whole reference had answers; 0 where golden is all of it."""
    quiet: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """What each signal of the verdict did in quiet windows of the reference."""
    prints: tuple[Fingerprints, ...] = ()
    """Rows that the owner wants recognised: of the training set, and canaries."""
    condition: str = ""
    """The condition of operation that it stands for; empty for all of them."""
    mix: Mapping[str, int] = field(default_factory=dict)
    """How many rows of the reference were of each condition; empty where that was not told."""
    mix_then: Mapping[str, int] = field(default_factory=dict)
    """The same of the window's hours of the week alone, where the reference has any of them."""

    def knows(self, what: Known) -> bool:
        """Whether such rows are recognised."""
        return any(one.known is what for one in self.prints)


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """How much an asset was used in one earlier window of the same length."""

    start: datetime
    events: int
    """Answers, or other events in a window of those."""
    cost: int = 0
    """In UNITs, as in the summary."""
    scored: int = 0
    """Answers with an off-manifold score."""
    off: int = 0
    """Those of them whose values do not belong together."""
    far: int = 0
    """Those of them that are far from what belongs together."""
    unusual: int = 0
    """Those of them that are unusual or more."""
    places: tuple[tuple[int, ...], ...] = ()
    """Where all numbers fell in each hop, in eighths of the baseline; of the last day only."""
    stood: tuple[float, ...] = ()
    """The nats of whoever stood out most, for each taste that may be honest; likewise."""
    people: int = 0
    """How many principals were looked at for that."""
    plan: str = ""
    """The digest of the plan that these were counted on."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Window:
    """One look at one asset."""

    asset: Asset
    span: Span
    version: str = ""
    condition: str = ""
    """The condition of operation that all of it is of; empty for all of them."""
    mix: Mapping[str, int] = field(default_factory=dict)
    """How many answers were of each condition, where there are several."""
    mix_of_all: Mapping[str, int] = field(default_factory=dict)
    """The same of all versions together."""
    under: Mapping[str, Ledger] = field(default_factory=dict)
    """The same answers by principal, of each condition that had any just now."""
    judged: frozenset[str] = frozenset()
    """The conditions that have a baseline of their own."""
    baseline: Baseline | None = None
    """None when none has been set yet: most detectors are blind then."""
    now: Summary | None = None
    """The window's answers; None when nothing could be summarised (there is no plan)."""
    ledger: Ledger | None = None
    """The window's answers by principal."""
    minute: Ledger | None = None
    """Those of the newest open minute alone; None when there is none."""
    handed: Handed | None = None
    """The rows that were handed in for training; None when there were none."""
    record: Record = field(default_factory=Record)
    """The window's discrete events."""
    before: Record = field(default_factory=Record)
    """Discrete events of the time before (a week, by default), as the custom of the place."""
    known: Acquaintances = field(default_factory=dict)
    """Who was ever here, as far back as is remembered (a year)."""
    readings: Mapping[Stream, Reading] = field(default_factory=dict)
    """What the alarms say after the window's last batch."""
    others: Mapping[str, Summary] = field(default_factory=dict)
    """Other versions of the asset in the same span."""
    history: tuple[Happening, ...] = ()
    """The last trainings, dataset changes and deployments of the asset and of what it is made
    from, of any window and however long ago, in the order of time."""
    signed: Mapping[str, str] | None = None
    """Digests under a verified signature, and who signed; None when nobody checks signatures."""
    usage: tuple[Usage, ...] = ()
    """Earlier windows, in the order of time, none of which overlaps this one."""
    rules: Tally = field(default_factory=Tally)
    """What the correlation rules counted, over this window and as far back as they look."""
    own_rules: tuple[Rule, ...] = ()
    """The rules that people wrote here, besides the packaged ones."""

    @property
    def n(self) -> int:
        """How many answers."""
        return self.now.n if self.now is not None else 0

    @property
    def cites(self) -> tuple[Cite, ...]:
        """What a finding on the summary and the baseline rests on."""
        cites: list[Cite] = []
        if self.now is not None:
            cites.append(Cite(kind=CiteKind.SUMMARY, ref=self.now.digest))
        if self.ledger is not None:
            cites.append(Cite(kind=CiteKind.SUMMARY, ref=self.ledger.digest))
        if self.baseline is not None:
            cites.append(Cite(kind=CiteKind.BASELINE, ref=self.baseline.digest))
        return tuple(cites)

    @property
    def citable(self) -> frozenset[Cite]:
        """Everything that a finding on this window may cite."""
        events = (*self.record.happenings, *self.before.happenings, *self.history)
        return frozenset(
            (
                *self.cites,
                *self._handed_in(),
                Cite(kind=CiteKind.ASSET, ref=self.asset.id),
                *(Cite(kind=CiteKind.EVENT, ref=h.event) for h in events),
            )
        )

    def moments(self, events: Collection[str]) -> tuple[datetime, ...]:
        """When these events were, of those that are at hand one by one."""
        told = [h.at for h in self.record.happenings if h.event in events]
        if self.handed is not None:
            told += [self.handed.at(i) for i, e in enumerate(self.handed.events) if e in events]
        return tuple(told)

    def _handed_in(self) -> Iterator[Cite]:
        if self.handed is not None:
            yield Cite(kind=CiteKind.SUMMARY, ref=self.handed.digest)
            yield from (Cite(kind=CiteKind.EVENT, ref=event) for event in self.handed.events)
