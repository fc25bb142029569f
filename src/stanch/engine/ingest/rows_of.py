"""Rows of a body that is looked at and not kept: for a baseline, for a preview.

In    a body of events in any of the wire's formats.
Out   its rows in the schema; `BadInput` when one of them is not an event.
"""

from datetime import datetime

import pyarrow as pa

from stanch.engine.ingest.arrow import from_stream
from stanch.engine.ingest.check import check
from stanch.engine.ingest.limits import Limits
from stanch.engine.ingest.rows import from_json, from_lines
from stanch.engine.ingest.schema import conform
from stanch.vocabulary.trouble import BadInput


def rows_of(body: bytes, media_type: str, *, now: datetime) -> pa.Table:
    """The rows, each of them checked."""
    limits = Limits()
    if "arrow" in media_type:
        decoded = from_stream(body, limits)
    elif "ndjson" in media_type or "jsonl" in media_type:
        decoded = from_lines(body)
    else:
        decoded = from_json(body)
    good, rejected = check(decoded, now=now, limits=limits)
    if rejected:
        first = rejected[0]
        bad = "1 row is no event" if len(rejected) == 1 else f"{len(rejected)} rows are no events"
        raise BadInput(f"{bad}; row {first.index}: {first.why}")
    return conform(good)
