"""Which findings are in which incident, and how merging, splitting and detaching is undone.

In    incidents as they were seen, and an `Undo` that says what is to change hands.
Out   the incident after it; later, everything put back as it was.
Why   people merge by mistake at 3 a.m.; the record of what changed hands makes that harmless.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection, RowMapping, delete, insert, or_, select, update

from stanch.store.sql import tables
from stanch.store.sql.codec import decode, encode, micros
from stanch.store.sql.counters import first_of
from stanch.store.sql.shelf import Shelf, chunks
from stanch.vocabulary.casework import Regroup, Undo
from stanch.vocabulary.ids import FindingId, IncidentId
from stanch.vocabulary.incident import Incident, Phase
from stanch.vocabulary.trouble import Conflict, NotFound

_bond = tables.bonds
_undos = tables.undos
NOWHERE: Mapping[FindingId, int] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True, slots=True)
class _Before:
    """What an undo has to know of how it was."""

    brought: list[FindingId]
    """What the other incident did not hold before."""
    places: dict[FindingId, int] = field(default_factory=dict)
    """Where in the order of their incident the findings were that left it."""


class Bonds:
    """The findings of incidents, one row each."""

    def __init__(self, link: Connection) -> None:
        """The bonds, inside one transaction."""
        self.link = link

    def of(self, key: IncidentId) -> list[FindingId]:
        """The findings of an incident, in the order they came."""
        return list(self.places(key))

    def places(self, key: IncidentId) -> dict[FindingId, int]:
        """The findings of an incident, in the order they came, each with its place in it."""
        query = select(_bond.c.finding, _bond.c.place).where(_bond.c.incident == key)
        found = self.link.execute(query.order_by(_bond.c.place, _bond.c.finding))
        return {FindingId(row.finding): row.place for row in found}

    def attach(
        self,
        key: IncidentId,
        findings: Iterable[FindingId],
        places: Mapping[FindingId, int] = NOWHERE,
    ) -> list[FindingId]:
        """The findings that were not in it before, and now are: last, or where they had been."""
        here = _bond.c.incident == key
        known = set(self.link.execute(select(_bond.c.finding).where(here)).scalars())
        new = list(dict.fromkeys(f for f in findings if f not in known))
        if not new:
            return []
        seen: dict[str, RowMapping] = {}
        for some in chunks(new):
            of = tables.findings.c
            query = select(of.id, of.at, *(of[name] for name in tables.FACETS))
            rows = self.link.execute(query.where(of.id.in_(some))).mappings()
            seen |= {row["id"]: row for row in rows}
        lost = [f for f in new if f not in seen]
        if lost:
            raise NotFound("finding", lost[0], "finding list")
        place = first_of(self.link, "bonds", len(new))
        self.link.execute(
            insert(_bond),
            [
                {
                    **{name: seen[f][name] for name in ("at", *tables.FACETS)},
                    "incident": key,
                    "finding": f,
                    "place": places.get(f, place + n),
                }
                for n, f in enumerate(new)
            ],
        )
        self._recount(key, len(known) + len(new))
        return new

    def release(self, key: IncidentId, findings: Iterable[FindingId]) -> list[FindingId]:
        """The findings that were in it, and no longer are."""
        known = self.of(key)
        asked = set(findings)
        gone = [f for f in known if f in asked]
        for some in chunks(gone):
            here = (_bond.c.incident == key) & _bond.c.finding.in_(some)
            self.link.execute(delete(_bond).where(here))
        self._recount(key, len(known) - len(gone))
        return gone

    def _recount(self, key: IncidentId, n: int) -> None:
        of = tables.incidents
        self.link.execute(update(of).where(of.c.id == key).values(findings=n))


class Regrouping:
    """The part of `Incidents` that moves findings between them."""

    def __init__(self, rows: Shelf[IncidentId, Incident]) -> None:
        """Incidents, inside one transaction."""
        self.rows = rows
        self.link = rows.link
        self.bonds = Bonds(rows.link)

    def merge(self, one: Incident, into: Incident, *, undo: Undo) -> Incident:
        """`into` with all findings of `one`, which from now on points there."""
        if one.id == into.id:
            raise Conflict("An incident cannot be merged into itself. Choose another one.")
        places = self.bonds.places(one.id)
        inside = self.bonds.release(one.id, places)
        # Only what `into` did not hold already may leave it again when this is undone.
        before = _Before(brought=self.bonds.attach(into.id, inside), places=places)
        self.rows.save(replace(one, merged_into=into.id, updated=undo.at))
        self._keep(replace(undo, how=Regroup.MERGED, findings=tuple(inside)), before, into.id)
        return self._saved(into, undo.at)

    def split(self, one: Incident, new: Incident, *, undo: Undo) -> Incident:
        """`new`, with the findings that `undo` names taken out of `one`."""
        places = self.bonds.places(one.id)
        taken = self.bonds.release(one.id, undo.findings)
        self.rows.add(replace(new, findings=()))
        before = _Before(
            brought=self.bonds.attach(new.id, taken), places={f: places[f] for f in taken}
        )
        self.rows.save(replace(one, updated=undo.at))
        self._keep(replace(undo, how=Regroup.SPLIT, findings=tuple(taken)), before, new.id)
        return replace(new, findings=tuple(taken))

    def detach(self, one: Incident, *, undo: Undo) -> Incident:
        """`one` without the findings that `undo` names."""
        places = self.bonds.places(one.id)
        taken = self.bonds.release(one.id, undo.findings)
        before = _Before(brought=[], places={f: places[f] for f in taken})
        self._keep(replace(undo, how=Regroup.DETACHED, findings=tuple(taken)), before, None)
        return self._saved(one, undo.at)

    def undo(self, key: str, *, at: datetime, by: str) -> Undo:
        """The regrouping that was put back, findings and all; once."""
        query = select(_undos.c.doc, _undos.c.before).where(_undos.c.id == key)
        row = self.link.execute(query).one_or_none()
        if row is None:
            raise NotFound("undo", key, "incident undos INCIDENT")
        kept = decode(row.doc, Undo)
        if kept.undone is not None:
            raise Conflict(f"This was put back already, by {kept.undone_by}. Nothing changed.")
        back, before = list(kept.findings), _before(row.before)
        self._still_its_own(kept, before.brought)
        if kept.other is not None and kept.how is Regroup.SPLIT:
            back = self.bonds.release(kept.other, self.bonds.of(kept.other))
            self._touch(kept.other, at, into=kept.incident)
        elif kept.other is not None:
            self.bonds.release(kept.other, before.brought)
            self._touch(kept.other, at)
        self.bonds.attach(kept.incident, back, before.places)
        self._touch(kept.incident, at, free=kept.how is Regroup.MERGED)
        done = replace(kept, undone=at, undone_by=by)
        self.link.execute(update(_undos).where(_undos.c.id == key).values(doc=encode(done)))
        return done

    def _still_its_own(self, kept: Undo, brought: list[FindingId]) -> None:
        """Refuses to put back what a newer change of hands moved on."""
        home = self.rows.get(kept.incident)
        if kept.how is not Regroup.MERGED and home.merged_into:
            raise _newer_first(kept.incident)
        if kept.other is None:
            return
        gone = set(brought) - set(self.bonds.of(kept.other))
        guests = kept.how is Regroup.SPLIT and any(
            u.how is Regroup.MERGED and u.other == kept.other and u.undone is None
            for u in self.undos(kept.other)
        )
        if gone or guests:
            raise _newer_first(kept.other)

    def undos(self, key: IncidentId) -> tuple[Undo, ...]:
        """How this incident's findings changed hands, newest first."""
        about = or_(_undos.c.incident == key, _undos.c.other == key)
        query = select(_undos.c.doc).where(about).order_by(_undos.c.at.desc(), _undos.c.id.desc())
        return tuple(decode(doc, Undo) for doc in self.link.execute(query).scalars())

    def _saved(self, one: Incident, at: datetime) -> Incident:
        saved = self.rows.save(replace(one, updated=at))
        return replace(saved, findings=tuple(self.bonds.of(one.id)))

    def _touch(
        self, key: IncidentId, at: datetime, *, free: bool = False, into: IncidentId | None = None
    ) -> None:
        one = self.rows.get(key)
        if free:
            one = replace(one, merged_into=None)
        if into is not None:
            one = replace(one, phase=Phase.CLOSED, closed_at=at, merged_into=into)
        self.rows.save(replace(one, updated=at))

    def _keep(self, undo: Undo, before: _Before, other: IncidentId | None) -> None:
        undo = replace(undo, other=other)
        self.link.execute(
            insert(_undos).values(
                id=undo.id,
                incident=undo.incident,
                other=other or "",
                at=micros(undo.at),
                doc=encode(undo),
                before=encode(before),
            )
        )


def _before(text: str) -> _Before:
    """What was kept of how it was; an older stanch kept what was brought and nothing else."""
    old = text.startswith("[")
    return _Before(brought=decode(text, list)) if old else decode(text, _Before)


def _newer_first(key: IncidentId) -> Conflict:
    return Conflict(
        f"Findings of {key} changed hands again since. Put the newer change back first: "
        f"stanch incident undos {key}"
    )
