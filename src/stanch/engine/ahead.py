"""Ahead: what a change of policy would change and whom of the last hour it would have hit.

In    the policy that an owner would set, or what somebody would take back.
Out   the changes in words, the blast radius; nothing is changed.
Why   an act is previewed before anybody says yes to it; a change by hand is no less wide.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from stanch.contain.blast import NAMELESS, blast
from stanch.contain.combine import effective, reverted
from stanch.contain.diff import Change, changes
from stanch.engine.asked import Asked
from stanch.engine.clock import Clock
from stanch.engine.ordinary import Rows
from stanch.engine.policies import standing_of, stood
from stanch.engine.ports import Store
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


class Previews:
    """Looks ahead."""

    def __init__(self, store: Store, clock: Clock, rows: Rows) -> None:
        self._store = store
        self._clock = clock
        self._asked = Asked(rows)

    def set(self, policy: Policy) -> Ahead:
        """What would come of this being the owner's own policy."""
        return self._ahead(policy.asset, lambda now: replace(now, base=policy))

    def revert(self, asset: AssetId, demand: DemandId) -> Ahead:
        """What would come of taking back this demand."""
        return self._ahead(asset, lambda now: reverted(now, demand))

    def back_to(self, asset: AssetId, version: int) -> Ahead:
        """What would come of going back to this version."""
        with self._store.look() as tx:
            then = stood(tx, asset, version)
        return self._ahead(asset, lambda now: replace(now, base=then.base, demands=then.demands))

    def _ahead(self, asset: AssetId, step: Callable[[Standing], Standing]) -> Ahead:
        at = self._clock()
        with self._store.look() as tx:
            now, traffic = standing_of(tx, asset), self._asked.traffic(tx, asset, at)
        before, after = effective(now, at), effective(step(now), at)
        new = after.deny.networks - before.deny.networks
        hit = blast(before, after, self._asked.coming_from(traffic, new))
        named = sorted(one for one in hit.principals if one != NAMELESS)
        return Ahead(
            asset=asset,
            changes=changes(before, after),
            hits=hit.says,
            share=hit.share,
            principals=tuple(named[:MOST_NAMED]),
        )
