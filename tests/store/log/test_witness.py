"""A witness moves forward only, and its line counts only when it holds."""

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stanch.store import verify
from stanch.store.log.evidence_log import EvidenceLog
from stanch.store.log.witness import COSIGNED_ED25519, Witness
from stanch.store.signing import Signer, _base64, vkey
from stanch.vocabulary.record import Entry

AT = datetime(2026, 11, 21, tzinfo=UTC)
OTHER = Signer.from_seeds("witness.test", [bytes([9 + i]) * 32 for i in range(3)])


@pytest.fixture
def log(opened: Callable[[], EvidenceLog], entry: Callable[[int], Entry]) -> EvidenceLog:
    made = opened()
    made.append([entry(i) for i in range(5)])
    return made


@pytest.fixture
def witness(tmp_path: Path, signer: Signer) -> Witness:
    return Witness(tmp_path / "witness", OTHER, lambda: AT, {signer.name: signer.vkeys()})


def test_a_log_that_continues_is_cosigned_and_the_line_is_kept(
    log: EvidenceLog, witness: Witness, entry: Callable[[int], Entry]
) -> None:
    answer = witness.add_checkpoint(log.witness_request(0))
    assert answer.status == HTTPStatus.OK
    assert log.accept(answer.body, OTHER.vkeys()).endswith(answer.body)
    log.append([entry(5)])
    assert witness.add_checkpoint(log.witness_request(5)).status == HTTPStatus.OK
    assert log.verify().holds


def test_the_same_checkpoint_may_be_asked_for_again(log: EvidenceLog, witness: Witness) -> None:
    assert witness.add_checkpoint(log.witness_request(0)).status == HTTPStatus.OK
    assert witness.add_checkpoint(log.witness_request(5)).status == HTTPStatus.OK


def test_who_forgot_how_far_we_were_is_told(log: EvidenceLog, witness: Witness) -> None:
    witness.add_checkpoint(log.witness_request(0))
    answer = witness.add_checkpoint(log.witness_request(0))
    assert (answer.status, answer.body, answer.content_type) == (409, "5\n", "text/x.tlog.size")


def test_a_rewritten_history_is_never_cosigned(
    log: EvidenceLog,
    witness: Witness,
    tmp_path: Path,
    signer: Signer,
    entry: Callable[[int], Entry],
) -> None:
    witness.add_checkpoint(log.witness_request(0))
    forked = EvidenceLog.open(tmp_path / "fork", signer, lambda: AT)
    forked.append([entry(i + 50) for i in range(5)])
    assert witness.add_checkpoint(forked.witness_request(5)).status == HTTPStatus.CONFLICT
    forked.append([entry(99)])
    assert witness.add_checkpoint(forked.witness_request(5)).status == 422
    forked.close()
    assert verify.parse_checkpoint(witness.remembered(signer.name)).size == 5


def test_strangers_and_nonsense_are_answered_as_the_protocol_says(
    log: EvidenceLog, witness: Witness, tmp_path: Path
) -> None:
    request = log.witness_request(0)
    unknown = Witness(tmp_path / "u", OTHER, lambda: AT, {})
    wrong = Witness(tmp_path / "w", OTHER, lambda: AT, {"stanch.test/log": OTHER.vkeys()})
    assert unknown.add_checkpoint(request).status == HTTPStatus.NOT_FOUND
    assert wrong.add_checkpoint(request).status == HTTPStatus.FORBIDDEN
    for broken in (
        "",
        "old 00\n\n",
        request.replace("old 0", "old 6"),
        request[:-9],
        "new" + request,
    ):
        assert witness.add_checkpoint(broken).status == HTTPStatus.BAD_REQUEST


def test_only_lines_of_known_witnesses_that_hold_are_kept(log: EvidenceLog, signer: Signer) -> None:
    note = log.checkpoint()
    other = OTHER.cosign(verify.parse_checkpoint(note).body, AT)
    broken = other.replace("A", "B", 1)
    assert log.accept(other, ()) == note
    assert log.accept(broken + "rubbish\n", OTHER.vkeys()) == note
    assert log.accept(other + other, OTHER.vkeys()) == note + other


def test_an_ed25519_cosignature_of_the_older_kind_is_accepted_too(log: EvidenceLog) -> None:
    key, name, stamp = Ed25519PrivateKey.from_private_bytes(bytes(32)), "w.test", 1_700_000_000
    note = log.checkpoint()
    public = key.public_key().public_bytes_raw()
    said = f"cosignature/v1\ntime {stamp}\n{verify.parse_checkpoint(note).body}"
    number = verify.key_id(name, COSIGNED_ED25519, public)
    line = _base64(number + stamp.to_bytes(8, "big") + key.sign(said.encode()))
    lines = f"\u2014 {name} {line}\n"
    assert log.accept(lines, [vkey(name, COSIGNED_ED25519, public)]) == note + lines
