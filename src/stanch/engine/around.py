"""Around an incident: what is looked at beside its own findings when it is judged.

In    a transaction, the incident, the window that tells most.
Out   its minutes, what it may have touched, what was found upstream and of its version.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from stanch.detect.summaries.parts import Peak
from stanch.detect.window import Window
from stanch.engine.every import every_asset
from stanch.engine.judging import Around
from stanch.engine.observing import Slice
from stanch.engine.ports import Transaction
from stanch.engine.watch.hop import minute_of
from stanch.engine.watch.minutes import from_bytes
from stanch.triage.impact import Counted
from stanch.triage.lineage import graph_of
from stanch.triage.verdict.calibration import Calibration, read_back
from stanch.triage.verdict.chains import REACH, odd_rows
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.finding import Finding, Lifecycle
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.span import Span

MOST_NEAR = 50
"""Assets downstream whose decisions are counted."""
MOMENT = timedelta(minutes=1)


def around_of(tx: Transaction, incident: Incident, window: Window | None, at: datetime) -> Around:
    """What is around this incident now."""
    assets = {a.id: a for a in every_asset(tx)}
    return Around(
        assets=assets,
        counted=_counted(tx, incident, assets, window, at),
        upstream=(*_upstream(tx, incident, assets, at), *_deployed(tx, incident, window, at)),
        calibration=_own(window),
        rows=window.n if window is not None else 0,
    )


def fullest(windows: Sequence[Window]) -> Window | None:
    """The window that tells most: the one with most answers beside a baseline."""
    told = [w for w in windows if w.baseline is not None and w.now is not None]
    return max(told, key=lambda w: w.n, default=next(iter(windows), None))


def _own(window: Window | None) -> Calibration | None:
    """The asset's own quiet windows, as its baseline keeps them."""
    if window is None or window.baseline is None:
        return None
    return read_back(window.baseline.quiet, f"quiet windows of {window.asset.id}")


def _upstream(
    tx: Transaction, incident: Incident, assets: Mapping[AssetId, Asset], at: datetime
) -> Iterator[Finding]:
    """Odd rows of late in what the asset is made from, whichever incident they are in."""
    sources = graph_of(assets.values()).upstream(incident.asset)[:MOST_NEAR]
    if sources:
        wanted = Wanted(asset=sources, lifecycle=(Lifecycle.TRAINING,), since=at - REACH)
        own = set(incident.findings)
        page = tx.findings.page(wanted, limit=MOST_NEAR)
        yield from (f for f in page.items if odd_rows(f) and f.id not in own)


def _deployed(
    tx: Transaction, incident: Incident, window: Window | None, at: datetime
) -> Iterator[Finding]:
    """What other incidents hold against the version whose answers were looked at."""
    if window is not None and window.version:
        wanted = Wanted(
            asset=(incident.asset,), lifecycle=(Lifecycle.DEPLOYMENT,), since=at - REACH
        )
        own = set(incident.findings)
        page = tx.findings.page(wanted, limit=MOST_NEAR)
        yield from (f for f in page.items if f.version == window.version and f.id not in own)


def _counted(
    tx: Transaction,
    incident: Incident,
    assets: Mapping[AssetId, Asset],
    window: Window | None,
    at: datetime,
) -> Counted:
    """How many decisions and principals it may have touched, and what the owner says of them."""
    start = minute_of(incident.first_seen)
    span = Span(start=start, end=max(at, start + MOMENT))
    touched = (incident.asset, *graph_of(assets.values()).downstream(incident.asset)[:MOST_NEAR])
    counts = {a: tx.summaries.decided(a, span) for a in touched}
    own = assets.get(incident.asset)
    summary = window.now if window is not None else None
    return Counted(
        decisions={a: n for a, n in counts.items() if n},
        principals=round(summary.different(Peak.PRINCIPALS)) if summary is not None else None,
        people=own.people if own is not None else None,
        cost_per_decision=own.decision_cost if own is not None else None,
        currency=own.currency if own is not None else "",
    )


def slices(tx: Transaction, window: Window) -> tuple[Slice, ...]:
    """The window's minutes of answers, in order."""
    if window.baseline is None:
        return ()
    found = []
    for block in tx.summaries.between(
        window.asset.id, window.span, version=window.version, condition=window.condition
    ):
        minute = from_bytes(block.body, window.baseline.plan)
        if minute.counted is not None:
            found.append(Slice(start=block.minute, summary=minute.counted.summary))
    return tuple(found)
