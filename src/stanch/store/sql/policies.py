"""Policies in SQL: every version of every asset's policy."""

from sqlalchemy import Connection, func, insert, select, tuple_
from sqlalchemy.exc import IntegrityError

from stanch.store.sql import tables
from stanch.store.sql.codec import decode, encode, micros
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.kept import PolicyVersion
from stanch.vocabulary.trouble import NotFound, Stale

_t = tables.policies


class Policies:
    """Every version of every asset's policy."""

    def __init__(self, link: Connection) -> None:
        """The policies, inside one transaction."""
        self.link = link

    def put(self, version: PolicyVersion) -> PolicyVersion:
        """The version, now in force; `Stale` unless it follows the one in force."""
        now = self._latest(version.asset)
        if version.version != now + 1:
            raise Stale(f"policy of {version.asset}", version.version - 1, now)
        row = {"asset": version.asset, "version": version.version, "at": micros(version.at)}
        try:
            with self.link.begin_nested():
                self.link.execute(insert(_t).values(**row, doc=encode(version)))
        except IntegrityError as clash:
            raise Stale(f"policy of {version.asset}", now, version.version) from clash
        return version

    def now(self, asset: AssetId) -> PolicyVersion | None:
        """The version in force."""
        found = self.history(asset, limit=1)
        return found[0] if found else None

    def all_now(self) -> tuple[PolicyVersion, ...]:
        """The version in force of each asset that has one."""
        newest = select(_t.c.asset, func.max(_t.c.version)).group_by(_t.c.asset)
        query = select(_t.c.doc).where(tuple_(_t.c.asset, _t.c.version).in_(newest))
        docs = self.link.execute(query.order_by(_t.c.asset)).scalars()
        return tuple(decode(doc, PolicyVersion) for doc in docs)

    def at(self, asset: AssetId, version: int) -> PolicyVersion:
        """One version, or `NotFound`."""
        query = select(_t.c.doc).where(_t.c.asset == asset, _t.c.version == version)
        doc = self.link.execute(query).scalar()
        if doc is None:
            raise NotFound("policy version", f"{asset} {version}", f"policy show {asset}")
        return decode(doc, PolicyVersion)

    def history(self, asset: AssetId, *, limit: int = 50) -> tuple[PolicyVersion, ...]:
        """The latest versions, newest first."""
        query = select(_t.c.doc).where(_t.c.asset == asset).order_by(_t.c.version.desc())
        docs = self.link.execute(query.limit(limit)).scalars()
        return tuple(decode(doc, PolicyVersion) for doc in docs)

    def _latest(self, asset: AssetId) -> int:
        query = select(func.max(_t.c.version)).where(_t.c.asset == asset)
        return int(self.link.execute(query).scalar() or 0)
