"""The list of events: what systems told us, newest first, in pages, over the spool and the lake.

In    a `Wanted`: assets, kinds, principals, a span, words.
Out   lines and counts, as every list gives them; an event in full by its id.
Why   one list component shows events like anything else. A page starts where the one before ended,
      by time and id, so what comes in meanwhile neither repeats a line nor hides one.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec
import pyarrow as pa

from stanch.vocabulary.event import EventKind
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.listing import Facets, Page, Wanted
from stanch.vocabulary.trouble import BadInput, NotFound

EVERYTHING = Wanted()
COLUMNS = ("id", "ts", "kind", "asset", "version", "principal", "source", "prediction", "tool")
_LONGEST_SAID = 200
_FIELDS = ("asset", "kind", "principal")
_KNOWN = frozenset({*_FIELDS, "since", "until", "text", "any_of", "sort"})
_ANSWERS = (EventKind.INFERENCE.value, EventKind.EXCHANGE.value)
MOST_ANSWERS = 1000
"""Answers of one principal that are looked at."""
_TICK = timedelta(microseconds=1)
_HOUR = timedelta(hours=1) // _TICK


@dataclass(frozen=True, kw_only=True, slots=True)
class EventLine:
    """One event in a list: without its inputs, which can be many."""

    id: str
    at: datetime
    kind: str
    asset: AssetId
    version: str = ""
    principal: PrincipalId | None = None
    source: str = ""
    says: str = ""
    """What was answered, or which tool was called."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice:
    """Which events are wanted, as the lake is asked."""

    asset: AssetId | None = None
    where: str = ""
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50


