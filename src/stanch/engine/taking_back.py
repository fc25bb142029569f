"""Taking back: a demand that a person takes back, with what its act asked of other assets.

In    the asset, and the name of the demand or the version to go back to.
Out   the policy's version without it, or as it was then.
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
        self._end(others, change)
        return version

    def back_to(
        self, asset: AssetId, version: int, change: Change, *, puts_back: bool
    ) -> PolicyVersion:
        """The asset's policy as it was in this version; what the acts since then asked of others
        ends too.
        """
        with self.store.look() as tx:
            before = {d.id: elsewhere(tx, asset, d.id) for d in standing_of(tx, asset).demands}
        made = self.policies.back_to(asset, version, change, puts_back=puts_back)
        left = {d.id for d in self.policies.standing(asset).demands}
        for name in before.keys() - left:
            self._end(before[name], change)
        return made

    def _end(self, demands: tuple[tuple[AssetId, DemandId], ...], change: Change) -> None:
        for asset, name in demands:
            try:
                self.policies.revert(asset, name, change)
            except NotFound:
                continue


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
