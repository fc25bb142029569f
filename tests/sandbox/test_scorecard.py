"""The scorecard keeps its contract, and what attackers wrote stays data."""

import json
from xml.etree import ElementTree as ET

import msgspec

from stanch.sandbox.scorecard import COLUMNS, Score, Seconds, markdown, rows, scorecard, svg


def one(name: str = "extraction", *, won: bool = True, got: str = "extraction by thief") -> Score:
    return Score(
        name=name,
        seed=1,
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
    assert set(told["drills"][0]["seconds"]) == {"finding", "incident", "contained"}


def test_one_drill_lost_is_a_card_lost() -> None:
    assert scorecard([one()]).won
    assert not scorecard([one(), one("evasion", won=False)]).won


def test_the_table_has_every_column() -> None:
    (row,) = rows(scorecard([one(won=False)]))
    assert tuple(row) == COLUMNS
    assert (row["finding"], row["contained"], row["won"]) == ("1.5 s", "-", "not won")


def test_the_page_says_why_and_keeps_its_table_whole() -> None:
    page = markdown(scorecard([one(won=False, got="a | b\nc")]))
    assert "0 of 1 drills won" in page
    assert "- It was not contained." in page
    assert r"a \| b c" in page


def test_the_picture_is_well_formed_and_labelled() -> None:
    drawn = svg(scorecard([one("<script>"), one("evasion", won=False)]))
    root = ET.fromstring(drawn)  # noqa: S314  our own picture
    assert root.attrib["aria-label"] == "1 of 2 drills won"
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "<script>" in texts
    assert "not contained" in texts
