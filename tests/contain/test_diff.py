"""What people agree to is a sentence: each says what changes, in its direction, and no more."""

from dataclasses import replace
from typing import Any

import pytest

from stanch.contain.diff import SHOWN, changes, names
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.policy import (
    Deny,
    Filter,
    Hold,
    Limits,
    LogLevel,
    Mark,
    Mode,
    Policy,
    Rate,
    Scores,
    Shape,
    Strictness,
    Tools,
)

FREE = Policy(asset=AssetId("fraud"), fallback="0")
BARE = replace(FREE, fallback="")
ADA, BOB = PrincipalId("ada"), PrincipalId("bob")
TEN, FIVE = Rate(count=10), Rate(count=5)
OF_ADA = Mark(key="a" * 64, principals=frozenset({ADA}))
OF_BOB = Mark(key="b" * 64, principals=frozenset({BOB}))


def deny(*principals: str) -> Policy:
    return replace(FREE, deny=Deny(principals=frozenset(map(PrincipalId, principals))))


def networks(*some: str) -> Policy:
    return replace(FREE, deny=Deny(networks=frozenset(some)))


def limit(**fields: Any) -> Policy:
    return replace(FREE, limit=Limits(**fields))


def shape(**fields: Any) -> Policy:
    return replace(FREE, shape=Shape(**fields))


def route(**weights: int) -> Policy:
    return replace(FREE, route=weights)


def rules(*some: str) -> Policy:
    return replace(FREE, filter=Filter(rules=frozenset(some)))


@pytest.mark.parametrize(
    ("strict", "on", "off"),
    [
        (replace(FREE, mode=Mode.STOPPED), "every request is refused", "answers again"),
        (replace(FREE, mode=Mode.SAFE), "not asked; the fallback answers", "answers again"),
        (replace(FREE, mode=Mode.SHADOW), "not given; the fallback answers", "answers again"),
        (deny("ada"), "ada may not ask.", "ada may ask again."),
        (networks("10.0.0.0/8"), "in 10.0.0.0/8 may not ask", "in 10.0.0.0/8 may ask again"),
        (limit(per_principal=TEN), "Each principal may ask 10/min.", "as often as it likes"),
        (limit(overall=TEN), "All principals together may ask 10/min.", "There is no limit on all"),
        (limit(cost=TEN), "may cost 10/min.", "no limit on what each principal may cost"),
        (limit(max_batch=8), "at most 8 rows", "any number of rows"),
        (limit(max_tokens=9), "at most 9 tokens", "any number of tokens"),
        (limit(principals={ADA: TEN}), "ada may ask 10/min.", "ada may ask as often as others"),
        (shape(scores=Scores.TOP1), "only the highest score", "every score again"),
        (shape(scores=Scores.NONE), "show no scores", "every score again"),
        (shape(round=2), "at most 2 decimal places", "are not rounded"),
        (shape(jitter=0.1), "noise of up to 0.1", "carry no noise"),
        (shape(epsilon=0.5), "scale 1/0.5", "carry no privacy noise"),
        (shape(marks=(OF_ADA,)), "For ada about 50 % of the answers", "answers of ada is lifted"),
        (rules("r1"), "Rules r1 apply.", "Rules r1 are lifted."),
        (
            replace(FREE, filter=Filter(input=Strictness.STRICT)),
            "Inputs are looked at: strict.",
            "Inputs are looked at: off.",
        ),
        (
            replace(FREE, filter=Filter(output=Strictness.NORMAL)),
            "Outputs are looked at: normal.",
            "Outputs are looked at: off.",
        ),
        (
            replace(FREE, tools=Tools(deny=frozenset({"sql"}))),
            "Tools sql may not be used.",
            "Tools sql may be used again.",
        ),
        (
            replace(FREE, tools=Tools(ask=frozenset({"refund"}))),
            "refund need a person's leave",
            "refund need no leave",
        ),
        (replace(FREE, hold=Hold(ingestion=True)), "No new data is taken in", "taken in again"),
        (replace(FREE, hold=Hold(training=True)), "No training may start", "may start again"),
        (replace(FREE, hold=Hold(deployment=True)), "No version may be", "may be deployed again"),
        (replace(FREE, log=LogLevel.FULL), "is kept in full", "kept as usual again"),
    ],
)
def test_what_is_held_and_what_is_lifted_each_have_one_sentence(
    strict: Policy, on: str, off: str
) -> None:
    (held,), (freed,) = changes(FREE, strict), changes(strict, FREE)
    assert (on in held.says, held.stricter) == (True, True), held
    assert (off in freed.says, freed.stricter) == (True, False), freed


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (FREE, route(v6=3, v7=1), "Of the requests v6 gets 75 %, v7 gets 25 %."),
        (FREE, route(v6=1, v7=0), "Of the requests v6 gets 100 %, v7 gets none."),
        (FREE, route(**{"v6": 1, "*": 0}), "Of the requests v6 gets 100 %."),
        (FREE, route(v7=0), "Version v7 gets no requests; the rest stay as they are."),
        (FREE, route(**{"v7": 0, "*": 0}), "No version is left that may answer."),
        (route(v6=1), FREE, "The service routes by itself again."),
        (deny("ada"), deny("bob"), "bob may not ask. ada may ask again."),
        (rules("r1"), rules("r2"), "Rules r2 apply. Rules r1 are lifted."),
        (
            limit(principals={ADA: TEN, BOB: TEN}),
            limit(principals={ADA: FIVE, BOB: TEN}),
            "ada may ask 5/min.",
        ),
        (
            limit(principals={ADA: TEN}),
            limit(principals={BOB: TEN}),
            "bob may ask 10/min. ada may ask as often as others again.",
        ),
        (replace(FREE, mirror="v8"), FREE, "No version gets copies of requests."),
        (FREE, replace(FREE, mirror="v8"), "Version v8 gets a copy of each request."),
        (FREE, replace(FREE, fallback=""), "There is no fallback answer."),
        (
            BARE,
            replace(BARE, mode=Mode.SAFE),
            "The model is not asked, and there is no fallback answer: every request is refused.",
        ),
        (
            BARE,
            replace(BARE, mode=Mode.SHADOW),
            (
                "The model's answers are logged and not given, and there is no fallback answer: "
                "every request is refused."
            ),
        ),
        (FREE, replace(FREE, fallback='"no"'), 'The fallback answer is "no".'),
        (FREE, limit(max_batch=0), "A request may have at most 0 rows."),
    ],
)
def test_what_takes_the_place_of_something_says_both(
    before: Policy, after: Policy, says: str
) -> None:
    (change,) = changes(before, after)
    assert change.says == says


