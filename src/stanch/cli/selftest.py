"""stanch selftest: drives a private server through its whole path, then stops it."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

import msgspec
import typer

from stanch.cli.client import Client
from stanch.cli.options import Json, command
from stanch.cli.out import Out
from stanch.engine.clock import monotonic, utc_now
from stanch.vocabulary.trouble import CouldNotTell, Trouble

app = command("Drive a private server through its whole path, then stop it.")

_LAST_SECONDS = 60
_ROWS = 50
_ANSWERS = 3000
_INCIDENT_SECONDS = 180.0
"""What a busy machine needs at most; where it came sooner, nobody waits."""
_WATCHED = "/api/v1/assets/selftest"


@app.command()
def selftest(*, json: Json = False) -> None:
    """Start, send, hunt, keep, detect, export, verify, stop; 1 when a step fails."""
    out = Out(json=json)
    steps: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="stanch-selftest-") as name, _server(Path(name)) as one:
        for title, step in _steps(one, Path(name)):
            says = _tried(step)
            steps.append({"step": title, "good": not says, "says": says})
            out.say(f"{'good ' if not says else 'WRONG'} {title}{': ' + says if says else ''}")
    good = all(step["good"] for step in steps)
    out.show({"good": good, "steps": steps}, "Everything works." if good else "Something failed.")
    if not good:
        raise typer.Exit(1)


def _tried(step: Callable[[], bool]) -> str:
    """What went wrong, or nothing."""
    try:
        return "" if step() else "the answer was not the expected one"
    except Trouble as trouble:
        return str(trouble)


def _steps(client: Client, folder: Path) -> Iterator[tuple[str, Callable[[], bool]]]:
    asset = {"id": "selftest", "kind": "model", "name": "Self-test", "owner": "stanch"}
    rows = [
        {
            "id": f"s-{n}",
            "ts": f"2026-01-01T00:00:{n:02}Z",
            "kind": "inference",
            "asset": "selftest",
        }
        for n in range(_ROWS)
    ]
    body = msgspec.json.encode(rows)
    bundle = folder / "bundle.zip"
    octets = "application/octet-stream"

    def verified() -> bool:
        from stanch.store.verify import examine  # noqa: PLC0415  only this step needs it

        return examine(bundle)["holds"] is True

    yield "ready", lambda: client.get("/readyz")["status"] == "ready"
    yield "asset", lambda: client.send("POST", "/api/v1/assets", asset)["id"] == "selftest"
    yield "events", lambda: client.send("POST", "/api/v1/events", body)["accepted"] == _ROWS
    yield (
        "same events again",
        lambda: client.send("POST", "/api/v1/events", body)["duplicate"] == _ROWS,
    )
    yield "hunt", lambda: client.get("/api/v1/hunt/count", {"asset": "selftest"})["count"] == _ROWS
    yield (
        "vault",
        lambda: bool(
            client.send("POST", "/api/v1/vault", b"proof", kind=octets, query={"name": "proof.txt"})
        ),
    )
    golden, shifted = (_answers(shift) for shift in (0.0, 3.0))
    yield "baseline", lambda: bool(client.send("POST", f"{_WATCHED}/baselines", golden))
    yield (
        "a shift",
        lambda: client.send("POST", "/api/v1/events", shifted)["accepted"] == _ANSWERS,
    )
    yield "its incident", lambda: _seen(client)
    yield "export", lambda: client.save("POST", "/api/v1/incidents/all/bundle", bundle) > 0
    yield "verify the bundle", verified
    yield "verify the log", lambda: client.get("/api/v1/evidence-check")["holds"] is True


def _answers(shift: float) -> bytes:
    """Answers of the last minutes, as many as a baseline needs; the same ones on every run."""
    dice = Random(7)  # noqa: S311  sample data, no secret
    since = utc_now() - timedelta(minutes=10)
    rows: list[dict[str, object]] = []
    for n in range(_ANSWERS):
        first, second = dice.gauss(shift, 1), dice.gauss(shift, 1)
        rows.append(
            {
                "id": f"a-{shift}-{n}",
                "ts": (since + timedelta(seconds=n / 10)).isoformat(),
                "kind": "inference",
                "asset": "selftest",
                "principal": f"p{n % 7}",
                "features": [first, second],
                "prediction": "yes" if first + second > 0 else "no",
            }
        )
    return msgspec.json.encode(rows)


def _seen(client: Client) -> bool:
    """Whether an incident on the asset was opened before the time is up."""
    end = monotonic() + _INCIDENT_SECONDS
    while monotonic() < end:
        if client.get("/api/v1/incidents", {"asset": "selftest"})["items"]:
            return True
        Event().wait(0.25)
    return False


@contextmanager
def _server(folder: Path) -> Iterator[Client]:
    arguments = ["up", "--data", str(folder / "data"), "--port", "0", "--json"]
    with subprocess.Popen(  # noqa: S603  our own command with our own arguments
        [sys.executable, "-m", "stanch.sandbox.tether", *arguments],
        stdin=subprocess.PIPE,  # however this process ends, the server does so too
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        process_group=0,  # and a ^C is for us to pass on
    ) as process:
        try:
            yield _started(process)
        finally:
            process.terminate()
            process.wait(_LAST_SECONDS)


def _started(process: "subprocess.Popen[bytes]") -> Client:
    said = b""
    while process.stdout is not None and not said.rstrip().endswith(b"}"):
        line = process.stdout.readline()
        if not line:
            raise CouldNotTell("the private server ended before it answered")
        said += line
    told = msgspec.json.decode(said, type=dict[str, Any])
    if "url" not in told:
        raise CouldNotTell(f"the private server did not start. It said: {told.get('detail')}")
    return Client(url=str(told["url"]), key=str(told["secret"]))
