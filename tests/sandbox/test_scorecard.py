"""The scorecard keeps its contract, and what attackers wrote stays data."""

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import msgspec
import pytest

from stanch.sandbox.origin import Origin
from stanch.sandbox.score import Bundle, Score, Seconds
from stanch.sandbox.scorecard import COLUMNS, joined, markdown, rows, scorecard, svg
from stanch.vocabulary.trouble import BadInput


def one(
    name: str = "extraction", *, won: bool = True, got: str = "extraction by thief", seed: int = 1
) -> Score:
    return Score(
        name=name,
        seed=seed,
        attack="extraction",
        expected="extraction, thief refused or slowed",
        got=got,
        right=won,
        principals_right=won,
        seconds=Seconds(finding=1.5, incident=1.6, contained=2.25 if won else None),
        innocent_refused=0.0,
        contained_wrongly=(),
        evidence_verified=True,
        notes=() if won else ("It was not contained.",),
        won=won,
    )


def test_the_document_has_what_the_contract_says() -> None:
    told = json.loads(msgspec.json.encode(scorecard([one()])))
    assert {"drills", "machine", "version"} <= set(told)
    contract = {
        *("name", "seed", "attack", "expected", "got", "right", "principals_right", "seconds"),
        *("innocent_refused", "contained_wrongly", "evidence_verified", "notes"),
    }
    assert contract <= set(told["drills"][0])
    assert set(told["drills"][0]["seconds"]) == {
        *("finding", "incident", "enough", "contained", "called"),
    }


def test_one_drill_lost_is_a_card_lost() -> None:
    assert scorecard([one()]).won
    assert not scorecard([one(), one("evasion", won=False)]).won


def test_the_table_has_every_column() -> None:
    (row,) = rows(scorecard([one(won=False)]))
    assert tuple(row) == COLUMNS
    assert (row["finding"], row["contained"], row["won"]) == ("1.5 s", "-", "not won")


def test_the_page_says_why_and_keeps_its_table_whole() -> None:
    page = markdown(scorecard([one(won=False, got="a | b\nc")]))
    assert "0 of 1 plays won, of 1 drills" in page
    assert "- It was not contained. (1 of 1)" in page
    assert r"It was called a \| b c. (1 of 1)" in page


def test_a_matrix_is_summed_up_by_drill_and_held_against_its_bars() -> None:
    many = [one(seed=n, won=n != 3) for n in range(1, 21)]
    card = scorecard(
        [*many, one("evasion")],
        left=["drift, seed 5", "drift, seed 6"],
        failed=("drift, seed 4: it broke",),
    )
    (first, second) = sorted(card.summary, key=lambda line: line.seeds)
    assert (first.name, first.won) == ("evasion", 1)
    assert (second.seeds, second.won, second.contained, second.contained_seconds) == (
        20,
        19,
        19,
        2.25,
    )
    bars = {bar.says: bar.holds for bar in card.reached}
    assert bars["called what it is"] is True
    assert bars["attacks contained, and that proved"] is False
    assert bars["the innocent drills called no attack, and left alone"] is None
    page = markdown(card)
    assert "20 of 21 plays won" in page
    assert "2 plays were left out" in page
    assert "drift, seed 4: it broke" in page
    assert "20 seeds, 1 to 20" in page


def test_a_copy_that_was_stopped_is_measured_beside_one_that_was_not() -> None:
    stopped = replace(one(), measured={"fidelity": 0.7, "uncontained": 0.95})
    (bar,) = [b for b in scorecard([stopped]).reached if b.says.startswith("a copy")]
    assert (bar.holds, bar.measured) == (True, "25.0 points")


def test_a_bundle_is_told_with_its_entries_or_with_what_is_bad_in_it() -> None:
    good = Bundle(incident="inc-1", verified=True, says="it holds", entries=30, seconds=0.5)
    bad = replace(good, verified=False, says="data/x: is missing")
    verified = replace(one(), bundles=(good,))
    lost = replace(one(seed=2), bundles=(good, bad), won=False)
    card = scorecard([verified, lost])
    assert [row["bundle"] for row in rows(card)] == ["30 entries, 0.5 s", "data/x: is missing"]
    assert rows(scorecard([one()]))[0]["bundle"] == "-"
    assert "| 30 entries, 0.5 s |" in markdown(scorecard([verified]))
    (bar,) = [b for b in card.reached if b.says.startswith("evidence bundles")]
    assert (bar.holds, bar.measured) == (False, "2 of 3")


def test_the_page_names_the_code_the_machine_and_the_options() -> None:
    card = scorecard([replace(one(), small=True)])
    (own,) = card.origins
    page = markdown(card)
    for part in (own.code, own.source, card.machine, f"Python {own.python}", "Seed 1."):
        assert part in page
    assert f"numpy {own.libraries['numpy']}" in page
    assert "Size: small; through: guard; speed: 1." in page
    again = msgspec.json.decode(msgspec.json.encode(card), type=type(card))
    assert again.origins == card.origins


def test_pieces_of_different_code_name_both() -> None:
    here = scorecard([one()])
    there = replace(scorecard([one(seed=2)]), origins=(Origin(commit="abc", changed=True),))
    assert len(joined([here, scorecard([one(seed=3)])]).origins) == 1
    assert [o.code for o in joined([here, there]).origins][1] == "commit abc, with changes"


def test_the_picture_is_well_formed_and_labelled() -> None:
    drawn = svg(scorecard([one("<script>"), one("evasion", won=False)]))
    root = ET.fromstring(drawn)  # noqa: S314  our own picture
    assert root.attrib["aria-label"] == "1 of 2 plays of 2 drills won"
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "<script>" in texts
    assert "not contained" in texts


def test_pieces_of_a_matrix_make_the_card_that_it_would_have_been() -> None:
    left = ["extraction, seed 1", "evasion, seed 1"]
    pieces = [scorecard([one(seed=2)], seconds=3.0, left=left), scorecard([one()], seconds=4.0)]
    whole = joined(pieces)
    assert [(s.name, s.seed) for s in whole.drills] == [("extraction", 1), ("extraction", 2)]
    assert (whole.seconds, whole.left, whole.left_out) == (7.0, 1, ("evasion, seed 1",))
    assert whole.reached == scorecard([one(), one(seed=2)]).reached


def test_a_play_that_was_lost_cannot_be_played_over_in_another_piece() -> None:
    with pytest.raises(BadInput, match="extraction, seed 1 is in two"):
        joined([scorecard([one(won=False)]), scorecard([one()])])


def test_a_reason_that_is_given_once_keeps_its_numbers_and_others_are_counted() -> None:
    late = [replace(one(seed=n), notes=(f"Containment took {40 + n} s.",)) for n in (1, 2)]
    assert scorecard(late[:1]).summary[0].notes == ("Containment took 41 s. (1 of 1)",)
    assert scorecard(late).summary[0].notes == ("Containment took N s. (2 of 2)",)
