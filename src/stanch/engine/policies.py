"""Policies in force: demands go in, versions come out, guards are told and answer.

In    demands of incidents, base policies of owners, acknowledgements of guards.
Out   `PolicyVersion`s: each kept for good, entered in the evidence log, announced to guards.
Why   an action proposes; only here does a policy change, in one transaction, by one version.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import dropwhile

import msgspec

from stanch.contain.combine import (
    added,
    effective,
    expired,
    later,
    next_change,
    numbered,
    over,
    reverted,
)
from stanch.contain.policy import canonical, digest, wants
from stanch.engine.clock import Clock
from stanch.engine.leaps import IT_WAS_SET, Leaps, by_so_much, seen_already
from stanch.engine.lines import draw
from stanch.engine.owed import EFFECTS, owe
from stanch.engine.ports import Store, Transaction
from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.kept import PolicyVersion
from stanch.vocabulary.people import Scope
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.standing import Demand, DemandId, Standing
from stanch.vocabulary.trouble import BadInput, NotAllowed

Step = Callable[[Standing], Standing]
"""From how an asset stands to how it is to stand."""
Sign = Callable[[bytes], str]
"""A signature over a policy's canonical bytes, for guards that check it."""

FIRST_LOOK = 20
"""Past policies in which the owner's last one without an end is looked for at first."""
_DEMANDS = msgspec.json.Decoder(tuple[Demand, ...])


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Why a policy changes."""

    by: str
    because: str
    incident: IncidentId | None = None


class Policies:
    """The policy of every asset."""

    def __init__(
        self, store: Store, clock: Clock, elapsed: Callable[[], float] | None = None
    ) -> None:
        """`elapsed`: seconds that nobody can set, by which a clock that was set is found out."""
        self._store = store
        self._leaps = Leaps(clock, elapsed)
        self._clock = self._leaps.now

    def standing(self, asset: AssetId) -> Standing:
        """How the asset stands: its base and what is demanded of it."""
        with self._store.look() as tx:
            return standing_of(tx, asset)

    def now(self, asset: AssetId) -> Policy:
        """The policy that guards must make true now."""
        return effective(self.standing(asset), self._clock())

    def set_base(self, policy: Policy, change: Change) -> PolicyVersion:
        """The version after the owner's own policy was replaced; demands stay on top of it.

        Where it has an end, the one before it is back by then.
        """
        to_come(policy, self._clock())
        return self._change(policy.asset, lambda s: replace(s, base=policy), change)

    def demand(self, demand: Demand, change: Change) -> PolicyVersion:
        """The version with this demand in it; the same demand again changes nothing."""
        return self._change(demand.policy.asset, lambda s: added(s, demand), change)

    def demand_in(self, tx: Transaction, demand: Demand, change: Change) -> PolicyVersion:
        """The same, in the commit in which whoever made the demand keeps that it was made."""
        asset = demand.policy.asset
        return _changed(tx, asset, lambda s: added(s, demand), change, self._clock())

    def revert(self, asset: AssetId, demand: DemandId, change: Change) -> PolicyVersion:
        """The version without this demand; every other demand stays."""
        return self._change(asset, lambda s: reverted(s, demand), change)

    def back_to(
        self, asset: AssetId, version: int, change: Change, *, puts_back: bool = False
    ) -> PolicyVersion:
        """A new version that stands as that earlier one did; 0 is before anything was set.

        By itself it only takes back what came since. To put back what was taken out since, or
        another policy of the owner's, is as wide as to ask for it: `puts_back` says that it may.
        """
        with self._store.look() as tx:
            then = stood(tx, asset, version)

        def back(now: Standing) -> Standing:
            if not (puts_back or _only_less(now, then)):
                raise NotAllowed(f"{Scope.APPROVE} (it puts back what was taken out)", "less")
            return replace(now, base=then.base, demands=then.demands)

        return self._change(asset, back, change)

    def expire(self) -> datetime | None:
        """When the next policy changes by time alone, after changing those whose time has come."""
        self._leap()
        at = self._clock()
        with self._store.look() as tx:
            standings = [standing_from(v) for v in tx.policies.all_now()]
            stale = [v.asset for v in tx.policies.all_now() if _outdated(v, at)]
        for asset in stale:
            self._change(
                asset, lambda s: expired(s, at), Change(by="stanch", because="its time was up")
            )
        moments = [m for s in standings if (m := next_change(s, at)) is not None]
        return min(moments, default=None)

    def _leap(self) -> None:
        """Where the clock was set, move what ends: it lasts for as long as was said."""
        by = self._leaps.leapt()
        if by:
            at = self._clock()
            with self._store.begin() as tx:
                if not seen_already(tx, by, at + by):
                    change = Change(by="stanch", because=IT_WAS_SET.format(by_so_much(by)))
                    for asset in [v.asset for v in tx.policies.all_now() if _bounded(v)]:
                        _changed(tx, asset, lambda s: later(s, by), change, min(at, at + by))
            self._leaps.over()

    def _change(
        self, asset: AssetId, step: Callable[[Standing], Standing], change: Change
    ) -> PolicyVersion:
        at = self._clock()
        with self._store.begin() as tx:
            return _changed(tx, asset, step, change, at)


def _changed(
    tx: Transaction,
    asset: AssetId,
    step: Callable[[Standing], Standing],
    change: Change,
    at: datetime,
) -> PolicyVersion:
    """The version after this step, kept, entered and told; the one there is if nothing changes."""
    kept = tx.policies.now(asset)
    before = standing_of(tx, asset)
    after = numbered(before, stepped(tx, before, step, at))
    policy = effective(after, at)
    if kept is not None and after.version == before.version and policy == kept.policy:
        return kept
    if after.version == before.version:
        after = replace(after, version=before.version + 1)
        policy = effective(after, at)
    version = PolicyVersion(
        asset=asset,
        version=after.version,
        at=at,
        by=change.by,
        because=change.because,
        base=after.base,
        demands=msgspec.json.encode(after.demands).decode(),
        policy=policy,
        digest=digest(policy),
        incident=change.incident,
    )
    tx.policies.put(version)
    if {d.id for d in before.demands if d.incident} - {d.id for d in after.demands}:
        draw(tx, asset, at)
    tx.record(
        Entry(
            at=at,
            deed=Deed.POLICY_CHANGED,
            actor=change.by,
            about=asset,
            digest=version.digest,
            incident=change.incident,
            facts={"version": version.version, "because": change.because},
        )
    )
    owe(tx, EFFECTS, (asset,))
    tx.announce("policy", asset)
    return version


def stepped(tx: Transaction, standing: Standing, step: Step, at: datetime) -> Standing:
    """How the asset stands after this step, without what has ended before it or by it."""
    return whole(tx, step(whole(tx, standing, at)), at)


def to_come(policy: Policy, at: datetime) -> None:
    """`BadInput` where the policy's own end is over."""
    if over(policy, at):
        raise BadInput(f"It ends at {policy.until:%Y-%m-%d %H:%M:%S} UTC, which is over.")


