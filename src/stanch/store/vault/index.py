"""The index: in which item's file a block already lies. A cache; the files are the truth.

In    manifests.
Out   for a block's digest, where it is kept; which items are indexed.
Why   finding a block among millions must not mean reading manifests; losing the index must
      cost time and nothing else, so it is rebuilt from the files whenever it lacks one.
"""

import sqlite3
import threading
from pathlib import Path

from stanch.store.vault.manifest import Block, Manifest
from stanch.vocabulary.ids import Digest

_TABLES = """
create table if not exists block (
    blake3 blob primary key, size integer, home text, at integer, stored integer, codec text
) without rowid;
create table if not exists item (
    digest text primary key, size integer, stored integer, format text, key text
) without rowid;
"""


class Index:
    """A SQLite file beside the items; safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, timeout=60, check_same_thread=False)
        try:
            self._db.executescript("pragma journal_mode=wal; pragma synchronous=normal;" + _TABLES)
        except BaseException:
            self._db.close()
            raise

    def find(self, digest: str) -> Block | None:
        """Where this block is kept, if it is."""
        with self._lock:
            row = self._db.execute(
                "select size, home, at, stored, codec from block where blake3 = ?",
                (bytes.fromhex(digest),),
            ).fetchone()
        if row is None:
            return None
        size, home, at, stored, codec = row
        return Block(blake3=digest, size=size, home=home, at=at, stored=stored, codec=codec)

    def add(self, manifest: Manifest, stored: int) -> None:
        """Nothing; the item and the blocks in its own file can be found."""
        home = manifest.digest.removeprefix("sha256:")
        rows = [
            (bytes.fromhex(b.blake3), b.size, home, b.at, b.stored, b.codec)
            for o in manifest.objects
            for b in o.blocks
            if not b.home
        ]
        about = (manifest.digest, manifest.size, stored, manifest.format, manifest.key)
        with self._lock, self._db:
            self._db.executemany("insert or ignore into block values (?,?,?,?,?,?)", rows)
            self._db.execute("insert or replace into item values (?,?,?,?,?)", about)

    def forget(self, digest: str) -> None:
        """Nothing; later puts keep their own copy of this block, because this one is damaged."""
        with self._lock, self._db:
            self._db.execute("delete from block where blake3 = ?", (bytes.fromhex(digest),))

    def items(self) -> frozenset[Digest]:
        """The digest of each item that was indexed."""
        with self._lock:
            rows = self._db.execute("select digest from item").fetchall()
        return frozenset(Digest(digest) for (digest,) in rows)

    def close(self) -> None:
        """Nothing; the file is closed."""
        with self._lock:
            self._db.close()
