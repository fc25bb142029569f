"""Policies as YAML: the example of the design, and every way of getting it wrong."""

from datetime import UTC, datetime

import pytest

from stanch.contain.policy import canonical, decoded
from stanch.contain.rate import in_words, rate
from stanch.contain.written import read, read_bytes, written
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.policy import Deny, Limits, Mode, Policy, Rate, Scores
from stanch.vocabulary.trouble import BadFile, BadInput

EXAMPLE = """\
asset: fraud-scorer
mode: serving            # serving | shadow | safe | stopped
route: {v7: 0, v6: 100}
mirror: v7
deny:  {principals: [key-91], networks: [203.0.113.0/24]}
limit: {per_principal: 20/min, global: 600/min, window_cost: 5/hour}
shape: {scores: top1, round: 1, jitter: 0.02}
filter: {input: strict, output: normal, rules: [emergency-12]}
tools: {deny: [sql, email], ask: [refund]}
log: full
until: 2026-11-21T18:00Z
"""


def test_the_example_of_the_documentation_reads() -> None:
    found = read(EXAMPLE)
    assert found.mode is Mode.SERVING
    assert found.route == {"v7": 0, "v6": 100}
    assert found.deny.networks == {"203.0.113.0/24"}
    assert found.limit.overall == Rate(count=600)
    assert found.limit.cost == Rate(count=5, seconds=3600)
    assert found.shape.scores is Scores.TOP1
    assert found.until == datetime(2026, 11, 21, 18, tzinfo=UTC)
    assert read(written(found)) == found


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("asset: a\nmode: halted", ":2", "not one of: serving, shadow, safe, stopped"),
        ("asset: a\nroute:\n  v7: many", ":3", "not a number"),
        ("asset: a\nroute: {v7: -1}", ":2", "must be 0 or more"),
        ("asset: a\n\ndeny: {people: [x]}", ":3", "Use one of: principals, networks"),
        ("asset: a\nmode: safe\nmode: serving", ":3", "stands here twice"),
        ("asset: a\ndeny: {networks: [300.1.1.1]}", ":2", "is not a network"),
        ("asset: a\nlimit: {global: fast}", ":2", "is not a rate"),
        ("asset: a\nlimit: {global: 5/0s}", ":2", "over no time"),
        ("asset: a\nhold: {training: perhaps}", ":2", "true or false"),
        ("asset: a\nuntil: 2026-11-21T18:00", ":2", "has no zone"),
        ("asset: a\nuntil: tomorrow", ":2", "is not a time"),
        ("asset: a\nshape: {round: 99}", ":1", "round must be"),
        ("asset: a\nshape: {marks: [{key: secret}]}", ":1", "64 hexadecimal digits"),
        ("asset: a\nshape: {marks: x}", ":2", "must be a list"),
        ("asset: ../etc", ":1", "cannot name"),
        ("asset: a\ndeny: [x]", ":2", "must be a mapping"),
        ("asset: a\nmode: [x]", ":2", "must be a single value"),
        ("asset: a\ntools: {deny: sql}", ":2", "must be a list"),
        ("mode: safe", ":1", "names no asset"),
        ("", ":1", "is empty"),
        ("asset: [", ":2", "not YAML"),
        ("asset: a\nshape: {jitter: .nan}", ":2", "not a number"),
        ("asset: a\nshape: {jitter: nan}", ":2", "must be"),
    ],
)
def test_a_mistake_names_its_file_and_line(text: str, place: str, says: str) -> None:
    with pytest.raises(BadFile) as caught:
        read(text + "\n", "p.yaml")
    assert str(caught.value).startswith(f"p.yaml{place}: ")
    assert says in str(caught.value)


@pytest.mark.parametrize("text", ["20/min", "5/10s", "600/hour burst 20", "1.5/s", "0/day"])
def test_a_rate_reads_back_as_it_was_written(text: str) -> None:
    assert in_words(rate(text)) == text


@pytest.mark.parametrize("text", ["", "20", "min/20", "-1/s", "20/fortnight", "1/1e400s x"])
def test_what_is_not_a_rate_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="rate"):
        rate(text)


@pytest.mark.parametrize(
    "text",
    [
        'asset: m\ndeny: {principals: [""]}',
        'asset: m\nlimit: {principals: {" ": 20/min}}',
        '{"asset": "m", "deny": {"principals": ["\\u3000"]}}',
        '{"asset": "m", "limit": {"principals": {"": {"count": 1}}}}',
    ],
)
def test_a_blank_name_of_a_principal_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="Blank is nobody's name"):
        read_bytes(text.encode())


NAMES = (
    *("CN=client,OU=Payments,O=Bank", "spiffe://cluster/ns/x/sa/y", 'Jane "JD" Doe', "a b", "a,b"),
    *("José", "Jose\u0301", "用户-1", "..", "%2F", "=1+1", "*", "$suspects", "-x", "n" * 200, "0"),
    *("key\u200b-91", "a\tb", "tail ", "null", "true", "~", 'key:"x"', "2026-11-21", "a\nb", "<b>"),
)


def test_every_name_of_real_life_reads_back_as_itself() -> None:
    some = frozenset(map(PrincipalId, NAMES))
    policy = Policy(
        asset=AssetId("m"),
        deny=Deny(principals=some),
        limit=Limits(principals=dict.fromkeys(some, Rate(count=20))),
    )
    assert read(written(policy)) == policy
    assert decoded(canonical(policy)) == policy
