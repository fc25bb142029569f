"""A file of several assets is handed in as it is written, in whatever order."""

from pathlib import Path

import pytest

from stanch.cli.inventory_file import documents
from stanch.vocabulary.trouble import BadFile

FILE = Path("inventory.yaml")
TWO = b"""# The scorer and its data.
id: scorer
lineage: {trained_on: [payments]}
---
id: payments
kind: dataset
"""


def test_what_others_link_to_goes_first_and_lines_keep_their_numbers() -> None:
    data, scorer = documents(FILE, TWO)
    assert (data.id, scorer.id) == ("payments", "scorer")
    assert data.text.splitlines()[4] == b"id: payments"
    assert scorer.text.splitlines()[1:3] == TWO.splitlines()[1:3]


def test_links_in_a_circle_are_handed_in_for_the_server_to_refuse() -> None:
    circle = TWO + b"lineage: {derived_from: [scorer]}\n"
    assert {one.id for one in documents(FILE, circle)} == {"scorer", "payments"}


@pytest.mark.parametrize("text", [b"", b"id: a\n---\nname: nobody\n", b"\xff", b"id: [", b"- a\n"])
def test_what_is_no_asset_is_said_of_the_file(text: bytes) -> None:
    with pytest.raises(BadFile, match=r"inventory\.yaml"):
        list(documents(FILE, text))
