"""No character of a proof can be another one, and no bit of a leaf."""

import base64
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stanch.store import verify
from stanch.store.log.evidence_log import EvidenceLog
from stanch.store.signing import HANDOVER, Signer, public_json
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


@pytest.mark.parametrize(
    "text", ["", "00", "07", "-1", "+1", " 1", "1 ", "1\n", "1_0", "\u0663", "1" * 19]
)
def test_a_number_has_one_spelling(text: str) -> None:
    with pytest.raises(verify.Bad):
        verify.decimal(text, "here")
    assert [verify.decimal(one, "here") for one in ("0", "10", "9" * 18)] == [0, 10, 10**18 - 1]


@pytest.mark.parametrize("text", ["", "AAB=", "AAA", "AA==\n", "AA AA", "AA-_"])
def test_bytes_have_one_spelling(text: str) -> None:
    with pytest.raises(verify.Bad):
        verify.unbase64(text, "here")


def test_a_path_is_of_whole_hashes_and_no_longer_than_any_tree_is_deep() -> None:
    whole, short = (base64.b64encode(bytes(size)).decode() for size in (32, 31))
    assert len(verify.hashes([whole] * 63, "here")) == 63
    for wrong in ([whole] * 64, [whole, short]):
        with pytest.raises(verify.Bad):
            verify.hashes(wrong, "here")


def checkpoint(*lines: str, origin: str = "tamper.test") -> str:
    return f"{origin}\n1\n{base64.b64encode(bytes(32)).decode()}\n\n" + "".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        checkpoint("\u2014 a AAAAAAA="),
        checkpoint("\u2014 a AAAAAAA=\n", "\n"),
        checkpoint("\u2014 a+b AAAAAAA=\n"),
        checkpoint("\u2014  AAAAAAA=\n"),
        checkpoint("\u2014 a  AAAAAAA=\n"),
        checkpoint("- a AAAAAAA=\n"),
        checkpoint(),
        checkpoint("\u2014 a AAAAAAA=\n", origin=""),
        checkpoint("\u2014 a AAAAAAA=\n", origin="tamper\ttest"),
        checkpoint("\u2014 a AAAAAAA=\n", origin="t\u00e4mper"),
        checkpoint("\u2014 a AAAAAAA=\n" * verify.MOST),
    ],
    ids=lambda text: repr(text[:90]),
)
def test_a_checkpoint_has_one_spelling(text: str) -> None:
    with pytest.raises(verify.Bad):
        verify.parse_checkpoint(text)
    assert verify.parse_checkpoint(checkpoint("\u2014 a AAAAAAA=\n")).size == 1


def test_a_checkpoint_needs_each_line_of_its_key_to_hold_under_its_own_name() -> None:
    body = checkpoint().removesuffix("\n")
    good = SIGNER.sign_note(body, AT)
    assert verify.check_checkpoint(good, SIGNER.public).size == 1
    for line in good.rpartition("\n\n")[2].splitlines(keepends=True):
        *words, encoded = line.split(" ")
        data = verify.unbase64(encoded.strip(), "here")
        broken = base64.b64encode(data[:-1] + bytes([data[-1] ^ 1])).decode()
        harmed = " ".join([*words, broken]) + "\n"
        for both in (good.replace(line, harmed + line), good.replace(line, line + harmed)):
            with pytest.raises(verify.Bad, match="does not hold"):
                verify.check_checkpoint(both, SIGNER.public)
    of_another = SIGNER.sign_note(checkpoint(origin="another").removesuffix("\n"), AT)
    with pytest.raises(verify.Bad, match="trusted generation"):
        verify.check_checkpoint(of_another, SIGNER.public)


def test_a_time_of_the_far_future_in_a_signature_is_refused() -> None:
    """C2SP: the stamp is below 2^63, or two readers could take it for two times."""
    body = checkpoint().removesuffix("\n")
    point = verify.parse_checkpoint(checkpoint("\u2014 a AAAAAAA=\n"))
    for first, holds in ((b"\x7f", True), (b"\x80", False)):
        stamp = first + bytes(7)
        signature = SIGNER._mldsa44.sign(verify.stamped("tamper.test", stamp, point))
        ed = SIGNER._line(verify.ED25519, SIGNER.now.ed25519, SIGNER._ed25519.sign(body.encode()))
        pq = SIGNER._line(verify.MLDSA44, SIGNER.now.mldsa44, stamp + signature)
        try:
            verify.check_checkpoint(f"{body}\n{ed}{pq}", SIGNER.public)
        except verify.Bad:
            assert not holds
        else:
            assert holds


def test_a_path_leads_nowhere_from_a_place_that_the_tree_does_not_have() -> None:
    leaf, other = verify.leaf_hash(b"one"), verify.leaf_hash(b"two")
    both = verify.node_hash(leaf, other)
    assert verify.inclusion_root(leaf, 0, 1, ()) == leaf
    assert verify.inclusion_root(leaf, 0, 2, (other,)) == both
    for index, size, path in (
        (1, 1, ()),
        (0, 1, (other,)),
        (2, 2, (other,)),
        (-1, 2, (other,)),
        (0, 2, ()),
        (0, 0, ()),
    ):
        assert verify.inclusion_root(leaf, index, size, path) == b"", (index, size)
    assert verify.inclusion_root(other, 2, 2, (leaf,)) == b""


def test_a_shorter_history_continues_none_and_an_empty_one_needs_no_path() -> None:
    root, other = verify.leaf_hash(b"one"), verify.leaf_hash(b"two")
    both = verify.node_hash(root, other)
    assert verify.consistent((1, root), (2, both), (other,))
    assert verify.consistent((0, b""), (2, both), ())
    assert verify.consistent((2, both), (2, both), ())
    for old, new, path in (
        ((2, both), (1, root), ()),
        ((0, b""), (2, both), (other,)),
        ((2, both), (2, other), ()),
        ((2, both), (2, both), (both,)),
        ((1, other), (2, both), (other,)),
        ((1, root), (2, both), ()),
    ):
        assert not verify.consistent(old, new, path), (old[0], new[0])


def test_keys_are_handed_over_under_one_name_only() -> None:
    for name, good in (("tamper.test", True), ("another", False)):
        after = Signer.from_seeds(name, [bytes([i]) * 32 for i in range(5, 8)]).now
        said = SIGNER.sign_bytes(after.fingerprint.encode(), HANDOVER)
        data = public_json([*SIGNER.public, replace(after, handover=said)])
        if good:
            assert len(verify.read_keys(data)) == 2
        else:
            with pytest.raises(verify.Bad, match="not handed over"):
                verify.read_keys(data)
