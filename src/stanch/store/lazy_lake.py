"""The lake, opened when it is first asked: its libraries are large, and a start is quick.

In    a folder, the schema of events, the spool that holds what is not in the lake yet.
Out   the same answers as the lake gives, over both.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from stanch.store.spool import Spool
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import TooMuchAtOnce

if TYPE_CHECKING:
    from stanch.store.hunt import Asker, Hunt
    from stanch.store.lake import Lake, Pieces, Source
    from stanch.store.shared_hunt import Crew

ANSWER_COLUMNS = ("id", "version", "principal", "prediction", "scores", "groups")
"""What a late label needs to know of the answer it is for."""


class Question(Protocol):
    """What is asked of the lake."""

    @property
    def asset(self) -> AssetId | None:
        """Of which asset; none is any."""
        ...

    @property
    def where(self) -> str:
        """A condition over the columns."""
        ...

    @property
    def since(self) -> datetime | None:
        """From when on."""
        ...

    @property
    def until(self) -> datetime | None:
        """Until when."""
        ...

    @property
    def limit(self) -> int:
        """How many at the most."""
        ...


class LazyLake:
    """A lake that costs nothing until somebody asks it."""

    def __init__(
        self,
        folder: Path,
        schema: pa.Schema,
        spool: Spool,
        others: "Callable[[], Sequence[Source]]" = tuple,
        crew: "Crew | None" = None,
    ) -> None:
        """`others` are the spools of other processes, whose rows are seen too."""
        self._folder = folder
        self._schema = schema
        self._spool = spool
        self._others = others
        self._crew = crew
        self._opening = threading.Lock()
        self._lake: Lake | None = None

    def rows(self, question: Question) -> list[dict[str, object]]:
        """The newest events that match, without their empty fields."""
        return _told(self.table(question))

    def hunt(self, question: Question, asker: "Asker") -> list[dict[str, object]]:
        """The same, while who asks is there; where there are many files, the crew helps."""
        found = self._open().hunt_with(self._crew, _hunt(question), self._tails(), asker)
        return _told(found)

    def hunt_count(self, question: Question, asker: "Asker") -> int:
        """How many events match; where there are many files, the crew helps."""
        return self._open().count_with(self._crew, _hunt(question), self._tails(), asker)

    def table(self, question: Question, asker: "Asker | None" = None) -> pa.Table:
        """The newest events that match; as long as who asks is there, where somebody does."""
        if asker is None:
            return self._open().hunt(_hunt(question), self._tails())
        try:
            return self._open().hunt_with(None, _hunt(question), self._tails(), asker)
        except TooMuchAtOnce:
            from stanch.store.wide import wide_rows  # noqa: PLC0415  pyarrow's dataset is large

            narrow = replace(_hunt(question), columns=("id",))
            ids = self._open().hunt_with(None, narrow, self._tails(), asker)["id"]
            return wide_rows(ids, self.pieces(question), asker)

    def count(self, question: Question) -> int:
        """How many events match."""
        return int(self._open().count(_hunt(question), self._tails()))

    def newest(self, question: Question, columns: tuple[str, ...]) -> pa.Table:
        """These columns of the newest events that match."""
        wanted = replace(_hunt(question), columns=columns)
        return self._open().hunt(wanted, self._tails())

    def tally(self, question: Question, columns: tuple[str, ...]) -> pa.Table:
        """How many events match, by each combination of these columns."""
        return self._open().tally(_hunt(question), columns, self._tails())

    def hours(self, question: Question) -> pa.Table:
        """How many events match, by asset and hour."""
        return self._open().hours(_hunt(question), self._tails())

    def recall(self, asset: AssetId, ids: Sequence[str], also: Sequence[str] = ()) -> pa.Table:
        """The answers with these ids."""
        from stanch.store.hunt import Hunt  # noqa: PLC0415  duckdb is large

        wanted = Hunt(asset=asset, ids=tuple(ids), columns=(*ANSWER_COLUMNS, *also), limit=len(ids))
        return self._open().hunt(wanted, self._tails())

    def between(self, asset: AssetId, span: Span, limit: int) -> pa.Table:
        """The newest rows of the asset in this span."""
        from stanch.store.hunt import Hunt  # noqa: PLC0415  duckdb is large

        wanted = Hunt(asset=asset, since=span.start, until=span.end, limit=limit)
        return self._open().hunt(wanted, self._tails())

    def pieces(self, question: Question) -> "Pieces":
        """The files that may hold events that match, and all events that are in no file yet."""
        return self._open().pieces(_hunt(question), self._tails())

    def roll_up(self, now: datetime | None = None) -> int:
        """How many rows moved from the spool into the lake; with `now`, few old rows move too."""
        return self._open().roll_up(self._spool, now=now) if self._spool.backlog_rows else 0

    def take_over(self, spool: Spool) -> int:
        """How many rows of a spool that nobody else rolls up any more moved into the lake."""
        return int(self._open().roll_up(spool, everything=True))

    def compact(self, now: datetime, keep: timedelta | None = None) -> None:
        """Joins small files and deletes older days, when there is a lake to speak of."""
        if self._lake is not None:
            self._lake.compact(now=now, keep=keep)

    def leave(self) -> None:
        """Nothing; whoever stops does not wait for a long roll-up."""
        if self._lake is not None:
            self._lake.leave()

    def close(self) -> None:
        """Lets the lake go, if it was ever opened."""
        if self._lake is not None:
            self._lake.close()

    def _tails(self) -> "Sequence[Source]":
        return (self._spool, *self._others())

    def _open(self) -> "Lake":
        with self._opening:
            if self._lake is None:
                from stanch.store.lake import Lake  # noqa: PLC0415  deltalake and duckdb are large

                self._lake = Lake.open(str(self._folder), self._schema)
            return self._lake


def _told(found: pa.Table) -> list[dict[str, object]]:
    return [{k: v for k, v in row.items() if v is not None} for row in found.to_pylist()]


def _hunt(question: Question) -> "Hunt":
    from stanch.store.hunt import Hunt  # noqa: PLC0415  duckdb is large

    return Hunt(
        asset=question.asset,
        where=question.where,
        since=question.since,
        until=question.until,
        limit=question.limit,
    )
