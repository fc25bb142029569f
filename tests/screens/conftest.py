"""A real browser on a real server; whatever the browser complains of fails the test."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.processes import PATIENCE, begun, free_port

from stanch.app import opened
from stanch.engine.evidence import Piece
from stanch.settings import Settings
from stanch.vocabulary.approval import Approval, Risk
from stanch.vocabulary.asset import Asset, AssetKind, Criticality
from stanch.vocabulary.casework import Note
from stanch.vocabulary.clock import Clock
from stanch.vocabulary.finding import AttackKind, Blind, Finding, Suspect
from stanch.vocabulary.ids import (
    ActionId,
    ApprovalId,
    AssetId,
    DetectorId,
    IncidentId,
    PlaybookId,
    PrincipalId,
    RunId,
    digest_of,
)
from stanch.vocabulary.incident import (
    Impact,
    Incident,
    Level,
    Phase,
    Reason,
    Severity,
    Verdict,
    VerdictKind,
)
from stanch.vocabulary.people import Role
from stanch.vocabulary.run import Run
from stanch.vocabulary.span import Span

AXE = "axe-core@4.14.1"
CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PASSWORD = "correct horse battery"  # noqa: S105  of people who live for one test
HOSTILE = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    "\u202etxt.exe \x1b[31mred\x1b[0m zero\u200bwidth '\"><b>bold</b> javascript:alert(1)"
)


@cache
def now() -> datetime:
    """When the first folder is filled: a run of all tests may have begun an hour before."""
    return datetime.now(UTC)


@dataclass(kw_only=True)
class Served:
    """A server process, and what is in it."""

    data: Path
    port: int
    process: ExitStack = field(default_factory=ExitStack)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        # The tether ends the server with this process, even when that is killed.
        command = ("stanch.sandbox.tether", "up", "--data", str(self.data))
        one = begun(*command, "--port", str(self.port))
        assert self.process.enter_context(one).told["url"] == self.url

    def stop(self) -> None:
        self.process.close()


def incident(number: int, **change: Any) -> Incident:
    title = f"Model extraction of fraud-scorer, case {number}"
    whole: dict[str, Any] = {
        "id": IncidentId(f"inc-{number:015d}"),
        "title": title,
        "asset": AssetId("fraud-scorer"),
        "opened": now() - timedelta(minutes=5 + number),
        "first_seen": now() - timedelta(minutes=20 + number),
        "updated": now() - timedelta(minutes=4),
        "phase": Phase.DETECTED,
        "verdict": Verdict(
            kind=VerdictKind.ATTACK,
            attack=AttackKind.EXTRACTION,
            confidence=0.93,
            reasons=(Reason(name="who", says="It comes from one key.", weight=2.5),),
        ),
        "severity": Severity(level=Level(1 + number % 3), rank=number % 90, fired=("why",)),
        "impact": Impact(decisions=12, unknown=("who acted on it",)),
        "suspects": (Suspect(principal=PrincipalId("key-91"), share=0.7, confidence=0.9),),
        **change,
    }
    return Incident(**whole)


def finding(number: int, says: str = "key-91 asked 2310 times on a grid.") -> Finding:
    end = now() - timedelta(seconds=number)
    return Finding(
        detector=DetectorId("query_pattern"),
        asset=AssetId("fraud-scorer"),
        window=Span(start=end - timedelta(minutes=10), end=end),
        says=says,
        measured={"requests": 2310.0},
        because=(),
        strength=4.2,
        suspects=(Suspect(principal=PrincipalId("key-91"), share=0.7, confidence=0.9),),
        points_to={AttackKind.EXTRACTION: 0.8},
    )


def question(number: int, shown: str, risk: Risk = Risk.ONE) -> Approval:
    return Approval(
        id=ApprovalId(f"apr-{number:015d}"),
        incident=IncidentId("inc-000000000000001"),
        asset=AssetId("fraud-scorer"),
        action=ActionId("block_principal"),
        risk=risk,
        role=Role.APPROVER,
        shown=shown,
        digest=digest_of(shown.encode()),
        asked=now() - timedelta(minutes=5),
        expires=now() + timedelta(hours=6),
    )


ASKED = (
    "Block key-91 on fraud-scorer?\nWhy: it asked on a grid.\n"
    "Who is hit: 1 principal, 0.4 % of requests.\nIf no: it goes on."
)


def fill(data: Path) -> None:
    """Sixty incidents, a hostile one, questions, a clock, a run, evidence, four people."""
    with opened(Settings(data=data)) as parts:
        for name, role in (("ada", Role.ADMIN), ("ben", Role.APPROVER), ("bea", Role.APPROVER)):
            parts.access.add_user(name, role, by="test", password=PASSWORD)
        parts.access.add_user("vic", Role.VIEWER, by="test", password=PASSWORD)
        with parts.store.begin() as tx:
            tx.assets.add(
                Asset(
                    id=AssetId("fraud-scorer"),
                    kind=AssetKind.MODEL,
                    name="Card fraud scorer",
                    owner="payments",
                    criticality=Criticality.CRITICAL,
                )
            )
            tx.assets.add(
                Asset(
                    id=AssetId("cv-ranker"),
                    kind=AssetKind.MODEL,
                    name="Applicant ranking",
                    owner="people",
                )
            )
            tx.assets.add(
                Asset(
                    id=AssetId("doc-reader"),
                    kind=AssetKind.MODEL,
                    name="Reader of papers",
                    owner="claims",
                )
            )
            tx.assets.add(
                Asset(
                    id=AssetId("voice-reader"),
                    kind=AssetKind.MODEL,
                    name="Reader of voices",
                    owner="care",
                )
            )
            seen = [finding(n) for n in range(60)]
            tx.findings.put(seen, at=now())
            for number in range(1, 61):
                mine = tuple(f.id for f in seen) if number == 1 else ()
                tx.incidents.add(incident(number, findings=mine))
            _hostile(tx)
            for number, risk in ((1, Risk.ONE), (2, Risk.TWO), (3, Risk.ONE), (4, Risk.ONE)):
                tx.approvals.add(question(number, f"{ASKED}\nQuestion {number}.", risk))
            tx.clocks.add(
                Clock(
                    id="clk-1",
                    incident=IncidentId("inc-000000000000001"),
                    duty="Tell the supervisory authority",
                    law="GDPR Art. 33",
                    started=now(),
                    due=now() + timedelta(hours=72),
                )
            )
            tx.runs.add(
                Run(
                    id=RunId("run-1"),
                    playbook=PlaybookId("extraction"),
                    incident=IncidentId("inc-000000000000001"),
                    asset=AssetId("fraud-scorer"),
                    started=now(),
                    updated=now(),
                    says="Waiting for an approver.",
                )
            )
        parts.room.take(
            IncidentId("inc-000000000000099"),
            [Piece(name=f"prompt {HOSTILE}", kind="events", content=HOSTILE.encode())],
            by=HOSTILE[:60],
        )
        parts.recorder.drain()


def _hostile(tx: Any) -> None:
    """One incident in which every field that anybody can write is an attack."""
    seen = finding(999, HOSTILE)
    tx.findings.put([seen], at=now())
    tx.assets.add(Asset(id=AssetId("hostile"), kind=AssetKind.AGENT, name=HOSTILE, owner=HOSTILE))
    tx.incidents.add(
        incident(
            99,
            title=HOSTILE,
            asset=AssetId("hostile"),
            findings=(seen.id,),
            commander=HOSTILE,
            reported_by=HOSTILE,
            suspects=(Suspect(principal=PrincipalId(HOSTILE), share=0.5, confidence=0.9),),
            verdict=Verdict(
                kind=VerdictKind.ATTACK,
                attack=AttackKind.PROMPT_INJECTION,
                confidence=0.9,
                reasons=(Reason(name="x", says=HOSTILE, weight=1.0),),
                by=HOSTILE,
            ),
            severity=Severity(
                level=Level.HIGH, rank=99, vector=HOSTILE, fired=(HOSTILE,), would_change=(HOSTILE,)
            ),
            impact=Impact(data_classes=(HOSTILE,), unknown=(HOSTILE,)),
            atlas=(HOSTILE,),
        )
    )
    tx.notes.add(
        Note(
            id="note-x",
            incident=IncidentId("inc-000000000000099"),
            at=now(),
            by=HOSTILE,
            text=f"{HOSTILE}\n\n[click](javascript:alert(1)) ![x](http://evil.example/x.png)",
        )
    )
    tx.blinds.say(Blind(detector=DetectorId("x"), asset=AssetId("hostile"), why=HOSTILE), at=now())
    shown = f"{HOSTILE}\n{HOSTILE}"
    tx.approvals.add(question(99, shown))


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with believable nouns, to be copied."""
    data = tmp_path_factory.mktemp("filled") / "data"
    fill(data)
    return data


