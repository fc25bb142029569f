"""Effect: each version of a policy is acknowledged by its guards and shown by probes through them.

In    versions, whoever made them: an owner, an act, an undo, time.
Out   an `Effect` for the newest version of each asset: kept, and in the log where it is news.
Why   a change that ends with "in force" and no look at what is done with requests is a hope.
How   (1) The commit that makes a version owes its effect. (2) Whoever set it by hand waits for the
      answer a few seconds. (3) What is owed yet is asked about whenever a guard is heard of that
      runs it, after pauses that double while the answer is no. (4) Nothing is owed any more once it
      is shown, or beyond what the guards can do or be asked.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from stanch.contain.showing import showing
from stanch.engine.clock import Clock
from stanch.engine.guards import Entering, Guards, Proof, entered
from stanch.engine.owed import EFFECTS, owed, paid
from stanch.engine.ports import Store, Transaction
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.policy import Policy

PATIENCE = timedelta(seconds=2)
"""So long after a change only whoever made it asks."""
SHORTEST, LONGEST = timedelta(seconds=2), timedelta(hours=1)
"""The pause after the first no, and the longest there is."""
_KEPT = "_effect/"
"""The setting under which it is kept; the underscore hides it from lists."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """Whether the newest version of a policy is in effect, and how that is known."""

    asset: AssetId
    version: int
    at: datetime
    holds: bool | None
    """None: nobody could be asked."""
    says: str
    seconds: float = 0.0
    """From asking to knowing."""
    guards: tuple[str, ...] = ()
    """Those that acknowledged it."""
    cannot: tuple[str, ...] = ()
    """What of it a guard says it does not enforce."""
    shown: int = 0
    """The newest version that was shown in full."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pause:
    until: datetime
    lasted: timedelta


class Effects:
    """Sees to it that each version is shown."""

    def __init__(self, store: Store, clock: Clock, guards: Guards) -> None:
        self._store = store
        self._clock = clock
        self._guards = guards
        self._paused: dict[tuple[AssetId, int], _Pause] = {}

    def of(self, asset: AssetId) -> Effect | None:
        """What is known of the newest version; nothing where the policy was never changed."""
        with self._store.look() as tx:
            kept, now = _kept(tx, asset), tx.policies.now(asset)
        if now is None or (kept is not None and kept.version == now.version):
            return kept
        return Effect(
            asset=asset,
            version=now.version,
            at=now.at,
            holds=None,
            says="No guard has been asked yet.",
            shown=kept.shown if kept else 0,
        )

    def prove(self, asset: AssetId, seconds: float = 5.0) -> Effect | None:
        """The same, after asking the guards."""
        with self._store.look() as tx:
            before, now = _kept(tx, asset), tx.policies.now(asset)
            if now is None:
                return None
            shown = before.shown if before else 0
            # what guards may run yet: what was shown last, and what was in force until now
            older = dict.fromkeys((min(shown, now.version - 1), now.version - 1))
            then = [tx.policies.at(asset, n).policy if n else Policy(asset=asset) for n in older]
        probes = dict.fromkeys(probe for one in then for probe in showing(one, now.policy))
        proof = self._guards.ask(asset, now.version, tuple(probes), seconds)
        at = self._clock()
        found = Effect(
            asset=asset,
            version=now.version,
            at=at,
            holds=proof.holds,
            says=proof.says,
            seconds=proof.seconds,
            guards=proof.guards,
            cannot=proof.cannot,
            shown=now.version if proof.holds else shown,
        )
        with self._store.begin() as tx:
            latest = tx.policies.now(asset)
            if latest is not None and latest.version != now.version:
                return found  # of a version that is over; the newer one is owed
            if _outcome(_kept(tx, asset)) != _outcome(found):
                tx.settings.put(_KEPT + asset, msgspec.json.encode(found).decode())
                about = Entering(at, now.digest, now.incident)
                entered(tx, asset, now.version, proof, about)
            if _over(proof):
                paid(tx, EFFECTS, (asset,))
        return found

    def turn(self) -> int:
        """How many versions were shown."""
        with self._store.look() as tx:
            waiting = [tx.policies.now(AssetId(key)) for key in owed(tx, EFFECTS)]
        due = {(one.asset, one.version): one.at + PATIENCE for one in waiting if one is not None}
        self._paused = {key: one for key, one in self._paused.items() if key in due}
        return sum(self._asked(*key, after) for key, after in due.items())

    def _asked(self, asset: AssetId, version: int, after: datetime) -> bool:
        """Whether it was asked about now, and shown."""
        at, key = self._clock(), (asset, version)
        pause = self._paused.get(key)
        if at < (pause.until if pause is not None else after):
            return False
        if not self._guards.runs(asset, version):
            return False
        found = self.prove(asset, seconds=0.5)
        if found is not None and found.holds is True:
            return True
        lasts = SHORTEST if pause is None else min(LONGEST, 2 * pause.lasted)
        self._paused[key] = _Pause(until=at + lasts, lasted=lasts)
        return False


def _kept(tx: Transaction, asset: AssetId) -> Effect | None:
    text = tx.settings.get(_KEPT + asset)
    return msgspec.json.decode(text, type=Effect) if text else None


def _outcome(effect: Effect | None) -> tuple[object, ...]:
    return () if effect is None else (effect.version, effect.holds, effect.says)


def _over(proof: Proof) -> bool:
    """Whether no later question will tell more: shown, not enforced, or nobody can be asked."""
    return bool(proof.holds or proof.cannot or (proof.holds is None and proof.guards))
