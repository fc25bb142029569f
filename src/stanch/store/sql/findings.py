"""Findings in SQL: written once, never changed; what is in which incident lies in `bonds`."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, func, insert, select

from stanch.store.sql import finding_words, tables
from stanch.store.sql.codec import micros, moment
from stanch.store.sql.cursor import Sealer
from stanch.store.sql.shelf import Label, Query, Row, Shelf, apart, chunks, plain, words
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import FindingId, IncidentId
from stanch.vocabulary.listing import Facets, Sort, Wanted
from stanch.vocabulary.trouble import BadInput

_t = tables.findings
_of = tables.suspects.c
_SHARED = ("detector", "attack", "lifecycle")
"""What many findings have in common."""


def _row(one: Finding) -> dict[str, Any]:
    return {
        "asset": one.asset,
        "detector": one.detector,
        "attack": max(one.points_to, key=lambda k: one.points_to[k], default=""),
        "lifecycle": one.lifecycle,
        "at": micros(one.window.end),
        "kept": 0,
        "words": words(one.says, one.id, one.detector, *(s.principal for s in one.suspects[:20])),
    }


def _of_principals(wanted: Wanted) -> ColumnElement[bool]:
    if _walked(wanted):
        return _of.principal == wanted.principal[0]
    return _t.c.id.in_(select(_of.finding).where(_of.principal.in_(wanted.principal)))


def _walked(wanted: Wanted) -> bool:
    """Whether the list is a walk along the moments at which one principal was named."""
    return len(wanted.principal) == 1 and not wanted.incident


def _by_bonds(wanted: Wanted) -> bool:
    """Whether all that is asked of one incident's findings stands beside their bonds."""
    more = replace(wanted, asset=(), detector=(), attack=(), lifecycle=())
    return len(wanted.incident) == 1 and more == Wanted(incident=wanted.incident)


def _bonds_of(wanted: Wanted) -> list[ColumnElement[bool]]:
    bond = tables.bonds.c
    asked = {name: [plain(v) for v in getattr(wanted, name)] for name in tables.FACETS}
    narrowed = [bond[name].in_(values) for name, values in asked.items() if values]
    return [bond.incident == wanted.incident[0], *narrowed]


def _of_incidents(wanted: Wanted) -> ColumnElement[bool]:
    if len(wanted.incident) != 1:
        raise BadInput("A list of findings can be narrowed to one incident, not to several.")
    return tables.bonds.c.incident == wanted.incident[0]


LABEL = Label(
    word="finding",
    shown_by="finding list",
    table=_t,
    kind=Finding,
    row=_row,
    any_of={f: f for f in tables.FACETS},
    at="at",
    changed="kept",
    extra={"principal": _of_principals, "incident": _of_incidents},
)


