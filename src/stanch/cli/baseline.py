"""stanch baseline: what an asset is like in normal operation."""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stanch.cli.client import connect, segment
from stanch.cli.files import bytes_of, unreadable
from stanch.cli.ingest import ARROW, Renamed, names_of
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.vocabulary.trouble import BadInput
from stanch.vocabulary.words import counted

if TYPE_CHECKING:
    from stanch.cli.baseline_file import Sent

app = command("What an asset is like in normal operation.")
_NAMED = 5
_UNITS = {"h": 1 / 24, "d": 1.0, "w": 7.0}
Which = Annotated[str, typer.Argument(help="The asset's id.")]


@app.command("set")
def set_(  # noqa: PLR0913  the parts of a baseline
    *,
    asset: Which,
    from_: Annotated[Path | None, typer.Option("--from", help="A file of events.")] = None,
    last: Annotated[str, typer.Option(help="The last hours, days or weeks: 12h, 7d, 2w.")] = "",
    version: Annotated[str, typer.Option(help="The version it stands for; empty for all.")] = "",
    condition: Annotated[str, typer.Option(help="One of its conditions; empty for all.")] = "",
    override: Annotated[str, typer.Option(help="Why it shall count although refused.")] = "",
    renamed: Renamed = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Make these answers the asset's normal."""
    if (from_ is None) == (not last):
        raise BadInput("Say either --from FILE or --last 7d.")
    query = {"version": version, "override": override, "condition": condition}
    out, client = Out(json=json), connect(data).patient()
    path = f"/api/v1/assets/{segment(asset)}/baselines"
    if from_ is not None:
        from stanch.cli.baseline_file import sent_of  # noqa: PLC0415  pyarrow is large

        with out.waiting(f"reading {from_}"):
            sent = sent_of(from_, asset, names_of(renamed or []))
        if sent.rows < sent.of:
            out.say(_drawn(sent, asset))
        with out.waiting(f"learning what is normal of {asset}"):
            drawn = {"drawn_from": sent.of} if sent.rows < sent.of else {}
            kept = client.send("POST", path, sent.body, kind=ARROW, query={**query, **drawn})
    else:
        with out.waiting(f"learning what is normal of {asset}"):
            kept = client.send("POST", path, query={**query, "days": _days(last)})
    for who, share in kept["leans_on"].items():
        out.say(_leans(who, share))
    if kept["unfilled"]:
        out.say(_unfilled(kept["unfilled"]))
    out.show(kept, f"{kept['id']} is in force, of {kept['rows']} answers.")


def _leans(who: str, share: float) -> str:
    return (
        f"{who} made {share:.0%} of these answers, so what they ask counts as usual from now on. "
        "If you do not know them, set the baseline again from a file without their rows."
    )


def _unfilled(inputs: dict[str, float]) -> str:
    named = [f"{name} ({share:.0%})" for name, share in list(inputs.items())[:_NAMED]]
    more = f" and {len(inputs) - _NAMED} more" if len(inputs) > _NAMED else ""
    return (
        f"More than half of these answers have no value of {', '.join(named)}{more}, so none is "
        "usual from now on. If there should be one, mend what sends it and set the baseline again."
    )


@app.command()
def show(*, asset: Which, data: Data = None, json: Json = False) -> None:
    """Show the asset's baselines, newest first."""
    items = connect(data).get(f"/api/v1/assets/{segment(asset)}/baselines")
    columns = (
        "id",
        "version",
        "condition",
        "set",
        "by",
        "rows",
        "source",
        "recognises",
        "override",
    )
    empty = f"It has none. Set one from ordinary days: stanch baseline set {asset} --last 7d"
    Out(json=json).table({"items": items}, columns, items, empty=empty)


@app.command()
def fingerprints(  # noqa: PLR0913  how a file is to be read
    *,
    file: Annotated[Path, typer.Argument(help="CSV, Parquet or JSON lines; words: a text.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the fingerprints go.")],
    canaries: Annotated[bool, typer.Option(help="Canaries, and not rows of training.")] = False,
    without: Annotated[str, typer.Option(help="Columns that the model never sees: a,b.")] = "",
    by_place: Annotated[bool, typer.Option(help="Inputs come without names: f0, f1, ...")] = False,
    words: Annotated[bool, typer.Option(help="Each line is a canary word.")] = False,
    json: Json = False,
) -> None:
    """Write the fingerprints of rows; works here, without a server, and sends nothing."""
    from stanch.detect.summaries.fingerprints import SALT, Known  # noqa: PLC0415  heavy
    from stanch.engine.ingest.foreign.prints import Wanted, printed  # noqa: PLC0415  likewise

    wanted = Wanted(
        known=Known.CANARIES if canaries else Known.TRAINING,
        salt=secrets.token_bytes(SALT),
        without=tuple(name.strip() for name in without.split(",") if name.strip()),
        by_place=by_place,
        words=words,
    )
    found = printed(file, wanted)
    try:
        with out.open("xb") as into:
            out.chmod(0o600)
            into.write(found.to_bytes())
    except OSError as error:
        raise unreadable(out, error) from error
    told = {"known": found.known, "rows": len(found.keys), "columns": list(found.columns)}
    says = (
        f"{counted(len(found.keys), 'different row')} of {found.known} in {out}; next: state them."
    )
    Out(json=json).show({**told, "file": str(out)}, says)


@app.command()
def state(
    *,
    asset: Which,
    file: Annotated[Path, typer.Argument(help="What `stanch baseline fingerprints` wrote.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """State which rows were trained on, or are canaries; the next baseline recognises them."""
    body = bytes_of(file)
    path = f"/api/v1/assets/{segment(asset)}/fingerprints"
    kept = connect(data).send("PUT", path, body, kind="application/octet-stream")
    stated_ = f"{counted(kept['rows'], 'row')} of {kept['known']} stated"
    says = f"{stated_}; set the baseline again to use them."
    Out(json=json).show(kept, says)


@app.command()
def stated(*, asset: Which, data: Data = None, json: Json = False) -> None:
    """Show which rows of training and which canaries are stated."""
    items = connect(data).get(f"/api/v1/assets/{segment(asset)}/fingerprints")
    columns = ("known", "rows", "columns", "at", "by", "counted")
    empty = "Nothing is stated. How to: stanch baseline fingerprints --help"
    Out(json=json).table({"items": items}, columns, items, empty=empty)


@app.command()
def forget(
    *,
    asset: Which,
    known: Annotated[str, typer.Argument(help="training or canaries.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Take back what was stated; the next baseline does not recognise it."""
    path = f"/api/v1/assets/{segment(asset)}/fingerprints/{segment(known)}"
    left = connect(data).send("DELETE", path)
    Out(json=json).show({"items": left}, f"{known} of {asset} are forgotten.")


def _drawn(sent: "Sent", asset: str) -> str:
    return (
        f"Of the {sent.of} rows of the file {sent.rows} were drawn evenly and sent. Where all "
        f"shall count: stanch ingest the file, then stanch baseline set {asset} --last 30d."
    )


def _days(text: str) -> float:
    try:
        return float(text[:-1]) * _UNITS[text[-1:]]
    except (ValueError, KeyError):
        raise BadInput(f"{text!r} is no stretch of time. Write 12h, 7d or 2w.") from None
