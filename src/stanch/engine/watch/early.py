"""Early: labels whose answers have not come yet.

In    label rows, some of which name an answer nobody knows; later the answers.
Out   labels joined with their answers, at once or when those come; how many were given up.
Why   a label and its answer come by different ways: the truth may be told while the guard that
      heard the answer still holds its batch. Such a label waits, kept in the transaction of the
      rows it came with. After `PATIENCE` it is counted as of an unknown answer, and that is told.
"""

from dataclasses import dataclass
from datetime import datetime

import msgspec
import pyarrow as pa

from stanch.engine.ingest.compute import pc
from stanch.engine.ports import Transaction
from stanch.engine.watch.hop import LATENESS, span_of
from stanch.engine.watch.labels import Joined, Recall, joined
from stanch.engine.watch.memory import Late, keep_late, late_of
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.finding import Blind
from stanch.vocabulary.ids import AssetId, DetectorId
from stanch.vocabulary.words import counted

UNKNOWN = DetectorId("unknown_labels")
"""The blind spot of labels for answers that never came; the rows themselves are in the lake."""
PATIENCE = LATENESS
"""How long a label waits for its answer: as long as a minute for its events."""
MOST = 5_000
"""Labels of one asset that wait: the newest. A flood of names that nobody knows takes no more."""
_SCHEMA = pa.schema(
    [
        ("of", pa.string()),
        ("label", pa.string()),
        ("ts", pa.timestamp("us", "UTC")),
        ("principal", pa.string()),
    ]
)


class _Label(msgspec.Struct, frozen=True, array_like=True):
    of: str
    label: str | None
    ts: datetime
    principal: str | None
    came: datetime


_LABELS = msgspec.json.Decoder(tuple[_Label, ...])


@dataclass(kw_only=True, slots=True)
class _Desk:
    """The labels of one asset that wait, in the order in which they came."""

    labels: tuple[_Label, ...]
    unknown: Late
    kept: tuple[_Label, ...]
    """As the store has them."""


class Early:
    """The labels that wait, of every asset that something happens to."""

    def __init__(self, recall: Recall) -> None:
        self._recall = recall
        self._desks: dict[AssetId, _Desk] = {}

    def told(
        self, tx: Transaction, asset: Asset, rows: pa.Table, at: datetime
    ) -> tuple[Joined, ...]:
        """These labels with their answers, by version; the others wait."""
        found, unknown = joined(rows, self._recall, asset.id, _also(asset))
        if unknown.num_rows:
            desk = self._desk(tx, asset.id)
            told = unknown.select(_SCHEMA.names).cast(_SCHEMA).to_pylist()
            desk.labels = (*desk.labels, *(_Label(**row, came=at) for row in told))
            self._give_up(desk, max(len(desk.labels) - MOST, 0), at)
        return found

    def answered(self, tx: Transaction, asset: Asset, answers: pa.Table) -> tuple[Joined, ...]:
        """The labels that waited for these answers, joined with them."""
        desk = self._desk(tx, asset.id)
        if not desk.labels:
            return ()
        wanted = pa.array({one.of for one in desk.labels}, pa.string())
        came = set(answers["id"].filter(pc.is_in(answers["id"], wanted)).to_pylist())
        if not came:
            return ()
        waited = _rows([x for x in desk.labels if x.of in came])
        found, _ = joined(waited, self._recall, asset.id, _also(asset))
        desk.labels = tuple(one for one in desk.labels if one.of not in came)
        return found

    def let_go(self, at: datetime) -> None:
        """Gives up those that have waited long enough."""
        for desk in self._desks.values():
            self._give_up(desk, sum(one.came + PATIENCE <= at for one in desk.labels), at)

    def unknown(self, asset: AssetId, at: datetime) -> Blind | None:
        """What was given up of late, if anything."""
        desk = self._desks.get(asset)
        if desk is None:
            return None
        desk.unknown = desk.unknown.by(span_of(at).start)
        if not desk.unknown.events:
            return None
        minutes = round(PATIENCE.total_seconds() / 60)
        of = counted(desk.unknown.events, "label")
        why = f"{of} for answers that did not come within {minutes} minutes"
        return Blind(detector=UNKNOWN, asset=asset, why=f"{why}: not counted")

    def keep(self, tx: Transaction) -> None:
        """Keeps what changed, in this transaction."""
        for asset, desk in self._desks.items():
            if desk.labels != desk.kept:
                tx.settings.put(_name(asset), msgspec.json.encode(desk.labels).decode())
                desk.kept = desk.labels
            keep_late(tx, _name(asset), desk.unknown)

    @staticmethod
    def _give_up(desk: _Desk, count: int, at: datetime) -> None:
        if count:
            desk.labels = desk.labels[count:]
            desk.unknown = desk.unknown.more(count, span_of(at).start)

    def _desk(self, tx: Transaction, asset: AssetId) -> _Desk:
        if asset not in self._desks:
            text = tx.settings.get(_name(asset))
            labels = _LABELS.decode(text) if text else ()
            unknown = late_of(tx, _name(asset))
            self._desks[asset] = _Desk(labels=labels, unknown=unknown, kept=labels)
        return self._desks[asset]


def _also(asset: Asset) -> tuple[str, ...]:
    """What tells the condition that an answer was given under."""
    return () if asset.conditions is None else ("extra",)


def _rows(labels: list[_Label]) -> pa.Table:
    return pa.table(
        {f.name: pa.array([getattr(x, f.name) for x in labels], f.type) for f in _SCHEMA}
    )


def _name(asset: AssetId) -> str:
    return f"early/{asset}"
