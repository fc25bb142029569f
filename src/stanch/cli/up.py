"""stanch up: start stanch on this machine."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Annotated

import typer

from stanch import settings
from stanch.cli.open_files import allowed, too_few
from stanch.cli.options import Data, Json, Port, command
from stanch.cli.out import Out
from stanch.engine.ending import Ended
from stanch.vocabulary.network import IN_THE_CLEAR, beyond_this_machine

app = command("Start stanch.")
_BEFORE = "Stopped before it answered; what was on disk is as it was. Start it again at any time."


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
    with stoppable(out := Out(json=json)):
        _serve(chosen, out, demo=demo)


@contextmanager
def stoppable(out: Out) -> Iterator[None]:
    """Says what it means where a server is told to end before it answers; a supervisor gets 0."""
    try:
        yield
    except Ended as told:
        if told.number == signal.SIGINT:
            raise Ended(told.number, _BEFORE) from told
        out.say(_BEFORE)
        raise typer.Exit from told


def _serve(chosen: settings.Settings, out: Out, *, demo: bool) -> None:
    settings.spare_memory()
    if few := too_few(allowed()):
        out.say(few)
    from stanch.app import Started, leave, serve  # noqa: PLC0415  the heavy parts

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
