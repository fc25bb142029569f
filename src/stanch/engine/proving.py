"""Proving: an act in force is shown by a guard, or it is said why it is not.

In    acts in the incident's ledger; the guards' answers.
Out   the proof, entered; the incident moved on when what contains it is proved, and no version
      under suspicion answers any more.
Why   a policy that nobody enforces stops nothing. A guard that says it cannot enforce a part of
      the policy proves nothing of that part: people are told, and the run goes on to what else can
      be done.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from stanch.contain.playbook.acts import WATCHES
from stanch.engine.answering import answering
from stanch.engine.clock import Clock
from stanch.engine.guards import Proof
from stanch.engine.placed import Placed, mark, placed
from stanch.engine.ports import Store, Transaction
from stanch.engine.rejudging import rated_again
from stanch.engine.runs.library import actions
from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.incident import Incident, Need, Phase, move_for
from stanch.vocabulary.probe import Probe
from stanch.vocabulary.record import Deed, Entry

TO_CONTAIN = (Phase.DETECTED, Phase.TRIAGED)
"""The phases in which something is yet to be contained."""


class Prover(Protocol):
    """Who asks guards for proof."""

    def prove(self, asset: AssetId, version: int, probe: Probe | None) -> Proof:
        """What the guards of this asset show; `holds` is None when none of them answers."""
        ...


class NoProof:
    """Where no guard is connected."""

    def prove(self, asset: AssetId, version: int, probe: Probe | None) -> Proof:  # noqa: ARG002  the protocol's names
        """Cannot tell."""
        return Proof(holds=None, says="No guard is connected.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Witness:
    """Proves acts."""

    store: Store
    prover: Prover
    clock: Clock

    def prove(self, incident: IncidentId, line: Placed, probe: Probe | None) -> Proof:
        """What the guards show of this act, now entered."""
        with self.store.look() as tx:
            now = tx.policies.now(line.asset)
        proof = self.prover.prove(line.asset, now.version if now else 0, probe)
        if proof.holds is not True and line.cannot == proof.cannot:
            return proof
        at = self.clock()
        with self.store.begin() as tx:
            proved = at if proof.holds else None
            kept = next((p for p in placed(tx, incident) if p.key == line.key), line)
            mark(tx, incident, replace(kept, proved=proved, cannot=proof.cannot))
            if proof.holds:
                _enter(tx, incident, line, at)
                action = actions()[line.act]
                if action.rank > WATCHES and action.stops:
                    contained(tx, incident, at)
        return proof


def contained(tx: Transaction, key: IncidentId, at: datetime) -> None:
    """Moves the incident on, now that a probe has proved a containment of all there is.

    What nobody has judged yet stays where it is, and is held from this moment on.
    """
    incident = tx.incidents.get(key)
    if incident.phase not in TO_CONTAIN or answering(tx, incident):
        return
    back = (incident.held_at or at) if incident.loose_at is not None else None
    if incident.phase is Phase.DETECTED:
        if incident.held_at is None:
            _held(tx, incident, back, at)
        return
    shown = frozenset({Need.CONTAINMENT_PROVED})
    moved = move_for(incident.phase, Phase.CONTAINED, by=None, shown=shown)
    held = replace(
        incident,
        phase=moved.to,
        contained_at=incident.contained_at or at,
        held_again=back,
        updated=at,
    )
    saved = tx.incidents.save(rated_again(tx, held))
    tx.record(
        Entry(
            at=at,
            deed=Deed.INCIDENT_MOVED,
            actor="stanch",
            about=saved.id,
            incident=saved.id,
            facts={"from": incident.phase, "to": saved.phase, "why": ", ".join(sorted(shown))},
        )
    )
    tx.announce("incident", saved.id)


def _held(tx: Transaction, incident: Incident, back: datetime | None, at: datetime) -> None:
    """Keep since when it is held, for its clock and for whoever judges it."""
    since = incident.contained_at or at
    held = replace(incident, contained_at=since, held_again=back, updated=at)
    tx.incidents.save(rated_again(tx, held))
    tx.announce("incident", incident.id)


def _enter(tx: Transaction, incident: IncidentId, line: Placed, at: datetime) -> None:
    tx.record(
        Entry(
            at=at,
            deed=Deed.POLICY_PROVED,
            actor="stanch",
            about=line.asset,
            incident=incident,
            facts={"act": line.act, "version": line.version},
        )
    )
    tx.announce("policy", line.asset)
