"""Every piece of the asset's page, the graph, regrouping, a live drill, and what an admin sets."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pytest

from stanch.app.parts import Parts, opened
from stanch.app.serving import console_of
from stanch.app.work import Work, work_of
from stanch.engine.baselines import Ask
from stanch.engine.guards import Report
from stanch.engine.ingest.schema import conform
from stanch.engine.policies import Change
from stanch.sandbox.moment import Moment, Part, Tell
from stanch.sandbox.player import Told
from stanch.settings import Settings
from stanch.vocabulary.asset import Asset, AssetKind, Lineage
from stanch.vocabulary.finding import Finding, Suspect
from stanch.vocabulary.ids import AssetId, DetectorId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Incident, Phase
from stanch.vocabulary.people import ROLE_SCOPES, Caller, Role
from stanch.vocabulary.policy import Deny, Policy
from stanch.vocabulary.span import Span
from stanch.vocabulary.standing import Demand, demand_id
from stanch.vocabulary.trouble import BadInput
from stanch.web.visit import Answer, Console

NOW = datetime.now(UTC)
FRAUD, ROWS, DOOR = AssetId("fraud"), AssetId("rows"), AssetId("door")
ADA = Caller(name="ada", scopes=ROLE_SCOPES[Role.ADMIN], role=Role.ADMIN)
PASSWORD = "correct horse battery"  # noqa: S105  of people who live for one test


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Parts, Work, Console]]:
    """A model between its rows and its door, with findings in two incidents."""
    with opened(Settings(data=tmp_path_factory.mktemp("pieces"))) as parts:
        with parts.store.begin() as tx:
            for key, kind, lineage in (
                (ROWS, AssetKind.DATASET, Lineage()),
                (FRAUD, AssetKind.MODEL, Lineage(trained_on=(ROWS,), served_by=(DOOR,))),
                (DOOR, AssetKind.ENDPOINT, Lineage()),
            ):
                name = f"The {key}"
                tx.assets.add(Asset(id=key, kind=kind, name=name, owner="ada", lineage=lineage))
            tx.findings.put([finding(30, DOOR)], at=NOW)
            for number in (1, 2):
                kept = tx.findings.put([finding(10 * number + n) for n in range(3)], at=NOW)
                tx.incidents.add(
                    Incident(
                        id=IncidentId(f"inc-{number}"),
                        title=f"Case {number}",
                        asset=FRAUD,
                        opened=NOW,
                        first_seen=NOW,
                        updated=NOW,
                        phase=Phase.TRIAGED,
                        findings=tuple(f.id for f in kept),
                        suspects=kept[0].suspects,
                        exercise=True,
                    )
                )
        work = work_of(parts)
        yield parts, work, console_of(parts, work)


@pytest.fixture
def console(world: tuple[Parts, Work, Console]) -> Console:
    return world[2]


def finding(number: int, asset: AssetId = FRAUD) -> Finding:
    end = NOW - timedelta(minutes=number)
    return Finding(
        detector=DetectorId("query_pattern"),
        asset=asset,
        window=Span(start=end - timedelta(minutes=1), end=end),
        says=f"Sight number {number}.",
        measured={},
        because=(),
        suspects=(Suspect(principal=PrincipalId("key-91"), share=1.0, confidence=0.9),),
    )


@pytest.fixture
def asked(asked: Callable[..., Answer]) -> Callable[..., Answer]:
    return partial(asked, by=ADA)


@pytest.fixture
def read(read: Callable[..., str]) -> Callable[..., str]:
    return partial(read, by=ADA)


def part(said: str, start: str, end: str) -> str:
    return said[said.index(start) : said.index(end, said.index(start))]


def answers(n: int, since: datetime, shift: float) -> pa.Table:
    x = np.random.default_rng(int(shift)).normal(size=(n, 2))
    x[:, 0] += shift
    score = 1 / (1 + np.exp(-x.sum(axis=1)))
    times = [since + timedelta(milliseconds=10 * i) for i in range(n)]
    rows = {
        "id": [f"e-{shift}-{i}" for i in range(n)],
        "ts": pa.array(times, pa.timestamp("us", "UTC")),
        "kind": ["inference"] * n,
        "asset": [FRAUD] * n,
        "principal": [f"tenant-{i % 20}" for i in range(n)],
        "features": pa.array(x.tolist(), pa.list_(pa.float64())),
        "prediction": ["yes" if s > 0.5 else "no" for s in score],
        "scores": pa.array([[1 - s, s] for s in score], pa.list_(pa.float64())),
    }
    return conform(pa.table(rows))


def test_the_last_hour_is_drawn_against_the_baseline_for_each_feature_and_score(
    world: tuple[Parts, Work, Console],
    read: Callable[..., str],
) -> None:
    parts, work, console = world
    assert "It has no baseline" in read(console, "/assets/fraud")
    work.baselines.set(
        Ask(asset=FRAUD, by="ada", source="a test"), answers(4000, NOW - timedelta(days=1), 0)
    )
    assert "Nothing was answered in the last hour." in read(console, "/assets/fraud")
    parts.spool.append(answers(500, datetime.now(UTC) - timedelta(minutes=2), 3))
    work.lifecycle.turn()
    said = read(console, "/assets/fraud")
    drawn = part(said, "500 answers · baseline now", "Policy, newest first")
    moved = {name: float(p) for name, p in re.findall(r"(\S+) ([\d.]+) % moved", drawn)}
    assert len(moved) >= 4
    first, *rest = moved.values()
    assert list(moved.values()) == sorted(moved.values(), reverse=True)
    assert first > 50 > min(rest)
    assert "signed" in part(said, "Baselines", "Latest findings")
    theirs = part(
        read(console, "/principals?name=tenant-7"), "How 25 answers look", "Findings that"
    )
    moved = {name: float(p) for name, p in re.findall(r"(\S+) ([\d.]+) % moved", theirs)}
    assert len(moved) == 4
    assert next(iter(moved.values())) == max(moved.values()) > 50


def test_an_earlier_policy_is_in_force_again_by_one_button(
    console: Console, asked: Callable[..., Answer], read: Callable[..., str]
) -> None:
    for number in (7, 8):
        name = f"key-{number}"
        demand = Demand(
            id=demand_id("ada", "block_principal", name.encode()),
            policy=Policy(asset=FRAUD, deny=Deny(principals=frozenset({PrincipalId(name)}))),
            since=NOW,
            by="ada",
            why="it copies",
        )
        console.policies.demand(demand, Change(by="ada", because=f"{name} copies"))
    history = part(read(console, "/assets/fraud"), "Policy, newest first", "Open incidents")
    assert re.search(r"Version 2, in force .* key-8 may not ask.* Version 1 .*key-7", history)
    page = asked(console, "GET", "/assets/fraud").body.decode()
    back = re.findall(r'name="version" value="(\d+)"', page)
    assert back == ["1"]
    answer = asked(console, "POST", "/assets/fraud/back", {"version": back[0]})
    assert answer.headers["location"] == "/assets/fraud"
    history = part(read(console, "/assets/fraud"), "Policy, newest first", "Open incidents")
    assert re.search(r"Version 3, in force .* went back to version 1 .*key-8 may ask", history)
    with pytest.raises(BadInput):
        asked(console, "POST", "/assets/fraud/back", {"version": "first"})


def test_lineage_guards_findings_and_readiness_of_an_asset_stand_on_its_page(
    console: Console,
    asked: Callable[..., Answer],
    read: Callable[..., str],
) -> None:
    with console.store.look() as tx:
        now = tx.policies.now(FRAUD)
    wrong = {"cannot": ("It cannot shape scores.",), "troubles": ("No <space> is left.",)}
    report = Report(guard="edge-1", asset=FRAUD, version=0, **wrong)
    console.guards.report(report)
    said = read(console, "/assets/fraud")
    behind = "behind " if now is not None else ""
    assert f"edge-1 {behind}version 0, now It cannot: It cannot shape scores." in said
    assert "It says: No <space> is left." in said
    assert "Trained on rows Served by door" in said
    assert re.search(r"Readiness \d of \d ready: Somebody owns it\.", said)
    assert "Latest findings all Sight number 30." in read(console, "/assets/door")
    assert 'href="/incidents/inc-1"' in asked(console, "GET", "/assets/fraud").body.decode()


def test_the_graph_has_suspects_what_it_came_from_and_where_it_may_have_gone(
    console: Console,
    asked: Callable[..., Answer],
    read: Callable[..., str],
) -> None:
    page = asked(console, "GET", "/incidents/inc-1/graph").body.decode()
    for place in ("/principals?name=key-91", "/assets/rows", "/assets/fraud", "/assets/door"):
        assert f'href="{place}"' in page[page.index('<svg class="chart graph') :], place
    said = read(console, "/incidents/inc-1/graph")
    assert "It came from rows" in said
    assert "It may have spread to door" in said


def test_a_merge_is_said_on_both_and_undone_on_the_one_that_kept_it(
    console: Console, asked: Callable[..., Answer], read: Callable[..., str]
) -> None:
    answer = asked(console, "POST", "/incidents/inc-2/merge", {"into": "inc-1"})
    assert answer.headers["location"] == "/incidents/inc-1"
    assert "Merged into inc-1" in read(console, "/incidents/inc-2")
    assert "all 6 findings" in read(console, "/incidents/inc-1")
    undone(asked, console, "inc-2")
    assert "all 3 findings" in read(console, "/incidents/inc-1")
    assert "Merged into" not in read(console, "/incidents/inc-2")


def test_findings_that_are_taken_out_come_back(
    console: Console, asked: Callable[..., Answer], read: Callable[..., str]
) -> None:
    with console.store.look() as tx:
        key = tx.incidents.get(IncidentId("inc-1")).findings[0]
    asked(console, "POST", "/incidents/inc-1/regroup", {"do": "detach", "pick": key})
    assert "Detached: 1 finding," in read(console, "/incidents/inc-1")
    assert "all 2 findings" in read(console, "/incidents/inc-1")
    undone(asked, console, "inc-1")
    assert "all 3 findings" in read(console, "/incidents/inc-1")


def undone(asked: Callable[..., Answer], console: Console, key: str) -> None:
    """Presses the undo of this incident's page."""
    page = asked(console, "GET", f"/incidents/{key}").body.decode()
    found = re.search(r'action="(/incidents/[^/]+/undo)".*?name="undo" value="([^"]+)"', page)
    assert found is not None
    asked(console, "POST", found[1], {"undo": found[2]})


