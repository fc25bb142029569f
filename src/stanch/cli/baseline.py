"""stanch baseline: what an asset is like in normal operation."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from stanch.cli.client import connect, segment
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.vocabulary.trouble import BadFile, BadInput

app = command("What an asset is like in normal operation.")
_UNITS = {"h": 1 / 24, "d": 1.0, "w": 7.0}
Which = Annotated[str, typer.Argument(help="The asset's id.")]


@app.command("set")
def set_(  # noqa: PLR0913  the parts of a baseline
    *,
    asset: Which,
    from_: Annotated[Path | None, typer.Option("--from", help="A file of events.")] = None,
    last: Annotated[str, typer.Option(help="The last hours, days or weeks: 12h, 7d, 2w.")] = "",
    version: Annotated[str, typer.Option(help="The version it stands for; empty for all.")] = "",
    override: Annotated[str, typer.Option(help="Why it shall count although refused.")] = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Make these answers the asset's normal."""
    if (from_ is None) == (not last):
        raise BadInput("Say either --from FILE or --last 7d.")
    query = {"version": version, "override": override}
    client, path = connect(data), f"/api/v1/assets/{segment(asset)}/baselines"
    if from_ is not None:
        kind = "application/vnd.apache.arrow.stream"
        body = b"".join(_arrow(from_, asset))
        kept = client.send("POST", path, body, kind=kind, query=query)
    else:
        kept = client.send("POST", path, query={**query, "days": _days(last)})
    Out(json=json).show(kept, f"{kept['id']} is in force, of {kept['rows']} answers.")


@app.command()
def show(*, asset: Which, data: Data = None, json: Json = False) -> None:
    """Show the asset's baselines, newest first."""
    items = connect(data).get(f"/api/v1/assets/{segment(asset)}/baselines")
    columns = ("id", "version", "set", "by", "rows", "source", "override")
    Out(json=json).table({"items": items}, columns, items)


def _days(text: str) -> float:
    try:
        return float(text[:-1]) * _UNITS[text[-1:]]
    except (ValueError, KeyError):
        raise BadInput(f"{text!r} is no stretch of time. Write 12h, 7d or 2w.") from None


def _still(*_: object) -> None:
    """Progress that nobody watches."""


def _arrow(path: Path, asset: str) -> Iterator[bytes]:
    """The file's events as one Arrow stream."""
    import pyarrow as pa  # noqa: PLC0415  only this command needs it

    from stanch.engine.ingest.foreign.files import Options, read_file  # noqa: PLC0415  likewise
    from stanch.engine.ingest.limits import Limits  # noqa: PLC0415  likewise

    sink = pa.BufferOutputStream()
    writer = None
    rejected = 0
    for part in read_file(path, Options(asset=asset, kind="inference"), Limits(), _still):
        rejected += len(part.rejected)
        writer = writer or pa.ipc.new_stream(sink, part.table.schema)
        writer.write_table(part.table)
    if writer is None or rejected:
        raise BadFile(path, f"{rejected} rows are no events" if rejected else "has no rows")
    writer.close()
    yield sink.getvalue().to_pybytes()
