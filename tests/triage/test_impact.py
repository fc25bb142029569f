"""Why it matters, as people read it: every number that is known, and in words what is not."""

from dataclasses import replace
from datetime import UTC, datetime

from stanch.triage.impact import MOST_NAMED, Counted, impact_of, matters
from stanch.triage.lineage import graph_of
from stanch.vocabulary.asset import Asset, AssetKind, Lineage
from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.incident import Impact, Incident

AT = datetime(2026, 11, 21, tzinfo=UTC)
FRAUD = AssetId("fraud")
FULL = Impact(
    assets=(FRAUD, AssetId("shop"), AssetId("till")),
    decisions=1200,
    people=1,
    principals=2,
    data_classes=("contact", "financial"),
    money=600.4,
    currency="EUR",
    unknown=("what the bill is", "Nobody counted the rest."),
)


def test_all_that_is_known_is_told_and_then_what_is_not() -> None:
    assert matters(FULL, FRAUD) == (
        "It may reach shop, till.",
        "1,200 decisions may be touched.",
        "1 person may be touched.",
        "2 principals are involved.",
        "Data that may be exposed: contact, financial.",
        "Up to 600 EUR, if each of these decisions were wrong.",
        "Not known: what the bill is",
        "Nobody counted the rest.",
    )


def test_what_was_not_counted_is_not_told_as_nought_and_nought_is_told() -> None:
    assert matters(Impact(assets=(FRAUD,)), FRAUD) == ()
    nought = Impact(assets=(FRAUD,), decisions=0, people=0, principals=1, money=0.0)
    assert matters(nought, FRAUD) == (
        "0 decisions may be touched.",
        "0 people may be touched.",
        "1 principal is involved.",
        "Up to 0, if each of these decisions were wrong.",
    )


def test_so_many_assets_are_named_and_the_others_counted() -> None:
    names = [AssetId(f"a{n}") for n in range(MOST_NAMED + 2)]
    (told,) = matters(Impact(assets=(FRAUD, *names[:MOST_NAMED])), FRAUD)
    assert told == f"It may reach {', '.join(names[:MOST_NAMED])}."
    (told,) = matters(Impact(assets=(FRAUD, *names)), FRAUD)
    assert told.endswith(f"a{MOST_NAMED - 1} and 2 more.")
    assert f"a{MOST_NAMED}" not in told


def test_those_who_serve_it_come_in_the_order_of_their_names() -> None:
    names = tuple(AssetId(f"server-{n}") for n in range(9))
    one = Asset(
        id=FRAUD,
        kind=AssetKind.MODEL,
        name="f",
        owner="ml",
        lineage=Lineage(served_by=names[::-1]),
    )
    seen = Incident(
        id=IncidentId("inc-1"), title="t", asset=FRAUD, opened=AT, first_seen=AT, updated=AT
    )
    assert impact_of(seen, {}, graph_of([one]), Counted()).assets == (FRAUD, *names)
    strange = replace(seen, asset=AssetId("not-listed"))
    assert impact_of(strange, {}, graph_of([one]), Counted()).assets == ("not-listed",)
