"""A hospital joins: two real processes, counts and no rows, a lost upstream, a forger."""

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.processes import PATIENCE, Server, rows, serving, until

from stanch.engine.sites import LEAD

ASSET = {
    "id": "scan",
    "kind": "model",
    "name": "Scan reader",
    "owner": "radiology",
    "features": [{"name": "dose"}, {"name": "area"}],
}


def stanch(*arguments: str, data: Path) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "stanch", *arguments, "--data", str(data), "--json"],
        capture_output=True,
        check=True,
        timeout=PATIENCE,
    )
    return json.loads(done.stdout)


@contextmanager
def joined(folder: Path) -> Iterator[tuple[Server, Server]]:
    """A centre, and a site that joined it by the commands that the how-to page names."""
    hospital = folder / "hospital"
    with serving("up", "--port", "0", data=folder / "centre") as centre:
        assert centre.ask("POST", "/api/v1/assets", ASSET)["id"] == "scan"
        made = centre.ask("POST", "/api/v1/assets/scan/baselines", rows("golden", "scan", 0, 60))
        assert "id" in made, made
        public = stanch("edge", "key", data=hospital)["public"]
        at = ("--public", public, "--asset", "scan")
        assert stanch("site", "add", "hospital", *at, data=folder / "centre")["number"] == 0
        secret = stanch("key", "create", "--scope", "ingest", data=folder / "centre")["secret"]
        (folder / "key").write_text(secret)
        with serving(
            *("edge", "up", "--port", "0", "--upstream", centre.url, "--site", "hospital"),
            *("--asset", "scan", "--key-file", str(folder / "key")),
            data=hospital,
        ) as edge:
            until(lambda: edge.ask("GET", "/api/v1/assets/scan/baselines/current").get("digest"))
            yield centre, edge


def site(centre: Server) -> dict[str, Any]:
    return dict(centre.ask("GET", "/api/v1/sites/hospital"))


def refusals(centre: Server) -> list[str]:
    found = centre.ask("GET", "/api/v1/findings?detector=site_summaries")["items"]
    return [one["says"] for one in found]


@contextmanager
def stopped(server: Server) -> Iterator[None]:
    """The server stands still meanwhile."""
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.process.pid, signal.SIGCONT)


def sent(centre: Server, key: Ed25519PrivateKey) -> dict[str, Any]:
    """What the centre says to counts of the hospital that are signed with this key."""
    signed = base64.b64encode(key.sign(LEAD + b"counts")).decode()
    headers = {"content-type": "application/octet-stream", "stanch-signature": signed}
    return dict(centre.ask("POST", "/api/v1/sites/hospital/minutes", b"counts", **headers))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_hospital_joins_and_its_rows_stay_there(tmp_path: Path) -> None:
    with joined(tmp_path) as (centre, edge):
        assert edge.ask("GET", "/api/v1/assets/scan")["features"] == [
            {"name": "dose", "type": "number"},
            {"name": "area", "type": "number"},
        ]

        # An attack there is an incident here, and no row leaves the site.
        assert edge.ask("POST", "/api/v1/events", rows("odd", "scan", 3, 9))["accepted"] == 3000
        found = until(lambda: centre.ask("GET", "/api/v1/incidents?asset=scan")["items"])
        assert found[0]["findings"] > 0
        assert edge.ask("GET", "/api/v1/incidents?asset=scan")["items"]
        assert centre.ask("GET", "/api/v1/hunt/count?asset=scan") == {"count": 0}
        assert edge.ask("GET", "/api/v1/hunt/count?asset=scan") == {"count": 3000}
        assert site(centre)["number"] >= 2

        # A stopped centre costs the site nothing.
        before = site(centre)["number"]
        with stopped(centre):
            late = edge.ask("POST", "/api/v1/events", rows("cut-off", "scan", 0, 6, 500))
            assert late["accepted"] == 500
        assert until(lambda: site(centre)["number"] > before)
        assert refusals(centre) == []

        # A forger is refused, and so is a revoked site that signs well; both are findings.
        forger = Ed25519PrivateKey.from_private_bytes(b"f" * 32)
        told = sent(centre, forger)
        assert (told["status"], told["type"]) == (403, "refused")
        assert any("signature" in one for one in until(lambda: refusals(centre)))
        secret = (tmp_path / "hospital/keys/site.secret").read_bytes()
        stanch("site", "revoke", "hospital", data=tmp_path / "centre")
        told = sent(centre, Ed25519PrivateKey.from_private_bytes(secret))
        assert "revoked" in told["detail"]
        assert stanch("site", "list", data=tmp_path / "centre")["items"][0]["revoked"]
