"""The checks every row passes, whole columns at a time; only bad rows meet a Python loop.

In    `Decoded` columns, the time now, the limits.
Out   the table of good rows, and every other row with one sentence.
Why   JSON and Arrow are checked by this one file, so they cannot disagree.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

from stanch.engine.ingest.compute import pc
from stanch.engine.ingest.decoded import Decoded
from stanch.engine.ingest.limits import Limits
from stanch.engine.ingest.names import in_one_form
from stanch.engine.ingest.nul import replaced
from stanch.vocabulary.event import NEEDED_BY_KIND, REQUIRED, EventKind
from stanch.vocabulary.ids import asset_id
from stanch.vocabulary.receipt import Rejected
from stanch.vocabulary.trouble import BadName

_SHOWN = 40
_Fault = tuple[np.ndarray, str]


def check(
    decoded: Decoded, *, now: datetime, limits: Limits
) -> tuple[pa.Table, tuple[Rejected, ...]]:
    """The good rows, and the bad ones with their reasons."""
    table = in_one_form(replaced(decoded.table))
    why: dict[int, str] = dict(decoded.wrong)
    for rows, sentence in _faults(table, now, limits):
        for row in rows.tolist():
            why.setdefault(row, sentence)
    rejected = decoded.rejected
    if why:
        keep = np.ones(table.num_rows, dtype=bool)
        keep[list(why)] = False
        table = table.filter(pa.array(keep))
        rejected += tuple(Rejected(index=decoded.place(row), why=why[row]) for row in why)
    return table, tuple(sorted(rejected, key=lambda r: r.index))


def _faults(table: pa.Table, now: datetime, limits: Limits) -> Iterator[_Fault]:
    for name in REQUIRED:
        if table.column(name).null_count:
            yield _where(pc.is_null(table.column(name))), f"{name} is missing."
    yield from _bad_ids(table.column("id"), limits)
    yield from _bad_kinds(table)
    yield from _bad_assets(table.column("asset"))
    yield from _bad_times(table.column("ts"), now, limits)
    yield from _long_rows(table, limits)


def _where(mask: pa.ChunkedArray) -> np.ndarray:
    return np.flatnonzero(pc.fill_null(mask, False).to_numpy())


def _bad_ids(ids: pa.ChunkedArray, limits: Limits) -> Iterator[_Fault]:
    sizes = pc.utf8_length(ids)
    bounds = pc.min_max(sizes).as_py()
    shortest, longest = bounds["min"], bounds["max"]
    if longest is None:
        return
    if shortest == 0:
        yield _where(pc.equal(sizes, 0)), "id is empty."
    if longest > limits.id_chars:
        told = f"id is longer than {limits.id_chars} characters."
        yield _where(pc.greater(sizes, limits.id_chars)), told
    if not all(_plain_ascii(chunk) for chunk in ids.chunks):
        texts = ids.to_pylist()
        rows = [i for i, text in enumerate(texts) if text and not text.isprintable()]
        yield np.asarray(rows, dtype=np.int64), "id has control characters."


def _plain_ascii(chunk: pa.Array) -> bool:
    """Whether every byte of the column is a printable ASCII character, seen in one pass."""
    _, offsets, data = chunk.buffers()
    if data is None or not len(chunk):
        return True
    ends = np.frombuffer(offsets, dtype=np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
    content = np.frombuffer(data, dtype=np.uint8)[ends[0] : ends[-1]]
    return not len(content) or bool(content.min() >= 0x20 and content.max() < 0x7F)  # noqa: PLR2004  ASCII


def _bad_kinds(table: pa.Table) -> Iterator[_Fault]:
    kinds = table.column("kind")
    present = [kind for kind in pc.unique(kinds).to_pylist() if kind is not None]
    known = ", ".join(EventKind)
    for kind in present:
        if kind not in NEEDED_BY_KIND:
            told = f"kind {kind[:_SHOWN]!r} is not known; use one of: {known}."
            yield _where(pc.equal(kinds, kind)), told
            continue
        for name in NEEDED_BY_KIND[EventKind(kind)]:
            missing = _missing(table, name)
            if missing is not None:
                rows = _where(pc.and_(pc.equal(kinds, kind), missing))
                yield rows, f"{name} is missing; a row of kind {kind} needs it."


def _missing(table: pa.Table, name: str) -> pa.ChunkedArray | pa.Scalar | None:
    """Where the column has no value; None when every row has one."""
    if name not in table.column_names:
        return pa.scalar(True)
    column = table.column(name)
    return pc.is_null(column) if column.null_count else None


def _bad_assets(assets: pa.ChunkedArray) -> Iterator[_Fault]:
    for name in pc.unique(assets).to_pylist():
        if name is None:
            continue
        try:
            asset_id(name)
        except BadName as bad:
            yield _where(pc.equal(assets, name)), f"asset: {bad}"


def _bad_times(ts: pa.ChunkedArray, now: datetime, limits: Limits) -> Iterator[_Fault]:
    bounds = pc.min_max(ts)
    if not bounds["min"].is_valid:
        return
    latest = pa.scalar(now + limits.future, ts.type)
    oldest = pa.scalar(limits.oldest, ts.type)
    if pc.greater(bounds["max"], latest).as_py():
        ahead = f"more than {limits.future / timedelta(hours=1):g} h ahead"
        told = f"ts is in the future: {ahead} of {now:%Y-%m-%dT%H:%M:%SZ}. Set the sender's clock."
        yield _where(pc.greater(ts, latest)), told
    if pc.less(bounds["min"], oldest).as_py():
        yield _where(pc.less(ts, oldest)), f"ts is before {limits.oldest:%Y-%m-%d}."


def _long_rows(table: pa.Table, limits: Limits) -> Iterator[_Fault]:
    if table.get_total_buffer_size() <= limits.row_bytes:
        return
    texts = [table.column(f.name) for f in table.schema if pa.types.is_string(f.type)]
    heavy = [c for c in texts if c.null_count < len(c)]
    total = np.zeros(table.num_rows, dtype=np.int64)
    for column in heavy:
        total += pc.fill_null(pc.binary_length(column), 0).to_numpy()
    rows = np.flatnonzero(total > limits.row_bytes)
    if len(rows):
        yield rows, f"the row's text is longer than {limits.row_bytes} bytes."
