"""Readiness says what is lacking, and asks nothing of a kind that it makes no sense for."""

from stanch.prepare.readiness import Known, readiness
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.people import Duty

MODEL = Asset(
    id=AssetId("fraud"),
    kind=AssetKind.MODEL,
    name="fraud",
    owner="ada",
    roles={Duty.RESPONDER: "ben"},
    fallback="review",
)
READY = Known(baseline=True, signed=True, versions=2, guards=1)


def lacking(asset: Asset, known: Known) -> list[str]:
    return [one.name for one in readiness(asset, known) if not one.holds]


def test_what_is_there_holds_and_what_is_not_is_named() -> None:
    assert not lacking(MODEL, READY)
    assert lacking(MODEL, Known()) == ["baseline", "guard", "earlier version"]


def test_a_guard_that_is_behind_does_not_count() -> None:
    assert lacking(MODEL, Known(baseline=True, signed=True, versions=2, guards=2, behind=1)) == [
        "guard"
    ]


def test_a_dataset_needs_people_but_no_guard() -> None:
    data = Asset(id=AssetId("rows"), kind=AssetKind.DATASET, name="rows", owner="")
    assert lacking(data, Known()) == ["owner", "responder"]
