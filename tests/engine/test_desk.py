"""The desk hands out evidence with its proof, enters that it did, and names what is damaged."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from stanch.app import Parts, opened
from stanch.engine.desk import ALL, Desk, Upload
from stanch.settings import Settings
from stanch.store import verify
from stanch.vocabulary.ids import Digest, EvidenceId, IncidentId
from stanch.vocabulary.people import Caller, Scope
from stanch.vocabulary.record import Deed
from stanch.vocabulary.trouble import BadInput, NotFound

ADA = Caller(name="ada", scopes=frozenset({Scope.ADMIN}))


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    with opened(Settings(data=tmp_path_factory.mktemp("desk") / "data")) as one:
        yield one


@pytest.fixture
def desk(parts: Parts) -> Desk:
    return parts.desk()


def deeds(parts: Parts, about: str) -> list[Deed]:
    parts.recorder.drain()
    return [one.deed for one in parts.log.entries() if one.about == about]


def item_file(parts: Parts, digest: Digest) -> Path:
    digits = digest.removeprefix("sha256:")
    return parts.folder / "vault/items" / digits[:2] / digits[2:]


def test_what_is_handed_in_has_a_place_and_a_proof_at_once(desk: Desk, parts: Parts) -> None:
    kept = desk.put(Upload(kind="note", name="why.txt"), b"because", ADA)
    assert kept.by == "ada"
    proof = desk.proof(kept.id)
    leaf = base64.b64decode(proof.leaf)
    at, _ = verify.check_proof(proof.proof, leaf, parts.log.keys, "proof")
    assert at == proof.log_index == kept.log_index
    said = json.loads(leaf)
    assert (said["deed"], said["about"], said["digest"]) == (
        "evidence.taken",
        kept.id,
        kept.digest,
    )
    assert desk.keys() == proof.keys
    with pytest.raises(NotFound):
        desk.proof(EvidenceId("evd-nothing"))


def test_whoever_looks_is_entered(desk: Desk, parts: Parts) -> None:
    kept = desk.put(Upload(kind="note", name="look.txt"), b"look at me", ADA)
    item, content = desk.content(kept.id, ADA)
    assert (item.id, b"".join(content)) == (kept.id, b"look at me")
    assert deeds(parts, kept.id) == [Deed.EVIDENCE_TAKEN, Deed.EVIDENCE_READ]


def test_a_bundle_is_read_once_and_leaves_no_copy(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put(Upload(kind="note", name="b.txt"), b"in the bundle", ADA)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    name, content = desk.bundle(ALL, ADA)
    assert name == "stanch-all.zip"
    (tmp_path / "out.zip").write_bytes(b"".join(content))
    assert verify.examine(tmp_path / "out.zip")["holds"] is True
    _, unread = desk.bundle(ALL, ADA)
    next(unread)
    unread.close()  # pyrefly: ignore[missing-attribute]  a generator, which the server closes
    assert [p.name for p in tmp_path.iterdir()] == ["out.zip"]
    with pytest.raises(NotFound):
        desk.bundle(IncidentId("inc-nothing"), ADA)


def test_who_kept_a_checkpoint_is_shown_that_nothing_before_it_changed(
    desk: Desk, parts: Parts, tmp_path: Path
) -> None:
    desk.put(Upload(kind="note", name="s.txt"), b"since then", ADA)
    kept = desk.checkpoint().decode()
    size = verify.parse_checkpoint(kept).size
    desk.put(Upload(kind="note", name="u.txt"), b"after it", ADA)
    for since, holds in ((size, True), (size - 1, None), (None, None)):
        _, content = desk.bundle(ALL, ADA, since)
        (tmp_path / "out.zip").write_bytes(b"".join(content))
        assert verify.examine(tmp_path / "out.zip", [], kept)["holds"] is holds
    first, *steps = desk.grown(size).decode().partition("\n\n")[0].splitlines()
    now = verify.check_checkpoint(desk.checkpoint().decode(), parts.log.keys)
    old = verify.parse_checkpoint(kept)
    path = verify.hashes(steps, "steps")
    assert first == f"old {size}"
    assert verify.consistent((size, old.root), (now.size, now.root), path)
    entries = parts.log.size
    for wrong in (entries + 100, -1):
        with pytest.raises(BadInput, match="nobody can have seen"):
            desk.bundle(ALL, ADA, wrong)
        with pytest.raises(BadInput, match="nobody can have seen"):
            desk.grown(wrong)
    assert parts.log.size == entries


def test_only_tiles_are_handed_out(desk: Desk) -> None:
    desk.put(Upload(kind="note", name="t.txt"), b"a tile", ADA)
    size = verify.parse_checkpoint(desk.checkpoint().decode()).size
    assert len(desk.tile(f"0/000.p/{size}")) == size * 32
    for path in ("../../keys/signing.secret", "0/999", "0/000/", "9/000", "/etc/passwd", ""):
        with pytest.raises(NotFound):
            desk.tile(path)


def test_damage_is_named_remembered_and_entered(desk: Desk, parts: Parts) -> None:
    whole = desk.put(Upload(kind="note", name="w.txt"), b"stays whole", ADA)
    assert desk.verify().holds is True
    assert desk.last_scrub() is None
    bad = desk.put(Upload(kind="note", name="x.txt"), b"is changed later", ADA)
    path = item_file(parts, bad.digest)
    before = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(before[:10] + bytes([before[10] ^ 1]) + before[11:])
    told = desk.verify()
    assert (told.holds, told.where) == (False, bad.digest)
    assert [one.digest for one in desk.scrub("ada") if one.damage] == [bad.digest]
    last = desk.last_scrub()
    assert last is not None
    assert ([one.item for one in last.damaged], last.by) == ([bad.digest], "ada")
    assert whole.digest not in {one.item for one in last.damaged}
    assert deeds(parts, "vault") == [Deed.SCRUBBED]
    path.write_bytes(before)
    assert desk.verify().holds is True
