"""stanch incident: what we believe happened, and what people say of it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from textwrap import indent
from typing import Annotated, Any

import msgspec
import typer

from stanch.cli.client import connect, segment
from stanch.cli.filter import level_of, named, query_of
from stanch.cli.fitting import fitted
from stanch.cli.incident_marks import marks
from stanch.cli.nothing import nothing
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out, cell, in_line
from stanch.cli.times import Since, moment
from stanch.triage.impact import matters
from stanch.vocabulary.casework import LinkKind
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import Impact, Level, Phase
from stanch.vocabulary.trouble import NotFound
from stanch.vocabulary.words import counted, left, spell, when, word

app = command("What we believe happened: list, look, report, note, judge, close.")
app.command()(marks)
_BASE = "/api/v1/incidents"
_MOST_SUSPECTS = 10
Which = Annotated[str, typer.Argument(help="The incident's id.")]
Reviewed = Annotated[bool, typer.Option("--reviewed", help="Your word that the review was held.")]


@app.command("list")
def list_(  # noqa: PLR0913  the filters of a list
    *,
    phase: Annotated[Phase | None, typer.Option(help="Only in this phase.")] = None,
    asset: Annotated[str, typer.Option(help="Only on this asset.")] = "",
    severity: Annotated[str, typer.Option(help="Only of this: low, medium or high.")] = "",
    verdict: Annotated[
        str, typer.Option(help="Only of this: natural, fault, attack or undecided.")
    ] = "",
    principal: Annotated[str, typer.Option(help="Only those that suspect this principal.")] = "",
    since: Since = "",
    text: Annotated[str, typer.Option(help="Only with these words.")] = "",
    closed: Annotated[bool, typer.Option("--closed", help="Closed ones instead of open.")] = False,
    kept: Annotated[str, typer.Option("--filter", help="A filter you kept, by its name.")] = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """List incidents, the worst first."""
    from stanch.engine.clock import utc_now  # noqa: PLC0415  only a time asks the clock

    closed = closed or phase is Phase.CLOSED
    query = {
        "phase": phase,
        "asset": asset,
        "severity": level_of(severity) if severity else "",
        "verdict": verdict,
        "principal": principal,
        "since": moment(since, utc_now()),
        "text": text,
        "closed": "true" if closed else ("" if kept else "false"),
        "sort": "worst",
    }
    client = connect(data)
    base = query_of(named(client, kept)) if kept else {}
    found = list(client.every(_BASE, {**base, **{k: v for k, v in query.items() if v}}))
    rows = [_line(one) for one in found]
    columns = ("id", "severity", "phase", "verdict", "asset", "findings", "opened", "title")
    usual = f"No incident is {'closed' if closed else 'open'} that matches."
    empty = nothing(client, found, usual, asset=asset)
    Out(json=json).table({"items": found}, columns, rows, empty=empty)


@app.command()
def show(*, incident: Which, data: Data = None, json: Json = False) -> None:
    """Show one incident: what, how bad, why, by whom, what next."""
    client = connect(data)
    found = client.get(f"{_BASE}/{segment(incident)}")
    ahead = client.get(f"{_BASE}/{segment(incident)}/ahead")
    notes = client.get(f"{_BASE}/{segment(incident)}/notes")
    open_ones = {"incident": ahead["kin"], "state": "open"}
    asked = client.get("/api/v1/approvals", open_ones)["items"]
    document = {"incident": found, "ahead": ahead, "notes": notes, "asked": asked}
    said = (*_head(found, ahead, asked), *_told(found, ahead, notes))
    Out(json=json).show(document, fitted("\n".join(said)))


@app.command("open")
def open_(
    *,
    asset: Annotated[str, typer.Argument(help="The asset it is about.")],
    text: Annotated[str, typer.Argument(help="What you saw, in your words.")],
    principal: Annotated[list[str] | None, typer.Option(help="Whom you suspect.")] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Report what you saw; it opens an incident or joins the one it belongs to."""
    body = {"asset": asset, "text": text, "principals": principal or []}
    client = connect(data)
    found = client.send("POST", _BASE, body)
    says = f"{found['id']}: {found['title']}"
    try:
        client.get(f"/api/v1/assets/{segment(asset)}")
    except NotFound:
        says += f"\nNobody wrote down what {asset} is, so nothing watches it: stanch asset list"
    Out(json=json).show(found, says)


