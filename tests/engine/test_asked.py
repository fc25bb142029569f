"""Who asked how much is counted by requests, also where minutes hold calls of tools only."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa

from stanch.detect.summaries.record import Deed, Record
from stanch.engine.asked import MOST_ROWS, Asked
from stanch.engine.watch.minutes import Minute, to_bytes
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.kept import SummaryBlock
from stanch.vocabulary.span import Span

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
AGENT = AssetId("agent")


class Rows:
    def between(self, asset: AssetId, span: Span, limit: int) -> pa.Table:
        assert (asset, span.end, limit) == (AGENT, NOON, MOST_ROWS)
        who = ["a,b"] * 7 + ["Jane Doe"] * 3
        at = NOON - timedelta(minutes=5)
        columns = {"principal": who, "kind": ["inference"] * 10, "ts": [at] * 10}
        return pa.table({**columns, "version": ["v7"] * 10})


def test_calls_of_tools_do_not_stand_for_requests(sql_store: SqlStore) -> None:
    deed = Deed(kind=EventKind.TOOL_CALL, principal="a,b", action="sql", resource="", outcome="")
    body = to_bytes(Minute(record=Record(deeds={deed: 2})))
    block = SummaryBlock(
        asset=AGENT, version="", minute=NOON - timedelta(minutes=4), body=body, n=0
    )
    with sql_store.begin() as tx:
        tx.summaries.put([block])
        found = Asked(Rows()).traffic(tx, AGENT, NOON)
    assert {str(one.principal): one.count for one in found.flows} == {"a,b": 7, "Jane Doe": 3}
    assert {str(one.principal): dict(one.tools) for one in found.flows}["a,b"] == {"sql": 2}
