"""What watching needs kept in SQL: counts per minute, positions, baselines, blind spots."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, tuple_, update

from stanch.store.sql import tables
from stanch.store.sql.codec import micros, moment
from stanch.store.sql.prepared import Prepared, added, rewritten
from stanch.store.sql.shelf import Query, chunks
from stanch.vocabulary.finding import Blind
from stanch.vocabulary.ids import AssetId, BaselineId, DetectorId, Digest, PrincipalId
from stanch.vocabulary.kept import BaselineKept, BlindSpot, Position, SummaryBlock
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import NotFound, Stale

_sum = tables.summaries
_apart = tables.condition_summaries
_base = tables.baselines
_blind = tables.blinds
_HERE = ("asset", "version", "condition", "detector")
_SPOT = [_blind.c[name] == bindparam(name) for name in _HERE]
_BEGAN = Prepared(select(_blind.c.since).where(*_SPOT))
_NOTED = added(_blind, (*_HERE, "since", "seen", "why"))
_SAID_AGAIN = rewritten(_blind, ("seen", "why"), *_HERE)
_GONE = Prepared(delete(_blind).where(*_SPOT))
_LOT = 100
"""Blocks in one delete; four values each keeps below SQLite's oldest limit of 999."""


class Summaries:
    """Counts per minute."""

    def __init__(self, link: Connection) -> None:
        """The summaries, inside one transaction."""
        self.link = link

    def put(self, blocks: Iterable[SummaryBlock]) -> None:
        """Keeps these blocks in place of those of the same minute."""
        every = tuple(blocks)
        self._put_apart([b for b in every if b.condition])
        whole = (b for b in every if not b.condition)
        rows = {(b.asset, b.version, micros(b.minute), b.principal or ""): b for b in whole}
        for some in chunks(list(rows), _LOT):
            c = _sum.c
            same = tuple_(c.asset, c.version, c.minute, c.principal).in_(some)
            self.link.execute(delete(_sum).where(same))
        if rows:
            names = ("asset", "version", "minute", "principal")
            self.link.execute(
                insert(_sum),
                [
                    dict(zip(names, key, strict=True)) | {"n": b.n, "body": b.body}
                    for key, b in rows.items()
                ],
            )

    def _put_apart(self, blocks: Sequence[SummaryBlock]) -> None:
        """Keeps the blocks of single conditions."""
        names = ("asset", "version", "condition", "minute")
        rows = {(b.asset, b.version, b.condition, micros(b.minute)): b for b in blocks}
        for some in chunks(list(rows), _LOT):
            same = tuple_(*(_apart.c[name] for name in names)).in_(some)
            self.link.execute(delete(_apart).where(same))
        if rows:
            told = [
                dict(zip(names, key, strict=True)) | {"n": b.n, "body": b.body}
                for key, b in rows.items()
            ]
            self.link.execute(insert(_apart), told)

    def minute(
        self, asset: AssetId, version: str, minute: datetime, condition: str = ""
    ) -> tuple[SummaryBlock, ...]:
        """All blocks of one minute: everybody's, and each principal's; or that of a condition."""
        if condition:
            own = (_apart.c.asset == asset) & (_apart.c.version == version)
            at = (_apart.c.condition == condition) & (_apart.c.minute == micros(minute))
            return self._blocks_apart(select(_apart).where(own, at))
        here = (_sum.c.asset == asset) & (_sum.c.version == version)
        query = select(_sum).where(here, _sum.c.minute == micros(minute))
        return self._blocks(query.order_by(_sum.c.principal))

    def minutes(
        self, asset: AssetId, version: str, span: Span, condition: str = ""
    ) -> frozenset[datetime]:
        """The minutes of this span that have a block of everybody's, or of a condition."""
        c = _apart.c if condition else _sum.c
        whose = c.condition == condition if condition else c.principal == ""
        inside = (c.minute >= micros(span.start)) & (c.minute < micros(span.end))
        query = select(c.minute).where(c.asset == asset, c.version == version, whose, inside)
        return frozenset(moment(found) for found in self.link.execute(query).scalars())

    def between(
        self, asset: AssetId, span: Span, *, version: str | None = None, condition: str = ""
    ) -> tuple[SummaryBlock, ...]:
        """Everybody's blocks in this span, oldest first: of all conditions together, or of one."""
        if condition:
            c = _apart.c
            inside = (c.minute >= micros(span.start)) & (c.minute < micros(span.end))
            own = select(_apart).where(c.asset == asset, c.condition == condition, inside)
            own = own if version is None else own.where(c.version == version)
            return self._blocks_apart(own.order_by(c.minute, c.version))
        query = self._within(asset, span).where(_sum.c.principal == "")
        if version is not None:
            query = query.where(_sum.c.version == version)
        return self._blocks(query)

    def principals(
        self, asset: AssetId, span: Span, *, principal: PrincipalId | None = None
    ) -> tuple[SummaryBlock, ...]:
        """The blocks of each principal, or of one, oldest first."""
        query = self._within(asset, span)
        if principal is None:
            return self._blocks(query.where(_sum.c.principal != ""))
        return self._blocks(query.where(_sum.c.principal == principal))

    def decided(self, asset: AssetId, span: Span) -> int:
        """How many answers were counted in this span, of everybody."""
        c = _sum.c
        inside = (c.minute >= micros(span.start)) & (c.minute < micros(span.end))
        query = select(func.sum(c.n)).where(c.asset == asset, inside, c.principal == "")
        return int(self.link.execute(query).scalar() or 0)

    def prune(self, before: datetime, *, principals_only: bool = False) -> int:
        """How many older blocks were let go."""
        gone = delete(_sum).where(_sum.c.minute < micros(before))
        if principals_only:
            gone = gone.where(_sum.c.principal != "")
            return self.link.execute(gone).rowcount
        apart = self.link.execute(delete(_apart).where(_apart.c.minute < micros(before))).rowcount
        return apart + self.link.execute(gone).rowcount

    def _within(self, asset: AssetId, span: Span) -> Query:
        c = _sum.c
        inside = (c.minute >= micros(span.start)) & (c.minute < micros(span.end))
        query = select(_sum).where(c.asset == asset, inside)
        return query.order_by(c.minute, c.version, c.principal)

    def _blocks(self, query: Query) -> tuple[SummaryBlock, ...]:
        return tuple(
            SummaryBlock(
                asset=AssetId(r.asset),
                version=r.version,
                minute=moment(r.minute),
                body=bytes(r.body),
                n=r.n,
                principal=PrincipalId(r.principal) if r.principal else None,
            )
            for r in self.link.execute(query)
        )

    def _blocks_apart(self, query: Query) -> tuple[SummaryBlock, ...]:
        return tuple(
            SummaryBlock(
                asset=AssetId(r.asset),
                version=r.version,
                condition=r.condition,
                minute=moment(r.minute),
                body=bytes(r.body),
                n=r.n,
            )
            for r in self.link.execute(query)
        )


