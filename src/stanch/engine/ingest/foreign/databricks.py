"""Databricks inference tables, in both of their shapes: `request_time` or `event_time`."""

from collections.abc import Iterator
from typing import Any

from stanch.engine.ingest.foreign.shape import Fields, Options, inputs, outputs, parsed, stable_id


def recognises(row: dict[str, Any]) -> bool:
    """Whether a row is of an inference table."""
    named = {"databricks_request_id", "request_id"} & row.keys()
    timed = {"request_time", "event_time", "timestamp_ms"} & row.keys()
    return bool(named and timed and {"request", "response"} <= row.keys())


class Reader:
    """Turns each row into an event."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def row(self, row: dict[str, Any]) -> Iterator[Fields]:
        """The event of one row."""
        key = row.get("databricks_request_id") or row.get("request_id")
        latency = row.get("execution_duration_ms")
        when = next(
            (row[n] for n in ("request_time", "event_time", "timestamp_ms") if n in row), None
        )
        yield {
            "id": f"databricks-{key or stable_id(row)}",
            "ts": when,
            "kind": "inference",
            "asset": self._options.asset or row.get("endpoint_name"),
            "version": row.get("served_entity_id"),
            "principal": row.get("requester"),
            "status": row.get("status_code"),
            "latency_ms": row.get("latency_ms") if latency is None else latency,
            "client_request_id": row.get("client_request_id"),
            "sampling_fraction": row.get("sampling_fraction"),
            **inputs(parsed(row.get("request"))),
            **outputs(parsed(row.get("response"))),
        }

    def rest(self) -> Iterator[Fields]:
        """Nothing: each row is whole."""
        return iter(())
