"""stanch up: start stanch on this machine."""

import os
from contextlib import ExitStack
from dataclasses import replace
from typing import Annotated

import typer

from stanch import settings
from stanch.cli.options import Data, Json, Port, command
from stanch.cli.out import Out
from stanch.vocabulary.network import IN_THE_CLEAR, beyond_this_machine

app = command("Start stanch.")


@app.command()
def up(  # noqa: PLR0913  what a start may be told
    *,
    demo: Annotated[bool, typer.Option("--demo", help="With sample assets and traffic.")] = False,
    data: Data = None,
    host: Annotated[
        str | None, typer.Option(help="The address to listen on; by itself 127.0.0.1.")
    ] = None,
    port: Port = None,
    node: Annotated[
        str | None, typer.Option(help="This process's name among several on one folder.")
    ] = None,
    json: Json = False,
) -> None:
    """Start stanch and serve until ^C or SIGTERM."""
    asked = settings.from_environment()
    chosen = replace(
        asked,
        data=data or asked.data,
        host=host or asked.host,
        port=asked.port if port is None else port,
        node=asked.node if node is None else node,
    )
    settings.spare_memory()
    from stanch.app import Started, leave, serve  # noqa: PLC0415  the heavy parts

    out = Out(json=json)

    def started(now: Started) -> None:
        facts = {"url": now.url, "data": str(chosen.data), "secret": now.secret}
        out.show({**facts, "welcome": now.welcome or None})
        out.say(f"stanch answers on {now.url}, with its data in {chosen.data}.")
        if beyond_this_machine(chosen.host):
            out.say(IN_THE_CLEAR)
        if now.secret:
            out.say(f"The first admin key, shown this once and kept in {chosen.data}/admin.key:")
            out.say(f"  {now.secret}")
        if now.welcome:
            out.say("Open this in a browser; it makes the first account and works once:")
            out.say(f"  {now.welcome}")
        if demo:
            from stanch.sandbox.demo import start  # noqa: PLC0415  only the demo
            from stanch.sandbox.wire import Api  # noqa: PLC0415  heavy

            key = (chosen.data / "admin.key").read_text(encoding="utf-8").strip()
            ends.callback(start(Api(url=now.url, key=key), now.drills, out.say).stop)

    with ExitStack() as ends:
        # What it writes is its own user's, also in a folder that others may look into.
        ends.callback(os.umask, os.umask(0o077))
        serve(chosen, started)
    out.say("Stopped; everything is on disk.")
    leave()