class Findings(Shelf[FindingId, Finding]):
    """What detectors saw."""

    def __init__(self, link: Connection, sealer: Sealer) -> None:
        """The findings, inside one transaction."""
        super().__init__(LABEL, link, sealer)
        self._words = finding_words.words_of(LABEL, link, sealer)

    def walk(self, wanted: Wanted, *, after: str, limit: int) -> tuple[list[Row], str]:
        """The rows of one page, and the cursor of the next."""
        if self._words is None or not finding_words.enough(wanted):
            return super().walk(wanted, after=after, limit=limit)
        found, onward = self._words.walk(wanted, after=after, limit=limit)
        keys = [row["id"] for row in found]
        whole = self.link.execute(select(_t).where(_t.c.id.in_(keys))).mappings()
        rows: dict[str, Row] = {row["id"]: dict(row) for row in whole}
        return [rows[key] for key in keys], onward

    def put(self, findings: Iterable[Finding], *, at: datetime) -> tuple[Finding, ...]:
        """Those that were not known before, now kept; the same sight again changes nothing."""
        given = {f.id: f for f in findings}
        for some in chunks(list(given)):
            for known in self.link.execute(select(_t.c.id).where(_t.c.id.in_(some))).scalars():
                del given[known]
        if not given:
            return ()
        kept = {"kept": micros(at)}
        rows = [self._row(f, 1) | kept for f in given.values()]
        self.link.execute(insert(_t), rows)
        if self._words is not None:
            self.link.execute(insert(tables.finding_words), [*map(finding_words.part, rows)])
        suspects = [
            {"principal": p, "finding": key, "at": micros(f.window.end)}
            for key, f in given.items()
            for p in {s.principal for s in f.suspects}
        ]
        if suspects:
            self.link.execute(insert(tables.suspects), suspects)
        return tuple(given.values())

    def incidents_of(self, keys: Iterable[FindingId]) -> Mapping[FindingId, IncidentId]:
        """The latest incident that each of these findings is in."""
        bond = tables.bonds.c
        found: dict[FindingId, IncidentId] = {}
        for some in chunks(list(keys)):
            query = (
                select(bond.finding, bond.incident)
                .where(bond.finding.in_(some))
                .order_by(bond.finding, bond.place)
            )
            found.update((FindingId(f), IncidentId(i)) for f, i in self.link.execute(query))
        return found

    def kept(self, keys: Iterable[FindingId]) -> Mapping[FindingId, datetime]:
        """When each of these was kept, which may be before its window ended."""
        found: dict[FindingId, datetime] = {}
        for some in chunks(list(keys)):
            query = select(_t.c.id, _t.c.kept).where(_t.c.id.in_(some))
            found.update((FindingId(f), moment(at)) for f, at in self.link.execute(query))
        return found

    def add(self, one: Finding) -> Finding:
        """Refused: `put` says when it was kept, and takes the same sight twice."""
        raise BadInput(f"Findings are kept with put(), {one.id} too.")

    def save(self, one: Finding, *, seen: int | None = None) -> Finding:
        """Refused: a finding is what was seen, and never changes."""
        raise BadInput(f"The finding {one.id} cannot be changed (revision {seen}).")

    def count(self, wanted: Wanted = Wanted()) -> int:  # noqa: B008  a frozen value
        """How many are wanted."""
        if self._words is not None and finding_words.enough_to_count(wanted):
            return self._words.count(wanted)
        if wanted == Wanted(incident=wanted.incident) and len(wanted.incident) == 1:
            counted = select(tables.incidents.c.findings)
            query = counted.where(tables.incidents.c.id == wanted.incident[0])
            return int(self.link.execute(query).scalar() or 0)
        if _by_bonds(wanted):
            bonds = select(func.count()).where(*_bonds_of(wanted))
            return int(self.link.execute(bonds).scalar_one())
        if wanted == Wanted(principal=wanted.principal) and _walked(wanted):
            named = select(func.count()).where(_of.principal == wanted.principal[0])
            return int(self.link.execute(named).scalar_one())
        return super().count(wanted)

    def facets(self, wanted: Wanted, fields: Iterable[str]) -> Facets:
        """How many of the wanted have each value; of one incident by its bonds alone."""
        if self._words is not None and finding_words.enough_to_count(wanted):
            return self._words.facets(wanted, fields)
        if _by_bonds(wanted):
            query = select(func.count()).where(*_bonds_of(wanted))
            return self._grouped(query, tables.bonds, list(fields))
        if self._words is not None:
            return super().facets(wanted, fields)
        # All of them stand in one index of SQLite, and are counted by a walk along it.
        names = list(fields)
        counts = super().facets(wanted, dict.fromkeys((*tables.FACETS, *names)))
        return {name: counts[name] for name in names}

    def alternative(self, wanted: Wanted) -> list[ColumnElement[bool]]:
        """What the rows of one alternative have in common."""
        made = self.conditions(replace(wanted, incident=(), principal=()))
        if wanted.principal:
            named = select(_of.finding).where(_of.principal.in_(wanted.principal))
            made.append(_t.c.id.in_(named))
        if wanted.incident:
            bond = tables.bonds.c
            inside = select(bond.finding).where(bond.incident.in_(wanted.incident))
            made.append(_t.c.id.in_(inside))
        return made

    def listed(self, wanted: Wanted) -> list[ColumnElement[bool]]:
        """What those have in common that are on a page."""
        made = super().listed(wanted)
        return self._in_one_walk(made) if finding_words.asked(wanted) else made

    def counted(self, wanted: Wanted) -> list[ColumnElement[bool]]:
        """What those have in common that are counted."""
        made = super().counted(wanted)
        elsewhere = wanted.asset or finding_words.asks_more(wanted)
        return made if elsewhere else self._in_one_walk(made)

    def _in_one_walk(self, made: list[ColumnElement[bool]]) -> list[ColumnElement[bool]]:
        """The same conditions; SQLite, which knows of no value how many have it, is kept from
        looking for the values that many share, and from there at each document.
        """
        return [apart(one, _SHARED) for one in made] if self._words is None else made

    def joined(self, wanted: Wanted, query: Query) -> Query:
        """The findings, beside the bonds of the one incident or what one principal is named in."""
        if _walked(wanted):
            return query.select_from(_t.join(tables.suspects, _of.finding == _t.c.id))
        if not wanted.incident:
            return query
        return query.select_from(_t.join(tables.bonds, tables.bonds.c.finding == _t.c.id))

    def _condition(self, name: str, value: Any, wanted: Wanted) -> list[ColumnElement[bool]]:
        # Of one incident's findings the bonds say it too, and no document is read to leave one out.
        if name in tables.FACETS and wanted.incident:
            return [tables.bonds.c[name].in_([plain(one) for one in value])]
        return super()._condition(name, value, wanted)

    def _order(self, wanted: Wanted) -> tuple[list["Column[Any]"], bool]:
        if wanted.incident and wanted.sort is Sort.USUAL:
            return [tables.bonds.c.at, tables.bonds.c.finding], True
        if _walked(wanted) and wanted.sort is Sort.USUAL:
            return [_of.at, _of.finding], True
        return super()._order(wanted)
