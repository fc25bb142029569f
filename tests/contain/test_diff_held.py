"""A sentence on one field says what really holds, where other fields of the policy hold as well."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from stanch.contain.diff import changes
from stanch.contain.rate import rate
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.ids import PrincipalId as Name
from stanch.vocabulary.policy import Deny, Limits, Mode, Policy, Tools

FREE = Policy(asset=AssetId("fraud"))


def asks(principals: Mapping[str, str] | None = None, **rates: str) -> Policy:
    each = {Name(who): rate(text) for who, text in (principals or {}).items()}
    found: dict[str, Any] = {name: rate(text) for name, text in rates.items()}
    return replace(FREE, limit=Limits(**found, principals=each))


def denied(*networks: str, names: str = "", **rest: Any) -> Policy:
    principals = frozenset(map(Name, names.split()))
    return replace(FREE, deny=Deny(principals=principals, networks=frozenset(networks)), **rest)


def tools(deny: str = "", ask: str = "") -> Policy:
    return replace(FREE, tools=Tools(deny=frozenset(deny.split()), ask=frozenset(ask.split())))


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (
            asks(per_principal="60/hour"),
            asks(per_principal="60/hour", principals={"key-9": "600/hour"}),
            "key-9 may ask 60/hour (stated is 600/hour, everybody's rate holds too).",
        ),
        (
            asks(principals={"key-9": "5/min"}),
            asks(principals={"key-9": "5/min"}, per_principal="60/min"),
            "Each principal may ask 60/min, but key-9 5/min.",
        ),
        (
            asks(principals={"key-9": "600/hour"}, per_principal="60/hour"),
            asks(principals={"key-9": "600/hour"}),
            "Each principal may ask as often as it likes, but key-9 600/hour.",
        ),
        (
            asks(overall="60/hour"),
            asks(overall="60/hour", principals={"key-9": "600/hour"}),
            "key-9 may ask 600/hour. All principals together may ask 60/hour.",
        ),
        (
            denied(names="key-9"),
            denied(names="key-9", limit=asks(principals={"KEY-9": "6/min"}).limit),
            "KEY-9 may ask 6/min. KEY-9 may not ask at all, by name.",
        ),
        (
            asks(principals={"key-9": "5/min", "KEY-9": "5/min"}),
            asks(principals={"key-9": "5/min"}),
            "KEY-9 keep the rate that stands under another spelling.",
        ),
        (
            denied(names="key-9 Key-9"),
            denied(names="key-9"),
            "Key-9 may not ask still: another spelling is denied.",
        ),
        (
            denied(names="ada", mode=Mode.STOPPED),
            denied(mode=Mode.STOPPED),
            "ada may ask again. Nobody is answered now, though.",
        ),
        (
            denied("10.0.0.0/8", "10.1.2.0/24", "192.0.2.0/24"),
            denied("10.0.0.0/8"),
            (
                "Addresses in 192.0.2.0/24 may ask again. "
                "Addresses in 10.1.2.0/24 may not ask still: a wider network is denied."
            ),
        ),
        (
            denied("10.0.0.0/8", "10.1.2.0/24", "2001:db8::/32"),
            denied("10.1.2.0/24", "2001:db8::/32"),
            "Addresses in 10.0.0.0/8 may ask again, but not those in 10.1.2.0/24.",
        ),
        (
            tools("sql", "sql"),
            tools("", "sql"),
            "Tools sql may be used again, with a person's leave.",
        ),
        (
            tools("sql"),
            tools("sql", "sql"),
            "Tools sql may not be used at all, with leave or without.",
        ),
    ],
)
def test_what_is_told_is_what_will_hold(before: Policy, after: Policy, says: str) -> None:
    (change,) = changes(before, after)
    assert change.says == says
