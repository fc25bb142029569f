"""Deeds: rows of access, tools, training, datasets and deployments as a record.

In    Arrow rows of one asset that are neither answers nor labels.
Out   a `Record`: accesses and tool calls counted, the rare kinds kept whole.
Why   some detectors read events, not answers.
"""

from datetime import datetime

import msgspec
import pyarrow as pa

from stanch.detect.summaries.record import Deed, Record, record_of
from stanch.engine.watch.signatures import FIELD
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.happening import Happening

_RARE = {EventKind.TRAINING, EventKind.DATASET, EventKind.DEPLOYMENT}
_FACTS = ("run", "dataset", "digest", "rows", "origin", "by", "extra")
_GROUPED = ("params", "metrics")
_LONGEST = 256
_MOST = 64
"""Fields of one group that are kept."""
_OBJECT = msgspec.json.Decoder(dict[str, object])


def record(rows: pa.Table) -> Record:
    """What happened in these rows besides answers."""
    deeds: list[tuple[Deed, int]] = []
    happenings: list[Happening] = []
    for row in rows.to_pylist():
        kind = EventKind(row["kind"])
        if kind in _RARE:
            happenings.append(_happening(kind, row))
        else:
            deeds.append((_deed(kind, row), 1))
    return record_of(deeds, happenings)


def _deed(kind: EventKind, row: dict[str, object]) -> Deed:
    what = row["tool"] if kind is EventKind.TOOL_CALL else row["action"]
    return Deed(
        kind=kind,
        principal=_short(row["principal"]),
        action=_short(what),
        resource=_short(row["resource"]),
        outcome=_short(row["outcome"]),
        source=_short(row["source"]),
    )


def _happening(kind: EventKind, row: dict[str, object]) -> Happening:
    what = {
        EventKind.TRAINING: row["run"],
        EventKind.DATASET: row["digest"],
        EventKind.DEPLOYMENT: row["digest"],
    }[kind]
    at = row["ts"]
    if not isinstance(at, datetime):
        raise TypeError("an event without a time")
    return Happening(
        at=at,
        event=str(row["id"]),
        kind=kind,
        principal=_short(row["principal"] or row["by"]),
        version=_short(row["version"]),
        what=_short(what),
        outcome=_short(row["outcome"]),
        facts={name: _short(row[name]) for name in _FACTS if row.get(name) is not None}
        | _fields(row)
        | _signature(row),
    )


def _signature(row: dict[str, object]) -> dict[str, str]:
    """The signature, which is no column of its own, out of what else the event says."""
    try:
        found = _OBJECT.decode(str(row["extra"])).get(FIELD) if row.get("extra") else None
    except msgspec.DecodeError:
        return {}
    return {FIELD: _short(found)} if isinstance(found, str) else {}


def _fields(row: dict[str, object]) -> dict[str, str]:
    """Parameters and results one by one, so that no cut falls in the middle of them."""
    found: dict[str, str] = {}
    for group in _GROUPED:
        text = row.get(group)
        if text is None:
            continue
        try:
            fields = _OBJECT.decode(str(text))
        except msgspec.DecodeError:
            found[group] = _short(text)
            continue
        for name, value in sorted(fields.items())[:_MOST]:
            found[f"{group}.{name[:_LONGEST]}"] = _short(value)
    return found


def _short(value: object) -> str:
    return "" if value is None else str(value)[:_LONGEST]
