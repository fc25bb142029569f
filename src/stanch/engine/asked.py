"""Asked: who asked how much of an asset lately, from the minutes that the watch keeps.

In    one look at the store; the rows of the last hour; the time.
Out   a `Traffic`: by principal and version, minute by minute.
Why   a blast radius is measured, not guessed. Minutes hold exact counts of their heaviest callers
      and of all together; what is left over is counted under no name. A minute that is over never
      changes, so its counts are kept in memory. What has no baseline is not counted: its rows are.
      From where they come is counted where networks are to be refused.
"""

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from stanch.contain.blast import NAMELESS, SOURCES
from stanch.engine.ordinary import Rows
from stanch.engine.ports import Transaction
from stanch.engine.watch.minutes import Callers, callers
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.kept import SummaryBlock
from stanch.vocabulary.network import Networks, address
from stanch.vocabulary.span import Span
from stanch.vocabulary.standing import Flow, Traffic

RECENT = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
_COLUMNS = ["kind", "ts", "principal", "version"]
MOST_ROWS = 50_000
"""Rows of an hour that are counted here; of more, the newest."""
MOST_KEPT = 2_000
"""Minutes in memory: an hour of some thirty assets."""


Counts = dict[tuple[PrincipalId, str], Counter[int]]
"""Requests by principal and version, in each minute."""


class Asked:
    """Reads traffic, and remembers the minutes that are over."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._over: OrderedDict[tuple[AssetId, str, datetime, int], Callers] = OrderedDict()

    def traffic(self, tx: Transaction, asset: AssetId, at: datetime) -> Traffic:
        """What was asked of the asset in the last hour."""
        span = Span(start=at - RECENT, end=at)
        counts: Counts = defaultdict(Counter)
        tools: dict[PrincipalId, Counter[str]] = defaultdict(Counter)
        for block in tx.summaries.between(asset, span):
            found = self._read(block)
            place = max(0, (block.minute - span.start) // MINUTE)
            for name, n in found.asked.items():
                counts[PrincipalId(name), block.version][place] += n
            rest = found.all - sum(found.asked.values())
            if rest > 0:
                counts[NAMELESS, block.version][place] += rest
            for (name, tool), n in found.tools.items():
                tools[PrincipalId(name)][tool] += n
        if not counts:
            counts = _of_rows(self._rows, asset, span)
        for name, used in tools.items():
            if not any(principal == name for principal, _ in counts):
                counts[name, ""][0] += sum(used.values())
        flows = _flows(counts, tools)
        return Traffic(asset=asset, span=span, flows=tuple(flows))

    def coming_from(self, traffic: Traffic, networks: Collection[str]) -> Traffic:
        """The same, with the share of each principal's requests that came from these networks.

        Nothing is said where no row tells an address, as where addresses are hashed at the door.
        """
        if not networks:
            return traffic
        rows = self._rows.between(traffic.asset, traffic.span, MOST_ROWS)
        if not {"kind", "principal", "source"} <= set(rows.column_names):
            return traffic
        shares = _shares(rows, Networks(networks))
        return replace(traffic, found={**traffic.found, SOURCES: shares}) if shares else traffic

    def _read(self, block: SummaryBlock) -> Callers:
        key = (block.asset, block.version, block.minute, len(block.body))
        known = self._over.get(key)
        if known is not None:
            return known
        found = callers(block.body)
        if found.over:
            self._over[key] = found
            while len(self._over) > MOST_KEPT:
                self._over.popitem(last=False)
        return found


def _shares(rows: pa.Table, networks: Networks) -> dict[str, float]:
    """For each principal, and under no name for all, the share of rows that came from there."""
    kept = rows.select(["kind", "principal", "source"])
    asked = kept.filter(pc.field("kind") == EventKind.INFERENCE)
    each = asked.group_by(["principal", "source"]).aggregate([([], "count_all")])
    all_, hit = Counter[str](), Counter[str]()
    for one in each.to_pylist():
        source, many = one["source"] or "", one["count_all"]
        if address(source) is None:
            continue
        for name in {one["principal"] or NAMELESS, NAMELESS}:
            all_[name] += many
            hit[name] += many if networks.cover(source) else 0
    return {name: hit[name] / many for name, many in all_.items()}


def _of_rows(rows: Rows, asset: AssetId, span: Span) -> Counts:
    """The counts of rows that nothing has counted."""
    counts: Counts = defaultdict(Counter)
    table = rows.between(asset, span, MOST_ROWS)
    if not {*_COLUMNS} <= set(table.column_names):
        return counts
    found = table.select(_COLUMNS).filter(pc.field("kind") == EventKind.INFERENCE)
    since = pa.scalar(span.start, pa.timestamp("us", "UTC"))
    place = pc.call_function("minutes_between", [since, found["ts"].cast(since.type)])
    asked = found.drop_columns(["kind", "ts"]).append_column("minute", place)
    each = asked.group_by(["principal", "version", "minute"]).aggregate([([], "count_all")])
    for one in each.to_pylist():
        who = PrincipalId(one["principal"] or NAMELESS), one["version"] or ""
        counts[who][max(0, one["minute"])] += one["count_all"]
    return counts


def _flows(counts: Counts, tools: dict[PrincipalId, Counter[str]]) -> list[Flow]:
    """One flow for each principal and version; tools stand on the principal's first."""
    made: list[Flow] = []
    told: set[PrincipalId] = set()
    for (principal, version), minutes in sorted(counts.items()):
        last = max(minutes)
        made.append(
            Flow(
                principal=principal,
                version=version,
                count=sum(minutes.values()),
                minutes=tuple(minutes[n] for n in range(last + 1)),
                tools={} if principal in told else dict(tools.get(principal, {})),
            )
        )
        told.add(principal)
    return made
