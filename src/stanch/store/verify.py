"""The verifier: whether an evidence bundle, or a whole evidence log, is what was signed.

In    a bundle (.zip or folder) or a log folder; perhaps key fingerprints and an older checkpoint.
Out   exit 0 it holds, 1 it does not (the first bad file or entry is named), 2 could not tell.
Why   the proof must convince somebody who trusts neither us nor our software: this one file needs
      Python and the `cryptography` package (48 or newer), travels in every bundle, and is short
      enough to read before it is run; it is long for this house because one file travels better
      than two. Formats: RFC 6962 hashes; C2SP signed-note, tlog-checkpoint, tlog-cosignature,
      tlog-tiles, tlog-proof; BagIt 1.0; DSSE. Every parser takes one spelling.

Run   python verify.py BUNDLE [--key sha256:...] [--remembered CHECKPOINT] [--json]
"""

import argparse
import base64
import hashlib
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey, MLDSA65PublicKey
except ImportError:
    sys.stderr.write("could not tell: this needs the package cryptography, 48 or newer\n")
    sys.exit(2)

ED25519, MLDSA44, MLDSA65 = b"\x01", b"\x06", b"\xffml-dsa-65"
CONTEXT = b"stanch-dsse/v1"
TILE, HASH, MOST = 256, 32, 1 << 18
SMALL, LARGE = 1 << 22, 1 << 30
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
NAME = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*")
SEAL, LEAF, POINT = "log/bundle.tlog-proof", "log/bundle.entry.json", "log/checkpoint"
ITEMS, MANIFESTS = "metadata/evidence.json", ("manifest-sha256.txt", "manifest-sha512.txt")
STEPS, TAGS, CUSTODY = "log/consistency", "tagmanifest-sha256.txt", "metadata/custody.jsonl"
NEEDED = ("bagit.txt", "keys.json", *MANIFESTS, ITEMS, CUSTODY)
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, RuntimeError, EOFError)
MALFORMED += (zipfile.BadZipFile, zlib.error)


class Bad(Exception):  # noqa: N818  the verdict is a word, not an error
    """It does not hold: where, and why."""


class Unknown(Exception):  # noqa: N818  the verdict is a word, not an error
    """Could not tell: why."""


