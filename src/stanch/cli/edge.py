"""stanch edge: a site that watches here, and sends signed counts upstream instead of rows."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from stanch import settings
from stanch.cli.open_files import allowed, too_few
from stanch.cli.options import Data, Json, Port, command
from stanch.cli.out import Out
from stanch.cli.up import stoppable
from stanch.settings import Settings

app = command("Count at an edge site, and send signed counts instead of rows.")


@app.command("key")
def key_(*, data: Data = None, json: Json = False) -> None:
    """Show this site's public key, made on first use: what `stanch site add` upstream takes."""
    from stanch.store.site_key import open_site_key  # noqa: PLC0415  only when it is asked

    folder = (data or settings.from_environment().data).absolute()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    public = open_site_key(folder / "keys").public
    Out(json=json).show({"public": public, "data": str(folder)}, public)


@app.command()
def up(  # noqa: PLR0913  what an edge is made of
    *,
    upstream: Annotated[str, typer.Option(help="The server that merges the counts.")],
    site: Annotated[str, typer.Option(help="The name that it knows this site by.")],
    asset: Annotated[list[str], typer.Option("--asset", help="What to count for it; again.")],
    key_file: Annotated[Path, typer.Option(help="A file with its key for us, scope ingest.")],
    data: Data = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Port = None,
    json: Json = False,
) -> None:
    """Watch here with everything stanch has, and send the counts upstream, until ^C or SIGTERM."""
    asked = settings.from_environment()
    chosen = replace(
        asked,
        data=data or asked.data,
        host=host or asked.host,
        port=asked.port if port is None else port,
        edge_upstream=upstream,
        edge_site=site,
        edge_assets=",".join(asset),
        edge_key_file=str(key_file),
    )
    with stoppable(out := Out(json=json)):
        _serve(chosen, out)


def _serve(chosen: Settings, out: Out) -> None:
    settings.spare_memory()
    if few := too_few(allowed()):
        out.say(few)
    from stanch.app import Started, leave, serve  # noqa: PLC0415  the heavy parts

    def started(now: Started) -> None:
        out.show({"url": now.url, "data": str(chosen.data), "secret": now.secret})
        out.say(f"The site {chosen.edge_site} answers on {now.url}; its rows stay in {chosen.data}")
        out.say(f"and its counts go to {chosen.edge_upstream}.")
        if now.secret:
            out.say(f"The first admin key, shown this once and kept in {chosen.data}/admin.key:")
            out.say(f"  {now.secret}")

    serve(chosen, started)
    out.say("Stopped; what was not sent yet goes first when it starts again.")
    leave()
