"""stanch drill: attack a real model in a sandbox, and see what stanch makes of it."""

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stanch.cli.options import Json, command
from stanch.cli.out import Out
from stanch.sandbox.options import FASTEST, SLOWEST, Options
from stanch.sandbox.scorecard import COLUMNS, Score, Scorecard, markdown, rows, scorecard, svg
from stanch.vocabulary.trouble import BadInput, CouldNotTell

if TYPE_CHECKING:
    from stanch.sandbox.drill import Drill

app = command("Attack a real model in a sandbox, and see what stanch makes of it.")


@app.command("list")
def list_(*, json: Json = False) -> None:
    """Show the drills, and what each expects."""
    from stanch.sandbox.registry import drills  # noqa: PLC0415  the heavy parts

    found = [
        {"name": one.id, "title": one.title, "expected": one.expected.words}
        for one in drills().values()
    ]
    Out(json=json).table({"drills": found}, ("name", "title", "expected"), found)


@app.command()
def run(  # noqa: PLR0913  each is an option of the command
    *,
    name: Annotated[str, typer.Argument(help="The drill; see `stanch drill list`.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Every drill.")] = False,
    seed: Annotated[int, typer.Option(help="The same seed gives the same attack.")] = 1,
    small: Annotated[bool, typer.Option("--small", help="A short attack.")] = False,
    speed: Annotated[float, typer.Option(help="How much faster everybody asks.")] = 1.0,
    page: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the scorecard as Markdown.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the scorecard as SVG.")
    ] = None,
    json: Json = False,
) -> None:
    """Run one drill, or all; 1 when one is not won."""
    from stanch.sandbox.registry import drill, drills  # noqa: PLC0415  the heavy parts

    out = Out(json=json)
    options = _options(seed, small=small, speed=speed)
    if bool(name) == every:
        raise BadInput("Name one drill, or say --all. See `stanch drill list`.")
    chosen = list(drills().values()) if every else [drill(name)]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    card, failed = _played(chosen, options, out)
    if page is not None:
        page.write_text(markdown(card), encoding="utf-8")
    if picture is not None:
        picture.write_text(svg(card), encoding="utf-8")
    out.table(card, COLUMNS, rows(card))
    for one in card.drills:
        for note in one.notes:
            out.say(f"{one.name}: {note}")
    if failed:
        raise typer.Exit(CouldNotTell.exit_code)
    if not card.won:
        raise typer.Exit(1)


def _options(seed: int, *, small: bool, speed: float) -> Options:
    if not SLOWEST <= speed <= FASTEST:
        raise BadInput(f"--speed is {SLOWEST:g} to {FASTEST:g}, not {speed:g}.")
    return Options(seed=seed, small=small, speed=speed)


def _played(chosen: "Sequence[Drill]", options: Options, out: Out) -> tuple[Scorecard, bool]:
    """The card of those that could be played, and whether one could not."""
    from stanch.sandbox.runner import run as play  # noqa: PLC0415  the heavy parts

    scores: list[Score] = []
    for one in chosen:
        try:
            scores.append(play(one, options, lambda moment: out.say(moment.says)))
        except CouldNotTell as trouble:
            out.say(f"{one.id}: {trouble}")
    return scorecard(scores), len(scores) < len(chosen)
