"""Two processes on one PostgreSQL and one folder: one stands still and is killed, and none of its
work is lost or done twice.
"""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.processes import PATIENCE, Server, rows, serving, until

from stanch.engine.shares import doer, slot_of

pytestmark = pytest.mark.needs_postgres
UP = ("up", "--port", "0", "--node")
BOTH = frozenset({"north", "south"})


def asset_of(node: str, number: int = 0) -> str:
    """The name of an asset that this process watches while both live."""
    names = (f"model-{n}" for n in range(1000))
    own = [n for n in names if doer(f"assets/{slot_of(n)}", BOTH) == node]
    return own[number]


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


WRITING = b"""
    SELECT pid, xact_start FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND (classid::bigint << 32) + objid::bigint = %d
""" % int.from_bytes(b"stanch")
"""The transaction that holds the writer's lock."""


def stands_still(server: Server, database: str) -> None:
    """It is stopped while it writes nothing: a write that it held open would hold up the others."""
    import psycopg  # noqa: PLC0415  only where PostgreSQL is driven

    with psycopg.connect(database, autocommit=True) as link:
        while True:
            os.kill(server.process.pid, signal.SIGSTOP)
            before = set(link.execute(WRITING).fetchall())
            link.execute(b"SELECT pg_sleep(0.5)")
            if not before & set(link.execute(WRITING).fetchall()):
                return
            os.kill(server.process.pid, signal.SIGCONT)
            link.execute(b"SELECT pg_sleep(0.3)")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_killed_process_leaves_no_row_uncounted_and_no_asset_unwatched(
    tmp_path: Path, postgres_url: str
) -> None:
    norths, souths = asset_of("north"), asset_of("south")
    late, last = asset_of("north", 1), asset_of("north", 2)
    data = tmp_path / "data"
    with (
        serving(*UP, "north", data=data, STANCH_DATABASE=postgres_url) as north,
        serving(*UP, "south", data=data, STANCH_DATABASE=postgres_url) as south,
    ):
        for one in (norths, souths, late, last):
            known(north, one)
        # Both assets' rows go to one process; each is watched by the process whose share it is.
        sent(north, norths)
        sent(north, souths)
        until(lambda: incidents(south, norths) and incidents(north, souths))
        # North stands still, and south takes its share over; awake again, it does nothing twice.
        stands_still(north, postgres_url)
        sent(south, late)
        until(lambda: incidents(south, late))
        os.kill(north.process.pid, signal.SIGCONT)
        until(lambda: north.ask("GET", "/readyz")["status"] == "ready")
        # It is stopped once more, with rows that nobody has counted yet, and killed.
        stands_still(north, postgres_url)
        sent(south, last)
        os.kill(north.process.pid, signal.SIGKILL)
        north.process.wait(timeout=PATIENCE)
        until(lambda: incidents(south, last))
        for one in (norths, souths, late, last):
            assert south.ask("GET", f"/api/v1/hunt/count?asset={one}") == {"count": 3000}
            assert len(incidents(south, one)) == 1
        # What north left in its spool is rolled up and entered; the one log holds.
        until(lambda: not list((data / "nodes/north/spool").glob("*.seg")))
        assert south.ask("GET", f"/api/v1/hunt/count?asset={norths}") == {"count": 3000}
        assert south.ask("GET", "/api/v1/evidence-check")["holds"] is True
        # It starts again, and has its share again.
        with serving(*UP, "north", data=data, STANCH_DATABASE=postgres_url) as again:
            assert again.ask("GET", f"/api/v1/hunt/count?asset={late}") == {"count": 3000}
            assert again.ask("GET", "/readyz")["status"] == "ready"