class Stage:
    """The demo's stage, which attacks when it may go on."""

    name, due = "unsigned_model", None

    def __init__(self) -> None:
        self.go = threading.Event()
        self.at = threading.Event()

    def attack(self, tell: Tell) -> Told:
        tell(Moment(part=Part.ATTACK, says="A model that nobody signed is deployed."))
        self.at.set()
        assert self.go.wait(60)
        tell(Moment(part=Part.BACK, says="All is taken back."))
        return Told()

    def cancel(self) -> None:
        self.go.set()


def test_a_live_drill_is_begun_watched_and_told_to_its_end(
    world: tuple[Parts, Work, Console],
    asked: Callable[..., Answer],
    read: Callable[..., str],
) -> None:
    _, work, console = world
    assert "Attack now" not in read(console, "/drills")
    stage = Stage()
    work.drills.attach(stage)
    try:
        assert "Attack now" in read(console, "/drills")
        wish = {"live": "1", "name": stage.name}
        where = asked(console, "POST", "/drills/start", wish).headers["location"]
        assert stage.at.wait(60)
        page = asked(console, "GET", where).body.decode()
        assert re.search(r'aria-current="step">the attack<', page)
        assert "A model that nobody signed is deployed." in read(console, where)
        assert "Being played" in read(console, "/drills")
        assert "Attack now" not in read(console, "/drills")
        stage.go.set()
        end = time.monotonic() + 60
        while console.drills.get(where.rpartition("/")[2]).ended is None:
            assert time.monotonic() < end
            threading.Event().wait(0.01)
        assert "How it went" in read(console, where)
    finally:
        stage.go.set()
        work.drills.attach(None)


