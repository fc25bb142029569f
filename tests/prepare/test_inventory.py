import re
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stanch.prepare.inventory import FIELDS, dump, parse
from stanch.prepare.lineage import ancestors, cycles, descendants, parents, siblings
from stanch.vocabulary.asset import (
    Asset,
    AssetKind,
    Conditions,
    Criticality,
    Fails,
    Feature,
    FeatureType,
    GuardChoice,
    Lineage,
    WrongNames,
)
from stanch.vocabulary.ids import AssetId, Digest
from stanch.vocabulary.people import Duty
from stanch.vocabulary.trouble import BadFile

WHOLE = """
id: fraud-scorer
kind: model
name: Fraud scorer
owner: payments
roles: {responder: kim, ml_engineer: ada}
criticality: 3
data_classes: [personal, financial]
jurisdictions: [EU]
domain: credit
version: 1.10
digest: sha256:0000000000000000000000000000000000000000000000000000000000000000
lineage: {trained_on: [payments-2026]}
features: [{name: amount, type: number}, country]
classes: [ok, fraud]
hyper_parameters: {depth: 6, rate: 0.1, balanced: true, loss: log}
access_log: s3://logs/fraud
fallback: '{"prediction": "review"}'
deadline_minutes: 30
people: 120000
decision_cost: 2.5
currency: EUR
oversight: can_stop
signers: {release: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=}
guard: {fail: closed}
conditions: {field: region, values: [north, '3', south]}
false_alarms_per_year: 12
wrong_names: {one_in: 1000, within_days: 7}
---
id: payments-2026
kind: dataset
name: Payments
owner: data
"""


def model(name: str, **lineage: tuple[str, ...]) -> Asset:
    links = {kind: tuple(map(AssetId, ids)) for kind, ids in lineage.items()}
    return Asset(
        id=AssetId(name), kind=AssetKind.MODEL, name=name, owner="us", lineage=Lineage(**links)
    )


def refused(text: str) -> str:
    with pytest.raises(BadFile) as caught:
        parse(text, "assets.yaml")
    return str(caught.value)


def test_every_field_of_an_asset_is_read() -> None:
    scorer, data = parse(WHOLE)
    assert scorer.version == "1.10"
    assert scorer.features == (Feature(name="amount"), Feature(name="country"))
    assert scorer.hyper_parameters == {"depth": 6, "rate": 0.1, "balanced": True, "loss": "log"}
    assert scorer.guard.fail is Fails.CLOSED
    assert scorer.conditions == Conditions(field="region", values=("north", "3", "south"))
    assert scorer.false_alarms_per_year == 12
    assert scorer.wrong_names == WrongNames(one_in=1000, within_days=7)
    assert scorer.roles == {Duty.RESPONDER: "kim", Duty.ML_ENGINEER: "ada"}
    assert data.kind is AssetKind.DATASET
    blank = Asset(id=AssetId("x"), kind=AssetKind.DATASET, name="x", owner="x")
    assert [
        f.name for f in fields(Asset) if getattr(scorer, f.name) == getattr(blank, f.name)
    ] == []
    assert list(FIELDS) == [f.name for f in fields(Asset)]
    page = Path(__file__).parents[2] / "docs" / "how-to" / "write-the-inventory.md"
    table = page.read_text().partition("## Every field")[2].partition("##")[0]
    assert set(FIELDS) <= set(re.findall(r"`(\w+)`", table))


@pytest.mark.parametrize(
    "given", ["12", "{}", "{one_in: 0}", "{one_in: yes}", "{one_in: 9, within_days: 0}"]
)
def test_wrong_names_are_one_in_so_many_in_so_many_days(given: str) -> None:
    head = f"id: a\nkind: model\nname: A\nowner: us\nwrong_names: {given}\n"
    with pytest.raises(BadFile, match=r"one_in from 1 on, within_days 0\.01 to 366"):
        parse(head)
    (one,) = parse(head.replace(given, "{one_in: 50}"))
    assert one.wrong_names == WrongNames(one_in=50, within_days=1)


@pytest.mark.parametrize("key", ["no key", "AAAA", "''"])
def test_a_signer_has_a_key(key: str) -> None:
    head = f"id: a\nkind: model\nname: A\nowner: us\nsigners: {{release: {key}}}\n"
    with pytest.raises(BadFile, match="32 bytes in base64"):
        parse(head)


ids = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True).map(AssetId)
words = st.text(max_size=20)
full = words.filter(str.strip)
scalars = st.one_of(words, st.booleans(), st.integers(-(2**63), 2**63), st.floats(allow_nan=False))
assets = st.builds(
    Asset,
    id=ids,
    kind=st.sampled_from(AssetKind),
    name=full,
    owner=full,
    roles=st.dictionaries(st.sampled_from(Duty), words),
    criticality=st.sampled_from(Criticality),
    data_classes=st.lists(words, max_size=3).map(tuple),
    jurisdictions=st.lists(words, max_size=3).map(tuple),
    domain=words,
    version=words,
    digest=st.none()
    | st.binary(min_size=32, max_size=32).map(lambda b: Digest(f"sha256:{b.hex()}")),
    features=st.lists(
        st.builds(Feature, name=words, type=st.sampled_from(FeatureType)), max_size=3
    ).map(tuple),
    classes=st.lists(words, max_size=3).map(tuple),
    hyper_parameters=st.dictionaries(words, scalars, max_size=4),
    access_log=words,
    fallback=words,
    deadline_minutes=st.integers(1, 10_000),
    guard=st.builds(GuardChoice, fail=st.sampled_from(Fails)),
    lineage=st.just(Lineage()),
    wrong_names=st.none() | st.builds(WrongNames, one_in=st.floats(1, 1e9)),
)


