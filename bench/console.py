"""The console: how long a page takes to its first paint, how much it weighs, how soon it changes.

    python -m bench.console [incidents] [findings] [an already seeded folder]

A server on a store seeded by `bench.seed`, and Debian's Chromium. For each page: the server's own
time, the first contentful paint, the weight of all that was fetched; then the time from a note that
was written to its being seen in another browser.
"""

import importlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

SEED = importlib.import_module("bench.seed")

CHROMIUM = "/usr/bin/chromium"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
ROUNDS = 12
BOUND_MS, BOUND_BYTES, BOUND_LIVE_MS = 300, 200_000, 1000
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
    "/incidents/{newest}/actions",
    "/findings",
    "/findings?q=attack:extraction since:7d",
    "/approvals",
    "/board",
    "/assets/fraud-scorer",
)


def main() -> None:
    incidents = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    findings = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        data = Path(sys.argv[3]) if len(sys.argv) > 3 else Path(folder) / "data"
        if not data.exists():
            SEED.fill(data, incidents, findings)
        with served(data) as (url, pid):
            pages, live = measured(url, f"inc-{incidents - 1:015d}")
            idle = idle_share(url, pid)
    print(f"{'page':62} {'server p50':>11} {'paint p50':>10} {'p95':>7} {'weight':>8}")
    for one in pages:
        print(
            f"{one['path']:62} {one['server_ms']:9.0f}ms {one['paint_ms']:8.0f}ms "
            f"{one['paint_p95_ms']:5.0f}ms {one['weight'] / 1000:6.0f}kB"
        )
    print(f"a change is seen in another browser after {live:.0f} ms (bound {BOUND_LIVE_MS})")
    print(f"50 open browsers take {idle:.1%} of one core")
    result = {
        "machine": {
            "platform": platform.platform(),
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "load": os.getloadavg()[0],
        },
        "store": {"incidents": incidents, "findings": findings},
        "bounds": {"paint_ms": BOUND_MS, "weight": BOUND_BYTES, "live_ms": BOUND_LIVE_MS},
        "pages": pages,
        "live_ms": round(live),
        "idle_share_of_a_core_with_50_streams": round(idle, 4),
    }
    OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


@contextmanager
def served(data: Path) -> Iterator[tuple[str, int]]:
    command = [sys.executable, "-m", "stanch", "up", "--data", str(data), "--port", "0", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    try:
        lines = b""
        while not lines.rstrip().endswith(b"}"):
            lines += process.stdout.readline()
        yield json.loads(lines)["url"], process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()


def measured(url: str, newest: str) -> tuple[list[dict[str, Any]], float]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  only where it is measured

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = entered(browser, url, "ben")
        pages = [one_page(page, url, path, newest) for path in PATHS]
        other = entered(browser, url, "ada")
        live = median(live_ms(page, other, f"{url}/incidents/{newest}/notes") for _ in range(5))
        browser.close()
    return pages, live


def entered(browser: Any, url: str, name: str) -> Any:
    page = browser.new_context(viewport={"width": 1360, "height": 900}).new_page()
    page.goto(f"{url}/login")
    page.fill("#name", name)
    page.fill("#password", SEED.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{url}/")
    return page


def one_page(page: Any, url: str, path: str, newest: str) -> dict[str, Any]:
    found = []
    for _ in range(ROUNDS):
        page.goto(url + path.format(newest=newest), wait_until="load")
        while not page.evaluate("performance.getEntriesByName('first-contentful-paint').length"):
            page.wait_for_timeout(5)
        found.append(page.evaluate(_PAINT))
    paints = sorted(one[0] for one in found)
    return {
        "path": path,
        "server_ms": round(median(one[1] for one in found), 1),
        "paint_ms": round(median(paints), 1),
        "paint_p95_ms": round(quantiles(paints, n=20)[-1], 1),
        "weight": max(one[2] for one in found),
    }


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
    for _ in range(50):
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


def spent(pid: int) -> float:
    """CPU seconds of the process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
