"""stanch finding: what detectors saw, each with its evidence, and what none of them can tell."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

import typer

from stanch.cli.client import connect, segment
from stanch.cli.fitting import fitted
from stanch.cli.nothing import nothing
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out, in_line
from stanch.cli.times import Since, moment
from stanch.triage.looks import Look, told_once
from stanch.vocabulary.words import when, word

app = command("What detectors saw, and what they cannot tell: list, look.")
_BASE = "/api/v1/findings"
_NONE = "Nothing was found. What no detector can tell yet: stanch finding blind"
_SEEING = "Every detector that was asked can tell."


@app.command("list")
def list_(  # noqa: PLR0913  the filters of a list
    *,
    asset: Annotated[str, typer.Option(help="Only on this asset.")] = "",
    incident: Annotated[str, typer.Option(help="Only in this incident.")] = "",
    detector: Annotated[str, typer.Option(help="Only of this detector.")] = "",
    principal: Annotated[str, typer.Option(help="Only those that suspect this principal.")] = "",
    text: Annotated[str, typer.Option(help="Only with these words.")] = "",
    since: Since = "",
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    each: Annotated[bool, typer.Option("--each", help="A row for each look at a crowd.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """List findings, newest first."""
    from stanch.engine.clock import utc_now  # noqa: PLC0415  only a time asks the clock

    asked = {
        "asset": asset,
        "incident": incident,
        "detector": detector,
        "principal": principal,
        "text": text,
        "since": moment(since, utc_now()),
    }
    client = connect(data)
    found: list[Mapping[str, Any]] = []
    for one in client.every(_BASE, {k: v for k, v in asked.items() if v}):
        found.append(one)
        if len(found) == limit:
            break
    crowds = [(one,) for one in found] if each else told_once(found, _look)
    rows = [{**all_[0], "since": all_[0]["window"]["start"], "looks": len(all_)} for all_ in crowds]
    again = len(crowds) < len(found)
    columns = ("id", "since", "detector", "asset", *(["looks"] if again else []), "says")
    out = Out(json=json)
    empty = nothing(client, found, _NONE, asset=asset, incident=incident)
    out.table({"items": found}, columns, rows, empty=empty)
    if again and not json:
        out.say("What was said of one crowd again stands in one row; --each shows each look.")


def _look(one: Mapping[str, Any]) -> Look:
    """What it said, of whom; what names nobody is like no other."""
    who = frozenset(suspect["principal"] for suspect in one["suspects"])
    of = ("detector", "asset", "version", "condition") if who else ("id",)
    return Look(of=tuple(str(one.get(name, "")) for name in of), says=one["says"], who=who)


@app.command()
def show(
    *,
    finding: Annotated[str, typer.Argument(help="The finding's id.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Show one finding: what was seen, of whom, and what it rests on."""
    found = connect(data).get(f"{_BASE}/{segment(finding)}")
    Out(json=json).show(found, fitted("\n".join(_lines(found))))


@app.command()
def blind(
    *,
    asset: Annotated[str, typer.Option(help="Only on this asset.")] = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """List what detectors cannot tell now, and what each of them lacks."""
    asked = {"asset": asset} if asset else {}
    client = connect(data)
    found = list(client.every("/api/v1/blind-spots", asked))
    columns = ("asset", "version", "condition", "since", "why", "detectors")
    empty = nothing(client, found, _SEEING, asset=asset)
    Out(json=json).table({"items": found}, columns, _by_reason(found), empty=empty)


def _by_reason(found: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """What several detectors lack alike stands once."""
    made: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for one in found:
        blind = one["blind"]
        version = "" if blind["version"].startswith("~") else blind["version"]
        made.setdefault((blind["asset"], version, blind["condition"], blind["why"]), []).append(one)
    for (asset, version, condition, why), alike in made.items():
        since = min((one["since"] for one in alike if one["since"]), default="ever")
        names = [one["blind"]["detector"] for one in alike]
        told = {"asset": asset, "version": version, "condition": condition}
        yield told | {"since": since, "why": why, "detectors": ", ".join(map(word, names))}


def _lines(one: Mapping[str, Any]) -> Iterator[str]:
    version = in_line(one["version"])
    yield f"{one['id']}  {word(one['detector'])} on {one['asset']} {version}".rstrip()
    yield one["says"]
    if one.get("waits"):
        yield "It opens no incident by itself: it joins one, or what else is found near it."
    yield f"Window: {when(one['window']['start'])} to {when(one['window']['end'])}"
    for suspect in one["suspects"][:10]:
        yield f"Suspect: {in_line(suspect['principal'])}, {100 * suspect['share']:.0f} % of it"
    if one["points_to"]:
        kinds = sorted(one["points_to"].items(), key=lambda pair: -pair[1])
        said = ", ".join(f"{word(kind)} {100 * share:.0f} %" for kind, share in kinds)
        yield f"Speaks for: {said}"
    for cite in one["because"]:
        yield f"Rests on: {cite['kind']} {cite['ref']}"
