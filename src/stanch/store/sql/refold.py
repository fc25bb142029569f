"""Refold: brings the words that rows are searched by to the form of today, within a migration.

In    the statement `REFOLD table` of a migration's file.
Out   each row whose words are not plain ASCII has them folded as new rows have them.
Why   what letters mean to each other is said once, in Python; the two databases say it otherwise,
      and PostgreSQL only where its own text is UTF-8.
"""

import re

from sqlalchemy import Connection, text

from stanch.vocabulary.searching import folded

_SAID = re.compile(r"REFOLD (\w+)")
_MANY = 1000
_STRANGE = {
    "sqlite": "length(words) <> length(CAST(words AS BLOB))",
    "postgresql": "char_length(words) <> octet_length(words)",
}
"""Whether there is a letter in them that is no ASCII."""


def refolds(link: Connection, statement: str) -> bool:
    """Whether the statement said so, and it is done."""
    said = _SAID.fullmatch(statement)
    if said is None:
        return False
    table, last = said[1], ""
    strange = _STRANGE[link.dialect.name]
    ask = f"SELECT id, words FROM {table} WHERE id > :last AND {strange} ORDER BY id LIMIT {_MANY}"  # noqa: S608  our own file
    tell = text(f"UPDATE {table} SET words = :words WHERE id = :id")  # noqa: S608  likewise
    while rows := link.execute(text(ask), {"last": last}).all():
        new = [{"id": key, "words": folded(old)} for key, old in rows if folded(old) != old]
        if new:
            link.execute(tell, new)
        last = rows[-1][0]
    return True
