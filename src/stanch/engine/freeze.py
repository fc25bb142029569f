"""The freeze: what an asset was at the moment of the alarm, kept before anything changes.

In    an incident, the windows its findings were made on.
Out   pieces for the vault: policy, baseline, summaries and ledgers that findings cite, the findings
      themselves, the asset, its lineage, what was told of its trainings, data, deployments and
      access, the digest of every version, and the window's events.
Why   containment alters the system, and Art. 73(6) of the AI Act asks that causes stay assessable.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec
import pyarrow as pa

from stanch.detect.window import Window
from stanch.engine.evidence import Piece
from stanch.engine.policies import standing_of
from stanch.engine.ports import Transaction
from stanch.engine.situation import every_asset
from stanch.engine.watch.memory import history_of, made_from
from stanch.triage.lineage import graph_of
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.span import Span

MOST_EVENTS = 100_000
"""Rows of the window's events that are kept; the lake keeps the rest."""


class Events(Protocol):
    """Where the rows of a window can be read."""

    def between(self, asset: AssetId, span: Span, limit: int) -> pa.Table:
        """The newest rows of the asset in this span."""
        ...


def pieces(
    tx: Transaction, incident: Incident, windows: Iterable[Window], events: Events
) -> Iterator[Piece]:
    """Everything to keep of this incident, smallest first."""
    yield _json("incident.json", "incident", incident)
    yield _json("findings.json", "findings", tx.findings.many(incident.findings[-1000:]))
    yield _json("policy.json", "policy", standing_of(tx, incident.asset))
    asset = tx.assets.find(incident.asset)
    if asset is not None:
        yield _json("asset.json", "asset", asset)
        yield from _past(tx, asset)
    yield _json("digests.json", "digests", digests_of(tx, incident.asset))
    spans: list[Span] = []
    for window in windows:
        yield from _counts(window)
        spans.append(window.span)
    baseline = tx.baselines.current(incident.asset)
    if baseline is not None:
        yield Piece(name=f"{baseline.id}.baseline", kind="baseline", content=baseline.body)
    for span in sorted(set(spans)):
        rows = events.between(incident.asset, span, MOST_EVENTS)
        if rows.num_rows:
            name = f"events-{span.start:%Y%m%dT%H%M%SZ}.arrow"
            yield Piece(name=name, kind="events", content=_arrow(rows), personal=True)


def of_asset(tx: Transaction, key: AssetId, span: Span, events: Events) -> Iterator[Piece]:
    """Everything to keep of an asset as it is now, and of what it did in this span."""
    yield _json("asset.json", "asset", tx.assets.get(key))
    yield _json("policy.json", "policy", standing_of(tx, key))
    yield from _past(tx, tx.assets.get(key))
    yield _json("digests.json", "digests", digests_of(tx, key))
    baseline = tx.baselines.current(key)
    if baseline is not None:
        yield Piece(name=f"{baseline.id}.baseline", kind="baseline", content=baseline.body)
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
    of = "-".join(filter(None, (window.version or "all", window.condition)))
    stamp = f"{of}-{window.span.start:%Y%m%dT%H%M%SZ}"
    if window.now is not None:
        yield Piece(name=f"{stamp}.summary", kind="summary", content=window.now.to_bytes())
    if window.ledger is not None:
        yield Piece(name=f"{stamp}.ledger", kind="summary", content=window.ledger.to_bytes())
    if window.handed is not None:
        yield Piece(
            name=f"{stamp}.handed", kind="summary", content=window.handed.to_bytes(), personal=True
        )


def _json(name: str, kind: str, value: object) -> Piece:
    return Piece(
        name=name, kind=kind, content=msgspec.json.format(msgspec.json.encode(value), indent=2)
    )


def _arrow(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, rows.schema) as writer:
        writer.write_table(rows)
    return sink.getvalue().to_pybytes()
