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
from tests.processes import PATIENCE

pytest.importorskip("sklearn")
CHROMIUM = Path("/usr/bin/chromium")
PASSWORD = "correct horse battery"  # noqa: S105  of somebody who lives for one test
Ask = Callable[..., Any]


def until(done: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.25)


def by_hand_of_a_program(url: str, link: str, ask: Ask) -> str:
    """The run that a newcomer without a browser begins, and says yes in."""
    assert link.startswith(url)
    name = ask("/api/v1/drills")["live"]
    run = ask(f"/api/v1/drills/{name}", {"live": True})
    until(lambda: bool(ask("/api/v1/approvals?state=open")["items"]), 240)
    (asked, *_) = ask("/api/v1/approvals?state=open")["items"]
    ask(f"/api/v1/approvals/{asked['id']}", {"yes": True, "digest": asked["digest"]})
    until(lambda: ask(f"/api/v1/drill-runs/{run['id']}")["ended"] is not None, 240)
    return str(run["id"])


def in_a_browser(url: str, link: str, _: Ask) -> str:
    """The same by the pages: the first account, the attack, the answer, and then the tour."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  only where a browser is

    said: list[str] = []
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = browser.new_page()
        page.set_default_timeout(240_000)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
        page.goto(link)
        page.fill("#name", "ada")
        page.fill("#password", PASSWORD)
        page.get_by_role("button", name="Begin").click()
        page.get_by_role("link", name="Take the tour").wait_for()
        page.goto(f"{url}/drills")
        page.get_by_role("button", name="Attack now").click()
        page.locator("#drill [aria-current=step]", has_text="the attack").wait_for()
        drill = page.url
        page.goto(f"{url}/approvals")
        page.locator("[data-open-row]").first.click()
        page.locator("button[data-yes]").click()
        page.locator("article.question .tag.yes").first.wait_for()
        page.goto(drill)
        page.get_by_text("All is taken back").first.wait_for()
        toured(page, url)
        browser.close()
    assert not said, said
    return str(drill.rpartition("/")[2])


def toured(page: Any, url: str) -> None:
    """Takes the tour from its first place to its last; then home speaks of it no more."""
    page.goto(f"{url}/tour")
    titles = []
    while True:
        titles.append(str(page.locator(".tour p").first.inner_text()).partition(":")[0])
        onward = page.locator(".tour a[data-next]")
        if not onward.count():
            break
        onward.click()
        page.wait_for_function(
            "was => !document.querySelector('.tour p')?.innerText.startsWith(was)", arg=titles[-1]
        )
    assert titles == [f"{n} of {len(titles)}" for n in range(1, len(titles) + 1)]
    assert len(titles) > 1
    page.locator(".tour").get_by_role("button", name="Done").click()
    page.goto(f"{url}/")
    assert not page.get_by_role("link", name="Take the tour").count()


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
        assert process.stderr is not None
        link = next(line.strip() for line in process.stderr if "/welcome/" in line)
        until((data / "server.json").is_file, 240)
        url = str(json.loads((data / "server.json").read_text())["url"])
        key = (data / "admin.key").read_text().strip()

        def ask(path: str, body: object = None) -> Any:
            head = {"authorization": f"Bearer {key}", "content-type": "application/json"}
            sent = None if body is None else json.dumps(body).encode()
            request = urllib.request.Request(url + path, sent, head)  # noqa: S310  our own server
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310  likewise
                return json.load(answer)

        until(lambda: bool(ask("/api/v1/drills")["live"]), 240)
        newcomer = in_a_browser if CHROMIUM.exists() else by_hand_of_a_program
        run = newcomer(url, link, ask)
        over = ask(f"/api/v1/drill-runs/{run}")
        assert over["seconds"]["incident"] is not None, over
        assert over["seconds"]["contained"] is not None, over
        assert "All is taken back" in over["says"], over
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        assert "The demo: it is over: " in process.stderr.read()
    assert not list(tmp_path.glob("stanch-demo-*"))
