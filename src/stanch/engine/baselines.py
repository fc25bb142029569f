"""Baselines: what rows of normal operation propose is judged, signed and kept.

In    rows of an asset's answers, from a file or from the lake.
Out   a `BaselineKept`; or `BaselineRefused`, which says what to do.
Why   whoever sets the baseline decides what an attack is, so it is signed and its setting entered.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pyarrow as pa

from stanch.detect.summaries.fingerprints import Fingerprints
from stanch.detect.summaries.plan import Plan
from stanch.engine.backfill import Backfilled, Crew, Job, Pieces, count_pieces, hours_of_week
from stanch.engine.blindness import end_blindness
from stanch.engine.clock import Clock
from stanch.engine.fingerprints import stated
from stanch.engine.ingest.compute import pc
from stanch.engine.ports import Store, Transaction
from stanch.engine.proposing import Still, nobody_asks, proposal_of
from stanch.engine.watch.conditions import conditions_of
from stanch.engine.watch.hop import HOP, MINUTE
from stanch.prepare.baseline import (
    WHOLE_WEEK,
    Golden,
    Override,
    Setting,
    golden_of,
    refused_early,
)
from stanch.vocabulary.asset import Asset, Conditions, stranger
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.ids import AssetId, FindingId
from stanch.vocabulary.kept import BaselineKept
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadInput, Refused, Stale

MOST_ROWS = 1_000_000
"""Rows a baseline is learnt from; more are thinned evenly, and all of the lake's are counted."""
MOST_FINDINGS = 500
"""Findings that are looked at for their windows: the newest in the time of the rows."""
Sign = Callable[[bytes], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Whole:
    """All the rows that a baseline is of, where they are too many to be held."""

    pieces: Pieces
    since: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """What somebody wants to be the baseline."""

    asset: AssetId
    by: str
    source: str
    """Where the rows come from, in words."""
    version: str = ""
    """The version it stands for; empty for all."""
    override: str = ""
    """Why it shall count although it is refused."""
    condition: str = ""
    """The condition of operation it stands for; empty for all of them."""


class Baselines:
    """Sets and shows baselines."""

    def __init__(
        self,
        store: Store,
        sign: Sign,
        clock: Clock,
        crew: Crew | None = None,
        *,
        upstream: frozenset[AssetId] = frozenset(),
    ) -> None:
        """`crew` counts what is more than one process should; `upstream` sets these by itself."""
        self._store = store
        self._sign = sign
        self._clock = clock
        self._crew = crew
        self._upstream = upstream

    def set(
        self, ask: Ask, rows: pa.Table, whole: Whole | None = None, still: Still = nobody_asks
    ) -> BaselineKept:
        """The baseline of these rows, now in force; of `whole`, where these are a sample of it.

        `still` is asked between the steps, and raises where nobody wants it any more.
        """
        at = self._clock()
        if ask.asset in self._upstream:
            raise Refused(
                f"What is normal of {ask.asset} is set upstream, where its counts are merged. "
                "Set the baseline there; it is taken over here within a minute."
            )
        with self._store.look() as tx:
            asset = tx.assets.find(ask.asset) or stranger(ask.asset)
            rows, labels = _answers_only(rows, ask, asset), _labels_only(rows, ask)
            number = len(tx.baselines.history(ask.asset)) + 1
            findings = _findings_in(tx, ask, rows)
            prints = stated(tx, ask.asset)
        override = Override(by=ask.by, why=ask.override) if ask.override else None
        setting = Setting(
            asset=ask.asset,
            version=number,
            by=ask.by,
            made=at,
            condition="-".join(filter(None, (ask.version, ask.condition))),
            source=ask.source,
        )
        if override is None and not prints and whole is None:
            refused_early(rows.num_rows, findings)
        every = self._every(ask, asset, prints, whole, still) if whole is not None else None
        proposal = proposal_of(rows, asset, setting, findings, labels, prints, every, still)
        if asset.conditions is not None and not ask.condition:
            proposal = replace(proposal, mix=_mix(rows, asset.conditions))
        golden = golden_of(proposal, override)
        body = golden.to_bytes()
        kept = BaselineKept(
            id=golden.id,
            asset=ask.asset,
            version=ask.version,
            set=at,
            by=ask.by,
            digest=golden.digest,
            body=body,
            signature=self._sign(body),
            condition=ask.condition,
        )
        still()
        with self._store.begin() as tx:
            others = len(tx.baselines.history(ask.asset))
            if others >= number:
                raise Stale(f"baseline of {ask.asset}", number - 1, others)
            tx.baselines.add(kept)
            end_blindness(tx, kept)
            tx.record(_entry(kept, golden))
            tx.announce("baseline", ask.asset)
        return kept

    def _every(
        self, ask: Ask, asset: Asset, prints: Sequence[Fingerprints], whole: Whole, still: Still
    ) -> Callable[[Plan], Backfilled]:
        def count(plan: Plan) -> Backfilled:
            job = Job(
                plan=plan.to_bytes(),
                asset=asset,
                version=ask.version or None,
                condition=ask.condition,
                since=whole.since,
                prints=tuple(one.to_bytes() for one in prints),
            )
            return count_pieces(job, whole.pieces, self._crew, still)

        return count


def _mix(rows: pa.Table, told: Conditions) -> dict[int, dict[str, int]]:
    """How many rows were of each condition, by hour of the week and in all."""
    hours = hours_of_week(rows)
    found = np.array(conditions_of(rows, told).to_pylist())
    every = {int(hour): found[hours == hour] for hour in np.unique(hours)} | {WHOLE_WEEK: found}
    return {hour: dict(sorted(Counter(own.tolist()).items())) for hour, own in every.items()}


def _answers_only(rows: pa.Table, ask: Ask, asset: Asset) -> pa.Table:
    kinds = pa.array([EventKind.INFERENCE.value, EventKind.EXCHANGE.value])
    mine = pc.and_(pc.is_in(rows["kind"], kinds), pc.equal(rows["asset"], ask.asset))
    found = rows.filter(mine)
    if ask.version:
        found = found.filter(pc.equal(found["version"].fill_null(""), ask.version))
    if ask.condition:
        found = found.filter(pc.equal(conditions_of(found, _conditions(asset, ask)), ask.condition))
    if not found.num_rows:
        of = " ".join(filter(None, (ask.asset, ask.version, ask.condition)))
        raise BadInput(
            f"There are no answers of {of} in {ask.source}. "
            "Send events of kind inference first, or name another source."
        )
    if found.num_rows > MOST_ROWS:
        kept = np.linspace(0, found.num_rows - 1, MOST_ROWS).astype(np.int64)
        found = found.take(pa.array(kept))
    return found


def _conditions(asset: Asset, ask: Ask) -> Conditions:
    """Those of the asset, of which the one that is asked for must be one."""
    named = asset.conditions
    if named is not None and ask.condition in named.every:
        return named
    known = f"Name one of: {', '.join(named.every)}" if named is not None else "It names none"
    raise BadInput(
        f"{asset.id} has no condition {ask.condition[:64]!r}. {known}; "
        "conditions are named where the asset is written down."
    )


def _labels_only(rows: pa.Table, ask: Ask) -> pa.Table:
    mine = pc.equal(rows["kind"], EventKind.LABEL.value)
    return rows.filter(pc.and_(mine, pc.equal(rows["asset"], ask.asset)))


def _findings_in(tx: Transaction, ask: Ask, rows: pa.Table) -> tuple[FindingId, ...]:
    """The findings whose windows hold some of the time of these rows.

    A finding is listed at the end of its window, which may be after them, and even to come.
    """
    since, until = pc.min(rows["ts"]).as_py(), pc.max(rows["ts"]).as_py()
    wanted = Wanted(asset=(ask.asset,), since=since, until=until + 2 * HOP + MINUTE)
    page = tx.findings.page(wanted, limit=MOST_FINDINGS)
    return tuple(f.id for f in page.items if f.window.start <= until)


def _entry(kept: BaselineKept, golden: Golden) -> Entry:
    override = golden.override
    return Entry(
        at=kept.set,
        deed=Deed.BASELINE_SET,
        actor=kept.by,
        about=kept.id,
        digest=kept.digest,
        facts={
            "asset": kept.asset,
            "rows": golden.rows,
            "source": golden.setting.source[:200],
            "override": override.why[:200] if override else "",
            "fingerprints": len(golden.prints),
        }
        | ({"condition": kept.condition} if kept.condition else {}),
    )
