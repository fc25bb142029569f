"""What every foreign reader gives: rows in our words, and the small turns they share."""

import base64
import binascii
import csv
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

Fields = dict[str, Any]
"""One row by field name, on its way to JSON; unknown names end in `extra`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What a file cannot say about itself."""

    asset: str = ""
    """The asset of rows that name none."""
    kind: str = "inference"
    rename: Mapping[str, str] = field(default_factory=dict)
    """Their column name to ours (`--map`)."""
    batch_rows: int = 10_000


def stable_id(*parts: object) -> str:
    """An id that is the same whenever the same thing is read again."""
    return hashlib.sha256(msgspec.json.encode(parts, enc_hook=str)).hexdigest()[:32]


def parsed(value: object) -> Any:
    """JSON text as its value; anything else as it is."""
    if not isinstance(value, str | bytes):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return value.decode(errors="replace") if isinstance(value, bytes) else value


def decoded(data: object, encoding: object) -> Any:
    """A payload by its stated encoding: JSON, CSV or BASE64."""
    if str(encoding).upper() == "BASE64" and isinstance(data, str):
        try:
            data = base64.b64decode(data, validate=True).decode(errors="replace")
        except (binascii.Error, ValueError):
            return data
        encoding = "JSON"
    if str(encoding).upper() == "CSV" and isinstance(data, str):
        cells = [parsed(cell.strip()) for row in csv.reader(io.StringIO(data)) for cell in row]
        return cells[0] if len(cells) == 1 else cells
    return parsed(data)


def inputs(payload: Any) -> Fields:
    """A request's payload as `features`, `messages` or `named`."""
    if isinstance(payload, dict):
        return _inputs_of_object(payload)
    if isinstance(payload, list) and len(payload) == 1 and isinstance(payload[0], (list, dict)):
        return inputs(payload[0])
    if isinstance(payload, list) and all(_is_number(v) for v in payload):
        return {"features": payload}
    return {} if payload is None else {"named": {"input": payload}}


def _inputs_of_object(payload: dict[str, Any]) -> Fields:
    if "messages" in payload:
        return {"kind": "exchange", "messages": payload["messages"]}
    if isinstance(payload.get("dataframe_split"), dict):
        split = payload["dataframe_split"]
        rows, names = split.get("data") or [[]], split.get("columns") or []
        return {"named": dict(zip(map(str, names), rows[0], strict=False))}
    for key in ("instances", "inputs", "dataframe_records", "features"):
        if key in payload:
            return inputs(_tensor(payload[key]))
    return {"named": payload}


def outputs(payload: Any) -> Fields:
    """A response's payload as `prediction`, `scores` or `output`."""
    if isinstance(payload, dict):
        return _outputs_of_object(payload)
    if isinstance(payload, list) and len(payload) == 1:
        return outputs(payload[0])
    if isinstance(payload, list) and payload and all(_is_number(v) for v in payload):
        best = max(range(len(payload)), key=lambda i: payload[i])
        return {"scores": payload, "prediction": str(best)}
    if isinstance(payload, list):
        return {"result": payload}
    return {} if payload is None else {"prediction": payload}


def _outputs_of_object(payload: dict[str, Any]) -> Fields:
    if isinstance(payload.get("choices"), list) and payload["choices"]:
        first = payload["choices"][0]
        message = first.get("message", {}) if isinstance(first, dict) else {}
        usage = payload.get("usage") or {}
        total = usage.get("total_tokens") if isinstance(usage, dict) else None
        return {"output": message.get("content"), "tokens": total}
    for key in ("predictions", "outputs", "prediction", "label"):
        if key in payload:
            return outputs(_tensor(payload[key]))
    return {"result": payload}


def _tensor(value: Any) -> Any:
    """The data of an Open Inference Protocol tensor list; others as they are."""
    if isinstance(value, list) and value and isinstance(value[0], dict) and "data" in value[0]:
        return (
            value[0]["data"] if len(value) == 1 else {str(t.get("name")): t["data"] for t in value}
        )
    return value


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
