"""Taking back: a demand that a person takes back, with what its act asked of other assets.

In    the asset and the name of the demand.
Out   the policy's version without it.
Why   an act that spreads by lineage is one act, and is taken back in one step: where it is taken
      back on its own asset it ends on the others too. Whoever owns one of the others takes back
      what was asked of theirs, and no more.
"""

from dataclasses import dataclass

from stanch.engine.placed import placed
from stanch.engine.policies import Change, Policies, standing_of
from stanch.engine.ports import Store, Transaction
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.kept import PolicyVersion
from stanch.vocabulary.standing import DemandId
from stanch.vocabulary.trouble import NotFound


@dataclass(frozen=True, kw_only=True, slots=True)
class TakingBack:
    """Takes demands back."""

    store: Store
    policies: Policies

    def revert(self, asset: AssetId, demand: DemandId, change: Change) -> PolicyVersion:
        """The version of this asset's policy without the demand; every other demand stays."""
        with self.store.look() as tx:
            others = elsewhere(tx, asset, demand)
        version = self.policies.revert(asset, demand, change)
        for other, name in others:
            try:
                self.policies.revert(other, name, change)
            except NotFound:
                continue
        return version


def elsewhere(
    tx: Transaction, asset: AssetId, demand: DemandId
) -> tuple[tuple[AssetId, DemandId], ...]:
    """What the act of this demand asked of others, where the act was on this asset."""
    found = next((d for d in standing_of(tx, asset).demands if d.id == demand), None)
    if found is None or found.incident is None:
        return ()
    lines = (line for line in placed(tx, found.incident) if line.asset == asset)
    mine = (line.demands for line in lines if (asset, demand) in line.demands)
    return tuple(dict.fromkeys(one for some in mine for one in some if one[0] != asset))
