"""A bundle convinces on its own, and stops convincing when anything in it is touched."""

import hashlib
import io
import json
import random
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stanch.store import bundle, verify
from stanch.store.bundle import Case, Item, export
from stanch.store.log.evidence_log import EvidenceLog
from stanch.store.signing import Signer
from stanch.vocabulary.ids import EvidenceId, IncidentId, digest_of
from stanch.vocabulary.record import Deed, Entry, Evidence
from stanch.vocabulary.trouble import AlreadyThere, BadInput, NotFound, Tampered

AT = datetime(2026, 11, 21, tzinfo=UTC)
SIGNER = Signer.from_seeds("bundle.test", [bytes([i]) * 32 for i in range(3)])
INCIDENT = IncidentId("inc-1")


def taken(log: EvidenceLog, number: int) -> Item:
    data, name = b"evidence %d\n" % number * 50, EvidenceId(f"evd-{number}")
    (place,) = log.append(
        [
            Entry(
                at=AT,
                deed=Deed.EVIDENCE_TAKEN,
                actor="me",
                about=name,
                digest=digest_of(data),
                incident=INCIDENT,
            )
        ]
    )
    known = Evidence(
        id=name,
        incident=INCIDENT,
        digest=digest_of(data),
        size=len(data),
        kind="note",
        name=f"../n {number}.txt",
        taken=AT,
        by="me",
        log_index=place,
    )
    return Item(evidence=known, open=lambda: io.BytesIO(data))


