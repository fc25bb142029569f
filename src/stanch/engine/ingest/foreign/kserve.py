"""KServe's logger: CloudEvents of requests and responses, joined by their id.

The type ends in `.inference.request` or `.inference.response`; the id is the request's, so the two
halves of one answer meet in one event. A half that stays alone at the end is still an event.
"""

from collections.abc import Iterator
from typing import Any

from stanch.engine.ingest.foreign.shape import Fields, Options, inputs, outputs, parsed, stable_id

_PREFIX = "org.kubeflow.serving.inference."
_WAITING = 50_000
"""Halves held at once; past it the oldest goes on alone."""


def recognises(row: dict[str, Any]) -> bool:
    """Whether a row is one half of an answer that KServe logged."""
    return str(row.get("type", "")).startswith(_PREFIX)


class Reader:
    """Joins halves as they come."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._waiting: dict[str, Fields] = {}

    def row(self, row: dict[str, Any]) -> Iterator[Fields]:
        """The whole event when this row is its second half."""
        key = str(row.get("id", ""))
        fields = self._half(row)
        other = self._waiting.pop(key, None)
        if other is not None:
            yield self._joined(other, fields)
            return
        if len(self._waiting) >= _WAITING:
            yield self._waiting.pop(next(iter(self._waiting)))
        self._waiting[key] = fields

    def rest(self) -> Iterator[Fields]:
        """The halves that stayed alone."""
        yield from self._waiting.values()
        self._waiting.clear()

    def _half(self, row: dict[str, Any]) -> Fields:
        data = parsed(row.get("data"))
        asked = str(row["type"]).endswith("request")
        name = row.get("inferenceservicename") or self._options.asset
        return {
            "id": f"kserve-{stable_id(row.get('id'))}",
            "ts": row.get("time"),
            "kind": "inference",
            "asset": name,
            "request_id": row.get("id"),
            "namespace": row.get("namespace"),
            "component": row.get("component"),
            "half": "request" if asked else "response",
        } | (inputs(data) if asked else outputs(data))

    def _joined(self, first: Fields, second: Fields) -> Fields:
        asked, answered = (first, second) if first.get("half") == "request" else (second, first)
        whole = answered | {k: v for k, v in asked.items() if v is not None}
        whole.pop("half", None)
        return whole
