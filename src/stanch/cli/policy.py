"""stanch policy: how an asset may be used right now."""

from pathlib import Path
from typing import Annotated, Any

import typer

from stanch.cli.client import Client, connect, segment
from stanch.cli.files import bytes_of
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.cli.policy_guards import guard_lines
from stanch.engine.clock import utc_now
from stanch.vocabulary.trouble import BadInput
from stanch.vocabulary.words import when

app = command("How an asset may be used right now: show, compare, set, take back.")
Which = Annotated[str, typer.Argument(help="The asset's id.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would change, then stop.")]


@app.command()
def show(*, asset: Which, data: Data = None, json: Json = False) -> None:
    """Show the policy in force, what incidents demand, its guards and its latest versions."""
    from stanch.cli.policy_diff import (  # noqa: PLC0415  only when needed
        document_of,
        in_effect,
        standing_in,
        versions,
    )

    client = connect(data)
    known = versions(client, asset, limit=10)
    guards = client.get(f"/api/v1/assets/{segment(asset)}/guards")
    if not known and not guards:
        client.get(
            f"/api/v1/assets/{segment(asset)}"
        )  # an asset that nobody knows is no neutral one
    effect = client.get(f"/api/v1/assets/{segment(asset)}/policy/effect")
    lines = [*standing_in(known, asset, utc_now()), ""]
    lines += guard_lines(guards, utc_now())
    if effect is not None:
        lines.append(in_effect(effect))
    for one in known:
        lines.append(f"{one.version:4}  {when(one.at.isoformat())}  {one.by}: {one.because}")
    Out(json=json).show(
        {**document_of(known, asset), "guards": guards, "effect": effect}, "\n".join(lines)
    )


@app.command()
def diff(  # noqa: PLR0913  two ways to ask: versions, or a file
    *,
    asset: Which,
    file: Annotated[
        Path | None, typer.Argument(help="What would change if this were set; else what changed.")
    ] = None,
    since: Annotated[int | None, typer.Option("--from", help="The version before.")] = None,
    until: Annotated[int | None, typer.Option("--to", help="The version after.")] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Say in words what changed between two versions, or what a file would change."""
    from stanch.cli.policy_diff import between, versions  # noqa: PLC0415  likewise

    out = Out(json=json)
    if file is not None:
        _show_ahead(asset, _written(file), connect(data), out, anyway=True)
        return
    known = versions(connect(data), asset)
    lines = between(known, since, until) if known else [f"The policy of {asset} was never changed."]
    out.show({"asset": asset, "says": lines}, "\n".join(lines))


@app.command("set")
def set_(  # noqa: PLR0913  what to set, why, and whether to do it
    *,
    asset: Which,
    file: Annotated[Path, typer.Argument(help="The policy as YAML or JSON.")],
    because: Annotated[str, typer.Option(help="The reason, which stands in the log.")] = "",
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Also with a version that no guard can reach yet.")
    ] = False,
    dry_run: DryRun = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Set the owner's own policy; what incidents demand stays on top of it."""
    from stanch.cli.policy_diff import applied  # noqa: PLC0415  likewise

    text = _written(file)
    client, out = connect(data), Out(json=json)
    if dry_run:
        _show_ahead(asset, text, client, out, anyway=anyway)
        return
    path = f"/api/v1/assets/{segment(asset)}/policy"
    query = {"because": because} if because else {}
    query |= {"anyway": "true"} if anyway else {}
    flags = {"anyway": "true"} if anyway else {}
    found = client.send("POST", f"{path}/preview", text, kind="application/yaml", query=flags)
    kept = client.send("PUT", path, text, kind="application/yaml", query=query)
    for one in found["warns"]:
        out.say(f"Mind: {one}")
    out.show(kept, applied(kept))


@app.command()
def revert(  # noqa: PLR0913  what to take back, of what, why, and whether to do it
    *,
    asset: Which,
    to: Annotated[int | None, typer.Option(help="The version to go back to.")] = None,
    demand: Annotated[str, typer.Option(help="The one demand to take back.")] = "",
    because: Annotated[str, typer.Option(help="The reason, which stands in the log.")] = "",
    dry_run: DryRun = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Take back a demand, or go back to an earlier version (the one before, when none is named)."""
    from stanch.cli.policy_diff import ahead, applied, versions  # noqa: PLC0415  likewise

    client, out = connect(data), Out(json=json)
    known = versions(client, asset, limit=1)
    if not known:
        raise BadInput(f"The policy of {asset} was never changed: there is nothing to take back.")
    if to is None and not demand:
        to = known[0].version - 1
    path = f"/api/v1/assets/{segment(asset)}/policy/revert"
    body: dict[str, Any] = {"because": because, "demand": demand}
    if to is not None:
        body["version"] = to
    found = client.send("POST", f"{path}/preview", body)
    lines = ahead(found)
    if dry_run:
        out.show({**found, "says": lines}, "\n".join(lines))
        return
    out.say("\n".join(lines))
    kept = client.send("POST", path, body)
    out.show(kept, applied(kept))


def _written(file: Path) -> bytes:
    """The policy in this file, or where in it what is wrong."""
    from stanch.contain.written import read_bytes  # noqa: PLC0415  likewise

    text = bytes_of(file)
    read_bytes(text, file.name)
    return text


def _show_ahead(asset: str, text: bytes, client: Client, out: Out, *, anyway: bool = False) -> None:
    """Say what this policy would change and whom it would have hit."""
    from stanch.cli.policy_diff import ahead  # noqa: PLC0415  likewise

    path = f"/api/v1/assets/{segment(asset)}/policy/preview"
    query = {"anyway": "true"} if anyway else {}
    found = client.send("POST", path, text, kind="application/yaml", query=query)
    lines = ahead(found)
    out.show({**found, "says": lines}, "\n".join(lines))
