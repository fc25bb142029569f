"""stanch rule: rules over several kinds of events, those of stanch and people's own, as data."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stanch.cli.client import connect, segment
from stanch.cli.files import text_of
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.vocabulary.trouble import NotFound, NotRunning

if TYPE_CHECKING:
    from stanch.detect.rules.own import Own

app = command("Rules over several kinds of events, and your own: list, read, check, add, drop.")
Which = Annotated[str, typer.Argument(help="The rule's id.")]
File = Annotated[Path, typer.Argument(help="The rule's YAML, ours or Sigma's.")]
Sigma = Annotated[
    bool, typer.Option("--sigma", help="Insist that it is a Sigma rule; else its content tells.")
]


@app.command("list")
def list_(*, data: Data = None, json: Json = False) -> None:
    """List the rules in use; without a running server, those that come with stanch."""
    rows = [
        {
            "id": one["id"],
            "of": "you" if one["own"] else "stanch",
            "asked": "yes" if one["asked"] else "no",
            "version": one["version"] or None,
            "title": one["fault"] or one["title"],
        }
        for one in _in_use(data)
    ]
    Out(json=json).table({"items": rows}, ("id", "of", "asked", "version", "title"), rows)


@app.command()
def show(*, rule: Which, data: Data = None, json: Json = False) -> None:
    """Show a rule as its author wrote it."""
    found = next((one for one in _in_use(data) if one["id"] == rule), None)
    if found is None:
        raise NotFound("rule", rule[:64], "rule list")
    Out(json=json).show(found, found["text"])


@app.command()
def check(*, file: File, sigma: Sigma = False, json: Json = False) -> None:
    """Check a rule; a mistake with its line, and what of a Sigma rule cannot be taken over."""
    own, out = _checked(text_of(file), file, sigma=sigma), Out(json=json)
    _say(out, own.read_as)
    found = {
        "id": own.rule.id,
        "title": own.rule.title,
        "sigma": own.sigma,
        "read_as": list(own.read_as),
        "good": True,
    }
    out.show(found, f"{own.rule.id} is good: {own.rule.title}")


@app.command()
def add(*, file: File, sigma: Sigma = False, data: Data = None, json: Json = False) -> None:
    """Put a rule into use; the watch asks it from its next step on."""
    text, out = text_of(file), Out(json=json)
    own = _checked(text, file, sigma=sigma)
    path = f"/api/v1/rules/{segment(own.rule.id)}"
    made = connect(data).send("PUT", path, text.encode(), kind="application/yaml")
    _say(out, own.read_as)
    out.show(made, f"{made['id']} is in use in version {made['version']}.")


@app.command()
def drop(*, rule: Which, data: Data = None, json: Json = False) -> None:
    """Put a rule of yours aside; the one that came with stanch under its id is back."""
    gone = connect(data).send("DELETE", f"/api/v1/rules/{segment(rule)}")
    Out(json=json).show(gone, f"{gone['id']} is put aside; every version of it is kept.")


def _say(out: Out, sentences: tuple[str, ...]) -> None:
    for one in sentences:
        out.say(f"read: {one}")


def _checked(text: str, file: Path, *, sigma: bool) -> "Own":
    from stanch.engine.rulebook import checked_rule  # noqa: PLC0415  only when needed

    return checked_rule(text, str(file), sigma=sigma or None)


def _in_use(data: Path | None) -> list[dict[str, Any]]:
    """The rules of the running server, or those that are shipped when none runs."""
    try:
        found: list[dict[str, Any]] = connect(data).get("/api/v1/rules")
    except NotRunning:
        return _shipped()
    return found


def _shipped() -> list[dict[str, Any]]:
    import msgspec  # noqa: PLC0415  only when needed

    from stanch.engine.rulebook import shipped_rules  # noqa: PLC0415  likewise

    return [msgspec.to_builtins(one) for one in shipped_rules()]
