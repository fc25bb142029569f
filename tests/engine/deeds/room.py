"""What tests of deeds share: a store, deeds on it and all that they reach; the acts most used."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pyarrow as pa

from stanch.engine.asked import MOST_ROWS
from stanch.engine.automatic import Automatic
from stanch.engine.deeds import Hands, RealDeeds
from stanch.engine.guards import Proof
from stanch.engine.policies import Policies
from stanch.engine.runs.deeds import Order
from stanch.engine.telling import Notice
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import SqlStore, open_store
from stanch.vocabulary.asset import Asset, AssetKind, Lineage
from stanch.vocabulary.finding import AttackKind, Suspect
from stanch.vocabulary.ids import (
    AssetId,
    IncidentId,
    PrincipalId,
    RunId,
)
from stanch.vocabulary.incident import (
    Incident,
    Level,
    Phase,
    Severity,
    Verdict,
    VerdictKind,
)
from stanch.vocabulary.kept import SummaryBlock
from stanch.vocabulary.probe import Probe
from stanch.vocabulary.record import Deed
from stanch.vocabulary.span import Span

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FRAUD = AssetId("fraud")
INCIDENT = IncidentId("inc-1")
BLOCK = Order(
    act="block_principal",
    args={"principals": "$suspects"},
    incident=INCIDENT,
    asset=FRAUD,
    key="run-1/block",
    lasts=3600,
    run=RunId("run-1"),
)


class Room:
    """A store, deeds on it, and everything they reach, as a test sets it."""

    def __init__(self, folder: Path) -> None:
        self.at = NOON
        self.shows = Proof(holds=None, says="Nobody.")
        self.notices: list[Notice] = []
        self.proxies: tuple[str, ...] = ()
        self.frozen = IncidentId("")
        self.rows = pa.table({})
        self.store: SqlStore = open_store(sqlite_url(folder), clock=lambda: self.at)
        self.policies = Policies(self.store, lambda: self.at)
        self.deeds = self.with_setting(Automatic())
        with self.store.begin() as tx:
            tx.assets.add(
                Asset(
                    id=FRAUD,
                    kind=AssetKind.MODEL,
                    name="fraud",
                    owner="ada",
                    lineage=Lineage(trained_on=(AssetId("rows-2026"),)),
                )
            )
            tx.incidents.add(
                Incident(
                    id=INCIDENT,
                    title="t",
                    asset=FRAUD,
                    opened=NOON,
                    first_seen=NOON,
                    updated=NOON,
                    phase=Phase.TRIAGED,
                    suspects=(Suspect(principal=PrincipalId("key-91"), share=1, confidence=0.95),),
                    verdict=Verdict(kind=VerdictKind.ATTACK, attack=AttackKind.EXTRACTION),
                    severity=Severity(level=Level.MEDIUM),
                )
            )

    def with_setting(self, automatic: Automatic) -> RealDeeds:
        hands = Hands(
            store=self.store,
            policies=self.policies,
            keeper=self,
            clock=lambda: self.at,
            prover=self,
            notifier=self,
            automatic=automatic,
            proxies=lambda asset: self.proxies if asset == FRAUD else (),
            rows=self,
        )
        return RealDeeds(hands)

    def sibling(self) -> AssetId:
        """Another model, made of the same data."""
        with self.store.begin() as tx:
            mine = tx.assets.get(FRAUD)
            return tx.assets.add(replace(mine, id=AssetId("fraud-eu"))).id

    def freeze(self, incident: Incident) -> None:
        self.frozen = incident.id

    def prove(self, asset: AssetId, version: int, probe: Probe | None) -> Proof:
        assert (asset, version > 0, probe is not None) == (FRAUD, True, True)
        return self.shows

    def between(self, asset: AssetId, span: Span, limit: int) -> pa.Table:
        assert asset == FRAUD
        assert (span.end, limit) == (NOON, 4096) or limit == MOST_ROWS
        return self.rows

    def tell(self, notice: Notice) -> None:
        self.notices.append(notice)

    def traffic(self, counts: dict[str, int], unnamed: int = 0) -> None:
        body = msgspec.json.encode({"asked": counts, "all": sum(counts.values()) + unnamed})
        block = SummaryBlock(
            asset=FRAUD, version="v7", minute=NOON - timedelta(minutes=5), body=body, n=1
        )
        with self.store.begin() as tx:
            tx.summaries.put([block])

    def entered(self, deed: Deed) -> int:
        return sum(one.entry.deed is deed for one in self.store.outbox(limit=500))
