"""A limit is of the asset: what its guards let through together, near the server and cut off."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from stanch.contain.policy import canonical
from stanch.contain.rate import rate
from stanch.engine import tallied, tallies
from stanch.guard import tally as tallying
from stanch.guard.buckets import Buckets
from stanch.guard.facts import Request
from stanch.guard.keeper import Keeper
from stanch.guard.tally import ALONE, EVERY, LONGEST, SILENT, Tally
from stanch.guard.wire import Wire
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.policy import Limits, Policy

FRAUD = AssetId("fraud")
TWENTY = Policy(asset=FRAUD, version=1, limit=Limits(per_principal=rate("20/min")))
NOW = threading.Event()
NOW.set()


class Site:
    """One server and some guards of one asset, on one clock that the test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, policy: Policy = TWENTY) -> None:
        self.at, self.away = 1000.0, False
        self.policy = policy
        self.server = tallies.Tallies(cast("Any", None), known=lambda _: None)
        self.guards: list[tuple[Keeper, Tally]] = []
        self.keys: dict[str, str] = {}
        self.lied = ""
        monkeypatch.setattr(tallies, "monotonic", lambda: self.at)

    def guard(self, sort: str = "service", path: Path | None = None, key: str = "ours") -> Keeper:
        """One more of them."""
        self.keys[f"g{len(self.guards)}"] = key
        keeper = Keeper(FRAUD, path=path)
        keeper.accept(canonical(self.policy))
        made = Tally(keeper, f"g{len(self.guards)}", "/tally", lambda: self.at)
        made.sort = sort
        self.guards.append((keeper, made))
        return keeper

    def ask(self, method: str, path: str, *, body: bytes) -> tuple[int, bytes, Mapping[str, str]]:
        """The wire: straight to the server."""
        assert (method, path) == ("POST", "/tally")
        if self.away:
            raise ConnectionError("away")
        told = tallies.Tally(**json.loads(body))
        others = self.server.exchange(FRAUD, told, self.keys[told.guard])
        return 200, msgspec.json.encode(others), {}

    def lies(self, amount: float, names: int = 1) -> None:
        """Whoever stole a key tells this of ann, under so many names of guards."""
        for name in range(names):
            told = tallies.Tally(
                guard=f"evil{name}",
                sort="service",
                after=self.lied,
                charged={"principal/ann": amount},
            )
            self.lied = self.server.exchange(FRAUD, told, "stolen").upto

    def told(self) -> None:
        """Every guard tells once."""
        for _, made in self.guards:
            try:
                made.step(cast("Wire", self), NOW)
            except ConnectionError:
                assert self.away

    def served(self, minutes: float, asks: Callable[[int], Sequence[tuple[str, int]]]) -> list[str]:
        """Who was served while each quarter of a second these asked these guards."""
        found = []
        for turn in range(int(minutes * 240)):
            for who, which in asks(turn):
                table = self.guards[which][0].table
                assert table is not None
                if table.decide(Request(who, "", self.at)).outcome == "serve":
                    found.append(who)
            self.told()
            self.at += 0.25
        return found


def test_who_is_spread_over_four_guards_gets_what_the_limit_says_and_who_stays_at_one_all_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(monkeypatch)
    for _ in range(4):
        site.guard()
    site.told()

    def asks(turn: int) -> list[tuple[str, int]]:
        spread = [("mallory", which) for which in range(4) for _ in range(2)]
        return spread + ([("ann", 3)] if turn % 13 == 0 else [])

    served = site.served(6, asks)
    assert served.count("ann") == len(range(0, 6 * 240, 13))
    assert 20 * 6 <= served.count("mallory") <= 20 + 20 * 6 + 8
    """A full bucket, six minutes of it, and what came in the moment before each had heard."""


def test_what_comes_at_once_to_all_is_owed_and_the_long_run_is_the_limits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(monkeypatch)
    for _ in range(4):
        site.guard()
    site.told()
    flood = [("mallory", which) for which in range(4) for _ in range(50)]
    assert len(site.served(0.01, lambda _: flood)) == 80
    assert len(site.served(6, lambda _: flood[::50])) == pytest.approx(20 * 6, abs=4)
    assert len(site.served(0.01, lambda _: flood)) < 4
    """What they owe is not forgiven for going on: there is no second burst until it is paid."""
    site.served(4, lambda _: [])
    assert len(site.served(0.01, lambda _: flood)) == 80 + 20
    """Four bursts, and one more by what each guard keeps for them."""


def test_costs_and_the_rate_of_all_are_of_the_asset_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limit = Limits(cost=rate("100/min"), overall=rate("10/min"))
    site = Site(monkeypatch, replace(TWENTY, limit=limit))
    one, other = site.guard(), site.guard()
    site.told()
    assert one.table is not None
    assert other.table is not None
    for _ in range(10):
        assert one.table.decide(Request("ann", "", site.at, cost=7)).outcome == "serve"
    site.told()
    assert other.table.decide(Request("bob", "", site.at, cost=1)).why == "overall_rate"
    site.at += 7
    assert other.table.decide(Request("ann", "", site.at, cost=50)).why == "cost"
    assert other.table.decide(Request("bob", "", site.at, cost=50)).outcome == "serve"


