"""The freeze: what an asset was at the moment of the alarm, kept before anything changes.

In    an incident, the windows its findings were made on; or an asset and a span.
Out   pieces for the vault: policy; summaries and ledgers that findings cite, else those of the
      span; the baseline of each version and condition that these are of; the findings themselves,
      the asset, its lineage, what was told of its trainings, data, deployments and access, the
      digest of every version, and the events of the window or span.
Why   containment alters the system, and Art. 73(6) of the AI Act asks that causes stay assessable.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec
import pyarrow as pa

from stanch.detect.summaries.count import Counted
from stanch.detect.window import Window
from stanch.engine.every import every_asset
from stanch.engine.evidence import Piece
from stanch.engine.lately import lately
from stanch.engine.policies import standing_of
from stanch.engine.ports import Transaction
from stanch.engine.watch.lane import Lane, lane_of
from stanch.engine.watch.memory import history_of, made_from
from stanch.engine.watch.minutes import Minute
from stanch.triage.lineage import graph_of
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.kept import BaselineKept
from stanch.vocabulary.span import Span

MOST_EVENTS = 100_000
"""Rows of the window's events that are kept; the lake keeps the rest."""

FROZEN = "incident"
"""The kind of what only a freeze for an incident keeps: whatever else people put in is none."""


class Events(Protocol):
    """Where the rows of a window can be read."""

    def between(self, asset: AssetId, span: Span, limit: int) -> pa.Table:
        """The newest rows of the asset in this span."""
        ...


def pieces(
    tx: Transaction,
    incident: Incident,
    windows: Iterable[Window],
    events: Events,
    back: Span | None = None,
) -> Iterator[Piece]:
    """Everything to keep of this incident, smallest first.

    Where no finding brought a window along, it is what was counted and told in the span `back`.
    """
    yield _json("incident.json", FROZEN, incident)
    yield _json("findings.json", "findings", tx.findings.many(incident.findings[-1000:]))
    yield from _state(tx, incident.asset)
    looked = tuple(windows)
    if not looked and back is not None:
        yield from _then(tx, incident.asset, back, events)
        return
    for window in looked:
        yield from _counts(window)
    lanes = dict.fromkeys((*map(lane_of, looked), Lane(incident.asset, "")))
    yield from _baselines(tx.baselines.current(*lane) for lane in lanes)
    for span in sorted({window.span for window in looked}):
        yield from _events(events, incident.asset, span)


def of_asset(tx: Transaction, key: AssetId, span: Span, events: Events) -> Iterator[Piece]:
    """Everything to keep of an asset as it is now, and of what it did in this span."""
    tx.assets.get(key)
    yield from _state(tx, key)
    yield from _then(tx, key, span, events)


def _state(tx: Transaction, key: AssetId) -> Iterator[Piece]:
    """What it is: its policy, its entry, its past and the digests of its versions."""
    yield _json("policy.json", "policy", standing_of(tx, key))
    asset = tx.assets.find(key)
    if asset is not None:
        yield _json("asset.json", "asset", asset)
        yield from _past(tx, asset)
    yield _json("digests.json", "digests", digests_of(tx, key))


def _then(tx: Transaction, key: AssetId, span: Span, events: Events) -> Iterator[Piece]:
    """What was counted in this span, what it is compared with, and the rows."""
    used = [tx.baselines.current(key)]
    for one in lately(tx, key, span):
        used.append(one.baseline)
        yield from _counted(one.lane, span, one.counts)
    yield from _baselines(used)
    yield from _events(events, key, span)


def _baselines(used: Iterable[BaselineKept | None]) -> Iterator[Piece]:
    """Each of them once."""
    kept = {one.id: one for one in used if one is not None}
    for one in kept.values():
        yield Piece(name=f"{one.id}.baseline", kind="baseline", content=one.body)


def _events(events: Events, key: AssetId, span: Span) -> Iterator[Piece]:
    rows = events.between(key, span, MOST_EVENTS)
    if rows.num_rows:
        name = f"events-{span.start:%Y%m%dT%H%M%SZ}.arrow"
        yield Piece(name=name, kind="events", content=_arrow(rows), personal=True)


def digests_of(tx: Transaction, asset: AssetId) -> dict[str, str]:
    """The digest of each version: as it was last deployed, and as the asset itself states it."""
    past = (h for h in history_of(tx, asset) if h.kind is EventKind.DEPLOYMENT and h.version)
    found = {h.version: h.what for h in past}
    own = tx.assets.find(asset)
    if own is not None and own.digest is not None:
        found.setdefault(own.version, own.digest)
    return dict(sorted(found.items()))


def _past(tx: Transaction, asset: Asset) -> Iterator[Piece]:
    """What hangs together with it, and what was told of trainings, data, deployments and access."""
    every = tuple(every_asset(tx))
    family = graph_of(every).family(asset.id)
    yield _json("lineage.json", "lineage", [one for one in every if one.id in family])
    happened = sorted((*history_of(tx, asset.id), *made_from(tx, asset)), key=lambda h: h.at)
    yield _json("history.json", "history", happened)


def _counts(window: Window) -> Iterator[Piece]:
    counted = None
    if window.now is not None and window.ledger is not None:
        counted = Counted(summary=window.now, ledger=window.ledger)
    yield from _counted(lane_of(window), window.span, Minute(counted=counted, handed=window.handed))


def _counted(lane: Lane, span: Span, counts: Minute) -> Iterator[Piece]:
    of = "-".join(filter(None, (lane.version or "all", lane.condition)))
    stamp = f"{of}-{span.start:%Y%m%dT%H%M%SZ}"
    if counts.counted is not None:
        summary, ledger = counts.counted.summary.to_bytes(), counts.counted.ledger.to_bytes()
        yield Piece(name=f"{stamp}.summary", kind="summary", content=summary)
        yield Piece(name=f"{stamp}.ledger", kind="summary", content=ledger)
    if counts.handed is not None:
        handed = counts.handed.to_bytes()
        yield Piece(name=f"{stamp}.handed", kind="summary", content=handed, personal=True)


def _json(name: str, kind: str, value: object) -> Piece:
    return Piece(
        name=name, kind=kind, content=msgspec.json.format(msgspec.json.encode(value), indent=2)
    )


def _arrow(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, rows.schema) as writer:
        writer.write_table(rows)
    return sink.getvalue().to_pybytes()