@given(some=st.lists(assets, max_size=3, unique_by=lambda a: a.id))
def test_what_is_dumped_is_parsed_again(some: list[Asset]) -> None:
    assert parse(dump(some)) == tuple(some)


def test_lineage_is_dumped_and_parsed_again() -> None:
    some = (model("a"), model("b", derived_from=("a",), trained_on=("c",)), model("c"))
    assert parse(dump(some)) == some


def test_every_mistake_is_named_at_once_with_its_line() -> None:
    said = refused(
        "id: a b\nkind: modle\nname: x\nownr: me\ncriticality: 9\nguard: {fail: never}\n"
        "deadline_minutes: soon\nfeatures: [{type: number}]\ndigest: md5:1\nroles: {chef: me}\n"
    )
    for line, word in (
        (1, "needs 'owner'"),
        (1, "'a b' cannot name"),
        (2, "Did you mean 'model'?"),
        (4, "Did you mean 'owner'?"),
        (5, "from 1 to 4"),
        (6, "open, closed"),
        (7, "whole number"),
        (8, "needs 'name'"),
        (9, "64 hexadecimal"),
        (10, "no field 'chef'"),
    ):
        assert any(f"assets.yaml:{line}: " in row and word in row for row in said.splitlines()), (
            word
        )


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("{field: principal, values: [eu]}", "has a meaning of its own in every event"),
        ("{field: region, values: [eu, other]}", "not called 'other'"),
        ("{field: region, values: [eu/west]}", "has no /"),
        ("{field: region, values: [eu, us, eu]}", "stands there twice"),
        ("{field: region, values: []}", "1 to 16 values; these are 0"),
        (f"{{field: region, values: {[f'r{i}' for i in range(17)]}}}", "these are 17"),
        ("{field: region}", "need a field and its values"),
        ("{field: region, values: ['']}", "write a short name"),
    ],
)
def test_conditions_are_few_named_and_told_beside_the_inputs(written: str, says: str) -> None:
    head = "id: a\nkind: model\nname: A\nowner: us\n"
    assert says in refused(f"{head}conditions: {written}\n")


def test_the_same_id_twice_is_refused_with_both_lines() -> None:
    one = "id: a\nkind: model\nname: a\nowner: me\n"
    assert "assets.yaml:6: 'a' stands already on line 1" in refused(f"{one}---\n{one}")


def test_a_link_to_nothing_and_a_ring_are_named() -> None:
    assert "'a' names 'ghost' in trained_on" in refused(dump([model("a", trained_on=("ghost",))]))
    ring = [model("a", derived_from=("b",)), model("b", derived_from=("c",))]
    ring.append(model("c", derived_from=("a",)))
    assert "a -> b -> c -> a" in refused(dump(ring))


def test_a_link_to_an_asset_known_before_is_fine_and_can_close_a_ring() -> None:
    text = dump([model("a", derived_from=("b",))])
    assert parse(text, known=[model("b")])
    with pytest.raises(BadFile, match="nothing can come from itself"):
        parse(text, known=[model("b", derived_from=("a",))])


BOMB = "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BOMB, "anchor"),
        ("id: !!python/object/apply:os.system [ls]", "tag"),
        ("id: !include /etc/passwd", "tag"),
        ("[" * 50_000, "nested"),
        ("x" * 10_000_000, "longer than"),
        ("id: [1, 2", "not YAML"),
        ("id: \x00", "does not allow"),
        ("id: a\nid: b", "twice"),
        ("{[1, 2]: x}", "not a word"),
        ("just words", "mapping"),
        ("- - - x", "mapping"),
        ("id: {a: b}\nname: null", "must be text"),
    ],
)
def test_hostile_and_broken_yaml_is_refused_with_a_sentence(text: str, says: str) -> None:
    assert says in refused(text)


@given(text=st.text(max_size=200))
def test_any_text_is_assets_or_a_sentence(text: str) -> None:
    try:
        told = [one.id for one in parse(text)]
    except BadFile as bad:
        told = [str(bad)]
    assert all(told)


def test_an_empty_inventory_has_no_assets() -> None:
    assert parse("") == ()
    assert parse("---\n---\n") == ()


def test_the_graph_of_lineage_is_walked_both_ways() -> None:
    family = [
        model("data", served_by=()),
        model("base", trained_on=("data",)),
        model("tuned", derived_from=("base",), served_by=("endpoint",)),
        model("other", derived_from=("base",)),
        model("endpoint"),
        model("alone"),
    ]
    links = parents(family)
    assert descendants(links, AssetId("data")) == {"base", "tuned", "other", "endpoint"}
    assert ancestors(links, AssetId("endpoint")) == {"tuned", "base", "data"}
    assert siblings(links, AssetId("tuned")) == {"other"}
    assert descendants(links, AssetId("alone")) == frozenset()


def test_a_long_chain_does_not_exhaust_the_stack() -> None:
    chain = [model("m0")] + [model(f"m{n}", derived_from=(f"m{n - 1}",)) for n in range(1, 5000)]
    assert cycles(chain) == ()
    assert len(ancestors(parents(chain), AssetId("m4999"))) == 4999
