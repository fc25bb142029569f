"""Two processes on one PostgreSQL and one folder: one is killed, and none of its work is lost."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from stanch.engine.shares import doer, slot_of

pytestmark = pytest.mark.needs_postgres
PATIENCE = 120.0
BOTH = frozenset({"north", "south"})


class Server:
    def __init__(self, url: str, key: str, process: "subprocess.Popen[bytes]") -> None:
        self.url, self.key, self.process = url, key, process

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        given = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        asked = urllib.request.Request(  # noqa: S310  our own server
            self.url + path, content, given, method=method
        )
        try:
            with urllib.request.urlopen(asked, timeout=60) as told:  # noqa: S310
                return json.loads(told.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return json.loads(refused.read())


@contextmanager
def serving(node: str, data: Path, database: str) -> Iterator[Server]:
    command = [sys.executable, "-m", "stanch", "up", "--port", "0", "--node", node, "--json"]
    with subprocess.Popen(
        [*command, "--data", str(data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "STANCH_DATABASE": database},
    ) as process:
        assert process.stdout is not None
        said = b""
        while not said.rstrip().endswith(b"}"):
            line = process.stdout.readline()
            assert line, said
            said += line
        try:
            key = (data / "admin.key").read_text().strip()
            yield Server(json.loads(said)["url"], key, process)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
            process.wait(timeout=60)


def until(true: Callable[[], Any]) -> Any:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.2)
    raise AssertionError("it did not come")


def asset_of(node: str, number: int = 0) -> str:
    """The name of an asset that this process watches while both live."""
    names = (f"model-{n}" for n in range(1000))
    own = [n for n in names if doer(f"assets/{slot_of(n)}", BOTH) == node]
    return own[number]


def rows(name: str, asset: str, shift: float, minutes_ago: float) -> list[dict[str, Any]]:
    dice = Random(7)  # noqa: S311  sample data
    since = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    return [
        {
            "id": f"{name}-{asset}-{i}",
            "ts": (since + timedelta(seconds=i / 25)).isoformat(),
            "kind": "inference",
            "asset": asset,
            "principal": f"p{i % 7}",
            "features": [dice.gauss(shift, 1), dice.gauss(0, 1)],
            "prediction": "yes" if dice.random() < 0.5 else "no",
        }
        for i in range(3000)
    ]


def known(server: Server, asset: str) -> None:
    body = {"id": asset, "kind": "model", "name": asset, "owner": "ada"}
    body |= {"features": [{"name": "a"}, {"name": "b"}]}
    assert server.ask("POST", "/api/v1/assets", body)["id"] == asset
    golden = rows("golden", asset, 0, 60)
    assert "id" in server.ask("POST", f"/api/v1/assets/{asset}/baselines", golden)


def sent(server: Server, asset: str) -> None:
    told = server.ask("POST", "/api/v1/events", rows("odd", asset, 3, 9))
    assert told["accepted"] == 3000


def incidents(server: Server, asset: str) -> list[Any]:
    return list(server.ask("GET", f"/api/v1/incidents?asset={asset}")["items"])


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_killed_process_leaves_no_row_uncounted_and_no_asset_unwatched(
    tmp_path: Path, postgres_url: str
) -> None:
    norths, souths, late = asset_of("north"), asset_of("south"), asset_of("north", 1)
    data = tmp_path / "data"
    with (
        serving("north", data, postgres_url) as north,
        serving("south", data, postgres_url) as south,
    ):
        for one in (norths, souths, late):
            known(north, one)
        # Both assets' rows go to one process; each is watched by the process whose share it is.
        sent(north, norths)
        sent(north, souths)
        until(lambda: incidents(south, norths) and incidents(north, souths))
        # Rows that north took in, and cannot count any more: it is stopped, and then killed.
        os.kill(north.process.pid, signal.SIGSTOP)
        sent(south, late)
        assert incidents(south, late) == []
        os.kill(north.process.pid, signal.SIGKILL)
        north.process.wait(timeout=30)
        until(lambda: incidents(south, late))
        for one in (norths, souths, late):
            assert south.ask("GET", f"/api/v1/hunt/count?asset={one}") == {"count": 3000}
            assert len(incidents(south, one)) == 1
        # What north left in its spool is rolled up and entered; the one log holds.
        until(lambda: not list((data / "nodes/north/spool").glob("*.seg")))
        assert south.ask("GET", f"/api/v1/hunt/count?asset={norths}") == {"count": 3000}
        assert south.ask("GET", "/api/v1/evidence-check")["holds"] is True
        # It starts again, and has its share again.
        with serving("north", data, postgres_url) as again:
            assert again.ask("GET", f"/api/v1/hunt/count?asset={late}") == {"count": 3000}
            assert again.ask("GET", "/readyz")["status"] == "ready"
