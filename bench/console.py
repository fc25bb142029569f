"""The console: first paint, weight, interaction, live change, and what open browsers cost.

    python -m bench.console [incidents] [findings] [events] [an already seeded folder] [pages]

`pages` names the beginnings of paths, with commas: only those are measured, beside what is known
of the others.

A server on a store seeded by `bench.seed`, and Debian's Chromium. For each page: the server's own
time, the first contentful paint, the weight of all that was fetched. For each key: the time from
the press to its effect on the page. Then the time from a note that was written to its being seen in
another browser, and what fifty open streams cost the server.
"""

import importlib
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from bench.words import words

SEED = importlib.import_module("bench.seed")

CHROMIUM = "/usr/bin/chromium"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
ROUNDS = 20
BOUND_MS, BOUND_BYTES, BOUND_LIVE_MS, BOUND_KEY_MS = 300, 200_000, 1000, 100
BROWSERS = 50
IDLE = f"idle_share_of_a_core_with_{BROWSERS}_streams"
LARGE = 10_000
"""Findings of the one incident that has more than any other."""
_PAINT = """() => {
  const whole = performance.getEntriesByType("navigation")[0];
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  const weight = performance.getEntries().reduce((s, e) => s + (e.decodedBodySize ?? 0), 0);
  return [paint.startTime, whole.responseEnd - whole.requestStart, weight];
}"""


OUT = Path(__file__).parent / "results" / "console.json"
PATHS = (
    "/",
    "/incidents",
    "/incidents?q=is:open severity:high OR is:open verdict:undecided",
    "/incidents/{newest}",
    "/incidents/{newest}/timeline",
    "/incidents/{newest}/findings",
    "/incidents/{newest}/evidence",
    "/incidents/{newest}/graph",
    "/incidents/{newest}/actions",
    "/incidents/{newest}/runs",
    "/incidents/{newest}/audit",
    "/incidents/{large}",
    "/incidents/{large}/timeline",
    "/incidents/{large}/findings",
    "/findings",
    "/findings?q=attack:extraction since:7d",
    "/events",
    "/events?q=principal:key-91",
    "/approvals",
    "/clocks",
    "/evidence",
    "/audit",
    "/audit?by=ben",
    "/runs",
    "/board",
    "/assets",
    "/assets/fraud-scorer",
    "/principals?name=key-91",
    "/playbooks",
    "/playbooks/extraction",
    "/playbooks/extraction/edit",
    "/measures",
    "/rules",
    "/rules/guessed_login",
    "/rules/guessed_login/edit",
    "/drills",
    "/drills/tabletops",
    "/drills/tabletops/{play}",
    "/drills/tabletops/{over}/report",
    "/settings",
    "/settings/outside",
)
ADMINS = ("/edit", "/settings", "/settings/outside")
"""What only an admin sees."""
KEYS = (
    ("next row", "/incidents", "j", "document.activeElement?.closest('[data-row]')"),
    ("pick a row", "/incidents", "x", "document.querySelector('[data-bulk]:not([hidden])')"),
    ("look beside", "/incidents", " ", "document.querySelector('#drawer h1')"),
    ("palette", "/incidents", "ctrl k", "document.querySelector('#palette[open] li')"),
    ("key sheet", "/incidents", "?", "document.querySelector('#keys[open]')"),
    ("UTC or local", "/incidents/{newest}", "t", "document.documentElement.dataset.zone !== was"),
)
_PRESS = """async ([key, effect]) => {
  const was = document.documentElement.dataset.zone;
  const seen = new Function("was", `return ${effect}`).bind(null, was);
  const told = { key: key.replace("ctrl ", ""), ctrlKey: key.startsWith("ctrl "), bubbles: true };
  const start = performance.now();
  (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent("keydown", told));
  while (!seen() && performance.now() - start < 5000) await new Promise(requestAnimationFrame);
  return performance.now() - start;
}"""


def main() -> None:
    words(__doc__, most=5)
    incidents = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    findings = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    events = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000
    only = tuple(sys.argv[5].split(",")) if len(sys.argv) > 5 else ()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(sys.argv[4]) if len(sys.argv) > 4 else Path(folder) / "data"
        if not data.exists():
            SEED.fill(data, incidents, findings, events)
            SEED.large(data, LARGE)
        names = {"newest": f"inc-{incidents - 1:015d}", "large": f"inc-{SEED.LARGE:015d}"}
        with served(data) as (url, pid):
            settled(pid)
            pages, told = measured(url, names, only)
            if not only:
                settled(pid)
                told[IDLE] = round(idle_share(url, pid), 4)
    print(f"{'page':62} {'server p50':>11} {'paint p50':>10} {'p95':>7} {'weight':>8}")
    for one in pages:
        print(
            f"{one['path']:62} {one['server_ms']:9.0f}ms {one['paint_ms']:8.0f}ms "
            f"{one['paint_p95_ms']:5.0f}ms {one['weight'] / 1000:6.0f}kB"
        )
    for one in told.get("keys", ()):
        print(f"{one['key']:62} {'':22} {one['p95_ms']:5.0f}ms to the effect")
    if not only:
        print(f"a change is seen elsewhere after {told['live_ms']} ms (bound {BOUND_LIVE_MS})")
        print(f"{BROWSERS} open browsers take {told[IDLE]:.1%} of one core")
    before = json.loads(OUT.read_text(encoding="utf-8")) if only and OUT.exists() else {}
    known = {one["path"]: one for one in (*before.get("pages", ()), *pages)}
    result = {
        **before,
        "machine": {
            "platform": platform.platform(),
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "load": os.getloadavg()[0],
        },
        "store": {
            "incidents": incidents,
            "findings": findings,
            "events": events,
            "findings_of_the_largest": LARGE,
        },
        "bounds": {
            "paint_ms": BOUND_MS,
            "weight": BOUND_BYTES,
            "live_ms": BOUND_LIVE_MS,
            "key_ms": BOUND_KEY_MS,
        },
        "pages": [known[path] for path in PATHS if path in known],
        **told,
    }
    OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