def test_guards_of_different_sorts_see_the_same_requests_and_charge_them_once_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(monkeypatch)
    site.guard("gateway")
    site.guard("service")
    both = site.served(1, lambda turn: [("ann", 0), ("ann", 1)] if turn % 12 == 0 else [])
    assert len(both) == 40


def test_who_comes_late_charges_what_has_not_been_given_back_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(monkeypatch)
    site.guard()
    site.told()
    site.served(0.01, lambda _: [("fast", 0)] * 20)
    site.served(0.5, lambda turn: [("slow", 0)] if turn % 12 == 0 else [])
    late = site.guard()
    site.told()
    assert late.table is not None
    left = [
        sum(late.table.decide(Request(w, "", site.at)).outcome == "serve" for _ in range(30))
        for w in ("fast", "slow")
    ]
    assert left == [9, 19]


def test_who_hears_no_others_holds_a_part_over_restarts_too_and_the_whole_once_they_are_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    site = Site(monkeypatch)
    kept = tmp_path / "policy.json"
    one = site.guard(path=kept)
    site.guard()
    site.told()
    site.told()
    one.save()
    site.away = True
    site.served(1.1 * SILENT / 60, lambda _: [])
    flood = [("mallory", 0), ("mallory", 1)]
    assert len(site.served(3, lambda _: flood)) == pytest.approx(2 * 20 + 3 * 20, abs=2)
    again = Keeper(FRAUD, path=kept).table
    assert again is not None
    assert (held := again.rate_of("ann")) is not None
    assert (held.count, held.burst) == (10, 20)
    site.away = False
    site.told()
    assert one.table is not None
    assert one.table.rate_of("ann") == rate("20/min")


def test_what_could_not_be_told_is_told_later(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(monkeypatch)
    one, other = site.guard(), site.guard()
    site.told()
    site.away = True
    assert len(site.served(0.01, lambda _: [("ann", 0)] * 20)) == 20
    site.away = False
    site.told()
    site.told()
    assert one.table is not None
    assert other.table is not None
    assert other.table.decide(Request("ann", "", site.at)).outcome == "wait"
    assert other.table.decide(Request("bob", "", site.at)).outcome == "serve"


def test_only_while_something_is_limited_anybody_is_told_and_less_often_beside_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(monkeypatch, Policy(asset=FRAUD, version=1))
    keeper, made = site.guard(), site.guards[0][1]
    monkeypatch.setattr(site, "ask", None)
    made.step(cast("Wire", site), NOW)
    assert made.pause == ALONE
    keeper.accept(canonical(replace(TWENTY, version=2)))
    for among, pause in ((1, ALONE), (2, EVERY), (16, 2 * EVERY), (1000, LONGEST)):
        keeper.beside(among)
        assert made.pause == pause


def test_that_others_came_or_went_is_known_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(monkeypatch)
    site.guard()
    (_, one), wire = site.guards[0], cast("Wire", site)
    assert not one.step(wire, NOW)
    site.guard()
    site.guards[1][1].step(wire, NOW)
    assert [one.step(wire, NOW), one.step(wire, NOW)] == [True, False]
    site.at += tallied.ALIVE_SECONDS + 1
    assert one.step(wire, NOW)
    assert one.pause == ALONE


def test_names_beyond_what_one_message_holds_are_told_by_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tallying, "MOST_NAMES", 2)
    site = Site(monkeypatch)
    site.guard()
    other = site.guard()
    names = ["ann", "bob", "cy"]
    site.served(0.01, lambda _: [(name, 0) for name in names for _ in range(20)])
    site.told()
    site.told()
    assert other.table is not None
    told = other.table
    assert [told.decide(Request(n, "", site.at)).outcome for n in names] == ["wait"] * 3


def test_a_name_of_ones_own_rate_is_charged_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Limits(principals={PrincipalId("Key-91"): rate("2/min")})
    site = Site(monkeypatch, replace(TWENTY, limit=own))
    site.guard()
    other = site.guard()
    site.served(0.01, lambda _: [("key-91", 0)] * 3)
    site.told()
    assert other.table is not None
    assert other.table.decide(Request("KEY-91", "", site.at)).outcome == "wait"


def test_while_a_guard_lies_every_caller_keeps_the_part_of_those_who_are_honest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(monkeypatch)
    for _ in range(2):
        site.guard()

    def asks(turn: int) -> list[tuple[str, int]]:
        if turn < 5 * 240:
            site.lies(tallies.MOST_AMOUNT, names=20)
        return [("ann", 0)] if turn % 20 == 0 else []

    site.told()
    site.lies(1.0)
    site.told()
    assert site.guards[0][0].among == 3
    lied_to = site.served(5, asks)
    assert len(lied_to) >= 20 / 4 * 5 - 2
    """Two keys, and two guards of ours: a fourth of 20 a minute, however many the thief invents."""
    site.lies(tallies.MOST_AMOUNT)
    site.told()
    site.served(10, lambda turn: [("ann", 0)] if turn % 20 == 0 else [])
    after = site.served(3, lambda turn: [("ann", 0)] if turn % 20 == 0 else [])
    assert len(after) == 3 * 12
    """So much is owed at most, whatever the amount was; meanwhile she has her part."""