@pytest.fixture(scope="session")
def served(filled: Path) -> Iterator[Served]:
    """One server for the tests that do not disturb each other."""
    one = Served(data=filled, port=free_port())
    with one.process:
        one.start()
        yield one


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Served]:
    """A server of this test's own, to be stopped and started."""
    fill(tmp_path / "data")
    one = Served(data=tmp_path / "data", port=free_port())
    with one.process:
        one.start()
        yield one


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Debian's Chromium; no longer than a module, for while it is there a loop runs here."""
    if not Path(CHROMIUM).exists():
        why = f"needs_browser: {CHROMIUM} is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  only where a browser is

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass(kw_only=True)
class Watched:
    """What browsers complained of while a test ran."""

    allowed: list[str] = field(default_factory=list)
    """Pieces of complaints that the test expects."""
    complaints: list[str] = field(default_factory=list)

    def watch(self, page: Any, origin: str) -> None:
        def broke(error: Any) -> None:
            self.complaints.append(f"script: {error}")

        def asked(one: Any) -> None:
            if not str(one.url).startswith((origin, "data:", "blob:")):
                self.complaints.append(f"left the machine: {one.url}")

        page.on("pageerror", broke)
        page.on("console", self._said)
        page.on("dialog", self._dialog)
        page.on("request", asked)

    def _said(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text}")

    def _dialog(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@pytest.fixture
def watched() -> Iterator[Watched]:
    """Fails the test when a browser complained: of the content policy, of a script, of anything."""
    one = Watched()
    yield one
    found = [c for c in one.complaints if not any(a in c for a in one.allowed)]
    assert not found, found


Visit = Callable[..., Any]


@pytest.fixture(scope="session")
def known() -> dict[tuple[str, str], Any]:
    """The cookies of those who logged in once, by server and person."""
    return {}


@pytest.fixture
def visit(
    chromium: Any, served: Served, watched: Watched, known: dict[tuple[str, str], Any]
) -> Iterator[Visit]:
    """Opens a browser of its own, logged in as this person; options are Playwright's."""
    contexts = []

    def come(name: str = "ben", *, server: Served = served, **options: Any) -> Any:
        options.setdefault("viewport", {"width": 1280, "height": 900})
        again = known.get((str(server.data), name)) if name else None
        context = chromium.new_context(storage_state=again, **options)
        contexts.append(context)
        page = context.new_page()
        watched.watch(page, server.url)
        page.set_default_timeout(1000 * PATIENCE)
        if again:
            page.goto(f"{server.url}/")
        elif name:
            page.goto(f"{server.url}/login")
            page.fill("#name", name)
            page.fill("#password", PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_url(f"{server.url}/")
            known[str(server.data), name] = context.storage_state()
        return page

    yield come
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def axe() -> Iterator[str]:
    """The text of axe-core, fetched by npm into a folder that is gone afterwards."""
    npm = shutil.which("npm")
    folder = Path(tempfile.mkdtemp(prefix="stanch-axe-"))
    try:
        done = None
        if npm is not None:
            done = subprocess.run(
                [npm, "install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", AXE],
                cwd=folder,
                capture_output=True,
                check=False,
                timeout=PATIENCE,
            )
        if done is None or done.returncode != 0:
            why = "axe: npm could not install axe-core"
            if os.environ.get("CI") == "true":
                pytest.fail(why)
            pytest.skip(why)
        yield (folder / "node_modules/axe-core/axe.min.js").read_text("utf-8")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
