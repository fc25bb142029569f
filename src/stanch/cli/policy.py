"""stanch policy: how an asset may be used right now."""

from pathlib import Path
from typing import Annotated, Any

import typer

from stanch.cli.client import connect, segment
from stanch.cli.files import bytes_of
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.vocabulary.trouble import BadInput
from stanch.vocabulary.words import when

app = command("How an asset may be used right now: show, set, take back.")
Which = Annotated[str, typer.Argument(help="The asset's id.")]


@app.command()
def show(*, asset: Which, data: Data = None, json: Json = False) -> None:
    """Show the policy in force, its guards and its latest versions."""
    client, path = connect(data), f"/api/v1/assets/{segment(asset)}"
    policy = client.get(f"{path}/policy")
    guards = client.get(f"{path}/guards")
    history = client.get(f"{path}/policy/history", {"limit": 10})
    document = {"policy": policy, "guards": guards, "history": history}
    lines = [_words(policy), ""]
    lines += [f"guard {g['report']['guard']} runs version {g['report']['version']}" for g in guards]
    if not guards:
        lines.append("No guard has been heard of yet.")
    for one in history:
        lines.append(f"{one['version']:4}  {when(one['at'])}  {one['by']}: {one['because']}")
    Out(json=json).show(document, "\n".join(lines))


@app.command("set")
def set_(
    *,
    asset: Which,
    file: Annotated[Path, typer.Argument(help="The policy as YAML or JSON.")],
    because: Annotated[str, typer.Option(help="The reason, which stands in the log.")] = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Set the owner's own policy; what incidents demand stays on top of it."""
    text = bytes_of(file)
    path = f"/api/v1/assets/{segment(asset)}/policy"
    query = {"because": because} if because else {}
    kept = connect(data).send("PUT", path, text, kind="application/yaml", query=query)
    Out(json=json).show(kept, f"Version {kept['version']} of {asset} is in force.")


@app.command()
def revert(  # noqa: PLR0913  what to take back, of what, and why
    *,
    asset: Which,
    to: Annotated[int | None, typer.Option(help="The version to go back to.")] = None,
    demand: Annotated[str, typer.Option(help="The one demand to take back.")] = "",
    because: Annotated[str, typer.Option(help="The reason, which stands in the log.")] = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Take back a demand, or go back to an earlier version (the one before, when none is named)."""
    client, path = connect(data), f"/api/v1/assets/{segment(asset)}/policy"
    if to is None and not demand:
        history = client.get(f"{path}/history", {"limit": 2})
        if len(history) < 2:  # noqa: PLR2004  one to leave, one to go to
            raise BadInput(f"{asset} has no earlier version to go back to.")
        to = history[1]["version"]
    body: dict[str, Any] = {"because": because, "demand": demand}
    if to is not None:
        body["version"] = to
    kept = client.send("POST", f"{path}/revert", body)
    Out(json=json).show(kept, f"Version {kept['version']} of {asset} is in force.")


def _words(policy: dict[str, Any]) -> str:
    """The policy as its owner would write it."""
    import msgspec  # noqa: PLC0415  only this view needs them

    from stanch.contain.written import written  # noqa: PLC0415  likewise
    from stanch.vocabulary.policy import Policy  # noqa: PLC0415  likewise

    return written(msgspec.convert(policy, Policy)).rstrip()
