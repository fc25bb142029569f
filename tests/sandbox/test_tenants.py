"""Ordinary traffic is the same for the same seed, and people differ."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from stanch.sandbox.tenants import Habits, Past, Service, history, network_of, serve_once
from stanch.sandbox.victims.data import table
from stanch.sandbox.victims.net import trained
from stanch.sandbox.victims.table import Floats
from stanch.sandbox.wire import Answer

pytest.importorskip("sklearn")
NAMES = tuple(f"tenant-{n}" for n in range(6))


def habits(seed: int = 1) -> Habits:
    return Habits(table("digits"), NAMES, seed)


def test_the_same_seed_asks_the_same() -> None:
    one, other = habits(), habits()
    for _ in range(300):
        a, b = one.next(), other.next()
        assert (a.tenant, a.truth) == (b.tenant, b.truth)
        assert np.array_equal(a.row, b.row)


def test_tenants_have_tastes_and_everybody_asks() -> None:
    asks = habits().many(4000)
    assert {a.tenant for a in asks} == set(NAMES)
    shares = [
        Counter(a.truth for a in asks if a.tenant == name).most_common(1)[0] for name in NAMES[:2]
    ]
    assert shares[0] != shares[1]


def test_a_broken_unit_reaches_everybody_and_stays_broken() -> None:
    rows = table("payments")
    people = Habits(rows, NAMES, 1)
    people.break_unit(2, 1000.0)
    x = np.asarray([a.row for a in people.many(500)])
    assert np.median(x[:, 2]) > 100 * np.median(rows.x[:, 2])
    assert np.median(x[:, 0]) < 3 * np.median(rows.x[:, 0])


def test_groups_travel_with_their_rows() -> None:
    asks = Habits(table("diabetes"), NAMES, 1).many(200)
    assert {tuple(a.groups.items()) for a in asks} == {(("sex", "a"),), (("sex", "b"),)}


def test_the_past_is_in_order_and_half_of_it_is_labelled() -> None:
    rows = table("cancer")
    until = datetime(2026, 1, 1, tzinfo=UTC)
    answered = (("v0.9", trained(rows, 2), 0.3), ("v1", trained(rows, 1), 1.0))
    past = Past(asset="a", answered=answered, until=until, lasted=timedelta(hours=1), rows=100)
    events = history(Habits(rows, NAMES, 1), past)
    answers = [e for e in events if e["kind"] == "inference"]
    labels = [e for e in events if e["kind"] == "label"]
    assert (len(answers), len(labels)) == (100, 50)
    assert [e["version"] for e in answers] == ["v0.9"] * 30 + ["v1"] * 70
    assert {e["of"] for e in labels} <= {e["id"] for e in answers}
    assert [e["ts"] for e in answers] == sorted(e["ts"] for e in answers)
    assert max(e["ts"] for e in answers) < until.isoformat()


class Refuses:
    def ask(self, row: Floats, groups: object = None) -> Answer:
        return Answer(status=429)


def test_a_refusal_is_counted_against_the_guard_and_not_for_the_guilty() -> None:
    service = Service()
    people = habits()
    for _ in range(20):
        serve_once(people, dict.fromkeys(NAMES, Refuses()), service)
    assert service.refused_share() == 1.0
    assert service.refused_share(NAMES) == 0.0


def test_addresses_are_steady_and_differ() -> None:
    names = [*NAMES, "thief", *(f"reader-{n}" for n in range(20))]
    assert len({network_of(n) for n in names}) == len(names)
    assert network_of("thief") == network_of("thief")
