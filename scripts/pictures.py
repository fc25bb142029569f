"""Takes the pictures of the console that the docs show, on a store filled by `bench.seed`.

`python scripts/pictures.py` writes docs/img/*.png; look at each of them before it is committed.
"""

import importlib
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "img"
sys.path.insert(0, str(ROOT))
INCIDENTS, FINDINGS, EVENTS = 41, 1200, 5000
CASE = f"/incidents/inc-{INCIDENTS - 1:015d}"
TABLETOPS = "/drills/tabletops"
ADMINS = ("/rules/new", "/settings/outside")
WIDE, PHONE = (1360, 850), (390, 780)
PICTURES = (
    ("console-home", "/", WIDE, "light"),
    ("console-incidents", "/incidents", WIDE, "light"),
    ("console-incident", CASE, WIDE, "light"),
    ("console-now", CASE, PHONE, "light"),
    ("console-timeline", f"{CASE}/timeline", WIDE, "dark"),
    ("console-act", f"{CASE}/act?act=throttle&arg.rate=6/min&why=It+goes+on.", WIDE, "light"),
    ("console-board", "/board", WIDE, "light"),
    ("console-question", "/approvals", PHONE, "light"),
    ("console-rule", "/rules/new", WIDE, "light"),
    ("console-outside", "/settings/outside", WIDE, "light"),
    ("console-audit", "/audit", WIDE, "light"),
    ("console-paper", f"{CASE}/paper", WIDE, "light"),
    ("console-tabletop", TABLETOPS, WIDE, "light"),
)


def main(*wanted: str) -> None:
    """Writes every picture, or those that are named."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  only where pictures are taken

    seed, bench = importlib.import_module("bench.seed"), importlib.import_module("bench.console")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        data = Path(folder) / "data"
        seed.fill(data, INCIDENTS, FINDINGS, EVENTS)
        browser = play.chromium.launch(executable_path=bench.CHROMIUM, args=list(bench.FLAGS))
        with bench.served(data) as (url, _):
            for name, path, size, scheme in (p for p in PICTURES if p[0] in (wanted or p)):
                taken(browser, url, path, (size, scheme)).screenshot(path=IMAGES / f"{name}.png")
        browser.close()


def taken(browser: Any, url: str, path: str, look: tuple[tuple[int, int], str]) -> Any:
    """The page as it is when somebody looks at it."""
    (width, height), scheme = look
    size = {"width": width, "height": height}
    page = browser.new_context(viewport=size, color_scheme=scheme).new_page()
    page.goto(f"{url}/login")
    page.fill("#name", "ada" if path in ADMINS else "ben")
    page.fill("#password", importlib.import_module("bench.seed").PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{url}/")
    page.goto(f"{url}{path}")
    if path == "/approvals":
        page.locator("[data-open-row]").first.click()
        page.locator("article.question").wait_for()
    if path == TABLETOPS:
        page.click("button[aria-label='Start The scores moved overnight']")
        page.click("button:text('Next inject now')")
    page.locator('[data-live-state][data-state="on"]').wait_for()
    return page


if __name__ == "__main__":
    main(*sys.argv[1:])
