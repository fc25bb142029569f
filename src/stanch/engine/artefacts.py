"""Artefacts: what an asset's versions are made of, copied into the vault where it can be read.

In    an incident; the plan of outside systems that hold models.
Out   the files of each version that matters, with their digests, once for each incident; and a
      statement of what was kept, what was not, and why.
Why   a version that is rolled back is the first thing that gets deleted or pushed over. The copy is
      made by the first step of a playbook, before anything changes, and off the path that watches.

A version matters when a finding is about it, when the policy sends requests to it, or when it is
the one the asset names. What cannot be read holds no containment up: that it could not be kept, and
why, is then what is kept.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import msgspec

from stanch.contain.policy import weights
from stanch.engine.clock import Clock
from stanch.engine.evidence import EvidenceRoom, Piece
from stanch.engine.freeze import digests_of
from stanch.engine.ports import Store, Transaction
from stanch.engine.systems import Connected, Held
from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.record import Evidence
from stanch.vocabulary.trouble import Trouble

KIND = "artefact"
STATEMENT = "artefacts.json"
MACHINE = "stanch"
PAUSE = timedelta(minutes=10)
"""What did not answer is not asked again sooner: each try may take as long as its time allows."""
_MOST_VERSIONS = 8
_MOST_FINDINGS = 100


class ArtefactKeeper(Protocol):
    """Who keeps what an incident's asset is made of."""

    def keep(self, incident: Incident) -> None:
        """Keeps it, once for each incident."""
        ...


class NoArtefacts:
    """Where nobody does."""

    def keep(self, incident: Incident) -> None:
        """Nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stated:
    """One version, as the statement has it."""

    at: datetime
    version: str
    digest: str = ""
    """As its deployment told it."""
    files: tuple[str, ...] = ()
    """The names under which its files are kept."""
    why_not: str = ""


class Artefacts:
    """Copies what versions are made of."""

    def __init__(self, hands: tuple[Store, EvidenceRoom, Clock], lines: Connected) -> None:
        self._store, self._room, self._clock = hands
        self._lines = lines

    def keep(self, incident: Incident) -> None:
        """Keeps it, once for each incident; nothing where no system holds the asset's versions."""
        if not any(one.asset == incident.asset for one in self._lines().plan.held):
            return
        kept = Wanted(incident=(incident.id,), kind=(KIND,))
        with self._store.look() as tx:
            found = tx.evidence.page(kept, limit=500).items
        stated = [e.taken for e in found if e.name == STATEMENT]
        whole = len(found) > len(stated)
        if whole or (stated and self._clock() - max(stated) < PAUSE):
            return
        self.of(incident.asset, incident.id, by=MACHINE)

    def of(self, asset: AssetId, incident: IncidentId | None, *, by: str) -> tuple[Evidence, ...]:
        """What was kept of this asset's versions now."""
        held = [one for one in self._lines().plan.held if one.asset == asset]
        if not held:
            return ()
        with self._store.look() as tx:
            digests = digests_of(tx, asset)
            versions = _versions(tx, asset, incident)
        stated: list[Stated] = []

        def pieces() -> Iterator[Piece]:
            for one in held:
                for version in versions or [one.usual]:
                    told = Stated(
                        at=self._clock(), version=version, digest=digests.get(version, "")
                    )
                    yield from self._pieces(one, told, stated.append)
            body = msgspec.json.format(msgspec.json.encode(stated), indent=2)
            yield Piece(name=STATEMENT, kind=KIND, content=body)

        return self._room.take(incident, pieces(), by=by)

    def _pieces(self, held: Held, told: Stated, say: Callable[[Stated], None]) -> Iterator[Piece]:
        """The files of one version; what cannot be read is stated, and holds nothing up."""
        folder = Path(tempfile.mkdtemp(prefix="stanch-artefact-"))
        try:
            why, names = self._copied(held, told.version, folder), list[str]()
            for file in sorted(p for p in folder.rglob("*") if p.is_file() and not why):
                names.append(f"{told.version}/{file.relative_to(folder)}")
                yield Piece(name=names[-1], kind=KIND, content=file)
            say(replace(told, files=tuple(names), why_not=why))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _copied(self, held: Held, version: str, into: Path) -> str:
        """Why it could not be copied; empty when it was."""
        if not version:
            return "No version is known. Name one as `usual`, or tell of deployments."
        copy = self._lines().copies.get(held.system)
        if copy is None:
            return f"{held.system} is not set up any more."
        try:
            copy(held.subject, held.versions.get(version, version), into)
        except (Trouble, OSError) as error:
            return str(error)
        return ""


def _versions(tx: Transaction, asset: AssetId, incident: IncidentId | None) -> list[str]:
    """The versions that matter, those of findings first."""
    found: dict[str, None] = {}
    if incident is not None:
        page = tx.findings.page(Wanted(incident=(incident,)), limit=_MOST_FINDINGS)
        found.update(dict.fromkeys(f.version for f in page.items if f.asset == asset))
    policy, own = tx.policies.now(asset), tx.assets.find(asset)
    if policy is not None:
        found.update(dict.fromkeys(weights(policy.policy.route)))
    if own is not None:
        found[own.version] = None
    return [one for one in found if one][:_MOST_VERSIONS]
