"""stanch drill: attack a real model in a sandbox, and see what stanch makes of it."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stanch.cli.client import Client, connect
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.engine.ending import meaning
from stanch.sandbox.options import FASTEST, SLOWEST, Options, Registries, Through
from stanch.sandbox.scorecard import COLUMNS, Scorecard, joined, markdown, rows, scorecard, svg
from stanch.vocabulary.trouble import BadFile, BadInput, CouldNotTell
from stanch.vocabulary.words import counted, word

if TYPE_CHECKING:
    from stanch.sandbox.drill import Drill
    from stanch.sandbox.player import Order, Told

app = command("Attack a real model in a sandbox, and see what stanch makes of it.")
_MOST_SEEDS = 1000
Page = Annotated[Path | None, typer.Option(metavar="FILE", help="Write the scorecard as Markdown.")]
Picture = Annotated[Path | None, typer.Option(metavar="FILE", help="Write the scorecard as SVG.")]
_LOOK_EVERY = 0.5


@app.command("list")
def list_(*, json: Json = False) -> None:
    """Show the drills, what each expects, and what a person is asked in it."""
    from stanch.sandbox.registry import drills  # noqa: PLC0415  the heavy parts

    found = [
        {
            "name": one.id,
            "title": one.title,
            "expected": one.expected.words,
            "person": one.expected.person,
            "adaptive": one.adaptive,
        }
        for one in drills().values()
    ]
    shown = [{**d, "expected": word(d["expected"]), "person": word(d["person"])} for d in found]
    Out(json=json).table({"drills": found}, ("name", "title", "expected", "person"), shown)


@app.command()
def run(  # noqa: PLR0913  each is an option of the command
    *,
    name: Annotated[str, typer.Argument(help="The drill; see `stanch drill list`.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Every drill.")] = False,
    adaptive: Annotated[
        bool, typer.Option("--adaptive", help="With --all: also the harder sisters of drills.")
    ] = False,
    seed: Annotated[int, typer.Option(help="The same seed gives the same attack.")] = 1,
    seeds: Annotated[int, typer.Option(help="So many seeds, from --seed on.")] = 1,
    small: Annotated[bool, typer.Option("--small", help="A short attack.")] = False,
    speed: Annotated[float, typer.Option(help="How much faster everybody asks.")] = 1.0,
    through: Annotated[
        Through, typer.Option(help="What stands in front of the victim.")
    ] = Through.GUARD,
    registry: Annotated[
        Registries, typer.Option(help="Where the victim's versions are kept.")
    ] = Registries.FILES,
    on: Annotated[
        str, typer.Option(metavar="DATA", help="Another victim, for drills not bound to theirs.")
    ] = "",
    jobs: Annotated[int, typer.Option(help="Drills at a time; at most one a core.")] = 1,
    minutes: Annotated[float, typer.Option(help="After so many no new drill begins; 0: all.")] = 0,
    page: Page = None,
    picture: Picture = None,
    live: Annotated[
        bool, typer.Option("--live", help="Attack the demo of a running server, now.")
    ] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Run one drill, or all; 1 when one is not won."""
    out = Out(json=json)
    _exactly_one(name, every=every)
    if live:
        _live(connect(data), name, out)
        return
    _has_a_place(page, picture)
    options = Options(
        seed=seed, small=small, speed=speed, through=through, registry=registry, data=on
    )
    wanted = Wanted(options=options, seeds=seeds, jobs=jobs, minutes=minutes, adaptive=adaptive)
    with meaning(lambda: "The drill was broken off, and what it had started is gone."):
        card = _played(wanted.orders(name, out.say), wanted, out)
    _end(card, out, page, picture)


@app.command()
def join(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="What `drill run --json` printed.")
    ],
    *,
    page: Page = None,
    picture: Picture = None,
    json: Json = False,
) -> None:
    """Make one scorecard of several that were played in pieces; 1 when a drill is not won."""
    import msgspec  # noqa: PLC0415  only here

    cards: list[Scorecard] = []
    for file in files:
        try:
            cards.append(msgspec.json.decode(file.read_bytes(), type=Scorecard))
        except OSError as error:
            raise BadFile(file, f"{error.strerror or error}.") from error
        except msgspec.MsgspecError as error:
            raise BadInput(f"{file} is no scorecard: {error}. Name JSON of `drill run`.") from error
    _end(joined(cards), Out(json=json), page, picture)


def _has_a_place(*files: Path | None) -> None:
    """Nothing when each file can be put where it is wanted; `BadInput` before hours are played."""
    for file in files:
        if file is not None and not file.parent.is_dir():
            raise BadInput(
                f"There is no folder {file.parent} for {file.name}. Make it, or name another."
            )


def _end(card: Scorecard, out: Out, page: Path | None, picture: Path | None) -> None:
    """Writes and shows the card; ends with its exit code."""
    if page is not None:
        page.write_text(markdown(card), encoding="utf-8")
    if picture is not None:
        picture.write_text(svg(card), encoding="utf-8")
    _show(card, out)
    if card.failed or card.left:
        raise typer.Exit(CouldNotTell.exit_code)
    if not card.won:
        raise typer.Exit(1)


