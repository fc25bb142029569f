"""The demo attacks three times over: in a row, and after its incident was closed."""

import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.processes import PATIENCE

pytest.importorskip("sklearn")


def until(done: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.25)


class Newcomer:
    """Somebody at the demo, by its programs' door."""

    def __init__(self, data: Path) -> None:
        self.url = str(json.loads((data / "server.json").read_text())["url"])
        self.key = (data / "admin.key").read_text().strip()

    def ask(self, path: str, body: object = None) -> Any:
        head = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, sent, head)  # noqa: S310  our own server
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310  likewise
            return json.load(answer)

    def idle(self) -> bool:
        board = self.ask("/api/v1/drills")
        return bool(board["live"]) and board["running"] is None

    def attacks(self) -> Any:
        """One play to its end, in which they say yes to what is asked."""
        until(self.idle, 240)
        run = self.ask("/api/v1/drills/unsigned_model", {"live": True})
        assert self.ask("/api/v1/drills")["due"] is None
        until(lambda: self.over(run["id"]) or self.says_yes(), 240)
        until(lambda: self.over(run["id"]), 240)
        played = self.ask(f"/api/v1/drill-runs/{run['id']}")
        assert played["seconds"]["incident"] is not None, played
        assert played["seconds"]["contained"] is not None, played
        assert "All is taken back" in played["says"], played
        assert played["score"]["right"], played
        return played

    def over(self, run: str) -> bool:
        return self.ask(f"/api/v1/drill-runs/{run}")["ended"] is not None

    def says_yes(self) -> bool:
        asked = self.ask("/api/v1/approvals?state=open")["items"]
        for one in asked:
            # Answered a moment before by the demo's own person, it is refused.
            with suppress(urllib.error.HTTPError):
                self.ask(f"/api/v1/approvals/{one['id']}", {"yes": True, "digest": one["digest"]})
        return bool(asked)

    def incidents(self) -> list[Any]:
        """Those of the demo's model that are attacks, oldest first."""
        every = [line["incident"] for line in self.ask("/api/v1/incidents")["items"]]
        mine = [i for i in every if i["asset"] == "digit-reader" and i["verdict"]["attack"]]
        return sorted(mine, key=lambda i: str(i["opened"]))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_demo_attacks_as_often_as_it_is_asked_also_after_undo_and_close(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with subprocess.Popen(
        [sys.executable, "-m", "stanch", "up", "--demo", "--data", str(data), "--port", "0"],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={"TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
    ) as process:
        until((data / "server.json").is_file, 240)
        ada = Newcomer(data)
        ada.attacks()
        (first,) = ada.incidents()
        # While it is open: all was taken back, so it is answered by another round.
        ada.attacks()
        (now,) = ada.incidents()
        assert (now["id"], now["again"] > 0) == (first["id"], True)
        rounds = ada.ask(f"/api/v1/runs?incident={first['id']}")["items"]
        assert max(run["round"] for run in rounds) > 1
        # After it was closed: a new one, which says where it was before.
        step = {"to": "closed", "seen": now["version"], "why": "It was only shown."}
        ada.ask(f"/api/v1/incidents/{first['id']}/phase", step)
        ada.attacks()
        assert ada.incidents()[-1]["came_back"] == first["id"]
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