class Positions:
    """How far each reader has come."""

    def __init__(self, link: Connection) -> None:
        """The positions, inside one transaction."""
        self.link = link

    def get(self, reader: str) -> Position:
        """The reader's position; 0 when it never read."""
        t = tables.positions.c
        at = self.link.execute(select(t.at).where(t.reader == reader)).scalar()
        return Position(reader=reader, at=at or 0)

    def move(self, seen: Position, to: int) -> Position:
        """The new position, or `Stale` when another process moved it."""
        t = tables.positions
        here = (t.c.reader == seen.reader) & (t.c.at == seen.at)
        if self.link.execute(update(t).where(here).values(at=to)).rowcount == 0:
            query = select(t.c.at).where(t.c.reader == seen.reader)
            now = self.link.execute(query).scalar()
            if now is not None or seen.at != 0:
                raise Stale(f"position of {seen.reader}", seen.at, now or 0)
            self.link.execute(insert(t).values(reader=seen.reader, at=to))
        return Position(reader=seen.reader, at=to)


class Baselines:
    """Golden summaries; each stays."""

    def __init__(self, link: Connection) -> None:
        """The baselines, inside one transaction."""
        self.link = link

    def add(self, baseline: BaselineKept) -> BaselineKept:
        """The baseline, now the current one of its asset, version and condition."""
        last = self.link.execute(select(func.max(_base.c.place))).scalar() or 0
        self.link.execute(
            insert(_base).values(
                id=baseline.id,
                asset=baseline.asset,
                version=baseline.version,
                at=micros(baseline.set),
                place=last + 1,
                by=baseline.by,
                digest=baseline.digest,
                signature=baseline.signature,
                body=baseline.body,
                condition=baseline.condition,
            )
        )
        return baseline

    def get(self, key: BaselineId) -> BaselineKept:
        """The one with this id, or `NotFound`."""
        row = self.link.execute(select(_base).where(_base.c.id == key)).one_or_none()
        if row is None:
            raise NotFound("baseline", key, "baseline show ASSET")
        return _baseline(row, row.body)

    def current(
        self, asset: AssetId, version: str = "", condition: str = ""
    ) -> BaselineKept | None:
        """The newest of this version, else the newest of the asset: of this condition, if it has
        one of its own, else of all conditions.
        """
        latest = select(_base).where(_base.c.asset == asset).order_by(_base.c.place.desc()).limit(1)
        for under in dict.fromkeys((condition, "")):
            own = latest.where(_base.c.condition == under)
            for query in (own.where(_base.c.version == version), own):
                row = self.link.execute(query).one_or_none()
                if row is not None:
                    return _baseline(row, row.body)
        return None

    def history(self, asset: AssetId) -> tuple[BaselineKept, ...]:
        """All of the asset, newest first, without their bodies."""
        shown = [c for c in _base.c if c.name != "body"]
        query = select(*shown).where(_base.c.asset == asset).order_by(_base.c.place.desc())
        return tuple(_baseline(row, b"") for row in self.link.execute(query))


