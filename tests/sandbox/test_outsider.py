"""An outsider believes a bundle by the verifier's one file, and by keys that were known before."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from stanch.sandbox import outsider
from stanch.sandbox.outsider import bundles_of, remembered
from stanch.sandbox.wire import Api
from stanch.store.bundle import Case, Item, export
from stanch.store.log.evidence_log import EvidenceLog
from stanch.store.signing import Signer
from stanch.vocabulary.ids import EvidenceId, IncidentId, digest_of
from stanch.vocabulary.record import Deed, Entry, Evidence
from stanch.vocabulary.trouble import Unreachable

AT = datetime(2026, 11, 21, tzinfo=UTC)
SIGNER = Signer.from_seeds("outsider.test", [bytes([i]) * 32 for i in range(3)])
OTHER = Signer.from_seeds("outsider.test", [bytes([i]) * 32 for i in range(3, 6)])
INCIDENT = IncidentId("inc-1")
DATA = b"what was asked\n" * 9


def with_plus() -> Signer:
    """Keys whose spelling has the sign in it that also parts a key from its name."""
    for n in range(200):
        found = Signer.from_seeds("outsider.test", [bytes([n]) * 32 for _ in range(3)])
        if found.vkeys()[0].count("+") > 2:
            return found
    raise AssertionError


def made(folder: Path, signer: Signer = SIGNER) -> bytes:
    """A real bundle of one piece of evidence."""
    log = EvidenceLog.open(folder / "log", signer, lambda: AT)
    name, digest = EvidenceId("evd-1"), digest_of(DATA)
    entry = Entry(
        at=AT, deed=Deed.EVIDENCE_TAKEN, actor="me", about=name, digest=digest, incident=INCIDENT
    )
    (place,) = log.append([entry])
    known = Evidence(
        id=name,
        incident=INCIDENT,
        digest=digest,
        size=len(DATA),
        kind="note",
        name="asked.txt",
        taken=AT,
        by="me",
        log_index=place,
    )
    case = Case(
        items=[Item(evidence=known, open=lambda: io.BytesIO(DATA))],
        by="me",
        at=AT,
        incident=INCIDENT,
    )
    path = folder / "made.zip"
    export(case, path, log, signer)
    log.close()
    return path.read_bytes()


@dataclass(frozen=True, kw_only=True, slots=True)
class Exporting(Api):
    """A server that hands out these bundles."""

    url: str = ""
    key: str = ""
    bundles: Mapping[str, tuple[int, bytes]] = field(default_factory=dict)
    signer: Signer = SIGNER

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        if path == "/log/keys":
            return 200, msgspec.json.encode({"keys": self.signer.vkeys()})
        name = path.removeprefix("/api/v1/incidents/").removesuffix("/bundle")
        if method != "POST" or name not in self.bundles:
            raise Unreachable(path, "it is down")
        return self.bundles[name]


def told(folder: Path, status: int, body: bytes) -> list[tuple[bool | None, str]]:
    api = Exporting(bundles={INCIDENT: (status, body)})
    return [(b.verified, b.says) for b in bundles_of(api, [INCIDENT], folder, remembered(api))]


def test_a_bundle_is_verified_and_counted(tmp_path: Path) -> None:
    body = made(tmp_path)
    api = Exporting(bundles={INCIDENT: (200, body)})
    (found,) = bundles_of(api, [INCIDENT], tmp_path, remembered(api))
    assert (found.verified, found.says, found.incident) == (True, "it holds", INCIDENT)
    assert (found.items, found.size) == (1, len(body))
    assert found.entries >= 1
    assert found.seconds > 0


def test_keys_are_known_whatever_signs_are_in_their_spelling(tmp_path: Path) -> None:
    signer = with_plus()
    api = Exporting(bundles={INCIDENT: (200, made(tmp_path, signer))}, signer=signer)
    (found,) = bundles_of(api, [INCIDENT], tmp_path, remembered(api))
    assert found.verified, found.says


def test_one_byte_of_evidence_changed_is_named(tmp_path: Path) -> None:
    source, changed = zipfile.ZipFile(io.BytesIO(made(tmp_path))), io.BytesIO()
    with source, zipfile.ZipFile(changed, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b"what was asked", b"what was taken"))
    ((verified, says),) = told(tmp_path, 200, changed.getvalue())
    assert verified is False
    assert "is not the file that was exported" in says


def test_a_bundle_under_keys_nobody_knew_before_is_no_proof(tmp_path: Path) -> None:
    ((verified, says),) = told(tmp_path, 200, made(tmp_path, OTHER))
    assert verified is False
    assert "none of its keys" in says


@pytest.mark.parametrize("body", [b"", b"no archive", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_bundle_is_no_proof(body: bytes, tmp_path: Path) -> None:
    ((verified, _),) = told(tmp_path, 200, body)
    assert verified is False


def test_an_incident_without_evidence_has_no_bundle_and_a_refusal_is_said(tmp_path: Path) -> None:
    assert told(tmp_path, 404, b"") == []
    assert told(tmp_path, 403, b"") == [(None, "It was refused with 403.")]
    api = Exporting()
    (gone,) = bundles_of(api, [INCIDENT], tmp_path, ())
    assert gone.verified is None
    assert "it is down" in gone.says


def test_a_verifier_that_says_nothing_could_not_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = made(tmp_path)
    monkeypatch.setattr(outsider, "VERIFIER", tmp_path / "nowhere.py")
    ((verified, says),) = told(tmp_path, 200, body)
    assert verified is None
    assert "did not answer" in says
