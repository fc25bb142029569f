"""stanch tabletop: exercises that people play against the clock."""

from pathlib import Path
from typing import Annotated, Any

import typer

from stanch.cli.client import Client, connect, segment
from stanch.cli.files import text_of
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.vocabulary.people import Duty
from stanch.vocabulary.trouble import BadInput, NotRunning
from stanch.vocabulary.words import counted

app = command("Exercises that people play against the clock: list, play, answer, report.")
_PLAYS = "/api/v1/tabletops/plays"
Scenario = Annotated[str, typer.Argument(help="The scenario; see `stanch tabletop list`.")]
File = Annotated[Path, typer.Argument(help="The scenario's YAML.")]
Which = Annotated[
    str, typer.Option("--play", metavar="ID", help="The play; else the one that goes on.")
]
Who = Annotated[str, typer.Option(help="Who says it, when you type for somebody.")]


@app.command("list")
def list_(
    *,
    plays: Annotated[bool, typer.Option("--plays", help="What was played.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """List the scenarios, or what was played; without a running server, the scenarios."""
    out = Out(json=json)
    if plays:
        found = list(connect(data).every(_PLAYS))
        columns = ("id", "scenario", "standing", "started", "percent", "gaps", "by")
        out.table({"items": found}, columns, [_rounded(one) for one in found])
        return
    rows = _scenarios(data)
    shown = [{**one, "last": (one["last"] or {}).get("started")} for one in rows]
    out.table({"items": rows}, ("id", "minutes", "injects", "last", "title"), shown)


@app.command()
def show(*, scenario: Scenario, json: Json = False) -> None:
    """Show a scenario as its author wrote it; it tells what is right, which spoils the play."""
    from stanch.engine.tabletop.shelf import scenario as find  # noqa: PLC0415  only when needed

    found = find(scenario)
    document = {"id": found.scenario.id, "title": found.scenario.title, "text": found.text}
    Out(json=json).show(document, found.text)


@app.command()
def check(*, file: File, json: Json = False) -> None:
    """Check a scenario of your own; a mistake is told with its line."""
    from stanch.engine.runs.library import shipped  # noqa: PLC0415  only when needed
    from stanch.engine.tabletop.written import read  # noqa: PLC0415  likewise

    one = read(text_of(file), str(file), shipped()).scenario
    found = {"id": one.id, "title": one.title, "minutes": one.minutes, "good": True}
    says = f"{one.id} is good: {counted(len(one.injects), 'inject')} in {one.minutes} minutes."
    Out(json=json).show({**found, "injects": len(one.injects)}, says)


@app.command()
def start(*, scenario: Scenario, data: Data = None, json: Json = False) -> None:
    """Start a scenario by its id, or one of your own by its file; you lead it."""
    own = Path(scenario).suffix in {".yaml", ".yml"}
    wish = {"text": text_of(Path(scenario))} if own else {"scenario": scenario}
    table = connect(data).send("POST", _PLAYS, wish)
    out = Out(json=json)
    out.say(f"{table['id']} is played on {table['incident']}, which is marked as an exercise.")
    _tell(out, table)


@app.command()
def status(*, play: Which = "", data: Data = None, json: Json = False) -> None:
    """Show where a play is: what is known, what is asked of whom, who answered."""
    client = connect(data)
    _tell(Out(json=json), client.get(_path(client, play)))


@app.command("next")
def next_(*, play: Which = "", data: Data = None, json: Json = False) -> None:
    """Put the clock forward to the next inject."""
    _do("next", play, data, json=json)


@app.command()
def pause(*, play: Which = "", data: Data = None, json: Json = False) -> None:
    """Stop the clock of a play; nothing becomes known or late meanwhile."""
    _do("pause", play, data, json=json)


@app.command()
def resume(*, play: Which = "", data: Data = None, json: Json = False) -> None:
    """Let the clock of a play go on."""
    _do("resume", play, data, json=json)


@app.command()
def sit(
    *,
    duty: Annotated[Duty, typer.Argument(help="The part.")],
    who: Who = "",
    play: Which = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Take a part: what you answer then counts for it."""
    _do("seats", play, data, {"duty": duty, "who": who}, json=json)


@app.command()
def answer(  # noqa: PLR0913  each is an option of the command
    *,
    inject: Annotated[str, typer.Argument(help="The question's id, as status shows it.")],
    choice: Annotated[str, typer.Argument(help="What you choose, where there is a choice.")] = "",
    text: Annotated[str, typer.Option(help="Your answer in words; with a choice, why.")] = "",
    duty: Annotated[Duty | None, typer.Option("--as", help="For which part.")] = None,
    who: Who = "",
    play: Which = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Answer a question; of each person the last answer stands, and all are kept."""
    given = {"inject": inject, "choice": choice, "text": text, "duty": duty, "who": who}
    _do("answers", play, data, given, json=json)


@app.command()
def rate(  # noqa: PLR0913  each is an option of the command
    *,
    move: Annotated[int, typer.Argument(help="The number of the answer, as status shows it.")],
    worth: Annotated[int | None, typer.Option(min=0, max=2, help="Of an answer in words.")] = None,
    point: Annotated[
        list[str] | None, typer.Option(help="A point that it truly names; once for each.")
    ] = None,
    play: Which = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Rate an answer in words, or correct which points it names; also when it is over."""
    rating = {"answer": move, "worth": worth, "points": point or []}
    _do("ratings", play, data, rating, json=json)


@app.command()
def remark(
    *,
    text: Annotated[str, typer.Argument(help="What you noticed.")],
    play: Which = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Write down what you noticed; it stands in the report."""
    _do("remarks", play, data, {"text": text}, json=json)


@app.command("follow-up")
def follow_up(  # noqa: PLR0913  each is an option of the command
    *,
    text: Annotated[str, typer.Argument(help="What is to be done.")],
    owner: Annotated[str, typer.Option(help="Who does it.")],
    due: Annotated[str, typer.Option(metavar="DAY", help="Until when, as 2026-12-01.")],
    play: Which = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Agree on something to be done after the exercise."""
    _do("follow-ups", play, data, {"text": text, "owner": owner, "due": due}, json=json)


@app.command()
def stop(*, play: Which = "", data: Data = None, json: Json = False) -> None:
    """End a play and show its score; then there is a report."""
    _do("stop", play, data, json=json)


@app.command()
def report(*, play: Which = "", data: Data = None, json: Json = False) -> None:
    """Show what a play that is over showed, as Markdown; without --play the last one."""
    client = connect(data)
    found = client.get(f"{_path(client, play, over=True)}/report")
    Out(json=json).show(found, found["markdown"])


def _do(
    what: str, play: str, data: Path | None, body: dict[str, Any] | None = None, *, json: bool
) -> None:
    client = connect(data)
    _tell(Out(json=json), client.send("POST", f"{_path(client, play)}/{what}", body))


def _path(client: Client, play: str, *, over: bool = False) -> str:
    """The play that is named, else the newest that goes on, or is over."""
    if play:
        return f"{_PLAYS}/{segment(play)}"
    for one in client.every(_PLAYS):
        if (one["standing"] == "over") is over:
            return f"{_PLAYS}/{segment(one['id'])}"
    which = "is over" if over else "goes on"
    raise BadInput(f"No tabletop {which}. See `stanch tabletop list --plays`.")


def _tell(out: Out, table: dict[str, Any]) -> None:
    """The table with --json, else in lines for people."""
    out.show(table, "\n".join(_plain(line) for line in _lines(table)))


def _plain(text: str) -> str:
    """The line with what a terminal would obey taken out."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _lines(table: dict[str, Any]) -> list[str]:
    score = table["score"]
    over = [f"score: {_percent(score)}, critical gaps: {len(score['gaps'])}"] if score else []
    coming = "everything was shown"
    if score:
        coming = f"never put: {counted(table['to_come'], 'question')}"
    elif table["next_in"] is not None:
        coming = f"next: in {_spell(table['next_in'])}; {table['to_come']} to come"
    lines = [
        f"{table['title']}   {_clock(table['played'])} of {table['minutes']} min",
        f"{table['id']}   {table['standing']}   {coming}",
        *over,
    ]
    for one in table["questions"]:
        lines += ["", *_question(one)]
    return lines


def _question(one: dict[str, Any]) -> list[str]:
    left = f"{_spell(one['left'])} left" if one["left"] >= 0 else "its time is over"
    state = "answered" if one["stage"] == "answered" else left
    lines = [
        f"T+{one['at']}  {one['title']}  [{one['channel']}]",
        *(f"    {line}" for line in one["shows"].splitlines()),
        f"  {one['id']}: {one['question']}",
        f"  asked: {one['asks'].replace('_', ' ')}; {state}",
    ]
    lines += [f"    {option['id']}: {option['says']}" for option in one["options"]]
    for said in one["answers"]:
        words = " ".join(f"{said['choice']} {said['text']}".split())
        lines.append(f"  > {said['move']} {said['who']}: {words[:300]}")
    return lines


def _percent(score: dict[str, Any]) -> str:
    return "not judged yet" if score["percent"] is None else f"{score['percent']:.0f} %"


def _rounded(one: dict[str, Any]) -> dict[str, Any]:
    percent = one["percent"]
    return {**one, "percent": None if percent is None else f"{percent:.0f} %"}


def _clock(seconds: float) -> str:
    return f"T+{int(seconds) // 60}:{int(seconds) % 60:02}"


def _spell(seconds: float) -> str:
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def _scenarios(data: Path | None) -> list[dict[str, Any]]:
    """The scenarios of the running server, or those that are shipped when none runs."""
    try:
        found: list[dict[str, Any]] = connect(data).get("/api/v1/tabletops")
    except NotRunning:
        import msgspec  # noqa: PLC0415  only when needed

        from stanch.engine.tabletop.shelf import shipped  # noqa: PLC0415  likewise
        from stanch.engine.tabletop.views import card  # noqa: PLC0415  likewise

        return [msgspec.to_builtins(card(one.scenario)) for one in shipped().values()]
    return found
