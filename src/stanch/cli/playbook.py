"""stanch playbook: what is done about each kind of incident, as data."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stanch.cli.client import connect, segment
from stanch.cli.files import bytes_of, text_of, unreadable
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.cli.playbook_keys import public_key, signing_key, verify
from stanch.cli.playbook_runs import add
from stanch.vocabulary.trouble import BadFile, BadInput, NotFound, NotRunning
from stanch.vocabulary.words import counted

if TYPE_CHECKING:
    from stanch.vocabulary.playbook import Playbook

app = command("What is done about each kind of incident: list, read, check, run, exchange.")
Which = Annotated[str, typer.Argument(help="The playbook's id.")]
add(app)
File = Annotated[Path, typer.Argument(help="The playbook's YAML.")]
_CONSENT = {"automatic": "at once", "one": "asks one", "two": "asks two"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Book:
    """A playbook in use."""

    id: str
    title: str
    text: str
    version: int


@app.command("list")
def list_(*, data: Data = None, json: Json = False) -> None:
    """List the playbooks in use; without a running server, those that come with stanch."""
    books = _in_use(data)
    rows = [{"id": b.id, "version": b.version, "title": b.title} for b in books]
    Out(json=json).table({"items": rows}, ("id", "version", "title"), rows)


@app.command()
def show(*, playbook: Which, data: Data = None, json: Json = False) -> None:
    """Show a playbook as its author wrote it."""
    text = next((b.text for b in _in_use(data) if b.id == playbook), None)
    if text is None:
        raise NotFound("playbook", playbook[:64], "playbook list")
    Out(json=json).show({"id": playbook, "text": text}, text)


@app.command()
def add(*, file: File, data: Data = None, json: Json = False) -> None:
    """Put a playbook into use, from now on; runs at work keep the version they began with."""
    text = text_of(file)
    path = f"/api/v1/playbooks/{segment(_checked(text, file).id)}"
    made = connect(data).send("PUT", path, text.encode(), kind="application/yaml")
    Out(json=json).show(made, f"{made['id']} is in use in version {made['version']}.")


@app.command()
def drop(*, playbook: Which, data: Data = None, json: Json = False) -> None:
    """Put a playbook of yours aside; the one that came with stanch under its id is back."""
    gone = connect(data).send("DELETE", f"/api/v1/playbooks/{segment(playbook)}")
    Out(json=json).show(gone, f"{gone['id']} is put aside; every version of it is kept.")


@app.command()
def rehearse(
    *,
    playbook: Which,
    incident: Annotated[str, typer.Argument(help="The incident to rehearse it on.")],
    answers: Annotated[
        str, typer.Option(help="How people are taken to answer: yes, no, silence.")
    ] = "yes",
    data: Data = None,
    json: Json = False,
) -> None:
    """Show what a playbook would do about an incident, step by step; nothing is done."""
    path = f"/api/v1/playbooks/{segment(playbook)}/rehearsals"
    told = connect(data).send("POST", path, {"incident": incident, "answers": answers})
    rows = [{**one, "consent": _CONSENT.get(one["risk"], "")} for one in told["scenes"]]
    Out(json=json).table(told, ("step", "kind", "consent", "came"), rows)


@app.command()
def validate(
    *,
    file: File,
    json: Json = False,
) -> None:
    """Check a playbook; each mistake with its line."""
    book = _checked(text_of(file), file)
    found = {"id": book.id, "steps": len(book.steps), "good": True}
    Out(json=json).show(found, f"{book.id} is good: {counted(len(book.steps), 'step')}.")


@app.command()
def run(
    *,
    playbook: Which,
    incident: Annotated[str, typer.Argument(help="The incident to run it on.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Run a playbook on an incident."""
    path = f"/api/v1/playbooks/{segment(playbook)}/runs"
    begun = connect(data).send("POST", path, {"incident": incident})
    Out(json=json).show(begun, f"{begun['id']} is {begun['state']}: {begun['says']}")


