"""Azure ML's model data collector: CloudEvents of inputs and of outputs, in files of their own.

A line holds some rows of input, or of output, and a correlation id. Inputs and outputs lie in
different files, so each becomes an event; `correlation` in `extra` says which belong together.
"""

from collections.abc import Iterator
from typing import Any

from stanch.engine.ingest.foreign.shape import Fields, Options, inputs, outputs, parsed, stable_id

_PREFIX = "azureml.inference."


def recognises(row: dict[str, Any]) -> bool:
    """Whether a row is a line of the collector."""
    return str(row.get("type", "")).startswith(_PREFIX)


class Reader:
    """Turns each collected row into an event."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def row(self, row: dict[str, Any]) -> Iterator[Fields]:
        """The events of one line."""
        part = str(row["type"]).removeprefix(_PREFIX)
        data = parsed(row.get("data"))
        for place, one in enumerate(data if isinstance(data, list) else [data]):
            yield {
                "id": f"azureml-{stable_id(row.get('id'), part, place)}",
                "ts": row.get("time"),
                "kind": "inference",
                "asset": self._options.asset or _endpoint(str(row.get("source", ""))),
                "correlation": row.get("correlationid"),
                "collected": part,
                **(outputs(one) if "output" in part else inputs(one)),
            }

    def rest(self) -> Iterator[Fields]:
        """Nothing: each line is whole."""
        return iter(())


def _endpoint(source: str) -> str:
    """The endpoint in a resource id like `/subscriptions/.../onlineEndpoints/NAME/...`."""
    parts = source.strip("/").split("/")
    for place, part in enumerate(parts[:-1]):
        if part.lower() in {"onlineendpoints", "batchendpoints"}:
            return parts[place + 1]
    return ""
