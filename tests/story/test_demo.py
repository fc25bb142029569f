"""The demo, as a newcomer runs it: an attack is found, asked about, contained and undone."""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sklearn")


def until(done: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.25)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_demo_shows_an_attack_from_its_finding_to_its_undoing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with subprocess.Popen(
        [sys.executable, "-m", "stanch", "up", "--demo", "--data", str(data), "--port", "0"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={"TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
        text=True,
    ) as process:
        until((data / "server.json").is_file, 60)
        url = str(json.loads((data / "server.json").read_text())["url"])
        key = (data / "admin.key").read_text().strip()

        def ask(path: str, body: object = None) -> Any:
            head = {"authorization": f"Bearer {key}", "content-type": "application/json"}
            sent = None if body is None else json.dumps(body).encode()
            request = urllib.request.Request(url + path, sent, head)  # noqa: S310  our own server
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  likewise
                return json.load(answer)

        until(lambda: bool(ask("/api/v1/drills")["live"]), 240)
        name = ask("/api/v1/drills")["live"]
        run = ask(f"/api/v1/drills/{name}", {"live": True})
        # The newcomer says yes to what is asked.
        until(lambda: bool(ask("/api/v1/approvals?state=open")["items"]), 120)
        (asked, *_) = ask("/api/v1/approvals?state=open")["items"]
        ask(f"/api/v1/approvals/{asked['id']}", {"yes": True, "digest": asked["digest"]})
        until(lambda: ask(f"/api/v1/drill-runs/{run['id']}")["ended"] is not None, 240)
        over = ask(f"/api/v1/drill-runs/{run['id']}")
        assert over["seconds"]["incident"] is not None, over
        assert over["seconds"]["contained"] is not None, over
        assert "All is taken back" in over["says"], over
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert process.stderr is not None
        assert "The demo: it is over: " in process.stderr.read()
    assert not list(tmp_path.glob("stanch-demo-*"))
