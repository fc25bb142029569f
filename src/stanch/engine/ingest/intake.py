"""The intake: the whole path of a batch, from bytes to rows that last.

In    a body, its Content-Type and Content-Encoding.
Out   a `Receipt`, given only when the rows are on disk.
Why   an answer before the disk has the rows is a promise that a power cut breaks.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

import pyarrow as pa

from stanch.engine.clock import Clock
from stanch.engine.ingest.arrow import from_stream
from stanch.engine.ingest.check import check
from stanch.engine.ingest.decoded import Decoded
from stanch.engine.ingest.hide import Hide
from stanch.engine.ingest.limits import Limits
from stanch.engine.ingest.rows import from_json, from_lines
from stanch.engine.ingest.schema import SCHEMA
from stanch.engine.ingest.unpack import unpack
from stanch.vocabulary.receipt import Receipt
from stanch.vocabulary.trouble import TooLarge, UnknownFormat

JSON = "application/json"
LINES = "application/x-ndjson"
ARROW = "application/vnd.apache.arrow.stream"
_KNOWN = {
    JSON: JSON,
    LINES: LINES,
    "application/ndjson": LINES,
    "application/jsonl": LINES,
    ARROW: ARROW,
}


class Spool(Protocol):
    """What keeps rows: each id once, on disk before it answers."""

    def append(self, rows: pa.Table) -> int:
        """How many of the rows are new; the others were there already."""
        ...


class Intake:
    """Takes batches in, from many threads at once."""

    def __init__(
        self,
        spool: Spool,
        *,
        clock: Clock,
        limits: Limits | None = None,
        hide: Hide | None = None,
        also: Mapping[str, Callable[[bytes], bytes]] | None = None,
    ) -> None:
        """`also` makes the JSON array of events of further media types."""
        self._spool = spool
        self._clock = clock
        self._limits = limits or Limits()
        self._hide = hide
        self._also = also or {}

    def take(self, body: bytes, media_type: str, encoding: str = "") -> Receipt:
        """What became of each row of one request."""
        given = media_type.partition(";")[0].strip().lower()
        media = given if given in self._also else _KNOWN.get(given)
        if media is None:
            raise UnknownFormat(media_type[:64], f"{JSON}, {LINES}, {ARROW}")
        # (1) unpack, against a limit
        plain = unpack(body, encoding, self._limits)
        # (2) decode to columns
        decoded = self._decode(plain, media)
        # (3) check, hide, keep
        return self.take_rows(decoded)

    def take_rows(self, decoded: Decoded) -> Receipt:
        """What became of rows that a reader has decoded already."""
        if decoded.table.num_rows + len(decoded.rejected) > self._limits.rows:
            raise TooLarge(f"{self._limits.rows} rows, counted in")
        now = self._clock()
        good, rejected = check(decoded, now=now, limits=self._limits)
        if self._hide is not None:
            good = self._hide.rows(good)
        accepted = self._spool.append(_received(good, now)) if good.num_rows else 0
        return Receipt(accepted=accepted, duplicate=good.num_rows - accepted, rejected=rejected)

    def _decode(self, plain: bytes, media: str) -> Decoded:
        also = self._also.get(media)
        if also is not None:
            return from_json(also(plain))
        match media:
            case "application/json":
                return from_json(plain)
            case "application/x-ndjson":
                return from_lines(plain)
            case _:
                return from_stream(plain, self._limits)


def _received(rows: pa.Table, now: datetime) -> pa.Table:
    """The rows, stamped with the time they came in."""
    field = SCHEMA.field("received")
    return rows.append_column(field, pa.repeat(pa.scalar(now, field.type), rows.num_rows))
