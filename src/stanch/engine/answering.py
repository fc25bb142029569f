"""Answering: which versions under suspicion may still answer on an incident's own asset.

In    an incident; its asset's policy; what is known of the versions.
Out   their names; nothing where the attack is not in what answers.
Why   a hold on the pipeline, or a block of who brought it in, stops what comes next. As long as
      the version that is the attack answers, each answer is harm: that is not contained.
How   An attack on how the model was made is in the versions that are suspect; poison is in those
      that came after its first deed, and in none that was there before it. A version is out where
      the policy lets nothing answer, names others, or takes it out; and where a newer one was
      deployed since.
"""

from stanch.engine.ports import Transaction
from stanch.engine.versions import known_of
from stanch.engine.watch.memory import history_of
from stanch.triage.causes import FAMILY, Family
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.policy import Mode, Policy

IN_WHAT_ANSWERS = frozenset({Family.MAKING, Family.HARM})
"""Families of attacks that go on as long as the version does, whoever asks it."""
MOST_FINDINGS = 200


def answering(tx: Transaction, incident: Incident) -> tuple[str, ...]:
    """The versions under suspicion that nothing keeps from answering."""
    attack, asset = incident.verdict.attack, tx.assets.find(incident.asset)
    if attack is None or asset is None or FAMILY.get(attack) not in IN_WHAT_ANSWERS:
        return ()
    kept = tx.policies.now(asset.id)
    policy = kept.policy if kept is not None else Policy(asset=asset.id)
    if policy.mode is not Mode.SERVING:
        return ()
    in_use = _in_use(tx, asset)
    bad = _bad(tx, incident, asset)
    return tuple(version for version in bad if _served(version, policy, in_use))


def _bad(tx: Transaction, incident: Incident, asset: Asset) -> tuple[str, ...]:
    """The versions that the attack is in, as far as is known."""
    findings = tx.findings.page(Wanted(incident=(incident.id,)), limit=MOST_FINDINGS).items
    versions = known_of(tx, (incident, asset), findings, ()).versions
    if incident.verdict.attack is not AttackKind.POISONING:
        return tuple(v.version for v in versions if v.suspect)
    start = incident.first_seen
    return tuple(v.version for v in versions if v.good_since is not None and v.good_since >= start)


def _in_use(tx: Transaction, asset: Asset) -> str:
    """The version that answers where the policy does not say; empty when nobody told."""
    deployed = [h for h in history_of(tx, asset.id) if h.kind is EventKind.DEPLOYMENT and h.version]
    return max(deployed, key=lambda h: h.at).version if deployed else asset.version


def _served(version: str, policy: Policy, in_use: str) -> bool:
    named = [v for v, weight in policy.route.items() if weight > 0]
    if named:
        return version in named
    return version not in policy.route and in_use in ("", version)