def whole(tx: Transaction, standing: Standing, at: datetime) -> Standing:
    """The standing without what has ended; on the owner's policy of before, where theirs ended."""
    left = expired(standing, at)
    return replace(left, base=_before(tx, standing.base, at)) if over(standing.base, at) else left


def _before(tx: Transaction, ended: Policy, at: datetime) -> Policy:
    """The owner's policy before this one that holds yet; a neutral one where there was none.

    The same with another end is this one: a clock that was set moved it, or its owner did.
    """
    many, same = FIRST_LOOK, wants(ended)
    while True:
        past = tx.policies.history(ended.asset, limit=many)
        others = dropwhile(lambda one: wants(one.base) == same, past)
        found = next((one.base for one in others if not over(one.base, at)), None)
        if found is not None or len(past) < many:
            return found or Policy(asset=ended.asset)
        many *= 4


def _bounded(version: PolicyVersion) -> bool:
    """Whether anything of it ends by itself."""
    now = standing_from(version)
    return now.base.until is not None or any(d.until for d in now.demands)


def _only_less(now: Standing, then: Standing) -> bool:
    """Whether going back takes demands away and does nothing else."""
    known = {d.id for d in now.demands}
    return wants(now.base) == wants(then.base) and all(d.id in known for d in then.demands)


def stood(tx: Transaction, asset: AssetId, version: int) -> Standing:
    """How the asset stood at that version; 0 is before anything was set."""
    if not version:
        return Standing(base=Policy(asset=asset))
    return standing_from(tx.policies.at(asset, version))


def standing_of(tx: Transaction, asset: AssetId) -> Standing:
    """How the asset stands in this transaction; a neutral policy when none was ever set."""
    kept = tx.policies.now(asset)
    return Standing(base=Policy(asset=asset)) if kept is None else standing_from(kept)


def standing_from(version: PolicyVersion) -> Standing:
    """The standing that a kept version was made from."""
    return Standing(
        base=version.base, demands=_DEMANDS.decode(version.demands), version=version.version
    )


def wire(version: PolicyVersion, sign: Sign | None) -> tuple[bytes, str]:
    """The bytes that guards get, and the signature over them."""
    body = canonical(version.policy)
    return body, sign(body) if sign is not None else ""


def _outdated(version: PolicyVersion, at: datetime) -> bool:
    """Whether time alone has made the version something else."""
    now = effective(standing_from(version), at)
    return now != version.policy
