"""The watcher: follows the spool, counts what comes, and lets every detector look.

In    rows from a feed, from where it stopped; the store; the lake's memory for late labels.
Out   `Seen`: new findings, blind spots, and the bytes that the findings cite.
Why   one transaction keeps the minutes, the alarms, the findings and how far the spool was read:
      a crash at any instant counts nothing twice and forgets nothing.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from stanch.detect.detector import Detector
from stanch.detect.naming import USUAL, asked_for, naming_once_in
from stanch.detect.window import Window
from stanch.engine.alarms import allowed
from stanch.engine.clock import Clock
from stanch.engine.ingest.compute import pc
from stanch.engine.lines import lines
from stanch.engine.naming import Named, named
from stanch.engine.owed import HELD, owe
from stanch.engine.ports import Store, Transaction
from stanch.engine.rulebook import own_rules
from stanch.engine.watch.bench import Bench
from stanch.engine.watch.desk import LATE
from stanch.engine.watch.early import UNKNOWN
from stanch.engine.watch.feed import Feed, Taken
from stanch.engine.watch.heard import remember_heard
from stanch.engine.watch.hop import LATENESS
from stanch.engine.watch.labels import Recall
from stanch.engine.watch.lane import Lane
from stanch.engine.watch.mixing import UNOWNED, unowned
from stanch.engine.watch.sent import Sent
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Blind, Finding
from stanch.vocabulary.ids import AssetId, DetectorId, Digest
from stanch.vocabulary.record import Deed, Entry


def _read_until(taken: Taken, at: datetime) -> datetime | None:
    """The time up to which all that came is read; None where these rows do not tell."""
    if not taken.more:
        return at
    newest: datetime | None = pc.max(taken.rows["ts"]).as_py()
    return None if newest is None else min(at, newest)


def _nothing() -> None:
    """Nobody needs to know."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What one step saw."""

    rows: int
    findings: tuple[Finding, ...] = ()
    """Those that were not known before."""
    blinds: tuple[Blind, ...] = ()
    windows: Mapping[str, Window] = field(default_factory=dict)
    """The window that each new finding was made on, by the finding's id."""
    looked: tuple[Window, ...] = ()
    """Every window in which something changed."""