def _exactly_one(name: str, *, every: bool) -> None:
    if bool(name) == every:
        raise BadInput("Name one drill, or say --all. See `stanch drill list`.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """How drills are to be played."""

    options: Options
    seeds: int
    jobs: int
    minutes: float
    adaptive: bool = False
    """Whether all drills means the adaptive ones too."""

    def __post_init__(self) -> None:
        """Refuses what makes no sense."""
        if not SLOWEST <= self.options.speed <= FASTEST:
            raise BadInput(f"--speed is {SLOWEST:g} to {FASTEST:g}, not {self.options.speed:g}.")
        if not 1 <= self.seeds <= _MOST_SEEDS or self.jobs < 1 or self.minutes < 0:
            raise BadInput(
                f"--seeds is 1 to {_MOST_SEEDS}, --jobs at least 1, and --minutes is not negative."
            )

    def orders(self, name: str, say: Callable[[str], None]) -> "list[Order]":
        """Every seed of every drill, a seed at a time, those without their extra left out."""
        from dataclasses import replace  # noqa: PLC0415  only here

        from stanch.sandbox.player import Order  # noqa: PLC0415  the heavy parts
        from stanch.sandbox.registry import drill, drills, on, optional, ready  # noqa: PLC0415  heavy

        all_of_them = [one for one in drills().values() if self.adaptive or not one.adaptive]
        if not name and self.options.data:
            raise BadInput("Name one drill with --on; not all can be played on other data.")
        chosen: Sequence[Drill] = [on(drill(name), self.options.data)] if name else all_of_them
        for one in () if name else chosen:
            if optional(one):
                say(f"{one.id} is left out: pip install 'stanch[{optional(one)}]' to play it.")
        chosen = [one for one in chosen if name or not optional(one)]
        for one in chosen:
            ready(one, self.options)
        # The long ones first: at the end nobody waits for one that began last.
        chosen = sorted(chosen, key=lambda one: (not one.innocent, -one.expected.seconds, one.id))
        first = self.options.seed
        return [
            Order(name=one.id, options=replace(self.options, seed=first + n))
            for n in range(self.seeds)
            for one in chosen
        ]


def _played(orders: "list[Order]", wanted: Wanted, out: Out) -> Scorecard:
    """The card of those that could be played."""
    from stanch.sandbox.matrix import Budget, played  # noqa: PLC0415  the heavy parts
    from stanch.sandbox.origin import origin  # noqa: PLC0415  asks git

    origin()  # before the first play: files may change under a long matrix

    seconds = 60 * wanted.minutes or float("inf")

    def tell(order: "Order", told: "Told") -> None:
        if told.moment is not None:
            out.say(told.moment.says)
        if told.score is not None:
            end = "won" if told.score.won else "not won"
            out.say(f"{order.name}, seed {order.options.seed}: {end}; got {told.score.got}.")

    found = played(orders, Budget(jobs=wanted.jobs, seconds=seconds), tell)
    for why in found.failed:
        out.say(f"Not played: {why}")
    if found.left:
        said = f"{counted(len(found.left), 'drill')} left out"
        out.say(f"{said}: the {wanted.minutes:g} minutes are over.")
    return scorecard(found.scores, seconds=found.seconds, failed=found.failed, left=found.left)


def _show(card: Scorecard, out: Out) -> None:
    out.table(card, COLUMNS, rows(card))
    for one in card.drills:
        for note in one.notes:
            out.say(f"{one.name}, seed {one.seed}: {note}")
        if one.pace < SLOW:
            out.say(
                f"{one.name}, seed {one.seed}: this machine made only {one.pace:.0%} of the "
                "ordinary requests in time; its seconds are too long. Use fewer --jobs."
            )
    for bar in card.reached if len(card.drills) > 1 else ():
        holds = {True: "holds", False: "does not hold", None: "was not measured"}[bar.holds]
        out.say(f"{bar.says}: {bar.measured}; {bar.bar} {holds}.")


SLOW = 0.8
"""A machine that makes less than this share of the ordinary requests in time is too slow."""


def _live(client: Client, name: str, out: Out) -> None:
    """Starts the demo's attack, and says what happens until it is over."""
    path = f"/api/v1/drills/{name}"
    run: dict[str, Any] = client.send("POST", path, {"live": True})
    said, pause = "", threading.Event()
    while run["ended"] is None:
        if run["says"] != said:
            said = run["says"]
            out.say(said)
        pause.wait(_LOOK_EVERY)
        run = client.get(f"/api/v1/drill-runs/{run['id']}")
    out.show(run, run["says"])
    if run["score"]:
        out.say(" ".join(("Scored as a drill: won.",) if run["score"]["won"] else _lost(run)))
    if run["trouble"]:
        raise typer.Exit(CouldNotTell.exit_code)


def _lost(run: dict[str, Any]) -> tuple[str, ...]:
    return "Scored as a drill: not won.", *run["score"]["notes"]