def test_what_no_guard_can_have_let_through_is_said_once_with_who_told_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(monkeypatch)
    keeper = site.guard()
    site.told()
    for amount in (1e6, 1e5):
        site.lies(amount)
        site.told()
    (said,) = keeper.troubles.now
    assert said.startswith("The guard evil0 with stolen says it let 1,000,000 of the principal")
    assert "'ann'" in said
    assert "20/min holds" in said
    site.at += tallying.DOUBTED + 1
    site.told()
    assert keeper.troubles.now == ()


def test_what_honest_guards_tell_late_is_no_lie(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(monkeypatch)
    for _ in range(4):
        site.guard()
    site.told()
    flood = [("mallory", which) for which in range(4) for _ in range(50)]
    site.served(0.01, lambda _: flood)
    site.away = True
    site.served(3, lambda _: flood)
    site.away = False
    site.served(0.1, lambda _: flood)
    assert [keeper.troubles.now for keeper, _ in site.guards] == [()] * 4


def test_names_that_only_others_know_push_nobody_out_who_asked_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    twenty = rate("20/min")
    buckets = Buckets(most=3)
    buckets.take("ann", twenty, 0.0, 20)
    for name in range(50):
        buckets.charged(f"invented{name}", twenty, 0.0, 1, deepest=20)
    assert buckets.wait("ann", twenty, 0.0, 1) > 0
    assert len(buckets) == 3
    site = Site(monkeypatch, replace(TWENTY, limit=Limits(overall=twenty)))
    keeper = site.guard()
    site.served(0.01, lambda _: [("ann", 0)] * 20)
    site.server.exchange(
        FRAUD, tallies.Tally(guard="evil", sort="service", charged={"overall/x": 1.0}), "stolen"
    )
    site.told()
    assert keeper.table is not None
    assert keeper.table.decide(Request("ann", "", site.at)).outcome == "wait"


def test_a_name_too_long_to_be_told_is_told_by_its_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(monkeypatch)
    site.guard()
    other = site.guard()
    long = "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 256
    site.served(0.01, lambda _: [(long, 0)] * 20)
    site.told()
    assert other.table is not None
    assert other.table.decide(Request(long, "", site.at)).outcome == "wait"
    assert other.table.decide(Request("ann", "", site.at)).outcome == "serve"


def test_a_service_that_hears_no_others_holds_the_part_that_it_was_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(monkeypatch)
    keeper = site.guard()
    site.lies(1.0, names=50)
    site.told()
    assert keeper.among == 51
    keeper.alone()
    assert keeper.table is not None
    assert keeper.table.rate_of("ann") == rate("10/min burst 20")


@pytest.mark.parametrize("burst", ["", " burst 5"])
@pytest.mark.parametrize("away", [9, 20])
def test_a_server_that_is_killed_again_and_again_gives_no_limit_away(
    monkeypatch: pytest.MonkeyPatch, burst: str, away: int
) -> None:
    limit = rate(f"60/min{burst}")
    site = Site(monkeypatch, replace(TWENTY, limit=Limits(per_principal=limit)))
    site.guard()
    site.guard()
    site.told()
    site.told()
    begun, served, flood = site.at, 0, [("mallory", 0), ("mallory", 1)]
    for _ in range(20):
        site.away = True
        served += len(site.served(away / 60, lambda _: flood))
        site.away, site.server = False, tallies.Tallies(cast("Any", None), known=lambda _: None)
        served += len(site.served(1 / 60, lambda _: flood))
    assert served <= 2 * (limit.burst or limit.count) + site.at - begun + 2 * SILENT


def test_what_was_let_through_as_ones_own_part_is_not_owed_by_others_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(monkeypatch)
    site.guard()
    other = site.guard()
    site.told()
    site.told()
    site.away = True
    site.served(1.1 * SILENT / 60, lambda _: [])
    site.served(10, lambda turn: [("ann", 0)] if turn % 24 == 0 else [])
    site.away = False
    site.told()
    site.told()
    assert other.table is not None
    assert other.table.decide(Request("ann", "", site.at)).outcome == "serve"


def test_an_amount_that_no_server_takes_is_told_as_the_largest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limit = Limits(cost=rate("1e12/min"), per_principal=rate("20/min"))
    site = Site(monkeypatch, replace(TWENTY, limit=limit))
    one, other = site.guard(), site.guard()
    site.told()
    assert one.table is not None
    assert other.table is not None
    for _ in range(20):
        one.table.decide(Request("ann", "", site.at, cost=4e9))
    site.told()
    assert other.table.decide(Request("ann", "", site.at)).outcome == "wait"
