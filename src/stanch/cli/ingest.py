"""stanch ingest: events from files, in batches that a server takes gladly."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from stanch.cli.client import Client, connect
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.vocabulary.trouble import BadFile, Busy, UnknownFormat

app = command("Send events from files.")

_BATCH = 4 * 1024 * 1024
_TRIES = 20
_SHOWN = 20
LINES = "application/x-ndjson"
ARROW = "application/vnd.apache.arrow.stream"


@app.command()
def ingest(
    *,
    files: Annotated[list[Path], typer.Argument(help="NDJSON, a JSON array, or Arrow streams.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Send events from files; safe to repeat, for an id is counted once."""
    out = Out(json=json)
    client = connect(data)
    total: Counter[str] = Counter()
    rejected: list[dict[str, Any]] = []
    for file in files:
        for media_type, body, first in _batches(file):
            told = _send(client, body, media_type)
            total["accepted"] += told["accepted"]
            total["duplicate"] += told["duplicate"]
            total["rejected"] += len(told["rejected"])
            rejected += [
                {"file": str(file), "index": first + one["index"], "why": one["why"]}
                for one in told["rejected"]
            ][: max(0, _SHOWN * 50 - len(rejected))]
            if not json:
                out.say(f"{file}: {total['accepted']} taken in so far.")
    for one in rejected[:_SHOWN]:
        out.say(f"{one['file']}: row {one['index']}: {one['why']}")
    counts = {name: total[name] for name in ("accepted", "duplicate")}
    out.show(
        {**counts, "rejected": rejected},
        f"{total['accepted']} accepted, {total['duplicate']} known already, "
        f"{total['rejected']} rejected.",
    )
    if total["rejected"]:
        raise typer.Exit(1)


def _send(client: Client, body: bytes, media_type: str) -> dict[str, Any]:
    for turn in range(_TRIES):
        try:
            told: dict[str, Any] = client.send("POST", "/api/v1/events", body, kind=media_type)
        except Busy as busy:
            if turn == _TRIES - 1:
                raise
            time.sleep(busy.retry_after)
        else:
            return told
    raise AssertionError(_TRIES)


def _batches(file: Path) -> Iterator[tuple[str, bytes, int]]:
    """Each batch: its media type, its bytes, and the place of its first row in the file."""
    try:
        match file.suffix.lower():
            case ".ndjson" | ".jsonl":
                yield from _lines(file)
            case ".json":
                yield from _array(file)
            case ".arrow" | ".arrows":
                yield ARROW, file.read_bytes(), 0
            case other:
                raise UnknownFormat(other or file.name, ".ndjson, .jsonl, .json, .arrow, .arrows")
    except OSError as error:
        raise BadFile(file, error.strerror) from error


def _lines(file: Path) -> Iterator[tuple[str, bytes, int]]:
    row = 0
    with file.open("rb") as source:
        while lines := source.readlines(_BATCH):
            yield LINES, b"".join(lines), row
            row += len(lines)


def _array(file: Path) -> Iterator[tuple[str, bytes, int]]:
    try:
        rows = msgspec.json.decode(file.read_bytes(), type=list[msgspec.Raw])
    except msgspec.MsgspecError as error:
        raise BadFile(file, f"is no JSON array of events: {error}") from error
    step = 5000
    for first in range(0, len(rows), step):
        yield "application/json", msgspec.json.encode(rows[first : first + step]), first