@app.command()
def export(
    *,
    playbook: Which,
    sign: Annotated[
        Path | None, typer.Option(help="Sign it by the Ed25519 private key in this PEM file.")
    ] = None,
    signee: Annotated[str, typer.Option("--as", help="Whom the signature names.")] = "stanch",
    data: Data = None,
    json: Json = False,
) -> None:
    """Write a playbook as CACAO 2.0 JSON, signed if there is a key."""
    import msgspec  # noqa: PLC0415  only when needed

    from stanch.contain.playbook.cacao_out import Origin, exported  # noqa: PLC0415  likewise
    from stanch.contain.playbook.cacao_signed import signed  # noqa: PLC0415  likewise
    from stanch.engine.clock import utc_now  # noqa: PLC0415  likewise

    key = signing_key(sign) if sign is not None else None
    at = utc_now()
    origin = Origin(created=at, modified=at, signee=signee)
    document = exported(_book(playbook, data), origin)
    if key is not None:
        document = signed(document, key, origin)
    text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    Out(json=json).show(document, text)


def _checked(text: str, file: Path) -> "Playbook":
    from stanch.contain.playbook.check import checked  # noqa: PLC0415  only when needed
    from stanch.engine.runs.library import every_act  # noqa: PLC0415  likewise

    return checked(text, str(file), every_act()).playbook


def _in_use(data: Path | None) -> list[_Book]:
    """The playbooks of the running server, or those that are shipped when none runs."""
    try:
        found = connect(data).get("/api/v1/playbooks")
    except NotRunning:
        return _shipped()
    return [_Book(**one) for one in found]


def _shipped() -> list[_Book]:
    from stanch.engine.runs.library import shipped, shipped_text  # noqa: PLC0415  only when needed

    books = [one.playbook for _, one in sorted(shipped().items())]
    return [
        _Book(id=b.id, title=b.title, text=shipped_text(b.id), version=b.version) for b in books
    ]


@app.command("import")
def import_(
    *,
    file: Annotated[Path, typer.Argument(help="A CACAO 2.0 document.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the playbook's YAML here.")
    ] = None,
    signer: Annotated[
        Path | None,
        typer.Option(help="Refuse it unless the public key in this PEM file signed it."),
    ] = None,
    json: Json = False,
) -> None:
    """Read a CACAO document as a playbook, and say what had to be repaired and who signed it."""
    from stanch.contain.playbook.cacao_in import imported  # noqa: PLC0415  only when needed
    from stanch.contain.playbook.canonical import parsed  # noqa: PLC0415  likewise
    from stanch.contain.playbook.written import written  # noqa: PLC0415  likewise

    with _telling(file):
        document = parsed(bytes_of(file))
    says = _signers(document, file, signer)
    with _telling(file):
        found = imported(document if isinstance(document, dict) else {"type": ""})
    text, out = written(found.playbook), Out(json=json)
    for one in says:
        out.say(one)
    for repair in found.repairs:
        out.say(f"repaired: {repair}")
    if output is not None:
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise unreadable(output, error) from error
    shown = {
        "id": found.playbook.id,
        "signatures": says,
        "repairs": list(found.repairs),
        "text": text,
    }
    out.show(shown, text if output is None else f"{output} holds {found.playbook.id}.")


@contextmanager
def _telling(file: Path) -> Iterator[None]:
    """Has what is wrong with its content told as wrong with this file."""
    try:
        yield
    except BadFile:
        raise
    except BadInput as error:
        raise BadFile(file, str(error)) from error


def _signers(document: object, file: Path, signer: Path | None) -> list[str]:
    """What its signatures say; BadFile where the one that is asked for does not hold."""
    from stanch.contain.playbook.cacao_signed import vouched  # noqa: PLC0415  only when needed

    wanted = public_key(signer) if signer is not None else None
    found = vouched(document, verify) if isinstance(document, dict) else ()
    if wanted is not None and not any(one.holds and one.public == wanted for one in found):
        says = " ".join(one.says for one in found) or "It carries none."
        raise BadFile(file, f"has no signature of {signer} that holds. {says}")
    return [one.says for one in found]


def _book(playbook: str, data: Path | None) -> "Playbook":
    from stanch.contain.playbook.written import read  # noqa: PLC0415  only when needed

    text = next((b.text for b in _in_use(data) if b.id == playbook), None)
    if text is None:
        raise NotFound("playbook", playbook[:64], "playbook list")
    return read(text, f"{playbook}.yaml").playbook
