"""SageMaker data capture: JSON lines with both halves of an answer in each."""

from collections.abc import Iterator
from typing import Any

from stanch.engine.ingest.foreign.shape import (
    Fields,
    Options,
    decoded,
    inputs,
    outputs,
    stable_id,
)


def recognises(row: dict[str, Any]) -> bool:
    """Whether a row is a captured answer."""
    return "captureData" in row and "eventMetadata" in row


class Reader:
    """Turns each captured answer into an event."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def row(self, row: dict[str, Any]) -> Iterator[Fields]:
        """The event of one line."""
        about = row["eventMetadata"]
        halves = row["captureData"]
        asked = halves.get("endpointInput") or {}
        answered = halves.get("endpointOutput") or {}
        yield {
            "id": f"sagemaker-{about.get('eventId') or stable_id(row)}",
            "ts": about.get("inferenceTime"),
            "kind": "inference",
            "asset": self._options.asset,
            "inference_id": about.get("inferenceId"),
            **inputs(decoded(asked.get("data"), asked.get("encoding"))),
            **outputs(decoded(answered.get("data"), answered.get("encoding"))),
        }

    def rest(self) -> Iterator[Fields]:
        """Nothing: each line is whole."""
        return iter(())