@contextmanager
def served(data: Path) -> Iterator[tuple[str, int]]:
    # The tether ends the server when this process is gone, even when it was killed.
    command = [sys.executable, "-m", "stanch.sandbox.tether", "up", "--data", str(data)]
    process = subprocess.Popen(
        [*command, "--port", "0", "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        lines = b""
        while not lines.rstrip().endswith(b"}"):
            line = process.stdout.readline()
            assert line, "the server ended before it answered"
            lines += line
        yield json.loads(lines)["url"], process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()
        process.stdin.close()


def measured(
    url: str, names: dict[str, str], only: tuple[str, ...]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  only where it is measured

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page, other = entered(browser, url, "ben"), entered(browser, url, "ada")
        names = {**names, "play": begun(page, url), "over": begun(page, url, ends=True)}
        pages = [
            one_page(other if path.endswith(ADMINS) else page, url, path, names)
            for path in PATHS
            if not only or path.startswith(only)
        ]
        told: dict[str, Any] = {}
        if not only:
            told["keys"] = [one_key(page, url, names, key) for key in KEYS]
            where = f"{url}/incidents/{names['newest']}/notes"
            told["live_ms"] = round(median(live_ms(page, other, where) for _ in range(5)))
        browser.close()
    return pages, told


def begun(page: Any, url: str, *, ends: bool = False) -> str:
    """The id of a tabletop that is played now, or was."""
    page.goto(f"{url}/drills/tabletops")
    page.locator("form[action$='/start'] button").first.click()
    page.wait_for_url("**/drills/tabletops/*")
    play = str(page.url).rpartition("/")[2]
    for _ in range(2):
        page.get_by_role("button", name="Next inject now").click()
    if ends:
        page.get_by_role("button", name="End it").click()
        page.wait_for_url("**/report")
    return play


def one_key(
    page: Any, url: str, names: dict[str, str], key: tuple[str, str, str, str]
) -> dict[str, Any]:
    title, path, press, effect = key
    times = []
    for _ in range(ROUNDS):
        page.goto(url + path.format(**names), wait_until="load")
        page.locator("html[data-js]").wait_for()
        if press in {"x", " "}:
            page.keyboard.press("j")
        times.append(page.evaluate(_PRESS, [press, effect]))
    return {
        "key": title,
        "median_ms": round(median(times), 1),
        "p95_ms": round(most(times), 1),
    }


def entered(browser: Any, url: str, name: str) -> Any:
    page = browser.new_context(viewport={"width": 1360, "height": 900}).new_page()
    page.goto(f"{url}/login")
    page.fill("#name", name)
    page.fill("#password", SEED.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{url}/")
    return page


def one_page(page: Any, url: str, path: str, names: dict[str, str]) -> dict[str, Any]:
    found = []
    for _ in range(ROUNDS):
        page.goto(url + path.format(**names), wait_until="load")
        while not page.evaluate("performance.getEntriesByName('first-contentful-paint').length"):
            page.wait_for_timeout(5)
        found.append(page.evaluate(_PAINT))
    paints = sorted(one[0] for one in found)
    return {
        "path": path,
        "server_ms": round(median(one[1] for one in found), 1),
        "paint_ms": round(median(paints), 1),
        "paint_p95_ms": round(most(paints), 1),
        "weight": max(one[2] for one in found),
    }


def most(times: list[float]) -> float:
    """What nineteen of twenty took no longer than: one of those that were seen, never beyond."""
    return sorted(times)[math.ceil(0.95 * len(times)) - 1]


def live_ms(writer: Any, reader: Any, where: str) -> float:
    reader.goto(where)
    reader.locator('[data-live-state][data-state="on"]').wait_for()
    writer.goto(where)
    words = f"seen at {time.monotonic()}"
    writer.fill("#text", words)
    started = time.monotonic()
    writer.get_by_role("button", name="Save the note").click(no_wait_after=True)
    reader.get_by_text(words).wait_for()
    return 1000 * (time.monotonic() - started)


def idle_share(url: str, pid: int) -> float:
    import http.client  # noqa: PLC0415  only here
    from http.cookies import SimpleCookie  # noqa: PLC0415  only here

    host = url.removeprefix("http://")
    login = http.client.HTTPConnection(host, timeout=30)
    body = json.dumps({"name": "ben", "password": SEED.PASSWORD})
    login.request("POST", "/api/v1/sessions", body, {"content-type": "application/json"})
    answer = login.getresponse()
    answer.read()
    cookie = SimpleCookie(answer.headers["set-cookie"])["stanch_session"].value
    login.close()
    links = []
    for _ in range(BROWSERS):
        link = http.client.HTTPConnection(host, timeout=30)
        link.request("GET", "/api/v1/stream", headers={"cookie": f"stanch_session={cookie}"})
        link.getresponse()
        links.append(link)
    before, at = spent(pid), time.monotonic()
    time.sleep(10)
    share = (spent(pid) - before) / (time.monotonic() - at)
    for link in links:
        link.close()
    return share


def settled(pid: int) -> None:
    """Waits until the server has taken in what was seeded, three minutes at the most."""
    end = time.monotonic() + 180
    while time.monotonic() < end:
        before, at = spent(pid), time.monotonic()
        time.sleep(3)
        if (spent(pid) - before) / (time.monotonic() - at) < 0.15:
            return


def spent(pid: int) -> float:
    """CPU seconds of the process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
