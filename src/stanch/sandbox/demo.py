"""The demo: a real model behind a guard, its tenants, and one attack on it, live.

In    the address of a server that just started, and its key.
Out   a `Demo` that runs until it is stopped. The attack begins after a minute, or at once when
      somebody presses the button: POST to the address that the demo says, with the same key.
Why   a product for attacks shows its worth when one happens. Without scikit-learn there is
      ordinary traffic only, and one sentence says so.
"""

import hmac
import http.server
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from stanch.sandbox.build import Stage, raised
from stanch.sandbox.options import Options
from stanch.sandbox.pace import Pace
from stanch.sandbox.processes import Server, repeated
from stanch.sandbox.registry import drill
from stanch.sandbox.traffic import start as start_traffic
from stanch.sandbox.wire import Api
from stanch.vocabulary.trouble import Missing, Trouble

Say = Callable[[str], None]
FIRST = 60.0
"""Seconds of ordinary life before the attack begins by itself."""
_LONGEST = 120.0
ASSET = "digit-reader"


class Demo:
    """The demo of one server."""

    def __init__(self, url: str, key: str, say: Say) -> None:
        self._api = Api(url=url, key=key)
        self._say = say
        self._over = threading.Event()
        self._pressed = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="demo")
        self._thread.start()

    def stop(self) -> None:
        """Ends it; returns when nothing of it runs any more."""
        self._over.set()
        self._pressed.set()
        self._thread.join(30)

    def _run(self) -> None:
        try:
            self._live()
        except Missing as trouble:
            self._say(f"The demo attacks nothing: {trouble}")
            traffic = start_traffic(self._api.url, self._api.key, self._say)
            self._over.wait()
            traffic.set()
        except Trouble as trouble:
            if not self._over.is_set():
                self._say(f"The demo ended: {trouble}")

    def _live(self) -> None:
        shown = drill("extraction")
        shown = replace(shown, world=replace(shown.world, asset=ASSET))
        with tempfile.TemporaryDirectory(prefix="stanch-demo-") as name:
            server = Server(Path(name))
            server.api = self._api
            with raised(shown, Options(), Path(name), server) as stage, self._button() as button:
                self._say(
                    f"The demo: {len(stage.tenants)} tenants ask the model {ASSET}. "
                    f"In {FIRST:.0f} seconds somebody begins to copy it; to see it at once: "
                    f"curl -X POST -H 'Authorization: Bearer KEY' {button}"
                )
                self._play(stage)

    def _play(self, stage: Stage) -> None:
        pace = Pace(stage.drill.world.per_second, self._over)

        def tenants() -> None:
            while pace.next():
                stage.serve()

        people = threading.Thread(target=tenants, daemon=True)
        people.start()
        labels = repeated(stage.tell_labels, 1.0, self._over)
        wait: float | None = FIRST
        while not self._over.is_set():
            self._pressed.wait(wait)
            self._pressed.clear()
            wait = None
            if not self._over.is_set():
                self._attack(stage)
        people.join(30)
        labels.join(30)

    def _attack(self, stage: Stage) -> None:
        scene = stage.scene
        scene.stop = threading.Event()
        self._say("The demo: somebody copies the model now.")
        done: list[object] = []
        thread = threading.Thread(
            target=lambda: done.append(stage.drill.attack(scene)), daemon=True
        )
        thread.start()
        end = threading.Event()
        for _ in range(int(_LONGEST * 10)):
            if not thread.is_alive() or self._over.is_set():
                break
            end.wait(0.1)
        scene.stop.set()
        thread.join(30)
        if done and not self._over.is_set():
            gain = stage.drill.gain(scene, done[0])
            self._say(f"The demo: the attack is over; it got {gain.says}.")

    def _button(self) -> "_Button":
        return _Button(self._pressed.set, self._api.key)


class _Button:
    """An address on this machine; a POST with the key presses it."""

    def __init__(self, press: Callable[[], None], key: str) -> None:
        wanted = f"Bearer {key}"

        class Pressed(http.server.BaseHTTPRequestHandler):
            """One request."""

            def do_POST(self) -> None:
                """Presses, for whoever has the key."""
                given = self.headers.get("authorization", "")
                good = hmac.compare_digest(given.encode(), wanted.encode())
                if good:
                    press()
                self.send_response(202 if good else 401)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  as the base has it
                """Says nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pressed)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_port}/"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


def start(url: str, key: str, say: Say) -> Demo:
    """The demo, begun."""
    return Demo(url, key, say)
