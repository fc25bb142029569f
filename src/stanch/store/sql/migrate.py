"""Migrations: the numbered steps that made a database what it is. They only go forward.

In    a connection that holds the writer's lock, and the `.sql` files of `migrations/`.
Out   the database at the newest step; each step is recorded with the digest of its text.
Why   a database of a newer stanch, or one made by other steps, is refused with a sentence before
      anything is read from it. A large one takes a while, so whoever waits is told.
"""

import hashlib
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib import resources

from sqlalchemy import Connection, text

from stanch.store.sql.codec import micros
from stanch.store.sql.refold import refolds
from stanch.vocabulary.trouble import NewerData, Tampered

_LOG = logging.getLogger("stanch.store")
_NAME = re.compile(r"(\d{4})_(\w+)\.sql")
_ONLY = re.compile(r"/\* (\w+) \*/\s*(.*)", re.DOTALL)
"""A statement for one database alone names it first."""
_LEDGER = (
    "CREATE TABLE IF NOT EXISTS migrations ("
    "number BIGINT PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, at BIGINT NOT NULL)"
)
_TOLD = (
    "The database is brought up to date, step %d of %d (%s). "
    "If this is stopped, nothing has changed, and the next start begins again."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    """One step."""

    number: int
    name: str
    sql: str

    @property
    def digest(self) -> str:
        """What its text is recognised by."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    def statements(self, dialect: str) -> list[str]:
        """Its statements, in the words of this database."""
        bare = re.sub(r"--[^\n]*", "", self.sql)
        if dialect == "postgresql":
            bare = re.sub(r"\bBLOB\b", "BYTEA", bare)
        said = (s.strip() for s in bare.split(";"))
        return [plain for s in said if (plain := _for(dialect, s))]


def _for(dialect: str, statement: str) -> str:
    """The statement, or nothing when it is for another database."""
    only = _ONLY.fullmatch(statement)
    if only is None:
        return statement
    return only[2] if only[1] == dialect else ""


def known() -> tuple[Migration, ...]:
    """Every step that this stanch knows, in order."""
    found = []
    for file in resources.files("stanch.store.sql").joinpath("migrations").iterdir():
        if match := _NAME.fullmatch(file.name):
            sql = file.read_text(encoding="utf-8")
            found.append(Migration(number=int(match[1]), name=match[2], sql=sql))
    return tuple(sorted(found, key=lambda m: m.number))


def migrate(link: Connection, steps: Iterable[Migration], *, at: datetime) -> int:
    """How many steps were taken; the caller's transaction holds the lock and commits."""
    link.execute(text(_LEDGER))
    rows = link.execute(text("SELECT number, name, digest FROM migrations ORDER BY number"))
    taken = {int(number): (name, digest) for number, name, digest in rows}
    steps = tuple(steps)
    newest = max((s.number for s in steps), default=0)
    if taken and max(taken) > newest:
        raise NewerData(max(taken), newest)
    made = 0
    for step in steps:
        if step.number in taken:
            _same(step, taken[step.number][1])
            continue
        if taken:
            _LOG.warning(_TOLD, step.number, newest, step.name.replace("_", " "))
        for statement in step.statements(link.dialect.name):
            if not refolds(link, statement):
                link.exec_driver_sql(statement)
        link.execute(
            text("INSERT INTO migrations (number, name, digest, at) VALUES (:n, :name, :d, :at)"),
            {"n": step.number, "name": step.name, "d": step.digest, "at": micros(at)},
        )
        made += 1
    return made


def _same(step: Migration, digest: str) -> None:
    if digest != step.digest:
        raise Tampered(
            f"migration {step.number:04d}_{step.name} is not the one that made this database; "
            "install the stanch that made it, then upgrade"
        )
