"""stanch ingest: events from files of any known format, in batches that a server takes gladly."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stanch import settings
from stanch.cli.client import Client, connect
from stanch.cli.files import unreadable
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.engine.ending import meaning
from stanch.vocabulary.event import COLUMNS, EventKind
from stanch.vocabulary.trouble import BadFile, BadInput, Busy, NotRunning
from stanch.vocabulary.words import counted

if TYPE_CHECKING:
    import pyarrow as pa

    from stanch.engine.ingest.decoded import Decoded

app = command("Send events from files.")

_TRIES = 20
_SHOWN = 10
_LISTED = 1000
_BODY = 8 * 1024 * 1024
"""Bytes of rows in one request; a server takes four times as much."""
ARROW = "application/vnd.apache.arrow.stream"
Renamed = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="NAME=COLUMN", help="Our NAME for a COLUMN of the file."),
]


@dataclass(slots=True)
class _Told:
    """What became of the rows so far."""

    counts: Counter[str] = field(default_factory=Counter)
    rejected: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, file: Path, row: int, why: str) -> None:
        """Notes one rejected row; past a thousand only its number."""
        self.counts["rejected"] += 1
        if len(self.rejected) < _LISTED:
            self.rejected.append({"file": str(file), "index": row, "why": why})


_Take = Callable[[Path, "Decoded", _Told], None]


@app.command()
def ingest(  # noqa: PLR0913  each is an option of the command
    *,
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Parquet, Arrow, NDJSON, JSON or CSV; also what KServe, SageMaker, Azure ML and "
            "Databricks log. The content decides, not the name."
        ),
    ],
    asset: Annotated[str, typer.Option(help="The asset of rows that name none.")] = "",
    kind: Annotated[
        EventKind, typer.Option(help="The kind of rows that name none.")
    ] = EventKind.INFERENCE,
    renamed: Renamed = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Send events from files to the running server, or into its folder when none runs.

    Safe to repeat, for an id is counted once. Rows are counted from 0.
    """
    from stanch.engine.ingest.foreign.files import read_file  # noqa: PLC0415  pyarrow is large
    from stanch.engine.ingest.foreign.shape import Options  # noqa: PLC0415  as above
    from stanch.engine.ingest.limits import Limits  # noqa: PLC0415  as above

    out = Out(json=json)
    options = Options(asset=asset, kind=kind, rename=names_of(renamed or []))
    told = _Told()
    sizes = [_size(file) for file in files]
    with (
        meaning(lambda: _left(told)),
        _taker(data) as take,
        out.progress("ingest", sum(sizes)) as moved,
    ):
        for file, size in zip(files, sizes, strict=True):
            done = 0

            def so_far(now: int) -> None:
                nonlocal done
                moved(max(0, now - done))
                done = max(done, now)

            for batch in read_file(file, options, Limits(), so_far):
                take(file, batch, told)
            moved(max(0, size - done))
    _show(out, told)
    if told.counts["rejected"]:
        raise typer.Exit(1)


def _left(told: _Told) -> str:
    known = told.counts["accepted"] + told.counts["duplicate"]
    return (
        f"You left after {counted(known, 'row')} that are kept. Send the same again to go on where "
        "it ended: what is known is counted once."
    )


def _size(file: Path) -> int:
    if file.is_dir():
        raise BadFile(file, "is a folder. Name the files in it.")
    try:
        with file.open("rb"):
            return file.stat().st_size
    except OSError as error:
        raise unreadable(file, error) from error


def _show(out: Out, told: _Told) -> None:
    for one in told.rejected[:_SHOWN]:
        out.say(f"{one['file']}: row {one['index']}: {one['why']}")
    more = told.counts["rejected"] - _SHOWN
    if more > 0:
        out.say(f"... and {more} more.")
    counts = {name: told.counts[name] for name in ("accepted", "duplicate")}
    out.show(
        {**counts, "rejected": told.rejected, "rejected_rows": told.counts["rejected"]},
        f"{counts['accepted']} accepted, {counts['duplicate']} known already, "
        f"{told.counts['rejected']} rejected.",
    )


