"""Systems outside: calls of actions go to the system that is set up for them.

In    the lines to outside systems.
Out   an `Outside`: calls made once for each key, and systems that follow the policy.
Why   what was done is kept under the call's key, so that a step that is done over after a crash
      orders nothing twice of a system that does not look at keys itself.
"""

from dataclasses import dataclass

from stanch.contain.action import Call
from stanch.engine.following import Following
from stanch.engine.outside import Said
from stanch.engine.ports import Store
from stanch.engine.systems import Connected
from stanch.vocabulary.ids import AssetId, digest_of

_NAME = "called/"


@dataclass(frozen=True, kw_only=True, slots=True)
class SystemsOutside:
    """Everything outside that is set up."""

    store: Store
    lines: Connected
    following: Following

    def call(self, call: Call, *, key: str, undo: bool = False) -> Said:
        """What came of the call; the same key again has no second effect."""
        lines = self.lines()
        system = lines.plan.calls.get(call.connector)
        verb = call.undo if undo else call.verb
        if system is None or not verb:
            return Said(done=False)
        name = _NAME + digest_of(key.encode()).removeprefix("sha256:")[:24]
        with self.store.look() as tx:
            known = tx.settings.get(name)
        if known is not None:
            return Said(done=True, says=known)
        says = lines.doers[system](verb, call.subject, call.says, key)
        with self.store.begin() as tx:
            tx.settings.put(name, says)
        return Said(done=True, says=says)

    def follow(self, asset: AssetId) -> tuple[str, ...]:
        """Brings the systems that follow the asset's policy in line."""
        return self.following.follow(asset)
