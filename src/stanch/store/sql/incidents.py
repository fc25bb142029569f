"""Incidents in SQL. Their findings lie in `bonds`, one row each, in the order they came.

Why   an incident can hold ten thousand findings: attaching one writes one row, and a list of
      incidents reads none of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, delete, insert, or_, select

from stanch.store.sql import tables
from stanch.store.sql.codec import decode, encode, micros
from stanch.store.sql.cursor import Sealer
from stanch.store.sql.regroup import Regrouping
from stanch.store.sql.shelf import Condition, Label, Shelf, chunks, holds, words
from stanch.vocabulary.casework import IncidentLine
from stanch.vocabulary.ids import AssetId, FindingId, IncidentId
from stanch.vocabulary.incident import Incident, Phase
from stanch.vocabulary.listing import Page, Sort, Wanted
from stanch.vocabulary.trouble import NotFound

_t = tables.incidents
_bond = tables.bonds
_EVERYTHING = Wanted()


def _row(one: Incident) -> dict[str, Any]:
    return {
        "asset": one.asset,
        "phase": one.phase,
        "severity": one.severity.level,
        "weight": one.severity.level * 1000 + one.severity.rank,
        "verdict": one.verdict.kind,
        "attack": one.verdict.attack or "",
        "lifecycle": one.lifecycle,
        "owner": one.commander,
        "at": micros(one.opened),
        "changed": micros(one.updated),
        "exercise": int(one.exercise),
        "gone": int(one.phase is Phase.CLOSED or one.merged_into is not None),
        "words": words(one.title, one.id, one.asset, one.commander, one.reported_by),
    }


def _of_principals(wanted: Wanted) -> ColumnElement[bool]:
    who = tables.incident_principals.c
    return _t.c.id.in_(select(who.incident).where(who.principal.in_(wanted.principal)))


LABEL = Label(
    word="incident",
    shown_by="incident list",
    table=_t,
    kind=Incident,
    row=_row,
    any_of={
        f: f for f in ("asset", "phase", "severity", "verdict", "attack", "lifecycle", "owner")
    },
    at="at",
    changed="changed",
    versioned=True,
    extra={
        "principal": _of_principals,
        "exercise": lambda w: _t.c.exercise == int(bool(w.exercise)),
        "closed": lambda w: _t.c.gone == int(bool(w.closed)),
        "sort": lambda w: _t.c.weight >= 0 if w.sort is Sort.WORST else _t.c.at >= 0,
    },
)


class IncidentRows(Shelf[IncidentId, Incident]):
    """The rows of incidents, without their findings."""

    def __init__(self, link: Connection, sealer: Sealer) -> None:
        """The rows, inside one transaction."""
        super().__init__(LABEL, link, sealer)

    def document(self, one: Incident) -> str:
        """The incident without the ids of its findings."""
        return encode(replace(one, findings=()))

    def said(self, word: str) -> Condition:
        """Whether this word stands in what the incident says, or in a note about it."""
        note = tables.notes.c
        noted = select(note.incident).where(holds(self.link, note.words, word))
        return or_(super().said(word), _t.c.id.in_(noted))

    def _order(self, wanted: Wanted) -> tuple[list["Column[Any]"], bool]:
        if wanted.sort is Sort.WORST:
            return [_t.c.weight, _t.c.id], True
        return super()._order(wanted)

    def _row(self, one: Incident, revision: int) -> dict[str, Any]:
        del revision
        return super()._row(one, one.version)


class Incidents(Regrouping):
    """What we believe happened."""

    def find(self, key: IncidentId) -> Incident | None:
        """The one with this id, findings and all, or nothing."""
        found = self.many((key,))
        return found[0] if found else None

    def get(self, key: IncidentId) -> Incident:
        """The one with this id, or `NotFound`."""
        one = self.find(key)
        if one is None:
            raise NotFound("incident", key, "incident list")
        return one

    def line(self, key: IncidentId) -> IncidentLine:
        """The one with this id as a list has it, or `NotFound`."""
        query = select(_t.c.doc, _t.c.findings).where(_t.c.id == key)
        found = self.link.execute(query).first()
        if found is None:
            raise NotFound("incident", key, "incident list")
        return IncidentLine(incident=decode(found.doc, Incident), findings=found.findings)

    def many(self, keys: Iterable[IncidentId]) -> tuple[Incident, ...]:
        """Those of these ids that are there, in the order asked for, with their findings."""
        bare = self.rows.many(keys)
        inside: dict[str, list[FindingId]] = {}
        for some in chunks([one.id for one in bare]):
            query = (
                select(_bond.c.incident, _bond.c.finding)
                .where(_bond.c.incident.in_(some))
                .order_by(_bond.c.incident, _bond.c.place, _bond.c.finding)
            )
            for incident, finding in self.link.execute(query):
                inside.setdefault(incident, []).append(FindingId(finding))
        return tuple(replace(one, findings=tuple(inside.get(one.id, ()))) for one in bare)

    def revision(self, key: IncidentId) -> int:
        """Its version; 0 when it is not there."""
        return self.rows.revision(key)

    def add(self, one: Incident) -> Incident:
        """A new one, or `AlreadyThere`."""
        self.rows.add(one)
        self.bonds.attach(one.id, one.findings)
        self._name_suspects(one)
        return one

    def save(self, one: Incident, *, seen: int | None = None) -> Incident:
        """The next version, with the findings that are new in it; `Stale` when it had moved on."""
        del seen
        saved = self.rows.save(one)
        self.bonds.attach(one.id, one.findings)
        self._name_suspects(one)
        return saved

    def page(
        self, wanted: Wanted = _EVERYTHING, *, after: str = "", limit: int = 50
    ) -> Page[IncidentLine]:
        """The next few incidents, as lines."""
        rows, onward = self.rows.walk(wanted, after=after, limit=limit)
        return Page(
            items=tuple(
                IncidentLine(incident=decode(r["doc"], Incident), findings=r["findings"])
                for r in rows
            ),
            next=onward,
        )

    def count(self, wanted: Wanted = _EVERYTHING) -> int:
        """How many are wanted."""
        return self.rows.count(wanted)

    def facets(self, wanted: Wanted, fields: Iterable[str]) -> Mapping[str, Mapping[str, int]]:
        """How many of the wanted have each value of these fields."""
        return self.rows.facets(wanted, fields)

    def open_on(self, assets: Iterable[AssetId]) -> tuple[Incident, ...]:
        """The incidents on these assets that are not closed or merged away, newest first."""
        query = (
            select(_t.c.id)
            .where(_t.c.asset.in_(list(assets)), _t.c.gone == 0)
            .order_by(_t.c.at.desc(), _t.c.id.desc())
        )
        return self.many([IncidentId(i) for i in self.link.execute(query).scalars()])

    def _name_suspects(self, one: Incident) -> None:
        named = {str(s.principal) for s in one.suspects}
        who = tables.incident_principals
        query = select(who.c.principal).where(who.c.incident == one.id)
        known = set(self.link.execute(query).scalars())
        new = [{"principal": p, "incident": one.id} for p in sorted(named - known)]
        if new:
            self.link.execute(insert(who), new)
        for some in chunks(sorted(known - named)):
            gone = (who.c.incident == one.id) & who.c.principal.in_(some)
            self.link.execute(delete(who).where(gone))