def names_of(pairs: list[str]) -> dict[str, str]:
    """Their column to our name, from `NAME=COLUMN`."""
    known = {column.name for column in COLUMNS}
    found = {}
    for pair in pairs:
        ours, equals, theirs = pair.partition("=")
        if not equals or not theirs or ours not in known:
            names = ", ".join(sorted(known))
            raise BadInput(f"--map takes NAME=COLUMN, not {pair[:80]!r}; a NAME is one of: {names}")
        found[theirs] = ours
    return found


@contextmanager
def _taker(data: Path | None) -> Iterator[_Take]:
    """Who takes the rows: the running server, else the spool of the folder itself."""
    try:
        client = connect(data)
    except NotRunning:
        asked = settings.from_environment()
        asked = replace(asked, data=data or asked.data)
        if not (asked.data / "spool").is_dir():
            raise
        with _into_folder(asked) as take:
            yield take
    else:
        yield lambda file, batch, told: _send_all(client, file, batch, told)


@contextmanager
def _into_folder(asked: settings.Settings) -> Iterator[_Take]:
    from stanch.app import opened  # noqa: PLC0415  the heavy parts
    from stanch.engine.clock import utc_now  # noqa: PLC0415  as above
    from stanch.engine.ingest.intake import Intake  # noqa: PLC0415  as above

    with opened(asked) as parts:
        intake = Intake(parts.spool, clock=utc_now)

        def take(file: Path, batch: "Decoded", told: _Told) -> None:
            receipt = intake.take_rows(batch)
            told.counts["accepted"] += receipt.accepted
            told.counts["duplicate"] += receipt.duplicate
            for one in receipt.rejected:
                told.refuse(file, one.index, one.why)

        yield take


def _send_all(client: Client, file: Path, batch: "Decoded", told: _Told) -> None:
    """One batch over HTTP, without the rows that are known to be bad already."""
    for one in batch.rejected:
        told.refuse(file, one.index, one.why)
    for row, why in batch.wrong.items():
        told.refuse(file, batch.place(row), why)
    rows = [row for row in range(batch.table.num_rows) if row not in batch.wrong]
    table = batch.table.take(rows) if batch.wrong else batch.table
    for first, piece in _pieces(table):
        answer = _send(client, _stream(piece))
        told.counts["accepted"] += answer["accepted"]
        told.counts["duplicate"] += answer["duplicate"]
        for one in answer["rejected"]:
            told.refuse(file, batch.place(rows[first + one["index"]]), one["why"])


def _pieces(table: "pa.Table", first: int = 0) -> Iterator[tuple[int, "pa.Table"]]:
    """The table in parts that fit a request, each with the place of its first row."""
    if table.num_rows > 1 and table.nbytes > _BODY:
        half = table.num_rows // 2
        yield from _pieces(table.slice(0, half), first)
        yield from _pieces(table.slice(half), first + half)
    elif table.num_rows:
        yield first, table


def _stream(table: "pa.Table") -> bytes:
    """The columns that hold something, as an Arrow IPC stream."""
    import pyarrow as pa  # noqa: PLC0415  pyarrow is large

    kept = [n for n in table.column_names if table.column(n).null_count < table.num_rows]
    chosen = table.select(kept or ["id"])
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, chosen.schema, options=options) as writer:
        writer.write_table(chosen)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _send(client: Client, body: bytes) -> dict[str, Any]:
    for turn in range(_TRIES):
        try:
            told: dict[str, Any] = client.send("POST", "/api/v1/events", body, kind=ARROW)
        except Busy as busy:
            if turn == _TRIES - 1:
                raise
            time.sleep(busy.retry_after)
        else:
            return told
    raise AssertionError(_TRIES)