@dataclass(frozen=True, kw_only=True)
class Generation:
    """One set of public keys, in use until the next one."""

    name: str
    ed25519: bytes
    mldsa44: bytes
    mldsa65: bytes
    handover: Any = None

    @property
    def fingerprint(self) -> str:
        """What a person compares with what they were told by another way."""
        head = f"stanch-keys/v1\n{self.name}\n".encode()
        keys = self.ed25519 + self.mldsa44 + self.mldsa65
        return "sha256:" + hashlib.sha256(head + keys).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """What a log signed: its name, its size, its root; and the lines of signatures below."""

    origin: str
    size: int
    root: bytes
    body: str
    signatures: tuple[tuple[str, bytes, bytes], ...]


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of an entry (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two hashes (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\1" + left + right).digest()


def holds(make: Callable[[bytes], Any], public: bytes, *signed: bytes) -> bool:
    """Whether the signature (first) of the message (second) is by this key."""
    try:
        make(public).verify(*signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def unbase64(text: str, where: str) -> bytes:
    """The bytes behind base64 in its one canonical spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    if not data or base64.b64encode(data).decode() != text:
        raise Bad(where, "not canonical base64")
    return data


def decimal(text: str, where: str) -> int:
    """The number behind ASCII digits without leading zeroes."""
    if not re.fullmatch(r"0|[1-9][0-9]{0,17}", text):
        raise Bad(where, "not a plain decimal number")
    return int(text)


def hashes(lines: Sequence[str], where: str) -> list[bytes]:
    """One hash a line, 63 at most."""
    found = [unbase64(line, where) for line in lines]
    if len(found) > 63 or any(len(h) != HASH for h in found):  # noqa: PLR2004  no tree is deeper
        raise Bad(where, "not a list of hashes")
    return found


def key_id(name: str, kind: bytes, public: bytes) -> bytes:
    """The four bytes that name a key in a signed note."""
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:4]


def parse_checkpoint(text: str, where: str = POINT) -> Checkpoint:
    """The checkpoint, read strictly; nothing about its signatures is known yet."""
    if len(text) > MOST or re.search(r"[^\n -~\u2014]", text):
        raise Bad(where, "too long, or a character that no checkpoint holds")
    body, gap, tail = text.rpartition("\n\n")
    match body.split("\n"):
        case [origin, size, root] if origin and gap and tail.endswith("\n"):
            return Checkpoint(
                origin=origin,
                size=decimal(size, where),
                root=hashes([root], where)[0],
                body=body + "\n",
                signatures=tuple(parse_signature(line, where) for line in tail[:-1].split("\n")),
            )
    raise Bad(where, "not three lines and signatures")


def parse_signature(line: str, where: str) -> tuple[str, bytes, bytes]:
    """The name, the key's id and the signature of one line of a signed note."""
    match line.split(" "):
        case ["\u2014", name, encoded] if name and "+" not in name:
            data = unbase64(encoded, where)
            return name, data[:4], data[4:]
    raise Bad(where, "a signature line is malformed")


def stamped(name: str, stamp: bytes, point: Checkpoint) -> bytes:
    """What an ML-DSA-44 cosignature of a checkpoint signs (C2SP tlog-cosignature)."""
    who, origin = name.encode(), point.origin.encode()
    head = b"subtree/v1\n\0" + bytes((len(who),)) + who + stamp + bytes((len(origin),)) + origin
    return head + bytes(8) + point.size.to_bytes(8, "big") + point.root


def good_line(kind: bytes, name: str, public: bytes, point: Checkpoint) -> bool:
    """Whether this key signed; `Bad` if a line of this key does not hold."""
    wanted, found = (name, key_id(name, kind, public)), False
    for who, number, sig in point.signatures:
        if (who, number) != wanted:
            continue
        if kind == ED25519:
            found = holds(Ed25519PublicKey.from_public_bytes, public, sig, point.body.encode())
        else:
            message = stamped(name, sig[:8], point)
            make = MLDSA44PublicKey.from_public_bytes
            found = sig[:1] < b"\x80" and holds(make, public, sig[8:], message)
        if not found:
            raise Bad(POINT, f"a signature of {name} does not hold")
    return found


def check_checkpoint(text: str, keys: Sequence[Generation], where: str = POINT) -> Checkpoint:
    """The checkpoint, if one generation of keys signed it with both its keys."""
    point = parse_checkpoint(text, where)
    for one in keys:
        ed = good_line(ED25519, one.name, one.ed25519, point)
        if good_line(MLDSA44, one.name, one.mldsa44, point) and ed and point.origin == one.name:
            return point
    raise Bad(where, "not signed with both keys of a trusted generation")


def pae(kind: str, payload: bytes) -> bytes:
    """What a DSSE signature signs: the type and the payload, with their lengths."""
    name = kind.encode()
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(payload), payload)


def check_envelope(envelope: Any, keys: Sequence[Generation], where: str) -> tuple[str, bytes]:
    """The payload's type and bytes, if one generation signed the DSSE envelope with both keys."""
    try:
        kind, payload = str(envelope["payloadType"]), unbase64(envelope["payload"], where)
        given = {s["keyid"]: unbase64(s["sig"], where) for s in envelope["signatures"]}
    except (KeyError, TypeError) as broken:
        raise Bad(where, "not a DSSE envelope") from broken
    said = pae(kind, payload)
    for one in keys:
        ed = given.get(f"{one.name}+{key_id(one.name, ED25519, one.ed25519).hex()}", b"")
        pq = given.get(f"{one.name}+{key_id(one.name, MLDSA65, one.mldsa65).hex()}", b"")
        if holds(Ed25519PublicKey.from_public_bytes, one.ed25519, ed, said) and holds(
            MLDSA65PublicKey.from_public_bytes, one.mldsa65, pq, said, CONTEXT
        ):
            return kind, payload
    raise Bad(where, "not signed with both keys of a trusted generation")


def read_keys(
    data: bytes, pinned: Sequence[str] = (), where: str = "keys.json"
) -> list[Generation]:
    """The generations to trust: from the first pinned on, each handed over by the one before."""
    kinds = ("ed25519", "mldsa44", "mldsa65")
    try:
        listed = [
            Generation(
                name=str(one["name"]),
                **{kind: unbase64(one[kind], where) for kind in kinds},
                handover=one.get("handover"),
            )
            for one in json.loads(data)["generations"]
        ]
    except (KeyError, TypeError, ValueError) as broken:
        raise Bad(where, "not a list of keys") from broken
    for before, after in pairwise(listed):
        _, said = check_envelope(after.handover, [before], where)
        if said != after.fingerprint.encode() or after.name != before.name:
            raise Bad(where, f"{after.fingerprint} was not handed over by the key before it")
    for at, one in enumerate(listed):
        if not pinned or one.fingerprint in pinned:
            return listed[at:]
    raise Bad(where, "none of its keys is the one you trust")


def split(size: int) -> int:
    """How many leaves go to the left: the largest power of two below the size (RFC 6962, 2.1)."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_root(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that the path leads to from this leaf hash; empty if the path does not fit."""
    if size == 1 or not path or not 0 <= index < size:
        return b"" if path or size != 1 or index else leaf
    k, rest, last = split(size), path[:-1], path[-1]
    below = (index, k) if index < k else (index - k, size - k)
    here = inclusion_root(leaf, *below, rest)
    pair = (here, last) if index < k else (last, here)
    return node_hash(*pair) if here else b""


def consistency_roots(old: int, new: int, path: Sequence[bytes], whole: bytes) -> tuple[bytes, ...]:
    """The old and the new root that the path leads to; `whole` is the old root, where it counts."""
    if old == new:
        here = (path[0] if len(path) == 1 else b"") if not whole else b"" if path else whole
        return here, here
    if not path:
        return b"", b""
    k, rest, last = split(new), path[:-1], path[-1]
    if old <= k:
        was, now = consistency_roots(old, k, rest, whole)
        return was, node_hash(now, last) if now else b""
    was, now = consistency_roots(old - k, new - k, rest, b"")
    return (node_hash(last, was), node_hash(last, now)) if was else (b"", b"")


def consistent(old: tuple[int, bytes], new: tuple[int, bytes], path: Sequence[bytes]) -> bool:
    """Whether the tree `old` (size, root) is the beginning of `new` (RFC 6962, 2.1.2)."""
    if old[0] == 0 or old[0] > new[0]:
        return old[0] == 0 and not path
    return consistency_roots(old[0], new[0], path, old[1]) == (old[1], new[1])


def check_proof(text: str, leaf: bytes, keys: Sequence[Generation], where: str) -> tuple[int, str]:
    """The index of this leaf and the checkpoint it is proved under (C2SP tlog-proof)."""
    head, gap, note = text.partition("\n\n")
    match head.split("\n"):
        case ["c2sp.org/tlog-proof@v1", index, *path] if gap and index.startswith("index "):
            at = decimal(index.removeprefix("index "), where)
            point = check_checkpoint(note, keys, where)
            if inclusion_root(leaf_hash(leaf), at, point.size, hashes(path, where)) == point.root:
                return at, note
            raise Bad(where, f"entry {at} is not in the log")
    raise Bad(where, "not a tlog-proof")


def nothing_between(archive: zipfile.ZipFile, path: Path) -> None:
    """`Bad`, where a .zip holds a byte that is of none of its files: others might read more."""
    at, says = 0, "holds bytes that belong to none of its files"
    with path.open("rb") as file:
        for one in sorted(archive.infolist(), key=lambda info: info.header_offset):
            file.seek(at)
            head = file.read(30)
            if one.header_offset != at or one.comment:
                raise Bad(str(path), says)
            lengths = (int.from_bytes(head[i : i + 2], "little") for i in (26, 28))
            at += 30 + sum(lengths) + one.compress_size
        file.seek(-22, 2)
        end = file.read()
    if at != archive.start_dir or end[:4] != b"PK\5\6" or end[-2:] != b"\0\0":
        raise Bad(str(path), says)


class Bag:
    """The files of a bundle, in a folder or a .zip, and which of them nothing has vouched for."""

    def __init__(self, path: Path) -> None:
        self._files: dict[str, Callable[[], IO[bytes]]] = {}
        if path.is_file():
            if not zipfile.is_zipfile(path):
                raise Bad(str(path), "is no ZIP file, so it is no bundle, or not all of one")
            archive = zipfile.ZipFile(path)
            nothing_between(archive, path)
            found = [(name, partial(archive.open, name)) for name in archive.namelist()]
        else:
            some = sorted(one for one in path.rglob("*") if one.is_symlink() or not one.is_dir())
            found = [(f.relative_to(path).as_posix(), partial(f.open, "rb")) for f in some]
        for name, opens in found:
            if name in self._files or not NAME.fullmatch(name):
                raise Bad(name, "is there twice, or has a name that no bundle holds")
            self._files[name] = opens
        self.left = set(self._files)
        self.keys: Sequence[Generation] = ()
        self.note = ""
        self.since: int | None = None

    def open(self, name: str) -> IO[bytes]:
        """The file as a stream."""
        if name not in self._files:
            raise Bad(name, "is missing")
        return self._files[name]()

    def read(self, name: str, most: int = SMALL) -> bytes:
        """All of a file of so many bytes, which from now on is vouched for by who reads it."""
        self.left.discard(name)
        with self.open(name) as file:
            data = file.read(most + 1)
        if len(data) > most:
            raise Bad(name, "is larger than it is in any bundle")
        return data

    def manifest(self, name: str, kind: str) -> dict[str, str]:
        """The files that a manifest lists, each checked against the hash it gives."""
        listed = {}
        for line in self.read(name, LARGE).decode().splitlines():
            digest, _, file = line.partition("  ")
            with self.open(file) as stream:
                if hashlib.file_digest(stream, kind).hexdigest() != digest:  # type: ignore[arg-type]
                    raise Bad(file, "is not the file that was exported")
            listed[file] = digest
        self.left -= set(listed)
        return listed

    def logged(self, leaf: bytes, where: str) -> tuple[int, Any]:
        """The place in the log, and the meaning, of an entry with its proof."""
        at, under = check_proof(self.read(where).decode(), leaf, self.keys, where)
        if under != self.note:
            raise Bad(where, f"is not under {POINT}")
        return at, json.loads(leaf)


def check_bundle(path: Path, pinned: Sequence[str], remembered: str) -> dict[str, Any]:
    """What is found about a bundle, from the signature down to each byte of each file."""
    bag = Bag(path)
    # (1) whose keys, and what they signed
    bag.keys = read_keys(bag.read("keys.json"), pinned)
    bag.note = bag.read(POINT).decode()
    point = check_checkpoint(bag.note, bag.keys)
    # (2) the log holds the hash of the list of files; the list holds the hash of each file
    payload = check_files(bag)
    # (3) custody: each line is an entry of the log; each item is the one that was taken
    custody = dict(logged_lines(bag))
    items = json.loads(bag.read(ITEMS, LARGE))
    for item in items:
        file, entry = item["path"], custody.get(item["log_index"], {})
        said = [entry.get(k) for k in ("deed", "about", "digest")]
        if said != ["evidence.taken", item["id"], "sha256:" + payload.pop(file, "")]:
            raise Bad(file, f"is not what entry {item['log_index']} says was taken")
    # (4) nothing is left that nothing vouches for, and the history is the one remembered
    told = bag.read(STEPS).decode().splitlines() if bag.since is not None else []
    for name in sorted([*bag.left, *payload]):
        raise Bad(name, "is not part of what was exported")
    old = (
        check_checkpoint(remembered, bag.keys, "the remembered checkpoint") if remembered else None
    )
    if old and old.size > point.size:
        raise Unknown(
            f"the bundle is older than the checkpoint of {old.size} entries that you kept"
        )
    if old and old.size < point.size and old.size != bag.since:
        raise Unknown(f"the bundle carries no proof from size {old.size}; ask for one that does")
    steps = hashes(told, STEPS) if old and old.size < point.size else []
    if old and not consistent((old.size, old.root), (point.size, point.root), steps):
        raise Bad(POINT, "does not continue the history that you remember")
    known = old.size if old else None
    return {"keys": bag.keys, "entries": len(custody), "items": len(items), "continues": known}


def check_files(bag: Bag) -> dict[str, str]:
    """The files of the payload with their hashes, all of them as the sealed list has them."""
    seal = bag.logged(bag.read(LEAF), SEAL)[1]
    tags = hashlib.sha256(bag.read(TAGS)).hexdigest()
    if (seal["deed"], seal.get("digest")) != ("evidence.exported", "sha256:" + tags):
        raise Bad(TAGS, "is not the list that was entered in the log")
    bag.since = seal["facts"].get("since")
    listed = bag.manifest(TAGS, "sha256")
    for needed in NEEDED:
        if needed not in listed:
            raise Bad(needed, f"is not in {TAGS}")
    if bag.read("bagit.txt") != BAGIT:
        raise Bad("bagit.txt", "is not BagIt 1.0")
    for name in sorted(n for n in listed if n.startswith("attest/")):
        check_envelope(json.loads(bag.read(name, LARGE)), bag.keys, name)
    payload = bag.manifest("manifest-sha256.txt", "sha256")
    if set(payload) != set(bag.manifest("manifest-sha512.txt", "sha512")):
        raise Bad("manifest-sha512.txt", "lists other files than manifest-sha256.txt")
    return payload


def logged_lines(bag: Bag) -> Iterator[tuple[int, Any]]:
    """Each line of custody as the log's own entry, in the log's order."""
    before = -1
    for line in bag.read(CUSTODY, LARGE).decode().splitlines():
        one = json.loads(line)
        at, entry = bag.logged(one["leaf"].encode(), f"log/{one['index']}.tlog-proof")
        if at != one["index"] or at <= before:
            raise Bad(CUSTODY, f"entry {at} is not in its place")
        yield at, entry
        before = at


def tile_path(level: str, number: int, width: int = TILE) -> str:
    """Where a tile is kept (C2SP tlog-tiles)."""
    parts = [f"{number % 1000:03}"]
    while number := number // 1000:
        parts.insert(0, f"x{number % 1000:03}")
    tail = f".p/{width}" if width < TILE else ""
    return f"tile/{level}/{'/'.join(parts)}{tail}"


def tiles(folder: Path, level: str, size: int) -> Iterator[tuple[str, int, bytes]]:
    """Each tile of a level in order: its name, how much of it counts, its bytes."""
    for number in range((size + TILE - 1) // TILE):
        width = min(TILE, size - number * TILE)
        for name in (tile_path(level, number, width), tile_path(level, number)):
            if (folder / name).is_file():
                yield name, width, (folder / name).read_bytes()
                break
        else:
            raise Bad(tile_path(level, number, width), "is missing")


def entries(folder: Path, size: int) -> Iterator[bytes]:
    """Each entry of the log in order."""
    for name, width, data in tiles(folder, "entries", size):
        at = 0
        for _ in range(width):
            end = at + 2 + int.from_bytes(data[at : at + 2], "big")
            if end > len(data):
                raise Bad(name, "is cut")
            yield data[at + 2 : end]
            at = end
        if at != len(data) and name.endswith(f".p/{width}"):
            raise Bad(name, "is too long")


class Frontier:
    """The right edge of a growing tree: its root, and the hashes of each level of tiles."""

    def __init__(self) -> None:
        self._edge: list[bytes] = []
        self.size = 0
        self.levels: dict[int, list[bytes]] = {}

    def add(self, here: bytes) -> None:
        """One more leaf hash."""
        height = 0
        while self.size >> height & 1:
            here, height = node_hash(self._edge.pop(), here), height + 1
            if height % 8 == 0:
                self.levels.setdefault(height // 8, []).append(here)
        self._edge.append(here)
        self.size += 1

    def root(self) -> bytes:
        """The root of all leaves so far."""
        right, *rest = reversed(self._edge or [hashlib.sha256().digest()])
        for left in rest:
            right = node_hash(left, right)
        return right


def check_log(folder: Path, pinned: Sequence[str], remembered: str) -> dict[str, Any]:
    """What is found about a whole log: every entry is hashed again, up to the signed root."""
    keys = read_keys((folder / "keys.json").read_bytes(), pinned)
    point = check_checkpoint((folder / "checkpoint").read_text("utf-8"), keys)
    old = check_checkpoint(remembered, keys, "the remembered checkpoint") if remembered else None
    tree = Frontier()
    lowest = (h for _, count, tile in tiles(folder, "0", point.size) for h in pieces(tile, count))
    for at, leaf in enumerate(entries(folder, point.size)):
        if next(lowest, b"") != leaf_hash(leaf):
            raise Bad(f"entry {at}", "is not the entry that was logged")
        tree.add(leaf_hash(leaf))
        if old and old.size == tree.size and old.root != tree.root():
            raise Bad(f"entry {at}", "or one before it was rewritten: not the remembered history")
    check_levels(folder, tree)
    if tree.root() != point.root or (old and old.size > point.size):
        raise Bad(POINT, "is not the root of these entries, or is older than the remembered one")
    known = old.size if old else None
    return {"keys": keys, "entries": point.size, "items": 0, "continues": known}


def check_levels(folder: Path, tree: Frontier) -> None:
    """`Bad`, with the first tile above the lowest that is not what the entries give."""
    for level, made in tree.levels.items():
        above = zip(tiles(folder, str(level), len(made)), range(0, len(made), TILE), strict=True)
        for (name, count, tile), start in above:
            mine = made[start : start + TILE]
            for at, (one, two) in enumerate(zip(pieces(tile, count), mine, strict=True), start):
                if one != two:
                    raise Bad(name, f"does not fit the entries from {at << 8 * level} on")


def pieces(tile: bytes, count: int) -> list[bytes]:
    """The hashes in a tile."""
    return [tile[i : i + HASH] for i in range(0, count * HASH, HASH)]


def examine(path: Path, pinned: Sequence[str] = (), remembered: str = "") -> dict[str, Any]:
    """Whether it holds (or none: could not tell), what to say, and the first bad place."""
    is_log = (path / "checkpoint").is_file()
    if not (is_log or path.is_file() or (path / "bagit.txt").is_file()):
        what = "neither a bundle nor a log" if path.exists() else "not there"
        return {"holds": None, "says": f"could not tell: {path} is {what}"}
    try:
        found = (check_log if is_log else check_bundle)(path, pinned, remembered)
    except Bad as bad:
        # The name is the bundle's own word: it may order a terminal about, or begin a line.
        name = "".join(c if c.isprintable() else "\ufffd" for c in bad.args[0])
        return {"holds": False, "says": f"{name}: {bad.args[1]}", "where": bad.args[0]}
    except MALFORMED as broken:
        return {"holds": False, "says": f"not well formed: {broken!r}", "where": str(path)}
    except (Unknown, OSError) as why:
        return {"holds": None, "says": f"could not tell: {why}", "where": str(path)}
    names = [one.fingerprint for one in found.pop("keys")]
    known = found["continues"]
    says = "it holds" if known is None else f"it holds and continues the {known} entries you knew"
    return {"holds": True, "says": says, "keys": names, "pinned": bool(pinned), **found}


def main() -> int:
    """The exit code: 0 it holds, 1 it does not, 2 could not tell."""
    asked = argparse.ArgumentParser(description="Check an evidence bundle or an evidence log.")
    asked.add_argument("path", type=Path, help="a bundle (.zip or folder), or a log folder")
    asked.add_argument("--key", action="append", default=[], help="a fingerprint that you trust")
    asked.add_argument("--remembered", type=Path, help="a checkpoint that you kept")
    asked.add_argument("--json", action="store_true", help="print one JSON document")
    given = asked.parse_args()
    found: dict[str, Any] = {"holds": None, "says": f"could not tell: no {given.remembered}"}
    if not given.remembered or given.remembered.is_file():
        old = given.remembered.read_text("utf-8") if given.remembered else ""
        found = examine(given.path, given.key, old)
    says = json.dumps(found) if given.json else str(found["says"])
    if found["holds"] and not given.json:
        says += f": {found['items']} items, {found['entries']} entries"
        says += f", signed by {', '.join(found['keys'])}"
        says += "" if given.key else "\nThis key is the bundle's own word: compare it, then --key."
    sys.stdout.write(says + "\n")
    return 2 if found["holds"] is None else int(not found["holds"])


if __name__ == "__main__":
    sys.exit(main())
