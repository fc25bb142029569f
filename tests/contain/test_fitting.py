"""What people type for an act is taken as they mean it, or refused with what would fit."""

from collections.abc import Mapping

import pytest

from stanch.contain.action import arguments
from stanch.contain.actions.block_principal import BlockPrincipal
from stanch.contain.fitting import answer, fitted
from stanch.contain.known import Known, Version
from stanch.engine.runs.library import actions
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.trouble import BadInput, Trouble

FRAUD = AssetId("fraud")
VERSIONS = Known(
    versions=(
        Version(version="v5", signed=True),
        Version(version="v6"),
        Version(version="v7", made=True, suspect=True),
    )
)


@pytest.mark.parametrize(
    ("said", "meant"), [("yes", True), ("No", False), ("on", True), ("true", True), (False, False)]
)
def test_yes_and_no_are_taken_as_they_are_said(said: object, meant: bool) -> None:
    assert arguments(actions()["freeze_pipeline"], {"deployments": said}).deployments is meant


@pytest.mark.parametrize(
    ("act", "given", "says"),
    [
        ("freeze_pipeline", {"deployments": "perhaps"}, "deployments is yes or no, not text"),
        ("shape_outputs", {"scores": "few"}, "scores is all, top1 or none, not 'few'"),
        ("query_limit", {"max_batch": "many"}, "max_batch is a whole number, not text"),
        ("query_limit", {}, "needs max_batch, max_tokens or cost"),
        ("shape_outputs", {"scores": "all"}, "gives nothing less away"),
        ("safe_mode", {"fallback": "review"}, "A fallback is JSON"),
        ("roll_back", {"to": "v4"}, "Nothing is known of version 'v4'.*These may: v5."),
        ("pin_version", {"version": "v6"}, "Nobody vouches for version 'v6'.*These may: v5."),
        ("canary", {"version": "v7", "stays": "v5"}, "'v7' is itself under suspicion"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(
    act: str, given: Mapping[str, object], says: str
) -> None:
    action = actions()[act]
    with pytest.raises(Trouble, match=says):
        action.wanted(FRAUD, arguments(action, given), VERSIONS)


def test_where_no_version_may_be_gone_back_to_that_is_said() -> None:
    assert "None may: use safe_mode" in Known().why_not("v6")
    assert VERSIONS.why_not("v5") == ""


@pytest.mark.parametrize("act", ["safe_mode", "shadow"])
def test_what_is_said_answers_before_what_the_asset_states(act: str) -> None:
    action, known = actions()[act], Known(fallback='"hold"')
    for text, expected in (("", '"hold"'), ('"no"', '"no"')):
        args = arguments(action, {"fallback": text})
        assert action.wanted(FRAUD, args, known).fallback == expected


def test_a_fallback_is_json() -> None:
    assert answer('{"a": 1}') == '{"a": 1}'
    assert answer("") == ""
    with pytest.raises(BadInput, match="not 'review'"):
        answer("review")


def test_a_list_with_a_blank_name_in_it_is_refused() -> None:
    with pytest.raises(BadInput, match="a name in principals is blank"):
        fitted("block_principal", BlockPrincipal, {"principals": ("key-91", " ")})