def test_a_mark_that_stays_is_not_told_again_and_its_key_never() -> None:
    (more,) = changes(shape(marks=(OF_ADA,)), shape(marks=(OF_ADA, OF_BOB)))
    assert "bob" in more.says
    assert "ada" not in more.says
    assert OF_BOB.key not in more.says


def test_each_field_is_stricter_or_not_by_itself() -> None:
    """What one field gives away is not covered by what another one takes."""
    before = replace(deny("ada"), hold=Hold(training=True))
    after = replace(deny("ada", "bob"), hold=Hold())
    told = {one.field: one.stricter for one in changes(before, after)}
    assert told == {"deny.principals": True, "hold.training": False}


def test_a_few_names_are_named_and_the_rest_are_counted() -> None:
    many = [f"key-{n}" for n in range(SHOWN + 1)]
    assert names(many[:-1]) == ", ".join(many[:-1])
    assert names(many) == f"{names(many[:-1])} and 1 more"


def test_a_name_adds_no_line_to_what_people_say_yes_to() -> None:
    said = changes(FREE, deny("a may not ask.\nWho is hit: nobody."))[0].says
    assert "\n" not in said


def test_a_name_with_commas_is_one_name_in_what_people_say_yes_to() -> None:
    said = changes(FREE, deny("CN=client,OU=Payments,O=Bank", "bob"))[0].says
    assert said == '"CN=client,OU=Payments,O=Bank", bob may not ask.'
    rates = limit(principals={PrincipalId("a,b"): TEN})
    assert changes(FREE, rates)[0].says == '"a,b" may ask 10/min.'
