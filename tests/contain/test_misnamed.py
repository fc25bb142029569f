"""A name that nothing goes by is told before it is acted on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from stanch.contain.action import Asking, preview
from stanch.contain.actions.quarantine_dataset import ACTION as QUARANTINE
from stanch.contain.actions.quarantine_dataset import QuarantineDataset
from stanch.contain.blast import SOURCES
from stanch.contain.known import Known, Version
from stanch.contain.misnamed import misnamed
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.policy import Deny, Limits, Policy, Rate, Tools
from stanch.vocabulary.span import Span
from stanch.vocabulary.standing import Flow, Standing, Traffic

FREE = Policy(asset=AssetId("fraud"))
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = PrincipalId("key-91")
SEEN = Traffic(
    asset=FREE.asset,
    span=Span(start=NOON - timedelta(hours=1), end=NOON),
    flows=(Flow(principal=KEY, version="v7", count=9),),
)


KNOWN = Known(versions=(Version(version="v6"),), fronted=frozenset({"decoy"}))


def _told(after: Policy, traffic: Traffic = SEEN, before: Policy = FREE) -> str:
    return " ".join(misnamed(before, after, traffic, KNOWN))


def test_who_asked_nothing_is_named_with_who_was_perhaps_meant() -> None:
    wrong = replace(FREE, deny=Deny(principals=frozenset({PrincipalId("key-19")})))
    assert "key-19 asked nothing" in _told(wrong)
    assert "spelling. Was key-91 meant?" in _told(wrong)
    slow = Limits(principals={PrincipalId("nobody"): Rate(count=1, seconds=60)})
    assert "nobody asked nothing in the span looked at. Look at the spelling." in _told(
        replace(FREE, limit=slow)
    )


def test_whoever_may_be_among_the_unnamed_or_was_there_before_is_not_doubted() -> None:
    block = replace(FREE, deny=Deny(principals=frozenset({PrincipalId("key-19")})))
    unnamed = Flow(principal=PrincipalId(""), version="v7", count=9)
    assert _told(block, replace(SEEN, flows=(*SEEN.flows, unnamed))) == ""
    assert _told(block, replace(SEEN, flows=())) == ""
    assert _told(block, before=block) == ""


def test_whom_a_guard_takes_for_the_one_who_is_named_is_told() -> None:
    spelt = replace(FREE, deny=Deny(principals=frozenset({PrincipalId("KEY-91")})))
    told = _told(spelt)
    assert "It holds for key-91 as for KEY-91: guards compare names without capitals" in told
    assert "asked nothing" not in told
    exact = replace(FREE, deny=Deny(principals=frozenset({KEY})))
    assert _told(exact) == ""
    blank = replace(FREE, deny=Deny(principals=frozenset({PrincipalId("key-91 ")})))
    assert _told(blank) == ""
    both = Flow(principal=PrincipalId("Key-91"), version="v7", count=1)
    assert "It holds for Key-91 as for key-91" in _told(
        exact, replace(SEEN, flows=(*SEEN.flows, both))
    )


def test_a_version_that_nothing_tells_of_is_named_wherever_it_would_be_asked() -> None:
    assert "there is a version v77" in _told(replace(FREE, route={"v77": 100}))
    assert "Was v7 meant?" in _told(replace(FREE, mirror="v77"))
    for known in ("v6", "v7", "decoy"):
        assert _told(replace(FREE, route={known: 100})) == ""
    assert _told(replace(FREE, route={"v77": 0})) == ""


def test_a_tool_that_nobody_called_is_named_where_it_is_known_which_were() -> None:
    agent = replace(SEEN, flows=(replace(SEEN.flows[0], tools={"refund": 3}),))
    off = replace(FREE, tools=Tools(deny=frozenset({"refunds"})))
    assert "Nobody called refunds in the span looked at." in _told(off, agent)
    assert "Was refund meant?" in _told(off, agent)
    assert _told(off) == "", "nothing tells which tools there are"
    right = replace(FREE, tools=Tools(ask=frozenset({"refund"})))
    assert _told(right, agent) == ""


def test_a_network_that_nobody_came_from_is_named_where_addresses_are_known() -> None:
    block = replace(FREE, deny=Deny(networks=frozenset({"10.9.0.0/16"})))
    nobody = replace(SEEN, found={SOURCES: {"": 0.0, "key-91": 0.0}})
    assert "Nobody asked from 10.9.0.0/16 in the span looked at." in _told(block, nobody)
    assert _told(block) == ""
    assert _told(block, replace(SEEN, found={SOURCES: {"": 0.25}})) == ""


def test_a_dataset_that_nothing_tells_of_is_named_before_it_is_set_aside() -> None:
    known = Known(datasets=frozenset({"loans-2026"}))
    asking = Asking(by="ada", why="poisoned", at=NOON, known=known)

    def weighs(dataset: str, *partitions: str) -> str:
        args = QuarantineDataset(dataset=dataset, partitions=partitions)
        return " ".join(preview(QUARANTINE, Standing(base=FREE), args, asking, SEEN).warns)

    assert "there is a dataset loans-2062: it is not in the inventory" in weighs("loans-2062")
    assert "Was loans-2026 meant?" in weighs("loans-2062")
    assert weighs("loans-2026") == ""
    assert weighs("loans-2026", "2026-11-20") == ""
