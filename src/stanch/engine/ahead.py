"""Ahead: what a change of policy would change and whom of the last hour it would have hit.

In    the policy that an owner would set, or what somebody would take back.
Out   the changes in words, the blast radius; nothing is changed.
Why   an act is previewed before anybody says yes to it; a change by hand is no less wide.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from stanch.contain.blast import NAMELESS, blast
from stanch.contain.combine import effective, reverted
from stanch.contain.diff import Change, changes
from stanch.contain.known import Known
from stanch.contain.misnamed import strangers
from stanch.engine.asked import Asked
from stanch.engine.clock import Clock
from stanch.engine.ordinary import Rows
from stanch.engine.policies import Step, standing_of, stepped, stood, to_come, whole
from stanch.engine.ports import Store, Transaction
from stanch.engine.taking_back import elsewhere
from stanch.engine.upstreams import Fronts, lacking
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.standing import DemandId, Standing

MOST_NAMED = 100
"""Principals that a preview names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ahead:
    """What would change, and whom it would have hit."""

    asset: AssetId
    changes: tuple[Change, ...]
    hits: str
    """Whom of the last hour it would have hit, in a sentence."""
    share: float
    """The part of the last hour's requests that it would have hit."""
    principals: tuple[PrincipalId, ...] = ()
    """Those who are known by name, at most the first 100."""
    until: datetime | None = None
    """When it ends by itself."""
    then: tuple[Change, ...] = ()
    """What changes then, when the owner's policy before it is back."""
    warns: tuple[str, ...] = ()
    """What guards would not be able to do of it, which names nobody of the last hour goes by, and
    where else something ends.
    """


class Previews:
    """Looks ahead."""

    def __init__(
        self, store: Store, clock: Clock, rows: Rows, fronts: Fronts = lambda _: ()
    ) -> None:
        """`fronts` are the guards that are heard of now."""
        self._store = store
        self._fronts = fronts
        self._clock = clock
        self._asked = Asked(rows)

    def set(self, policy: Policy) -> Ahead:
        """What would come of this being the owner's own policy."""
        to_come(policy, self._clock())
        return self._ahead(policy.asset, lambda now: replace(now, base=policy))

    def revert(self, asset: AssetId, demand: DemandId) -> Ahead:
        """What would come of taking back this demand, and where else its act would end."""
        with self._store.look() as tx:
            others = elsewhere(tx, asset, demand)
        return _with(self._ahead(asset, lambda now: reverted(now, demand)), others)

    def back_to(self, asset: AssetId, version: int) -> Ahead:
        """What would come of going back to this version, and where else acts since would end."""
        with self._store.look() as tx:
            then = stood(tx, asset, version)
            stays = {d.id for d in then.demands}
            gone = [d.id for d in standing_of(tx, asset).demands if d.id not in stays]
            others = [one for name in gone for one in elsewhere(tx, asset, name)]
        found = self._ahead(asset, lambda now: replace(now, base=then.base, demands=then.demands))
        return _with(found, others)

    def _ahead(self, asset: AssetId, step: Step) -> Ahead:
        at = self._clock()
        with self._store.look() as tx:
            now, traffic = standing_of(tx, asset), self._asked.traffic(tx, asset, at)
            made = stepped(tx, now, step, at)
            then = _by_its_end(tx, now, made)
        before, after = effective(now, at), effective(made, at)
        new = after.deny.networks - before.deny.networks
        traffic = self._asked.coming_from(traffic, new)
        hit = blast(before, after, traffic)
        named = sorted(one for one in hit.principals if one != NAMELESS)
        return Ahead(
            asset=asset,
            changes=changes(before, after),
            hits=hit.says,
            share=hit.share,
            principals=tuple(named[:MOST_NAMED]),
            until=made.base.until,
            then=then,
            warns=(
                *lacking(after, self._fronts(asset)),
                *strangers(before, after, traffic, Known()),
            ),
        )


def _by_its_end(tx: Transaction, now: Standing, made: Standing) -> tuple[Change, ...]:
    """What changes when the owner's policy ends, and that of now, or the one before it, is back."""
    end = made.base.until
    if end is None:
        return ()
    back = replace(made, base=whole(tx, now, end).base)
    kept = replace(made, base=replace(made.base, until=None))
    return changes(effective(kept, end), effective(back, end))


def _with(found: Ahead, others: Iterable[tuple[AssetId, DemandId]]) -> Ahead:
    """The same, saying on which other assets it is taken back too."""
    assets = sorted({asset for asset, _ in others})
    says = f"The same is taken back on {', '.join(assets)}."
    return replace(found, warns=(*found.warns, says)) if assets else found
