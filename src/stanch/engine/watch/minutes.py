"""Minutes: what was counted in one minute of one asset and version, and its bytes.

In    counted batches and records.
Out   a `Minute` that merges, and the body that the store keeps for it.
Why   the minute is the smallest piece of time that is kept: a window is a merge of minutes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, Self, TypeVar

import msgspec

from stanch.detect.summaries.count import Counted
from stanch.detect.summaries.handed import Handed
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import Block
from stanch.detect.summaries.plan import Plan
from stanch.detect.summaries.record import Deed, Record
from stanch.detect.summaries.summary import Summary
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.trouble import BadFile


@dataclass(frozen=True, kw_only=True, slots=True)
class Minute:
    """One minute: the answers, counted if there is a plan, and the other events."""

    counted: Counted | None = None
    record: Record = field(default_factory=Record)
    handed: Handed | None = None
    """Rows that were handed in for training."""

    @property
    def n(self) -> int:
        """How many answers were counted."""
        return self.counted.summary.n if self.counted is not None else 0

    def merge(self, other: "Minute") -> "Minute":
        """Both together."""
        return Minute(
            counted=_either(self.counted, other.counted),
            record=self.record.merge(other.record),
            handed=_either(self.handed, other.handed),
        )


def sealed(minute: Minute) -> Minute:
    """The minute as it is once it is over, which merges with any other."""
    counted = minute.counted
    if counted is None or counted.ledger.sealed:
        return minute
    return replace(minute, counted=replace(counted, ledger=counted.ledger.seal()))


class _Mergeable(Protocol):
    def merge(self, other: Self, /) -> Self: ...


M = TypeVar("M", bound=_Mergeable)


def _either(one: M | None, other: M | None) -> M | None:
    """Both together, or the one that is there."""
    if one is None or other is None:
        return other if one is None else one
    return one.merge(other)


@dataclass(frozen=True, kw_only=True, slots=True)
class Callers:
    """Who asked how often in one minute."""

    asked: Mapping[str, int] = field(default_factory=dict)
    """Answers, for each who is known by name."""
    all: int = 0
    """Answers, of everybody."""
    tools: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Calls by principal and tool."""
    over: bool = False
    """Whether the minute is over, and nothing more is counted in it."""


class _Total(msgspec.Struct, frozen=True, array_like=True):
    kind: EventKind
    action: str
    outcome: str
    count: int


class _Body(msgspec.Struct, frozen=True, array_like=True):
    summary: bytes
    ledger: bytes
    deeds: tuple[tuple[Deed, int], ...]
    totals: tuple[_Total, ...]
    happenings: tuple[Happening, ...]
    seen: int
    handed: bytes = b""


_DECODER = msgspec.msgpack.Decoder(_Body)


def to_bytes(minute: Minute) -> bytes:
    """The body to keep; `from_bytes` gives the same minute back."""
    counted, record = minute.counted, minute.record
    return msgspec.msgpack.encode(
        _Body(
            summary=counted.summary.to_bytes() if counted else b"",
            ledger=counted.ledger.to_bytes() if counted else b"",
            deeds=tuple(record.deeds.items()),
            totals=tuple(
                _Total(kind=kind, action=action, outcome=outcome, count=count)
                for (kind, action, outcome), count in record.totals.items()
            ),
            happenings=record.happenings,
            seen=record.seen,
            handed=minute.handed.to_bytes() if minute.handed else b"",
        )
    )


def from_bytes(body: bytes, plan: Plan | None) -> Minute:
    """The minute that these bytes hold; counts on another plan than this one are left out."""
    read = _body(body)
    return Minute(
        counted=_counted(read, plan) if plan is not None and read.summary else None,
        record=Record(
            deeds=dict(read.deeds),
            totals={(t.kind, t.action, t.outcome): t.count for t in read.totals},
            happenings=read.happenings,
            seen=read.seen,
        ),
        handed=_handed(read, plan) if plan is not None and read.handed else None,
    )


def is_over(body: bytes) -> bool:
    """Whether nothing more is counted in the minute that these bytes hold."""
    read = _body(body)
    return not read.ledger or Ledger.from_bytes(read.ledger).sealed


def ended(body: bytes) -> bytes:
    """The same minute, over."""
    read = _body(body)
    ledger = Ledger.from_bytes(read.ledger).seal().to_bytes()
    return msgspec.msgpack.encode(msgspec.structs.replace(read, ledger=ledger))


def callers(body: bytes) -> Callers:
    """Who asked how often in the minute that these bytes hold, whatever plan it was counted on."""
    read = _body(body)
    used: dict[tuple[str, str], int] = {}
    for deed, n in read.deeds:
        if deed.kind is EventKind.TOOL_CALL:
            key = deed.principal, deed.action
            used[key] = used.get(key, 0) + n
    if not read.ledger:
        return Callers(tools=used)
    ledger = Ledger.from_bytes(read.ledger)
    rows = ledger.block(Block.ROWS).reshape(-1)
    asked = {name: int(n) for name, n in zip(ledger.names, rows, strict=True) if n}
    return Callers(asked=asked, all=ledger.n, tools=used, over=ledger.sealed)


def _body(body: bytes) -> _Body:
    try:
        return _DECODER.decode(body)
    except msgspec.MsgspecError as error:
        raise BadFile("minute", f"not readable ({error})") from None


def _counted(read: _Body, plan: Plan) -> Counted | None:
    ledger = Ledger.from_bytes(read.ledger)
    if ledger.plan != plan.digest:
        return None
    return Counted(summary=Summary.from_bytes(read.summary, plan), ledger=ledger)


def _handed(read: _Body, plan: Plan) -> Handed | None:
    rows = Handed.from_bytes(read.handed)
    return rows if rows.plan == plan.digest else None
