"""stanch question: what people are asked, who else may answer, and what to do in an emergency."""

from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer

from stanch.cli.client import connect, segment
from stanch.cli.fitting import fitted
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.vocabulary.approval import Answer, Risk
from stanch.vocabulary.people import called
from stanch.vocabulary.words import ago, left, when

app = command("What people are asked: list, show, hand on, override, review.")
Which = Annotated[str, typer.Argument(help="The question's id.")]
_WANTS = MappingProxyType({Risk.AUTOMATIC: "nobody", Risk.ONE: "a person", Risk.TWO: "two people"})
Why = Annotated[str, typer.Option(help="The reason, which stands in the log.")]


@app.command("list")
def list_(
    *,
    all_: Annotated[bool, typer.Option("--all", help="Those that are answered, too.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """List the questions that are open, what is due soonest first."""
    from stanch.engine.clock import utc_now  # noqa: PLC0415  only a list of times asks the clock

    asked = {} if all_ else {"state": "open"}
    found = list(connect(data).every("/api/v1/approvals", asked))
    now = utc_now()
    rows = [
        {
            **one,
            "asked": ago(datetime.fromisoformat(one["asked"]), now),
            "left": left(datetime.fromisoformat(one["expires"]), now) if _open(one) else "",
            "asked of": _of_whom(one),
            "question": _in_short(one),
            "answer": one["answer"] + (", to be reviewed" if one["review"] else ""),
        }
        for one in found
    ]
    columns = (
        "id",
        *(["answer"] if all_ else []),
        "asset",
        "asked",
        "left",
        "asked of",
        "question",
    )
    empty = "Nobody was ever asked." if all_ else "Nobody waits for an answer."
    Out(json=json).table({"items": found}, columns, rows, empty=empty)


@app.command()
def show(*, question: Which, data: Data = None, json: Json = False) -> None:
    """Show what is asked, of whom, and what silence means."""
    found = connect(data).get(f"/api/v1/approvals/{segment(question)}")
    Out(json=json).show(found, fitted("\n".join(_lines(found))))


@app.command()
def delegate(
    *,
    question: Which,
    to: Annotated[str, typer.Argument(help='Somebody with an account; "" for nobody else.')],
    data: Data = None,
    json: Json = False,
) -> None:
    """Let somebody else answer, too."""
    found = _post(question, "delegate", {"to": to}, data)
    Out(json=json).show(
        found, f"{found['delegated_to'] or 'Nobody else'} may answer {question}, too."
    )


@app.command()
def override(*, question: Which, why: Why, data: Data = None, json: Json = False) -> None:
    """Decide alone in an emergency, as an admin in person: loud, and reviewed afterwards."""
    out = Out(json=json)
    out.say(connect(data).get(f"/api/v1/approvals/{segment(question)}")["shown"])
    found = _post(question, "override", {"why": why}, data)
    out.show(found, f"{question} is overridden. Somebody else must review it.")


@app.command()
def review(*, question: Which, why: Why, data: Data = None, json: Json = False) -> None:
    """Say what you found of a question that somebody overrode."""
    found = _post(question, "review", {"why": why}, data)
    Out(json=json).show(found, f"{question} is reviewed.")


def _open(one: dict[str, Any]) -> bool:
    return bool(one["answer"] == Answer.OPEN)


def _of_whom(one: dict[str, Any]) -> str:
    """Who may answer."""
    many = "two of " if one["risk"] == Risk.TWO else ""
    return many + " or ".join(filter(None, (one["role"], one["delegated_to"])))


def _in_short(one: dict[str, Any]) -> str:
    """What is to be done, for which incident; the playbook's own question after it."""
    first, *rest = one["shown"].split("\n")
    acts = [line.removeprefix("- ").rstrip("?") for line in rest if line.startswith("- ")]
    said = f"{'; '.join(acts)}: {first}" if acts else first
    return f"{one['incident']}: {said}"


def _post(question: str, verb: str, body: dict[str, Any], data: Path | None) -> Any:
    path = f"/api/v1/approvals/{segment(question)}/{verb}"
    return connect(data).send("POST", path, body)


def _lines(one: dict[str, Any]) -> list[str]:
    """A question in words."""
    default = "yes" if one["if_silent"] else "no"
    whose = f"it wants {_WANTS[one['risk']]} with the role {one['role']}"
    made = [
        one["shown"],
        "",
        f"{one['id']}: {one['answer']}. On {one['asset']}, for {one['incident']}; {whose}.",
        f"Asked by {called(one['requester'])}.",
        f"Until {when(one['expires'])}; silence means {default}.",
    ]
    if _open(one):
        made.append(f"Answer it: stanch approve {one['id']}, or stanch deny {one['id']}")
    if one["delegated_to"]:
        made.append(f"{one['delegated_to']} may answer, too.")
    made += [f"{v['by']}: {'yes' if v['yes'] else 'no'}. {v['why']}".strip() for v in one["votes"]]
    if one["review"]:
        made.append("It was overridden, and somebody else must review it.")
    if review := one.get("reviewed"):
        made.append(f"Reviewed by {review['by']}: {review['finding']}")
    return made
