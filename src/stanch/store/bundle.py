"""Evidence bundles: a case that can be handed over and checked by somebody who trusts nobody.

In    items with their bytes, the evidence log, who exports and when.
Out   a .zip or a folder in BagIt 1.0 shape, whole or not at all.
Why   (1) copy the items, hashing them; one that is not what the log says stops the export.
      (2) write down custody, what each item is, and a signed statement about all of them.
      (3) list every file; enter the hash of that list in the log: this export is custody too.
      (4) add the proofs, all under one checkpoint, and the verifier itself.
"""

import hashlib
import json
import os
import re
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Protocol

from stanch.store import verify
from stanch.store.log.evidence_log import Logged
from stanch.store.log.leaf import canonical
from stanch.store.log.tiles import trouble
from stanch.store.signing import public_json, sync_folder
from stanch.vocabulary.ids import Digest, IncidentId
from stanch.vocabulary.record import Deed, Entry, Evidence
from stanch.vocabulary.trouble import AlreadyThere, BadInput, NotFound, Tampered

STATEMENT = "application/vnd.in-toto+json"
PREDICATE = "urn:stanch:evidence:v1"
_BLOCK = 1 << 20
_READ_ME = """\
# How to check this bundle

This bundle holds evidence that stanch took, and the proof that nothing in it changed since.

1. Install Python 3.11 or newer and the package `cryptography` (48 or newer).
2. Read `verify.py`; it is one file. Better still, take it from a source that you trust.
3. Run `python verify.py .` here, or `python verify.py BUNDLE.zip` outside.
4. Compare this fingerprint with one that you were given another way, and add `--key` with it:

       {fingerprint}

Exit code 0: it holds. 1: it does not, and the first bad file or entry is named. 2: could not tell.

A proof says that these bytes were entered in the log, in that order, under that key. It does not
say that what they tell is true. A checkpoint that you kept earlier (`--remembered FILE`), or the
line of a witness under `log/checkpoint`, also shows that the log was not rewritten.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One piece of evidence and a way to read it."""

    evidence: Evidence
    open: Callable[[], IO[bytes]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """What goes into a bundle."""

    items: Sequence[Item]
    by: str
    at: datetime
    incident: IncidentId | None = None
    kin: tuple[IncidentId, ...] = ()
    """Incidents that went into it."""
    metadata: Mapping[str, bytes] = field(default_factory=dict)
    """More files under metadata/, by name: the incident, its timeline."""
    report: Mapping[str, bytes] = field(default_factory=dict)
    """Files under report/, by name."""
    attestations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """More signed envelopes under attest/, by name without suffix."""
    remembered: int | None = None
    """The size of a checkpoint that the receiver kept, to prove that this log continues it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """What was handed out."""

    path: Path
    digest: Digest
    """The hash of the list of files, as entered in the log."""
    log_index: int
    items: int
    size: int
    fingerprint: str


class Log(Protocol):
    """What an export needs of the evidence log."""

    @property
    def keys(self) -> tuple[verify.Generation, ...]:
        """The public keys that sign and signed this log."""
        ...

    def append(
        self, entries: Sequence[Entry], *, source: str = "", upto: int | None = None
    ) -> range:
        """The places of these entries, once they are on disk."""
        ...

    def leaves(self, start: int = 0, stop: int | None = None) -> Iterator[Logged]:
        """The entries of this range as they were written down."""
        ...

    def bundle_proofs(self, indices: Sequence[int], old: int | None) -> "Proofs":
        """The proofs of these entries, all under one checkpoint."""
        ...


class Proofs(Protocol):
    """Proofs that belong together."""

    @property
    def checkpoint(self) -> str:
        """The checkpoint that they are under."""
        ...

    @property
    def texts(self) -> Mapping[int, str]:
        """A tlog-proof for each entry."""
        ...

    @property
    def consistency(self) -> Sequence[str] | None:
        """The hashes, in base64, from the remembered size; none when nothing was asked."""
        ...


class Signs(Protocol):
    """What an export needs of the signer."""

    def sign_bytes(self, payload: bytes, kind: str) -> dict[str, Any]:
        """The payload in a signed envelope."""
        ...


class _Bag:
    """A bag being filled: files go in, their hashes stay."""

    def __init__(self, put: Callable[[str], AbstractContextManager[IO[bytes]]]) -> None:
        self._put = put
        self.hashes: dict[str, tuple[str, str]] = {}
        self.size = 0

    def add(self, name: str, blocks: Iterable[bytes]) -> str:
        """The SHA-256 of this file, now in the bag."""
        if not verify.NAME.fullmatch(name) or name in self.hashes:
            raise BadInput(f"{name!r} cannot be a file of a bundle, or is one already.")
        one, two = hashlib.sha256(), hashlib.sha512()
        with self._put(name) as file:
            for block in blocks:
                one.update(block)
                two.update(block)
                file.write(block)
                self.size += len(block)
        self.hashes[name] = one.hexdigest(), two.hexdigest()
        return one.hexdigest()

    def manifest(self, column: int, names: Iterable[str]) -> bytes:
        """The lines of a manifest over these files."""
        return "".join(f"{self.hashes[name][column]}  {name}\n" for name in names).encode()


def export(case: Case, path: Path, log: Log, signer: Signs) -> Exported:
    """What was handed out; `path` is a .zip when it is named so, else a folder."""
    if path.exists():
        raise AlreadyThere("The bundle", str(path))
    try:
        with _whole(path) as put:
            bag = _Bag(put)
            listed = [_copied(bag, one) for one in case.items]
            custody = list(_custody(case, log))
            _describe(bag, case, listed, custody, signer, log)
            return _seal(bag, case, custody, log, path)
    except OSError as broken:
        raise trouble(broken, path.parent) from broken


def _copied(bag: _Bag, item: Item) -> dict[str, Any]:
    known = item.evidence
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{known.id}/{known.name}").strip(".-")[:120]
    with closing(item.open()) as source:
        found = bag.add(f"data/{name}", iter(lambda: source.read(_BLOCK), b""))
    if f"sha256:{found}" != known.digest:
        raise Tampered(f"{known.id} is not what was taken: its bytes hash to sha256:{found}")
    return {
        "path": f"data/{name}",
        "id": known.id,
        "incident": known.incident,
        "digest": known.digest,
        "size": known.size,
        "kind": known.kind,
        "name": known.name,
        "taken": known.taken.isoformat(),
        "by": known.by,
        "log_index": known.log_index,
        "personal": known.personal,
    } | _destroyed(known)


def _destroyed(known: Evidence) -> dict[str, Any]:
    """That its key is gone; the bytes in the bundle are the sealed ones, which prove as before."""
    gone = known.destroyed
    if gone is None:
        return {}
    told = {"at": gone.at.isoformat(), "by": gone.by, "because": gone.because}
    return {"destroyed": told}


def _custody(case: Case, log: Log) -> Iterator[Logged]:
    """Every entry about the incident or one of its items, and those that took the items."""
    places = {one.evidence.log_index for one in case.items}
    names = [case.incident, *case.kin] if case.incident else []
    names += [one.evidence.id for one in case.items]
    wanted = [json.dumps(str(name)).encode() for name in names]
    for one in log.leaves():
        if one.index in places or any(name in one.leaf for name in wanted):
            places.discard(one.index)
            yield one
    if places:
        raise NotFound("log entry", min(places), "evidence list")


def _describe(  # noqa: PLR0913, PLR0917  the parts of one bag
    bag: _Bag,
    case: Case,
    listed: Sequence[Mapping[str, Any]],
    custody: Sequence[Logged],
    signer: Signs,
    log: Log,
) -> None:
    payload, size = sorted(bag.hashes), bag.size
    bag.add("manifest-sha256.txt", [bag.manifest(0, payload)])
    bag.add("manifest-sha512.txt", [bag.manifest(1, payload)])
    bag.add("bagit.txt", [verify.BAGIT])
    bag.add("bag-info.txt", [_info(case, payload, size)])
    bag.add("keys.json", [public_json(log.keys)])
    bag.add(verify.ITEMS, [json.dumps(listed, indent=1).encode() + b"\n"])
    bag.add(verify.CUSTODY, map(_custody_line, custody))
    for folder, files in (("metadata", case.metadata), ("report", case.report)):
        for name, content in files.items():
            bag.add(f"{folder}/{name}", [content])
    about = signer.sign_bytes(_statement(case, listed), STATEMENT)
    for name, envelope in {**case.attestations, "evidence": about}.items():
        bag.add(f"attest/{name}.dsse.json", [json.dumps(envelope).encode() + b"\n"])
    text = _READ_ME.format(fingerprint=log.keys[-1].fingerprint)
    bag.add("VERIFY.md", [text.encode()])
    bag.add("verify.py", [Path(verify.__file__).read_bytes()])


def _info(case: Case, payload: Sequence[str], size: int) -> bytes:
    lines = [f"Bagging-Date: {case.at.date().isoformat()}", f"Payload-Oxum: {size}.{len(payload)}"]
    if case.incident:
        lines.append(f"External-Identifier: {case.incident}")
    return "".join(f"{line}\n" for line in lines).encode()


def _custody_line(one: Logged) -> bytes:
    return canonical({"index": one.index, "leaf": one.leaf.decode()}) + b"\n"


def _statement(case: Case, listed: Sequence[Mapping[str, Any]]) -> bytes:
    subjects = [
        {"name": one["path"], "digest": {"sha256": one["digest"].removeprefix("sha256:")}}
        for one in listed
    ]
    predicate = {"incident": case.incident, "exportedBy": case.by, "at": case.at.isoformat()}
    return canonical(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": subjects,
            "predicateType": PREDICATE,
            "predicate": predicate,
        }
    )


def _seal(bag: _Bag, case: Case, custody: Sequence[Logged], log: Log, path: Path) -> Exported:
    tags = bag.manifest(0, sorted(n for n in bag.hashes if not n.startswith("data/")))
    digest = Digest("sha256:" + bag.add(verify.TAGS, [tags]))
    entry = Entry(
        at=case.at,
        deed=Deed.EVIDENCE_EXPORTED,
        actor=case.by,
        about=case.incident or "evidence",
        digest=digest,
        incident=case.incident,
        facts={"items": len(case.items)} | _since(case),
    )
    (place,) = log.append([entry])
    (sealed,) = log.leaves(place, place + 1)
    proofs = log.bundle_proofs([*(one.index for one in custody), place], case.remembered)
    bag.add(verify.POINT, [proofs.checkpoint.encode()])
    bag.add(verify.LEAF, [sealed.leaf])
    bag.add(verify.SEAL, [proofs.texts[place].encode()])
    for one in custody:
        bag.add(f"log/{one.index}.tlog-proof", [proofs.texts[one.index].encode()])
    if proofs.consistency is not None:
        bag.add(verify.STEPS, [f"{line}\n".encode() for line in proofs.consistency])
    return Exported(
        path=path,
        digest=digest,
        log_index=place,
        items=len(case.items),
        size=bag.size,
        fingerprint=log.keys[-1].fingerprint,
    )


def _since(case: Case) -> dict[str, int]:
    return {} if case.remembered is None else {"since": case.remembered}


Put = Callable[[str], AbstractContextManager[IO[bytes]]]


@contextmanager
def _whole(path: Path) -> Iterator[Put]:
    """A way to put files where, without an error, `path` then is; with one, nothing stays."""
    half = path.with_name(path.name + ".half")
    path.parent.mkdir(parents=True, exist_ok=True)
    _drop(half)
    try:
        with _zipped(half) if path.suffix == ".zip" else _foldered(half) as put:
            yield put
        half.replace(path)
        sync_folder(path.parent)
    finally:
        _drop(half)


@contextmanager
def _zipped(half: Path) -> Iterator[Put]:
    with half.open("xb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            yield lambda name: archive.open(_member(name), "w", force_zip64=True)
        file.flush()
        os.fsync(file.fileno())


def _member(name: str) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)  # its date is 1980-01-01: two exports of one case are alike
    made.compress_type = zipfile.ZIP_DEFLATED
    made.external_attr = 0o644 << 16
    return made


@contextmanager
def _foldered(half: Path) -> Iterator[Put]:
    half.mkdir()

    @contextmanager
    def put(name: str) -> Iterator[IO[bytes]]:
        (half / name).parent.mkdir(parents=True, exist_ok=True)
        with (half / name).open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())

    yield put


def _drop(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