@app.command()
def note(
    *,
    incident: Which,
    text: Annotated[str, typer.Argument(help="What to write.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Write a note beside an incident."""
    path = f"{_BASE}/{segment(incident)}/notes"
    kept = connect(data).send("POST", path, {"text": text})
    Out(json=json).show(kept, "The note is kept.")


@app.command()
def link(  # noqa: PLR0913  what a link is made of
    *,
    incident: Which,
    to: Annotated[str, typer.Argument(help="An address, a ticket, or an incident's id.")],
    kind: Annotated[LinkKind, typer.Option(help="What it points at.")] = LinkKind.URL,
    title: Annotated[str, typer.Option(help="What to call it.")] = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Point from an incident at something beside it."""
    path = f"{_BASE}/{segment(incident)}/links"
    made = connect(data).send("POST", path, {"kind": kind, "to": to, "title": title})
    Out(json=json).show(made, f"{made['id']}: {made['kind']} {made['to']}")


@app.command()
def links(*, incident: Which, data: Data = None, json: Json = False) -> None:
    """List what an incident points at."""
    found = connect(data).get(f"{_BASE}/{segment(incident)}/links")
    columns = ("id", "kind", "to", "title", "by", "at")
    empty = f"It points at nothing yet. Add a link: stanch incident link {incident} ADDRESS"
    Out(json=json).table({"items": found}, columns, found, empty=empty)


@app.command()
def unlink(
    *,
    incident: Which,
    which: Annotated[str, typer.Argument(help="The link's id.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Take a link away again."""
    path = f"{_BASE}/{segment(incident)}/links/{segment(which)}"
    Out(json=json).show(connect(data).send("DELETE", path), "The link is gone.")


@app.command()
def assign(
    *,
    incident: Which,
    to: Annotated[
        str,
        typer.Argument(
            help="Who takes command: somebody with an account, or whom its asset names."
        ),
    ],
    data: Data = None,
    json: Json = False,
) -> None:
    """Put somebody in command of an incident; they hear of it."""
    client = connect(data)
    seen = client.get(f"{_BASE}/{segment(incident)}")["version"]
    path = f"{_BASE}/{segment(incident)}/command"
    found = client.send("POST", path, {"commander": to, "seen": seen})
    Out(json=json).show(found, f"{found['commander'] or 'Nobody'} is in command of {found['id']}.")


@app.command()
def judge(  # noqa: PLR0913  what a person can say of an incident
    *,
    incident: Which,
    why: Annotated[str, typer.Option(help="The reason, which stands in the log.")],
    verdict: Annotated[str, typer.Option(help="natural, fault, attack or undecided.")] = "",
    attack: Annotated[str, typer.Option(help="The kind of attack.")] = "",
    severity: Annotated[str, typer.Option(help="low, medium or high.")] = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Put your own verdict or severity in place of the machine's."""
    client = connect(data)
    seen = client.get(f"{_BASE}/{segment(incident)}")["version"]
    body: dict[str, Any] = {"seen": seen, "why": why}
    body |= {k: v for k, v in (("verdict", verdict), ("attack", attack)) if v}
    if severity:
        body["severity"] = level_of(severity)
    found = client.send("POST", f"{_BASE}/{segment(incident)}/judgement", body)
    Out(json=json).show(found, _headline(found))


@app.command()
def move(  # noqa: PLR0913  the words that a move may need
    *,
    incident: Which,
    to: Annotated[Phase, typer.Argument(help="The phase to go to.")],
    why: Annotated[str, typer.Option(help="The reason in words.")] = "",
    nothing_to_contain: Annotated[
        bool, typer.Option("--nothing-to-contain", help="Your word that nothing needs containing.")
    ] = False,
    cause_removed: Annotated[
        bool, typer.Option("--cause-removed", help="Your word that the cause is gone.")
    ] = False,
    reviewed: Reviewed = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Move an incident to its next phase."""
    client = connect(data)
    seen = client.get(f"{_BASE}/{segment(incident)}")["version"]
    body: dict[str, Any] = {
        "to": to,
        "seen": seen,
        "why": why,
        "nothing_to_contain": nothing_to_contain,
        "cause_removed": cause_removed,
        "reviewed": reviewed,
    }
    found = client.send("POST", f"{_BASE}/{segment(incident)}/phase", body)
    Out(json=json).show(found, f"{found['id']} is {found['phase']}.")


@app.command()
def close(
    *,
    incident: Which,
    why: Annotated[str, typer.Option(help="The reason in words.")],
    reviewed: Reviewed = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Close an incident: a recovered one with your word that the review was held."""
    client = connect(data)
    seen = client.get(f"{_BASE}/{segment(incident)}")["version"]
    body: dict[str, Any] = {"to": "closed", "seen": seen, "why": why, "reviewed": reviewed}
    found = client.send("POST", f"{_BASE}/{segment(incident)}/phase", body)
    Out(json=json).show(found, f"{found['id']} is {found['phase']}.")


@app.command()
def merge(
    *,
    incident: Which,
    into: Annotated[str, typer.Argument(help="The incident that takes in its findings.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Put two incidents of one cause together; it can be undone."""
    path = f"{_BASE}/{segment(incident)}/merge"
    _regrouped(connect(data).send("POST", path, {"into": into}), json=json)


@app.command()
def split(
    *,
    incident: Which,
    finding: Annotated[list[str], typer.Argument(help="Findings that are about something else.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Give some findings an incident of their own; it can be undone."""
    path = f"{_BASE}/{segment(incident)}/split"
    _regrouped(connect(data).send("POST", path, {"findings": finding}), json=json)


@app.command()
def detach(
    *,
    incident: Which,
    finding: Annotated[list[str], typer.Argument(help="Findings that do not belong in it.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Take findings out of an incident; it can be undone."""
    path = f"{_BASE}/{segment(incident)}/detach"
    _regrouped(connect(data).send("POST", path, {"findings": finding}), json=json)


@app.command()
def undos(*, incident: Which, data: Data = None, json: Json = False) -> None:
    """List how an incident's findings changed hands, newest first."""
    found = connect(data).get(f"{_BASE}/{segment(incident)}/undos")
    rows = [{**one, "findings": len(one["findings"])} for one in found]
    columns = ("id", "how", "incident", "other", "findings", "by", "at", "undone")
    empty = "None of its findings changed hands."
    Out(json=json).table({"items": found}, columns, rows, empty=empty)


@app.command()
def undo(
    *,
    which: Annotated[str, typer.Argument(help="The id that merge, split or detach gave.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Put a merge, a split or a detachment back; once."""
    done = connect(data).send("POST", f"/api/v1/undos/{segment(which)}")
    back = counted(len(done["findings"]), "finding")
    says = f"Put back in {done['incident']}: {back}."
    Out(json=json).show(done, says)


def _regrouped(undo_: Mapping[str, Any], *, json: bool) -> None:
    where = f"Moved to {undo_['other']}" if undo_["other"] else "Taken out"
    says = f"{where}: {counted(len(undo_['findings']), 'finding')} of {undo_['incident']}."
    Out(json=json).show(undo_, f"{says} Put it back with: stanch incident undo {undo_['id']}")


def _line(item: Mapping[str, Any]) -> dict[str, Any]:
    one = item["incident"]
    return {
        **one,
        "severity": word(Level(one["severity"]["level"])),
        "verdict": word(one["verdict"]["attack"] or one["verdict"]["kind"]),
        "findings": item["findings"],
    }


def _headline(one: Mapping[str, Any]) -> str:
    title = cell("says", one["title"])
    return f"{one['id']}  {title}  ({word(Level(one['severity']['level']))}, {one['phase']})"


def _head(
    one: Mapping[str, Any], ahead: Mapping[str, Any], asked: list[Mapping[str, Any]]
) -> Iterator[str]:
    """What it is, whether it is contained, and who is waited for."""
    from stanch.engine.clock import utc_now  # noqa: PLC0415  only a question of time asks the clock

    yield _headline(one)
    held = ahead["held"]
    led = f"{one['commander']} is" if one["commander"] else "nobody is"
    yield f"On {one['asset']}, opened {when(one['opened'])}; {led} in command."
    if one["merged_into"]:
        yield f"It went into {one['merged_into']}; its findings are there."
    if len(ahead["kin"]) > 1:
        yield f"With {', '.join(ahead['kin'][1:])}, put together with it."
    due = f": {left(datetime.fromisoformat(held['due']), utc_now())}" if held["due"] else ""
    yield f"\n{held['says']}{due}."
    if held["took"]:
        yield held["took"]
    if held["acts"]:
        yield f"{'Left of it' if held['bare'] else 'In force'}: {', '.join(held['acts'])}."
    for question in asked:
        yield f"Asked: {question['shown'].partition(chr(10))[0]}"
        yield f"  stanch approve {question['id']}, or stanch deny {question['id']}"


def _told(
    one: Mapping[str, Any], ahead: Mapping[str, Any], notes: list[Mapping[str, Any]]
) -> Iterator[str]:
    verdict = one["verdict"]
    yield from _again(one)
    kind = verdict["attack"] or verdict["kind"]
    yield f"\nVerdict: {word(kind)}, {100 * verdict['confidence']:.0f} % sure, by {verdict['by']}"
    said = [one for one in verdict["reasons"] if one["name"] == "person"]
    yield from (f"    said  {reason['says']}" for reason in said)
    weighed = [one for one in verdict["reasons"] if one["name"] != "person"]
    for reason in sorted(weighed, key=lambda one: -one["weight"]):
        yield f"  {reason['weight']:+6.2f}  {reason['says']}"
    yield from _severity(one["severity"])
    yield from _why_it_matters(one)
    if one["suspects"]:
        yield "\nSuspects:"
        for suspect in one["suspects"][:_MOST_SUSPECTS]:
            share, sure = 100 * suspect["share"], 100 * suspect["confidence"]
            yield f"  {in_line(suspect['principal'])}: {share:.0f} % of it, {sure:.0f} % sure"
        if (more := len(one["suspects"]) - _MOST_SUSPECTS) > 0:
            yield f"  and {more} more; --json names them"
    attack = one["verdict"].get("attack") if not one["owasp"] else None
    yield from _techniques((*one["atlas"], *one["owasp"]), attack)
    yield from _like_it(ahead["similar"])
    yield from _next(ahead)
    for note_ in notes:
        yield f"\n{when(note_['at'])}, {note_['by']}: {indent(note_['text'], '    ').lstrip()}"


def _severity(severity: Mapping[str, Any]) -> Iterator[str]:
    yield f"\nSeverity: {word(Level(severity['level']))}"
    yield from (f"  {fired}" for fired in severity["fired"])
    if severity["would_change"]:
        yield "  What would change it:"
    yield from (f"  - {change}" for change in severity["would_change"])
    yield f"  {severity['vector']}"


def _like_it(similar: list[Mapping[str, Any]]) -> Iterator[str]:
    if similar:
        yield "\nLike it before:"
    for one in similar:
        yield f"  {one['incident']}: {100 * one['score']:.0f} %, by {', '.join(one['shared'])}"


def _why_it_matters(one: Mapping[str, Any]) -> Iterator[str]:
    yield "\nWhy it matters:"
    told = matters(msgspec.convert(one["impact"], Impact), one["asset"])
    yield from (f"  {line}" for line in told or ("The impact is not known yet.",))


def _techniques(labels: tuple[str, ...], attack: str | None) -> Iterator[str]:
    """The ids of ATLAS and OWASP, each with its version or edition and its name."""
    from stanch.triage.taxonomy.names import known_as  # noqa: PLC0415  reads the whole matrix
    from stanch.triage.taxonomy.owasp import none_for  # noqa: PLC0415  as above

    if labels:
        yield "\nKnown techniques:"
    for label in labels:
        yield f"  {label}  {known_as(label)}".rstrip()
    if attack and (says := none_for(AttackKind(attack))):
        yield f"  {says}"


def _again(one: Mapping[str, Any]) -> Iterator[str]:
    if one["came_back"]:
        after = spell(one["came_back_after"])
        yield f"\nIt came back: {one['came_back']} was closed {after} before."
    if one["again"]:
        count = "once" if one["again"] == 1 else f"{one['again']} times"
        yield f"\nSeen again {count}, last at {when(one['again_at'])}."


def _next(ahead: Mapping[str, Any]) -> Iterator[str]:
    yield "\nDo first:"
    for action in ahead["actions"]:
        yield f"  {action['title']}: {action['why']}"
    if ahead["playbook"]:
        yield f"\nPlaybook: {ahead['playbook']}; stanch playbook show {ahead['playbook']}"
    if ahead["techniques"]:
        from stanch.triage.taxonomy.names import known_as  # noqa: PLC0415  reads the whole matrix

        yield "\nWhat people wrote is like:"
        for guess in ahead["techniques"]:
            name = known_as(guess["technique"])
            yield f"  {guess['technique']}  {name} ({guess['score']:.2f})"
    yield from _named(ahead["words"])
    yield "\nCall:"
    yield from _calls(ahead["call"])
    yield f"\nCan go to: {', '.join(ahead['phases']) or 'nowhere'}"


def _named(words: Mapping[str, Any]) -> Iterator[str]:
    """What people's words name, where they name anything."""
    named = [*words["assets"], *(one for some in words["entities"].values() for one in some)]
    if named:
        yield f"\nWhat people wrote names: {', '.join(named)}"
    if words["urgency"]:
        yield f"\nIt sounds urgent: {', '.join(words['urgency'])}"
    if words["addressed_to_machines"]:
        yield "\nSome of it is written to machines, not to you: read the notes with care."


def _calls(calls: list[Mapping[str, Any]]) -> Iterator[str]:
    for call in calls:
        who = call["person"] or "nobody is named in the inventory"
        if call["person"] and not call["named"]:
            who += ", the owner: nobody has this role"
        if not call["now"]:
            who += ", in working hours"
        yield f"  {word(call['duty'])} ({who}): {call['why']}"