class Watcher:
    """Steps through its feed, one step at a time."""

    def __init__(
        self,
        store: Store,
        feed: Feed,
        recall: Recall,
        detectors: Callable[[], Mapping[str, Detector[object]]],
        clock: Clock,
    ) -> None:
        self._store = store
        self._feed = feed
        self._detectors = detectors
        self._clock = clock
        self._bench = Bench(recall)
        self._alone = threading.Lock()
        self._stepped: datetime | None = None
        self._naming = Named()

    def forget(self) -> None:
        """Lets go of all that is in memory; the next step reads it from the store."""
        with self._alone:
            self._bench = self._bench.empty()

    @contextmanager
    def absorbing(self) -> Iterator[Callable[[Transaction, Sent], None]]:
        """What merges a site's minute, in a transaction begun inside; the next step looks at it."""
        with self._alone:
            try:
                yield self._absorb
            except BaseException:
                self._bench = self._bench.empty()
                raise

    def _absorb(self, tx: Transaction, sent: Sent) -> None:
        self._bench.absorb(tx, sent, self._clock())
        self._bench.keep_minutes(tx)
        if self._feed.poke(tx, Lane(AssetId(sent.asset), sent.version, sent.condition)):
            self._bench = self._bench.empty()

    def step(self, found: Callable[[], object] = _nothing) -> Seen:
        """Counts the next rows and looks; nothing is kept unless all of it is.

        `found` is called before findings are kept: whoever takes them up can be sure to be first.
        """
        with self._alone:
            try:
                return self._step(found)
            except BaseException:
                self._bench = self._bench.empty()
                raise

    def _step(self, found: Callable[[], object]) -> Seen:
        at = self._begun()
        # (1) read and count; others may write meanwhile
        with self._store.look() as tx:
            taken = self._feed.take(tx)
            if taken.anew:
                self._bench = self._bench.empty()
            self._bench.own_rules = own_rules(tx)
            self._naming = named(tx)
            if (asked := allowed(tx)) is not None:
                self._bench.allow(asked.false_alarms_per_year)
            self._bench.lines = lines(tx, at)
            for lane in taken.poked:
                self._bench.touch(tx, lane, at)
            if taken.rows.num_rows:
                self._bench.take(tx, taken.rows, at)
        # (2) look; time alone moves things too: minutes end although nothing comes any more, once
        # all that waits of them is read
        self._bench.early.let_go(at)
        if (read := _read_until(taken, at)) is not None:
            self._bench.seal(read)
        said = [*self._look(at), *self._look_back()]
        # (3) keep, all or nothing
        if any(isinstance(s, Finding) for _, s in said):
            found()
        with self._store.begin() as tx:
            taken.counted(tx)
            new = tx.findings.put([s for _, s in said if isinstance(s, Finding)], at=at)
            blinds = self._keep_blinds(tx, said, at)
            for finding in new:
                self._enter(tx, finding, at)
            owe(tx, HELD, [f.id for f in new])
            self._bench.keep(tx)
        windows = {s.id: w for w, s in said if isinstance(s, Finding)}
        return Seen(
            rows=taken.rows.num_rows,
            findings=new,
            blinds=blinds,
            windows={f.id: windows[f.id] for f in new},
            looked=tuple(window for window, _ in self._bench.looked_at),
        )

    def _begun(self) -> datetime:
        """The time of this step, of which what is in memory is fit."""
        at = self._clock()
        if self._stepped is None:
            with self._store.begin() as tx:
                remember_heard(tx)
        elif at < self._stepped - LATENESS:
            # The clock was set back: minutes that ended in its future would make all else late.
            self._bench = self._bench.empty()
        self._stepped = at
        return at

    def _look(self, at: datetime) -> Iterator[tuple[Window, Finding | Blind]]:
        for window, kinds in self._bench.windows(at):
            behind = self._bench.behind(window)
            for detector in self._of(window):
                if kinds.isdisjoint(detector.reads) or not detector.looks_at(window):
                    continue
                found = tuple(looked(detector, window))
                yield from ((window, said) for said in found)
                if behind is not None and any(_counts(said) for said in found):
                    yield from ((behind, f) for f in looked(detector, behind) if _counts(f))
            for one in (
                self._bench.too_late(window),
                unowned(window),
                self._bench.early.unknown(window.asset.id, at),
            ):
                if one is not None:
                    yield window, one

    def _of(self, window: Window) -> Iterable[Detector[object]]:
        """The detectors, which name the innocent as seldom as is asked for on this asset."""
        every, held = self._detectors(), self._naming
        asked = window.asset.wrong_names or held.asked
        if asked is None:
            return (
                every if held.windows == USUAL else naming_once_in(every, held.windows)
            ).values()
        versions = self._bench.versions_of(window.asset.id, self._clock())
        return asked_for(every, asked, window, versions).values()

    def _look_back(self) -> Iterator[tuple[Window, Finding]]:
        """What is found in windows of before; what cannot be told of them is told of no window."""
        for window, kinds in self._bench.long_ago():
            for detector in self._of(window):
                if not kinds.isdisjoint(detector.reads) and detector.looks_at(window):
                    found = looked(detector, window)
                    yield from ((window, said) for said in found if isinstance(said, Finding))

    def _keep_blinds(
        self, tx: Transaction, said: Sequence[tuple[Window, Finding | Blind]], at: datetime
    ) -> tuple[Blind, ...]:
        blinds = _once([s for _, s in said if isinstance(s, Blind)])
        blind_now = {(b.detector, b.asset, b.version, b.condition) for b in blinds}
        for blind in blinds:
            tx.blinds.say(blind, at=at)
        for window, kinds in self._bench.looked_at:
            if (UNKNOWN, window.asset.id, "", "") not in blind_now:
                tx.blinds.clear(UNKNOWN, window.asset.id)
            here = window.asset.id, window.version, window.condition
            for name in (LATE, *_asked(self._detectors(), kinds), *_own(window)):
                if (name, *here) not in blind_now:
                    tx.blinds.clear(name, *here)
        return tuple(blinds)

    @staticmethod
    def _enter(tx: Transaction, finding: Finding, at: datetime) -> None:
        tx.record(
            Entry(
                at=at,
                deed=Deed.FINDING_MADE,
                actor=finding.detector,
                about=finding.id,
                digest=next((Digest(c.ref) for c in finding.because if ":" in c.ref), None),
                facts={"asset": finding.asset, "strength": round(finding.strength, 2)},
            )
        )
        tx.announce("finding", finding.id)


def _counts(said: Finding | Blind) -> bool:
    """Whether it is a finding on counts, of which the part behind a line may say something else."""
    return isinstance(said, Finding) and not said.deeds


def looked(detector: Detector[object], window: Window) -> Iterable[Finding | Blind]:
    """What the detector says; one that raises is a blind spot that people see, never a stop."""
    try:
        said = detector.seen_in(window)
    except Exception as error:  # noqa: BLE001  the border: an extension may do anything
        return (_failed(detector, window, f"it failed with {type(error).__name__}: {error}"),)
    if all(one.finite for one in said if isinstance(one, Finding)):
        return said
    return (_failed(detector, window, "it measured what is infinite or no number"),)


def _failed(detector: Detector[object], window: Window, why: str) -> Blind:
    return Blind(
        detector=detector.id,
        asset=window.asset.id,
        version=window.version,
        condition=window.condition,
        why=why[:300],
    )


def _once(blinds: Sequence[Blind]) -> list[Blind]:
    """The blind spots, without those of one condition that are the same in all of them."""
    every = {replace(b, condition="") for b in blinds if not b.condition}
    return [b for b in blinds if not b.condition or replace(b, condition="") not in every]


def _own(window: Window) -> tuple[DetectorId, ...]:
    return (UNOWNED,) if window.condition else ()


def _asked(
    detectors: Mapping[str, Detector[object]], kinds: frozenset[EventKind]
) -> Iterator[DetectorId]:
    return (d.id for d in detectors.values() if not kinds.isdisjoint(d.reads))