class Blinds:
    """What cannot be told now, per asset, version, condition and detector."""

    def __init__(self, link: Connection) -> None:
        """The blind spots, inside one transaction."""
        self.link = link

    def say(self, blind: Blind, *, at: datetime) -> BlindSpot:
        """The blind spot, with the moment it began."""
        here = _place(blind.detector, blind.asset, blind.version, blind.condition)
        now = {"new_seen": micros(at), "new_why": blind.why}
        since = _BEGAN.run(self.link, here).scalar()
        if since is None:
            begun = {f"new_{name}": value for name, value in here.items()}
            _NOTED.run(self.link, begun | now | {"new_since": micros(at)})
            return BlindSpot(blind=blind, since=at, seen=at)
        _SAID_AGAIN.run(self.link, here | now)
        return BlindSpot(blind=blind, since=moment(since), seen=at)

    def clear(
        self, detector: DetectorId, asset: AssetId, version: str = "", condition: str = ""
    ) -> bool:
        """Whether there was a blind spot that is now gone."""
        return _GONE.run(self.link, _place(detector, asset, version, condition)).rowcount > 0

    def of(self, asset: AssetId | None = None) -> tuple[BlindSpot, ...]:
        """The blind spots of an asset, or all."""
        query = select(_blind).order_by(*(_blind.c[name] for name in _HERE))
        if asset is not None:
            query = query.where(_blind.c.asset == asset)
        return tuple(
            BlindSpot(
                blind=Blind(
                    detector=DetectorId(r.detector),
                    asset=AssetId(r.asset),
                    why=r.why,
                    version=r.version,
                    condition=r.condition,
                ),
                since=moment(r.since),
                seen=moment(r.seen),
            )
            for r in self.link.execute(query)
        )


def _place(detector: DetectorId, asset: AssetId, version: str, condition: str) -> dict[str, str]:
    return dict(zip(_HERE, (asset, version, condition, detector), strict=True))


def _baseline(row: Row[*tuple[Any, ...]], body: bytes) -> BaselineKept:
    return BaselineKept(
        id=BaselineId(row.id),
        asset=AssetId(row.asset),
        version=row.version,
        set=moment(row.at),
        by=row.by,
        digest=Digest(row.digest),
        body=bytes(body),
        signature=row.signature,
        condition=row.condition,
    )
