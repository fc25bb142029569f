"""No character of a proof can be another one, and no bit of a leaf."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from stanch.store import verify
from stanch.store.log.evidence_log import EvidenceLog
from stanch.store.signing import Signer
from stanch.vocabulary.record import Deed, Entry

AT = datetime(2026, 11, 21, tzinfo=UTC)
SIGNER = Signer.from_seeds("tamper.test", [bytes([i]) * 32 for i in range(3)])


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, bytes]:
    folder: Path = tmp_path_factory.mktemp("log")
    log = EvidenceLog.open(folder, SIGNER, lambda: AT)
    log.append([Entry(at=AT, deed=Deed.STEP_DONE, actor="me", about=f"it-{i}") for i in range(300)])
    found = log.proof_text(77), next(log.leaves(77, 78)).leaf
    log.close()
    return found


def accepted(text: str, leaf: bytes) -> bool:
    try:
        verify.check_proof(text, leaf, SIGNER.public, "proof")
    except verify.Bad:
        return False
    return True


def test_the_proof_holds_as_it_is(proved: tuple[str, bytes]) -> None:
    assert accepted(*proved)


def test_no_character_can_be_changed_dropped_or_doubled(proved: tuple[str, bytes]) -> None:
    text, leaf = proved
    wrong = [
        f"{text[:at]}{new}{text[at + 1 :]}"
        for at, old in enumerate(text)
        for new in {"A", "", old + old, chr(ord(old) ^ 1)} - {old}
    ]
    assert [one for one in wrong if accepted(one, leaf)] == []


def test_no_text_can_be_added_or_cut(proved: tuple[str, bytes]) -> None:
    text, leaf = proved
    for more in ("\n", " ", "x", "\u2014 ", "extra AAAA\n", "\x00", "\r\n"):
        assert not accepted(more + text, leaf)
        assert not accepted(text + more, leaf)
    assert not any(accepted(text[:at], leaf) for at in range(0, len(text), 7))


def test_a_line_of_an_unknown_key_is_ignored_and_nothing_else_is(
    proved: tuple[str, bytes],
) -> None:
    text, leaf = proved
    assert accepted(text + "\u2014 stranger AAAAAAA=\n", leaf)
    assert not accepted(text + "\u2014 stranger AAAAAAB=\n", leaf)
    assert not accepted(text + "stranger AAAAAAA=\n", leaf)


def test_lines_cannot_be_swapped(proved: tuple[str, bytes]) -> None:
    text, leaf = proved
    lines = text.split("\n")
    last = lines.index("tamper.test") + 3
    for one in range(last):
        for two in range(one):
            mixed = [*lines]
            mixed[one], mixed[two] = lines[two], lines[one]
            assert mixed == lines or not accepted("\n".join(mixed), leaf)


def test_no_bit_of_the_leaf_can_flip(proved: tuple[str, bytes]) -> None:
    text, leaf = proved
    for at in range(len(leaf) * 8):
        flipped = bytearray(leaf)
        flipped[at // 8] ^= 1 << at % 8
        assert not accepted(text, bytes(flipped))


def test_the_proof_of_one_entry_is_not_that_of_another(proved: tuple[str, bytes]) -> None:
    text, leaf = proved
    for other in (0, 76, 78, 299, 300, 77 + 512):
        assert not accepted(text.replace("index 77", f"index {other}"), leaf)