class Made:
    """One log, one case, both bundles of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        log = EvidenceLog.open(folder / "log", SIGNER, lambda: AT)
        log.append([Entry(at=AT, deed=Deed.STARTED, actor="me", about="server")])
        self.remembered = log.checkpoint()
        self.items = [taken(log, 0), taken(log, 1)]
        self.older_proof = log.proof_text(1)
        log.append([Entry(at=AT, deed=Deed.EVIDENCE_READ, actor="you", about="evd-1")])
        self.case = Case(
            items=self.items,
            by="me",
            at=AT,
            incident=INCIDENT,
            metadata={"incident.json": b"{}"},
            report={"report.md": b"# What happened\n"},
            remembered=1,
        )
        self.exported = export(self.case, folder / "bundle.zip", log, SIGNER)
        export(self.case, folder / "bundle", log, SIGNER)
        self.log = log


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    found = Made(tmp_path_factory.mktemp("bundles"))
    found.log.close()
    return found


@pytest.fixture
def bag(made: Made, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made.folder / "bundle", tmp_path / "bag"))


def refused(path: Path, remembered: str = "") -> str:
    found = verify.examine(path, [SIGNER.fingerprint], remembered)
    assert found["holds"] is False, found
    return str(found["where"])


def test_both_shapes_hold_and_say_what_they_hold(made: Made) -> None:
    for name, entries in (("bundle.zip", 3), ("bundle", 4)):
        found = verify.examine(made.folder / name, [SIGNER.fingerprint], made.remembered)
        assert (found["holds"], found["items"], found["entries"]) == (True, 2, entries)
        assert (found["continues"], "1 entries you knew" in found["says"]) == (1, True)


def test_the_verifier_inside_runs_alone(made: Made, tmp_path: Path) -> None:
    shutil.copy(made.folder / "bundle/verify.py", tmp_path / "verify.py")
    run = [sys.executable, "-I", str(tmp_path / "verify.py"), str(made.folder / "bundle.zip")]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "compare" in done.stdout
    done = subprocess.run([*run, "--json", "--key", "sha256:0"], capture_output=True, check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)["where"] == "keys.json"
    done = subprocess.run([*run[:3], str(tmp_path)], capture_output=True, check=False)
    assert done.returncode == 2


def test_the_verifier_needs_no_more_than_it_says() -> None:
    text = Path(verify.__file__).read_text()
    found = set(re.findall(r"^\s*(?:from|import) (\w+)", text, re.MULTILINE))
    assert found - set(sys.stdlib_module_names) == {"cryptography"}


def test_every_file_is_vouched_for(made: Made, bag: Path) -> None:
    names = sorted(p for p in bag.rglob("*") if p.is_file())
    assert len(names) > 15
    for path in names:
        data = path.read_bytes()
        for at in {0, len(data) // 2, len(data) - 2}:
            path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            assert verify.examine(bag, [SIGNER.fingerprint], made.remembered)["holds"] is False, (
                path
            )
        path.unlink()
        found = verify.examine(bag, [SIGNER.fingerprint], made.remembered)
        assert not found["holds"], path
        path.write_bytes(data)
    assert verify.examine(bag, [SIGNER.fingerprint], made.remembered)["holds"]


@pytest.mark.parametrize(
    "name", ["data/more.txt", "log/9.tlog-proof", "more.txt", "metadata/x.json"]
)
def test_nothing_can_be_added(bag: Path, name: str) -> None:
    (bag / name).write_text("more")
    assert refused(bag) == name


def test_a_changed_item_with_all_its_manifests_rewritten_is_named(bag: Path) -> None:
    item = next((bag / "data").glob("evd-0*"))
    name, old = item.relative_to(bag).as_posix(), item.read_bytes()
    item.write_bytes(b"innocent\n")
    for kind in ("sha256", "sha512"):
        path = bag / f"manifest-{kind}.txt"
        was, now = (hashlib.new(kind, one).hexdigest() for one in (old, item.read_bytes()))
        path.write_text(path.read_text().replace(was, now))
    tags = [
        f"{digest_of((bag / line.split('  ')[1]).read_bytes())[7:]}  {line.split('  ')[1]}\n"
        for line in (bag / verify.TAGS).read_text().splitlines()
    ]
    (bag / verify.TAGS).write_text("".join(tags))
    assert refused(bag) == verify.TAGS
    assert name in (bag / "manifest-sha256.txt").read_text()


def test_a_good_proof_under_another_checkpoint_is_refused(made: Made, bag: Path) -> None:
    (bag / "log/1.tlog-proof").write_text(made.older_proof)
    assert refused(bag) == "log/1.tlog-proof"


def test_a_link_is_refused(bag: Path, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    (tmp_path / "folder").mkdir()
    for to in ("x", "folder"):
        (bag / "data/link").symlink_to(tmp_path / to)
        assert refused(bag) == "data/link"
        (bag / "data/link").unlink()


def test_a_name_that_leads_out_of_the_bundle_is_refused_though_it_was_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = EvidenceLog.open(tmp_path / "log", SIGNER, lambda: AT)
    case = Case(items=[taken(log, 0)], by="me", at=AT, report={"../../x": b"x"})
    with monkeypatch.context() as careless:
        careless.setattr(verify, "NAME", re.compile(".+"))
        export(case, tmp_path / "b.zip", log, SIGNER)
    log.close()
    assert refused(tmp_path / "b.zip") == "report/../../x"


@pytest.mark.parametrize(
    "name",
    [
        *("../out.txt", "/etc/x", "a//b", "a\\b", "data/..", "tagmanifest-sha256.txt"),
        "a\x1b[31m\nit holds",
    ],
)
def test_a_zip_with_a_hostile_or_doubled_name_is_refused(
    made: Made, tmp_path: Path, name: str
) -> None:
    path = Path(shutil.copy(made.folder / "bundle.zip", tmp_path / "b.zip"))
    with zipfile.ZipFile(path, "a") as archive:
        if name in archive.namelist():
            with pytest.warns(UserWarning, match="Duplicate"):
                archive.writestr(name, "x")
        else:
            archive.writestr(name, "x")
    assert refused(path)
    assert str(verify.examine(path)["says"]).isprintable(), "no name orders a terminal about"


def test_no_flip_in_a_zip_changes_what_it_says_unseen(made: Made, tmp_path: Path) -> None:
    good, path = (made.folder / "bundle.zip").read_bytes(), tmp_path / "b.zip"
    dice = random.Random(7)  # noqa: S311  a repeatable choice, not a secret
    for _ in range(150):
        data = bytearray(good)
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        path.write_bytes(data)
        if verify.examine(path, [SIGNER.fingerprint])["holds"]:
            assert contents(path) == contents(made.folder / "bundle.zip")


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _appended(data: bytes) -> bytes:
    return data + b"more"


def _put_before(data: bytes) -> bytes:
    return b"more" + data


def _remarked(data: bytes) -> bytes:
    return data[:-2] + b"\4\0more"


def _doubled(data: bytes) -> bytes:
    """Two whole bundles in one file: the last one is read, or the first."""
    return data + data


@pytest.mark.parametrize("harm", [_appended, _put_before, _remarked, _doubled])
def test_a_zip_with_bytes_of_no_file_is_refused(
    made: Made, tmp_path: Path, harm: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(harm((made.folder / "bundle.zip").read_bytes()))
    assert refused(path) == str(path)


def test_a_zip_with_a_file_that_its_list_does_not_have_is_refused(
    made: Made, tmp_path: Path
) -> None:
    """Who reads a .zip from its start would find another file than who reads its list."""
    path = tmp_path / "b.zip"
    with (
        zipfile.ZipFile(made.folder / "bundle.zip") as good,
        zipfile.ZipFile(path, "w") as archive,
    ):
        archive.writestr("data/hidden", "x")
        for name in good.namelist():
            archive.writestr(name, good.read(name))
        archive.filelist.pop(0)
        archive.NameToInfo.pop("data/hidden")
    assert refused(path) == str(path)


def test_a_name_that_stands_twice_is_refused_though_the_last_one_is_right(
    made: Made, tmp_path: Path
) -> None:
    """Some tools unpack the first of two, some the last."""
    path = tmp_path / "b.zip"
    with (
        zipfile.ZipFile(made.folder / "bundle.zip") as good,
        zipfile.ZipFile(path, "w") as archive,
    ):
        name = next(one for one in good.namelist() if one.startswith("data/"))
        archive.writestr(name, "innocent")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr(name, good.read(name))
        for one in good.namelist():
            if one != name:
                archive.writestr(one, good.read(one))
    assert refused(path) == name


@pytest.mark.parametrize("name", ["keys.json", verify.POINT, verify.LEAF, verify.SEAL, verify.TAGS])
def test_what_nobody_vouched_for_yet_is_never_read_without_end(
    made: Made, tmp_path: Path, name: str
) -> None:
    """A few kilobytes of a .zip may be gigabytes once they are read."""
    path = tmp_path / "b.zip"
    with (
        zipfile.ZipFile(made.folder / "bundle.zip") as good,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for one in good.namelist():
            archive.writestr(one, good.read(one) + (b" " * verify.SMALL if one == name else b""))
    found = verify.examine(path, [SIGNER.fingerprint])
    assert (found["holds"], found["where"]) == (False, name)
    assert "larger" in found["says"]


def _swapped(data: bytes) -> bytes:
    one, two, *rest = json.loads(data)
    one["log_index"], two["log_index"] = two["log_index"], one["log_index"]
    return json.dumps([one, two, *rest]).encode()


def _renamed(data: bytes) -> bytes:
    return data.replace(b"evd-0", b"evd-7", 2).replace(b"evd-7", b"evd-0", 1)


def _twice(data: bytes) -> bytes:
    one, *rest = json.loads(data)
    return json.dumps([one, one, *rest]).encode()


def _dropped(data: bytes) -> bytes:
    return json.dumps(json.loads(data)[1:]).encode()


def _turned(data: bytes) -> bytes:
    return b"".join(reversed(data.splitlines(keepends=True)))


def _line_twice(data: bytes) -> bytes:
    first, *rest = data.splitlines(keepends=True)
    return b"".join([first, first, *rest])


def _line_dropped(data: bytes) -> bytes:
    return b"".join(data.splitlines(keepends=True)[1:])


def _moved(data: bytes) -> bytes:
    """The leaf of another entry, under the index and the proof of the first."""
    one, two, *rest = map(json.loads, data.splitlines())
    one["leaf"] = two["leaf"]
    return b"".join(json.dumps(line).encode() + b"\n" for line in (one, two, *rest))


def _by_a_stranger(data: bytes) -> bytes:
    stranger = Signer.from_seeds("bundle.test", [bytes([i]) * 32 for i in range(7, 10)])
    known = json.loads(data)
    payload = verify.unbase64(known["payload"], "payload")
    return json.dumps(stranger.sign_bytes(payload, known["payloadType"])).encode()


def _half_signed(data: bytes) -> bytes:
    known = json.loads(data)
    return json.dumps({**known, "signatures": known["signatures"][:1]}).encode()


def _older_bag(_: bytes) -> bytes:
    return b"BagIt-Version: 0.97\n"


def _without_custody(data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join(line for line in lines if verify.CUSTODY.encode() not in line)


@pytest.mark.parametrize(
    ("name", "lie", "where"),
    [
        (verify.ITEMS, _swapped, "data/evd-0"),
        (verify.ITEMS, _renamed, "data/evd-0"),
        (verify.ITEMS, _twice, "data/evd-0"),
        (verify.ITEMS, _dropped, "data/evd-0"),
        (verify.CUSTODY, _turned, verify.CUSTODY),
        (verify.CUSTODY, _line_twice, verify.CUSTODY),
        (verify.CUSTODY, _line_dropped, "data/evd-0"),
        (verify.CUSTODY, _moved, "log/1.tlog-proof"),
        ("attest/evidence.dsse.json", _by_a_stranger, "attest/evidence.dsse.json"),
        ("attest/evidence.dsse.json", _half_signed, "attest/evidence.dsse.json"),
        ("bagit.txt", _older_bag, "bagit.txt"),
        ("manifest-sha512.txt", _line_dropped, "manifest-sha512.txt"),
        (verify.TAGS, _without_custody, verify.CUSTODY),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_what_contradicts_the_log_is_refused_though_it_was_sealed_and_signed_so(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    lie: Callable[[bytes], bytes],
    where: str,
) -> None:
    """Who has the keys can seal a false bundle, and cannot have it say what the log does not."""
    put = bundle._Bag.add

    def lying(bag: bundle._Bag, named: str, blocks: Iterable[bytes]) -> str:
        data = b"".join(blocks)
        return put(bag, named, [lie(data) if named == name else data])

    monkeypatch.setattr(bundle._Bag, "add", lying)
    log = EvidenceLog.open(tmp_path / "log", SIGNER, lambda: AT)
    log.append([Entry(at=AT, deed=Deed.STARTED, actor="me", about="server")])
    case = Case(items=[taken(log, 0), taken(log, 1)], by="me", at=AT, incident=INCIDENT)
    export(case, tmp_path / "b.zip", log, SIGNER)
    log.close()
    assert refused(tmp_path / "b.zip").startswith(where)


@pytest.mark.parametrize(
    ("deed", "digest"),
    [(Deed.EVIDENCE_READ, b"evidence 0\n" * 50), (Deed.EVIDENCE_TAKEN, b"another\n")],
    ids=["that read it", "that took other bytes"],
)
def test_an_item_rests_on_the_entry_that_took_these_very_bytes(
    tmp_path: Path, deed: Deed, digest: bytes
) -> None:
    log = EvidenceLog.open(tmp_path / "log", SIGNER, lambda: AT)
    item = taken(log, 0)
    entry = Entry(at=AT, deed=deed, actor="me", about="evd-0", digest=digest_of(digest))
    (place,) = log.append([entry])
    false = replace(item, evidence=replace(item.evidence, log_index=place))
    export(Case(items=[false], by="me", at=AT), tmp_path / "b.zip", log, SIGNER)
    log.close()
    assert refused(tmp_path / "b.zip").startswith("data/evd-0")


def test_an_older_bundle_than_the_remembered_checkpoint_could_not_be_told(made: Made) -> None:
    remembered = (made.folder / "log/checkpoint").read_text()
    found = verify.examine(made.folder / "bundle.zip", [SIGNER.fingerprint], remembered)
    assert found["holds"] is None


def test_a_cut_zip_is_refused(made: Made, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes((made.folder / "bundle.zip").read_bytes()[:-30])
    assert refused(path) == str(path)


def test_a_bundle_with_the_proof_from_another_size_could_not_be_told(made: Made) -> None:
    log = EvidenceLog.open(made.folder / "log", SIGNER, lambda: AT)
    other = log.checkpoint()
    log.append([Entry(at=AT, deed=Deed.STARTED, actor="me", about="server")])
    export(made.case, made.folder / "from-one.zip", log, SIGNER)
    log.close()
    found = verify.examine(made.folder / "from-one.zip", [SIGNER.fingerprint], other)
    assert found["holds"] is None
    assert "ask for one that does" in found["says"]


def test_a_history_that_is_not_the_remembered_one_is_refused(made: Made, tmp_path: Path) -> None:
    other = EvidenceLog.open(tmp_path / "other", SIGNER, lambda: AT)
    other.append([Entry(at=AT, deed=Deed.STARTED, actor="me", about="another")])
    remembered = other.checkpoint()
    other.close()
    assert refused(made.folder / "bundle.zip", remembered) == verify.POINT


def test_a_history_nobody_asked_to_prove_could_not_be_told(made: Made, tmp_path: Path) -> None:
    log = EvidenceLog.open(tmp_path / "log", SIGNER, lambda: AT)
    case = Case(items=[taken(log, 5)], by="me", at=AT)
    remembered = log.checkpoint()
    export(case, tmp_path / "b.zip", log, SIGNER)
    log.close()
    found = verify.examine(tmp_path / "b.zip", [SIGNER.fingerprint], remembered)
    assert found["holds"] is None


def test_what_is_not_what_was_taken_is_never_exported(made: Made, tmp_path: Path) -> None:
    log = EvidenceLog.open(tmp_path / "log", SIGNER, lambda: AT)
    good = taken(log, 0)
    false = replace(good, open=lambda: io.BytesIO(b"something else"))
    lost = replace(good, evidence=replace(good.evidence, log_index=99))
    for item, trouble in ((false, Tampered), (lost, NotFound)):
        with pytest.raises(trouble):
            export(Case(items=[item], by="me", at=AT), tmp_path / "b.zip", log, SIGNER)
    hostile = Case(items=[good], by="me", at=AT, report={"../../x": b""})
    with pytest.raises(BadInput):
        export(hostile, tmp_path / "b.zip", log, SIGNER)
    assert not list(tmp_path.glob("b.zip*"))
    export(Case(items=[good], by="me", at=AT), tmp_path / "b.zip", log, SIGNER)
    with pytest.raises(AlreadyThere):
        export(Case(items=[good], by="me", at=AT), tmp_path / "b.zip", log, SIGNER)
    log.close()


def test_the_export_is_itself_custody(made: Made) -> None:
    lines = [
        json.loads(json.loads(line)["leaf"])
        for line in (made.folder / "bundle/metadata/custody.jsonl").read_text().splitlines()
    ]
    assert [one["deed"] for one in lines] == [
        "evidence.taken",
        "evidence.taken",
        "evidence.read",
        "evidence.exported",
    ]
    assert lines[-1]["digest"] == made.exported.digest