class Lake(Protocol):
    """Where the events of all time are."""

    def newest(self, question: Slice, columns: tuple[str, ...]) -> pa.Table:
        """These columns of the newest events that match, newest first."""
        ...

    def tally(self, question: Slice, columns: tuple[str, ...]) -> pa.Table:
        """How many events match, as `n`, by each combination of these columns."""
        ...

    def hours(self, question: Slice) -> pa.Table:
        """How many events match, as `asset, hour, rows`."""
        ...

    def rows(self, question: Slice) -> list[dict[str, object]]:
        """The newest events that match, without their empty fields."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """Where a page ended."""

    at: datetime
    id: str


_PLACE = msgspec.json.Decoder(_Place)


class Events:
    """Every event, as a list."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def page(
        self, wanted: Wanted = EVERYTHING, *, after: str = "", limit: int = 50
    ) -> Page[EventLine]:
        """The next few events, newest first."""
        asked = replace(_slice(wanted), limit=limit + 1)
        if after:
            asked = _past(asked, _opened(after))
        lines = [_line(row) for row in self._lake.newest(asked, COLUMNS).to_pylist()]
        shown = tuple(lines[:limit])
        onward = _closed(shown[-1]) if len(lines) > limit else ""
        return Page(items=shown, next=onward)

    def count(self, wanted: Wanted = EVERYTHING) -> int:
        """How many are wanted."""
        return sum(self._lake.tally(_slice(wanted), ("kind",)).column("n").to_pylist())

    def facets(self, wanted: Wanted, fields: Iterable[str]) -> Facets:
        """How many of the wanted have each value of these fields, in one pass over them."""
        names = tuple(fields)
        counts: dict[str, dict[str, int]] = {name: {} for name in names}
        for row in self._lake.tally(_slice(wanted), names).to_pylist():
            for name in names:
                value = row[name] or ""
                counts[name][value] = counts[name].get(value, 0) + row["n"]
        return counts

    def hourly(
        self, principal: PrincipalId, since: datetime, hours: int
    ) -> Mapping[AssetId, tuple[int, ...]]:
        """How many events of this principal each asset had in each hour from this full one on."""
        of = Wanted(principal=(principal,), since=since, until=since + timedelta(hours=hours))
        counts: dict[AssetId, list[int]] = {}
        found = self._lake.hours(_slice(of))
        moments = found.column("hour").cast(pa.int64()).to_pylist()
        columns = (found.column("asset").to_pylist(), moments, found.column("rows").to_pylist())
        first = _micros(since)
        for asset, at, rows in zip(*columns, strict=True):
            mine = counts.setdefault(AssetId(asset), [0] * hours)
            mine[max(0, (at - first) // _HOUR)] += rows
        return {asset: tuple(mine) for asset, mine in counts.items()}

    def answered(
        self, principal: PrincipalId, asset: AssetId, since: datetime, columns: tuple[str, ...]
    ) -> pa.Table:
        """These columns of the newest answers that this principal got of the asset."""
        of = replace(Wanted(principal=(principal,), kind=_ANSWERS), since=since)
        asked = replace(_slice(of), asset=asset, limit=MOST_ANSWERS)
        return self._lake.newest(asked, columns)

    def get(self, asset: AssetId, key: str) -> Mapping[str, object]:
        """The event with this id, field by field, or `NotFound`."""
        found = self._lake.rows(Slice(asset=asset, where=f"id = {_quoted(key)}", limit=1))
        if not found:
            raise NotFound("event", key[:100], "hunt --asset ASSET")
        return found[0]


def _slice(wanted: Wanted) -> Slice:
    said = [_where(wanted)] if _where(wanted) else []
    either = [f"({_span(one) or 'true'})" for one in wanted.any_of]
    if either:
        said.append(f"({' OR '.join(either)})")
    return Slice(where=" AND ".join(said), since=wanted.since, until=wanted.until)


def _span(wanted: Wanted) -> str:
    """An alternative in full: its span of time too."""
    made = [_where(wanted)] if _where(wanted) else []
    made += [f"epoch_us(ts) >= {_micros(wanted.since)}"] if wanted.since else []
    made += [f"epoch_us(ts) < {_micros(wanted.until)}"] if wanted.until else []
    return " AND ".join(made)


def _where(wanted: Wanted) -> str:
    for part in wanted.__dataclass_fields__:
        if part not in _KNOWN and getattr(wanted, part) != getattr(EVERYTHING, part):
            raise BadInput(f"A list of events cannot be narrowed by {part}. Leave it out.")
    made = [
        f"{name} IN ({', '.join(_quoted(str(v)) for v in given)})"
        for name in _FIELDS
        if (given := getattr(wanted, name))
    ]
    for word in wanted.text.split():
        text = _quoted(word)
        made.append(f"(id = {text} OR session = {text} OR source = {text} OR tool = {text})")
    return " AND ".join(made)


def _past(asked: Slice, place: _Place) -> Slice:
    """What comes after this place: older, or as old and later in the order of ids."""
    until = place.at + _TICK
    here = f"NOT (epoch_us(ts) = {_micros(place.at)} AND id <= {_quoted(place.id)})"
    where = f"({asked.where}) AND {here}" if asked.where else here
    return replace(asked, where=where, until=min(until, asked.until or until))


def _micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // _TICK


def _quoted(text: str) -> str:
    return "'" + text.replace("\0", "").replace("'", "''") + "'"


def _line(row: Mapping[str, object]) -> EventLine:
    told = {k: str(v) for k, v in row.items() if v is not None and k != "ts"}
    at = row["ts"]
    assert isinstance(at, datetime)  # noqa: S101  the column's type
    says = told.get("prediction") or told.get("tool") or ""
    return EventLine(
        id=told["id"],
        at=at.astimezone(UTC),
        kind=told["kind"],
        asset=AssetId(told["asset"]),
        version=told.get("version", ""),
        principal=PrincipalId(told["principal"]) if "principal" in told else None,
        source=told.get("source", ""),
        says=says[:_LONGEST_SAID],
    )


def _closed(last: EventLine) -> str:
    text = msgspec.json.encode(_Place(at=last.at, id=last.id))
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def _opened(cursor: str) -> _Place:
    try:
        place = _PLACE.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        place.at.astimezone(UTC)
    except (binascii.Error, ValueError, msgspec.MsgspecError, OverflowError):
        raise BadInput(
            "This link does not belong to this list. Start again from its first page."
        ) from None
    return place
