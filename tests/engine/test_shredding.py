"""Shredding: personal data is destroyed on purpose, by the right person, and the proof stays."""

import json
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stanch.app import Parts, opened
from stanch.engine.desk import ALL, Upload
from stanch.engine.shredding import Order
from stanch.settings import Settings
from stanch.store import verify
from stanch.vocabulary.casework import Regroup, Undo
from stanch.vocabulary.clock import Clock, ClockState
from stanch.vocabulary.ids import AssetId, Digest, EvidenceId, IncidentId
from stanch.vocabulary.incident import Incident, Phase
from stanch.vocabulary.people import ROLE_SCOPES, Caller, Role, Scope
from stanch.vocabulary.record import Deed, Evidence
from stanch.vocabulary.trouble import (
    BadInput,
    BadName,
    NotAllowed,
    NotFound,
    NotInPerson,
    Refused,
    Shredded,
    Stale,
    Trouble,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BECAUSE = "request 2026-114 to erase"
ADA = Caller(name="ada", scopes=ROLE_SCOPES[Role.RESPONDER], role=Role.RESPONDER)
BEN = Caller(name="ben", scopes=ROLE_SCOPES[Role.APPROVER], role=Role.APPROVER)
KEY = Caller(name="key:desk", scopes=frozenset({Scope.ADMIN}))


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    with opened(Settings(data=tmp_path / "data")) as one:
        yield one


def personal(parts: Parts, incident: str = "", by: Caller = ADA) -> Evidence:
    of = IncidentId(incident) if incident else None
    upload = Upload(kind="report", name="complaint.eml", incident=of, personal=True)
    return parts.desk().put(upload, b"Jane Doe complains", by)


def shred(parts: Parts, item: Evidence, by: Caller = BEN, because: str = BECAUSE) -> Evidence:
    return parts.shredding.shred(item.id, Order(because=because, digest=item.digest), by)


def incident(parts: Parts, key: str, phase: Phase) -> None:
    one = Incident(
        id=IncidentId(key),
        title="A leak",
        asset=AssetId("fraud"),
        opened=NOW,
        first_seen=NOW,
        updated=NOW,
    )
    with parts.store.begin() as tx:
        tx.incidents.save(replace(tx.incidents.add(one), phase=phase))


def shreddings(parts: Parts) -> list[str]:
    parts.recorder.drain()
    return [e.about for e in parts.log.entries() if e.deed is Deed.PERSONAL_DATA_SHREDDED]


def test_what_is_destroyed_is_shown_first_and_nothing_changes_by_looking(parts: Parts) -> None:
    item = personal(parts)
    ahead = parts.shredding.ahead(item.digest)
    assert (ahead.item, ahead.incidents, ahead.read) == (item, (), 0)
    for said in (item.digest, "complaint.eml", "nobody can take this back", "of no incident"):
        assert said in ahead.text
    assert b"".join(parts.desk().content(item.id, ADA)[1]) == b"Jane Doe complains"
    assert parts.shredding.ahead(item.id).read == 1
    assert shreddings(parts) == []


def test_destroyed_data_is_gone_and_its_item_says_when_by_whom_and_why(parts: Parts) -> None:
    item = personal(parts)
    gone = shred(parts, item)
    assert gone.destroyed is not None
    assert (gone.destroyed.by, gone.destroyed.because) == ("ben", BECAUSE)
    assert parts.vault.info(item.digest).shredded
    before = parts.log.size
    with pytest.raises(Shredded):
        parts.desk().content(item.id, ADA)
    parts.recorder.drain()
    assert parts.log.size == before
    (line,) = parts.custody().history(item.id, deeds=(Deed.PERSONAL_DATA_SHREDDED,))
    said = line.entry
    assert (said.actor, said.digest, said.facts["because"]) == ("ben", item.digest, BECAUSE)
    assert parts.desk().verify().holds is True
    with pytest.raises(Shredded):
        parts.shredding.ahead(item.id)
    with pytest.raises(Shredded):
        shred(parts, item)


def test_an_item_with_personal_data_is_verified_before_and_after(parts: Parts) -> None:
    item = personal(parts)
    for _ in range(2):
        _, held = parts.custody().examine(item.id, BEN)
        assert [one.holds for one in held] == [True, True, True]
        if not parts.vault.info(item.digest).shredded:
            shred(parts, item)


def test_the_bundle_of_its_case_verifies_and_says_that_it_was_destroyed(
    parts: Parts, tmp_path: Path
) -> None:
    item = personal(parts)
    shred(parts, item)
    path = tmp_path / "case.zip"
    path.write_bytes(b"".join(parts.desk().bundle(ALL, BEN)[1]))
    assert verify.examine(path)["holds"] is True
    with zipfile.ZipFile(path) as bundle:
        (told,) = json.loads(bundle.read("metadata/evidence.json"))
        assert (told["destroyed"]["by"], told["destroyed"]["because"]) == ("ben", BECAUSE)
        assert "personal-data.shredded" in bundle.read("metadata/custody.jsonl").decode()


@pytest.mark.parametrize(
    ("by", "trouble"),
    [
        (ADA, NotAllowed),
        (KEY, NotInPerson),
        (replace(BEN, name="ada"), Refused),
    ],
    ids=["a responder", "a key", "who put it there"],
)
def test_only_another_person_who_may_approve_destroys_it(
    parts: Parts, by: Caller, trouble: type[Trouble]
) -> None:
    item = personal(parts)
    with pytest.raises(trouble):
        shred(parts, item, by=by)
    assert not parts.vault.info(item.digest).shredded
    assert shreddings(parts) == []


def test_it_is_bound_to_what_was_shown_and_wants_a_reason(parts: Parts) -> None:
    item = personal(parts)
    with pytest.raises(Stale):
        parts.shredding.shred(item.id, Order(because="x", digest=Digest("sha256:" + "0" * 64)), BEN)
    for because in (" \n", "x" * 301):
        with pytest.raises(BadInput, match="Say why"):
            shred(parts, item, because=because)
    assert shreddings(parts) == []


def test_what_is_not_sealed_and_what_nobody_knows_is_refused(parts: Parts) -> None:
    plain = parts.desk().put(Upload(kind="model", name="m"), b"weights", ADA)
    with pytest.raises(Refused, match="no key to destroy"):
        shred(parts, plain)
    for unknown in (EvidenceId("evd-none"), Digest("sha256:" + "1" * 64)):
        with pytest.raises(NotFound):
            parts.shredding.ahead(unknown)
    with pytest.raises(BadName):
        parts.shredding.ahead("sha256:1")


def test_evidence_of_an_open_incident_is_held_until_that_is_closed(parts: Parts) -> None:
    incident(parts, "inc-1", Phase.CONTAINED)
    item = personal(parts, "inc-1")
    with pytest.raises(Refused, match="inc-1, which is open"):
        shred(parts, item)
    with parts.store.begin() as tx:
        tx.incidents.save(replace(tx.incidents.get(IncidentId("inc-1")), phase=Phase.CLOSED))
    assert parts.shredding.ahead(item.id).incidents == ("inc-1",)
    assert shred(parts, item).destroyed is not None


def test_evidence_of_what_went_into_an_open_incident_is_held_too(parts: Parts) -> None:
    for key in ("inc-1", "inc-2"):
        incident(parts, key, Phase.TRIAGED)
    item = personal(parts, "inc-1")
    with parts.store.begin() as tx:
        one, two = tx.incidents.many([IncidentId("inc-1"), IncidentId("inc-2")])
        undo = Undo(
            id="undo-1",
            how=Regroup.MERGED,
            incident=one.id,
            other=two.id,
            findings=(),
            at=NOW,
            by="ada",
        )
        tx.incidents.merge(replace(one, phase=Phase.CLOSED), two, undo=undo)
    with pytest.raises(Refused, match="inc-2, which is open"):
        parts.shredding.ahead(item.id)


def test_evidence_is_held_while_a_clock_of_its_incident_runs(parts: Parts) -> None:
    incident(parts, "inc-1", Phase.CLOSED)
    item = personal(parts, "inc-1")
    clock = Clock(
        id="clk-1",
        incident=IncidentId("inc-1"),
        duty="tell the authority",
        law="gdpr",
        started=NOW,
        due=NOW + timedelta(hours=72),
    )
    with parts.store.begin() as tx:
        tx.clocks.add(clock)
    with pytest.raises(Refused, match="tell the authority"):
        shred(parts, item)
    with parts.store.begin() as tx:
        tx.clocks.save(replace(clock, state=ClockState.MET))
    assert shred(parts, item).destroyed is not None


def test_of_two_at_once_one_destroys_it_and_the_log_says_it_once(parts: Parts) -> None:
    item = personal(parts)
    others = [replace(BEN, name=name) for name in ("ben", "cleo", "dan", "eva")]
    gate, ended = threading.Barrier(len(others)), list[str]()

    def one(by: Caller) -> None:
        gate.wait()
        try:
            shred(parts, item, by=by)
            ended.append("done")
        except (Shredded, Stale) as late:
            ended.append(type(late).__name__)

    threads = [threading.Thread(target=one, args=(by,)) for by in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(ended), ended.count("done")) == (4, 1)
    assert shreddings(parts) == [item.id]
    assert parts.vault.info(item.digest).shredded


def test_after_a_kill_between_the_entry_and_the_key_the_next_start_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data=tmp_path / "data")
    with opened(settings) as parts:
        item = personal(parts)
        with monkeypatch.context() as killed:
            killed.setattr(type(parts.vault), "shred", _killed)
            with pytest.raises(KeyboardInterrupt):
                shred(parts, item)
        assert shreddings(parts) == [item.id]
        assert not parts.vault.info(item.digest).shredded
        with pytest.raises(Shredded):
            parts.desk().content(item.id, ADA)
    with opened(settings) as parts:
        assert parts.vault.info(item.digest).shredded
        assert shreddings(parts) == [item.id]
        assert parts.shredding.finish() == 0


def test_a_key_that_cannot_be_destroyed_yet_stops_no_start_and_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(data=tmp_path / "data")
    with opened(settings) as parts:
        item = personal(parts)
        monkeypatch.setattr(type(parts.vault), "shred", _read_only)
        with pytest.raises(OSError, match="read-only"):
            shred(parts, item)
    with opened(settings) as parts:
        assert f"the key of {item.id} is still to be destroyed" in caplog.text
        monkeypatch.undo()
        assert parts.shredding.finish() == 1
        assert parts.vault.info(item.digest).shredded


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def _read_only(*_: object) -> None:
    raise OSError("read-only")
