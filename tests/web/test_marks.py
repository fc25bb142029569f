"""The page of marked answers: who gets them, how a suspected copy is tested, what it comes to."""

import csv
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from stanch.app.parts import Parts, opened
from stanch.app.serving import console_of
from stanch.app.work import work_of
from stanch.contain.marks import drawn
from stanch.engine.ingest.schema import conform
from stanch.engine.marking import Kept
from stanch.engine.placed import Placed, place
from stanch.engine.policies import Change
from stanch.settings import Settings
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.ids import ActionId, AssetId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Incident, Phase
from stanch.vocabulary.people import ROLE_SCOPES, Caller, Role
from stanch.vocabulary.policy import Mark, Policy, Shape
from stanch.vocabulary.standing import Demand, demand_id
from stanch.web.visit import Answer, Console

NOW = datetime.now(UTC)
CASE, FRAUD, KEY = IncidentId("inc-1"), AssetId("fraud"), "5e" * 32
PAGE = f"/incidents/{CASE}/marks"
WHO = PrincipalId("key-91")
MARK = Mark(key=KEY, principals=frozenset({WHO}))
VIC = Caller(name="vic", scopes=ROLE_SCOPES[Role.VIEWER], role=Role.VIEWER)


def told(n: int) -> pa.Table:
    """Answers of key-91 near the boundary of a model with two classes."""
    x = np.random.default_rng(1000).normal(size=(n, 2))
    rows = {
        "id": [f"e-{i}" for i in range(n)],
        "ts": pa.array([NOW - timedelta(minutes=5)] * n, pa.timestamp("us", "UTC")),
        "kind": ["inference"] * n,
        "asset": [FRAUD] * n,
        "principal": [WHO] * n,
        "features": pa.array(x.tolist(), pa.list_(pa.float64())),
        "prediction": ["no"] * n,
        "scores": pa.array([[0.55, 0.45]] * n, pa.list_(pa.float64())),
    }
    return conform(pa.table(rows))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Parts, Console]]:
    """An incident for which answers of key-91 are marked, and one without marks."""
    with opened(Settings(data=tmp_path_factory.mktemp("marks"))) as parts:
        with parts.store.begin() as tx:
            tx.assets.add(
                Asset(id=FRAUD, kind=AssetKind.MODEL, name="F", owner="a", classes=("no", "yes"))
            )
            for key in (CASE, IncidentId("inc-2")):
                tx.incidents.add(
                    Incident(
                        id=key, title="A copier", asset=FRAUD, opened=NOW, first_seen=NOW,
                        updated=NOW, phase=Phase.TRIAGED,
                    )
                )  # fmt: skip
            name = demand_id(CASE, "mark_answers", b"")
            line = Placed(
                key="run-1/marks", act="mark_answers", args={"callers": (WHO,)}, asset=FRAUD,
                at=NOW - timedelta(minutes=10), demands=((FRAUD, name),),
            )  # fmt: skip
            place(tx, CASE, line)
            tx.settings.put(f"marks/{CASE}", msgspec.json.encode(Kept(key=KEY)).decode())
        console = console_of(parts, work_of(parts))
        policy = Policy(asset=FRAUD, shape=Shape(marks=(MARK,)))
        demand = Demand(
            id=name, policy=policy, since=NOW, by="stanch", why="w", incident=CASE,
            action=ActionId("mark_answers"),
        )  # fmt: skip
        console.policies.demand(demand, Change(by="stanch", because="w", incident=CASE))
        parts.spool.append(told(300))
        yield parts, console


@pytest.fixture
def console(world: tuple[Parts, Console]) -> Console:
    return world[1]


def sent(answers: dict[str, str]) -> dict[str, str]:
    return {"answers": "id,answer\n" + "".join(f"{k},{v}\n" for k, v in answers.items())}


def words(answer: Answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.body.decode()).split())


def test_who_suspects_a_copy_is_led_from_the_acts_to_the_sentence(
    console: Console, asked: Callable[..., Answer], read: Callable[..., str]
) -> None:
    ask = partial(asked, console)
    acts = ask("GET", f"/incidents/{CASE}/actions").body.decode()
    assert f'href="{PAGE}"' in acts
    assert "Marked answers in force" in (said := read(console, PAGE.replace("marks", "actions")))
    assert "key-91 got some answers that are wrong on purpose" in said
    assert "in force since" in (said := read(console, PAGE))
    assert "50 % of the answers whose two best scores lie within 0.2" in said
    file = ask("GET", f"{PAGE}/ask.csv")
    head, *rows = csv.reader(file.body.decode().splitlines())
    assert (head, len(rows)) == (["id", "f0", "f1"], 300)
    assert "attachment" in file.headers["content-disposition"]
    inputs = {key: [float(v) for v in values] for key, *values in rows}
    copy = {k: "yes" if drawn(MARK, row) else "no" for k, row in inputs.items()}
    found = words(ask("POST", PAGE, sent(copy)))
    assert "it carries the marks" in found
    assert "under 1 in a trillion would agree with them as well, by chance alone" in found
    own = dict.fromkeys(inputs, "no")
    found = words(ask("POST", PAGE, sent(own)))
    assert "no marks seen" in found
    assert "no proof of innocence" in found
    assert "only below 1 in 10 thousand" in found
    assert all(KEY not in page for page in (acts, said, file.body.decode(), found))


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ("nothing,of,it", "needs the columns id and answer"),
        ("id,answer\nffff,yes", "None of these inputs is one of the incident"),
    ],
)
def test_what_cannot_be_read_is_said_and_what_was_typed_is_kept(
    console: Console, asked: Callable[..., Answer], typed: str, wrong: str
) -> None:
    page = asked(console, "POST", PAGE, {"answers": typed}).body.decode()
    assert wrong in page
    assert f">{typed}</textarea>" in page


def test_without_marks_the_page_says_how_to_get_them_and_a_viewer_tests_nothing(
    console: Console, asked: Callable[..., Answer], read: Callable[..., str]
) -> None:
    assert "No answers were marked for this incident" in read(console, "/incidents/inc-2/marks")
    assert "Marked answers" not in read(console, "/incidents/inc-2/actions")
    said = asked(console, "GET", PAGE, by=VIC).body.decode()
    assert "A responder can test" in said
    assert "ask.csv" not in said