def test_an_admin_says_how_long_things_are_kept(
    console: Console, asked: Callable[..., Answer]
) -> None:
    asked(console, "POST", "/settings/kept", {"events": "30", "counts": "90", "principals": "60"})
    page = asked(console, "GET", "/settings").body.decode()
    kept = dict(re.findall(r'id="kept-(\w+)"[^>]* value="(\d+)"', page))
    assert kept == {"events": "30", "counts": "90", "principals": "60"}
    with pytest.raises(BadInput):
        asked(console, "POST", "/settings/kept", {"events": "-1"})


def test_an_admin_lets_people_in_gives_them_a_part_and_shuts_them_out(
    console: Console, asked: Callable[..., Answer], read: Callable[..., str]
) -> None:
    wish = {"name": "cleo", "role": "viewer", "password": PASSWORD}
    asked(console, "POST", "/settings/users", wish)
    with console.store.look() as tx:
        cleo = tx.users.named("cleo")
    assert cleo is not None
    change = {"user": cleo.id, "do": "role", "role": "approver"}
    asked(console, "POST", "/settings/users/change", change)
    page = asked(console, "GET", "/settings").body.decode()
    mine = page[page.index('aria-label="Role of cleo"') :]
    assert mine[: mine.index("</select>")].count("<option selected>approver") == 1
    console.access.add_user("cleopatra", Role.VIEWER, by="ada", password=PASSWORD)
    same = {"user": cleo.id, "do": "same", "same_as": "cleopatra"}
    asked(console, "POST", "/settings/users/change", same)
    with console.store.look() as tx:
        assert tx.users.get(cleo.id).same_as == "cleopatra"
    asked(console, "POST", "/settings/users/change", {"user": cleo.id, "do": "disable"})
    assert "cleo shut out" in read(console, "/settings")
    asked(console, "POST", "/settings/users/change", {"user": cleo.id, "do": "enable"})
    assert "cleo shut out" not in read(console, "/settings")
    given = {"user": cleo.id, "do": "password", "password": f"{PASSWORD} of another day"}
    asked(console, "POST", "/settings/users/change", given)
    assert console.access.login("cleo", given["password"], source="::1").caller.name == "cleo"


def test_a_key_is_shown_once_and_is_good_for_nothing_when_revoked(
    console: Console, asked: Callable[..., Answer], read: Callable[..., str]
) -> None:
    made = asked(console, "POST", "/settings/keys", {"name": "edge", "scope": "guard", "days": "9"})
    found = re.search(r"stk_[\w-]+", made.body.decode())
    assert found is not None
    secret = found[0]
    assert console.access.keys.caller(secret).name == "key:edge"
    page = asked(console, "GET", "/settings").body.decode()
    assert secret not in page
    key = re.search(r"edge</bdi>.*?name=\"key\" value=\"([^\"]+)\"", page)
    assert key is not None
    console.access.add_user("dora", Role.VIEWER, by="ada", password=PASSWORD)
    asked(console, "POST", "/settings/keys/give", {"key": key[1], "owner": "dora"})
    page = asked(console, "GET", "/settings").body.decode()
    whose = page[page.index('aria-label="Whose edge is"') :]
    assert '<option value="dora" selected>' in whose[: whose.index("</select>")]
    asked(console, "POST", "/settings/keys/revoke", {"key": key[1]})
    assert re.search(rf"edge {quote(key[1])} guard .*? revoked", read(console, "/settings"))
