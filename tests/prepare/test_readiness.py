"""Readiness says what is lacking, and asks nothing of a kind that it makes no sense for."""

from dataclasses import replace

import pytest

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


@pytest.mark.parametrize(
    ("known", "what"),
    [
        (replace(READY, signed=False), "baseline"),
        (replace(READY, baseline=False), "baseline"),
        (replace(READY, guards=0), "guard"),
        (replace(READY, versions=1), "earlier version"),
    ],
)
def test_one_thing_that_is_lacking_is_named_alone(known: Known, what: str) -> None:
    assert lacking(MODEL, known) == [what]


@pytest.mark.parametrize("kind", [AssetKind.MODEL, AssetKind.ENDPOINT, AssetKind.AGENT])
def test_what_answers_somebody_says_what_answers_in_its_place(kind: AssetKind) -> None:
    assert lacking(replace(MODEL, kind=kind, fallback=""), READY) == ["fallback"]


def test_what_to_do_is_said_of_what_is_lacking_and_what_is_so_of_the_rest() -> None:
    behind = {one.name: one.says for one in readiness(MODEL, replace(READY, behind=1))}
    none = {one.name: one.says for one in readiness(MODEL, replace(READY, guards=0))}
    good = {one.name: one.says for one in readiness(MODEL, READY)}
    assert "behind" in behind["guard"]
    assert none["guard"].startswith("Put a guard")
    assert good["guard"] == "A guard enforces the policy in force."
    assert behind["baseline"] == good["baseline"]
