"""Keys: made once, kept to ourselves, handed over in a chain."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stanch.store import verify
from stanch.store.log.witness import parse_vkey
from stanch.store.signing import Signer, open_signer, public_json, rotate, verify_bytes
from stanch.vocabulary.trouble import BadFile, BadInput, Tampered

NAME, KIND = "stanch.test/log", "application/vnd.stanch.test"
AT = datetime(2026, 11, 21, tzinfo=UTC)
BODY = f"{NAME}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"


def test_keys_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    first, again = open_signer(tmp_path, NAME), open_signer(tmp_path, NAME)
    assert first.fingerprint == again.fingerprint
    assert (tmp_path / "signing.secret").stat().st_mode & 0o777 == 0o600
    assert "seeds" not in json.loads((tmp_path / "keys.json").read_bytes())


def test_secrets_never_print(tmp_path: Path) -> None:
    shown = repr(open_signer(tmp_path, NAME))
    for seed in json.loads((tmp_path / "signing.secret").read_bytes())["seeds"]:
        assert seed not in shown
    assert "Private" not in shown


def test_keys_that_others_may_read_are_refused(tmp_path: Path) -> None:
    open_signer(tmp_path, NAME)
    (tmp_path / "signing.secret").chmod(0o644)
    with pytest.raises(BadFile):
        open_signer(tmp_path, NAME)


def test_keys_of_another_name_or_cut_short_are_refused(tmp_path: Path) -> None:
    open_signer(tmp_path, NAME)
    with pytest.raises(BadFile):
        open_signer(tmp_path, "other")
    secret = tmp_path / "signing.secret"
    secret.write_bytes(secret.read_bytes()[:-40])
    with pytest.raises(BadFile):
        open_signer(tmp_path, NAME)


def test_old_secrets_are_gone_after_a_rotation_and_old_signatures_still_hold(
    tmp_path: Path,
) -> None:
    old = open_signer(tmp_path, NAME)
    signed, seeds = old.sign_bytes(b"x", KIND), (tmp_path / "signing.secret").read_text()
    new = rotate(tmp_path, NAME)
    assert new.fingerprint != old.fingerprint
    assert not set(json.loads(seeds)["seeds"]) & set(
        json.loads((tmp_path / "signing.secret").read_text())["seeds"]
    )
    assert new.verify_bytes(signed, KIND) == b"x"
    assert [one.fingerprint for one in new.public] == [old.fingerprint, new.fingerprint]


def test_who_pins_the_first_key_trusts_the_next_and_who_pins_the_next_not_the_first(
    tmp_path: Path,
) -> None:
    old = open_signer(tmp_path, NAME)
    new = rotate(tmp_path, NAME)
    listed = public_json(new.public)
    assert len(verify.read_keys(listed, [old.fingerprint])) == 2
    trusted = verify.read_keys(listed, [new.fingerprint])
    with pytest.raises(verify.Bad):
        verify.check_checkpoint(old.sign_note(BODY, AT), trusted)
    assert verify.check_checkpoint(new.sign_note(BODY, AT), trusted).size == 0


def test_a_key_that_nobody_handed_over_is_refused(tmp_path: Path) -> None:
    old, stranger = Signer.fresh(NAME), Signer.fresh(NAME)
    with pytest.raises(verify.Bad):
        verify.read_keys(public_json([old.now, stranger.now]))


def test_a_handover_names_one_key_and_hands_over_no_other(tmp_path: Path) -> None:
    old = open_signer(tmp_path, NAME)
    handover = rotate(tmp_path, NAME).now.handover
    stranger = replace(Signer.fresh(NAME).now, handover=handover)
    with pytest.raises(verify.Bad):
        verify.read_keys(public_json([old.now, stranger]))


def test_a_checkpoint_needs_both_signatures() -> None:
    signer = Signer.fresh(NAME)
    note = signer.sign_note(BODY, AT)
    body, first, second = note.rpartition("\n\n")[0] + "\n\n", *note.splitlines(True)[-2:]
    assert verify.check_checkpoint(note, signer.public).origin == NAME
    assert verify.check_checkpoint(body + second + first, signer.public).origin == NAME
    for line in (first, second):
        with pytest.raises(verify.Bad):
            verify.check_checkpoint(body + line, signer.public)


def test_a_signed_value_needs_both_signatures_and_its_kind() -> None:
    signer = Signer.fresh(NAME)
    good = signer.sign_bytes(b"baseline", KIND)
    assert verify_bytes(json.loads(json.dumps(good)), KIND, signer.public) == b"baseline"
    one, two = good["signatures"]
    broken: list[object] = [
        {**good, "signatures": [one]},
        {**good, "signatures": [two]},
        dict[str, str](),
        None,
        {**good, "payload": "YQ=="},
    ]
    for envelope in broken:
        with pytest.raises(Tampered):
            verify_bytes(envelope, KIND, signer.public)
    with pytest.raises(Tampered):
        verify_bytes(good, "another/kind", signer.public)


def test_verifier_keys_read_back_and_carry_the_hash_of_their_key() -> None:
    signer = Signer.fresh(NAME)
    ed, pq = map(parse_vkey, signer.vkeys())
    assert (ed.public, pq.public) == (signer.now.ed25519, signer.now.mldsa44)
    with pytest.raises(BadInput):
        parse_vkey(signer.vkeys()[0].replace("stanch", "staunch"))


@pytest.mark.parametrize("name", ["", "a b", "a+b", "é", "a\n", "x" * 256])
def test_a_name_that_a_note_cannot_carry_is_refused(name: str) -> None:
    with pytest.raises(BadInput):
        Signer.fresh(name)
