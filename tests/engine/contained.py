"""What tests of containing share: deeds on a store, an incident to contain, a guard that shows."""

from datetime import UTC, datetime
from pathlib import Path

from stanch.engine.deeds import Hands, RealDeeds
from stanch.engine.guards import Proof
from stanch.engine.policies import Policies
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import SqlStore, open_store
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.incident import Incident, Phase, Verdict, VerdictKind
from stanch.vocabulary.probe import Probe

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FRAUD = AssetId("fraud")
INCIDENT = IncidentId("inc-1")
SHOWN = Proof(holds=True, says="Shown.", guards=("g",))


class Contained:
    """One model under one attack, and everything that an act on it reaches."""

    def __init__(self, folder: Path, attack: AttackKind) -> None:
        self.at = NOON
        self.shows = SHOWN
        self.asked: list[datetime] = []
        self.store: SqlStore = open_store(sqlite_url(folder), clock=self.now)
        self.policies = Policies(self.store, self.now)
        self.deeds = RealDeeds(
            Hands(
                store=self.store, policies=self.policies, keeper=self, clock=self.now, prover=self
            )
        )
        with self.store.begin() as tx:
            tx.assets.add(Asset(id=FRAUD, kind=AssetKind.MODEL, name="fraud", owner="ada"))
            tx.incidents.add(
                Incident(
                    id=INCIDENT,
                    title="t",
                    asset=FRAUD,
                    opened=NOON,
                    first_seen=NOON,
                    updated=NOON,
                    phase=Phase.TRIAGED,
                    verdict=Verdict(kind=VerdictKind.ATTACK, attack=attack),
                )
            )

    def now(self) -> datetime:
        return self.at

    def freeze(self, incident: Incident) -> None:
        """Keeps nothing."""

    def prove(self, asset: AssetId, version: int, probe: Probe | None) -> Proof:
        del asset, version, probe
        self.asked.append(self.at)
        return self.shows

    @property
    def phase(self) -> Phase:
        with self.store.look() as tx:
            return tx.incidents.get(INCIDENT).phase
