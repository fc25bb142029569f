"""Systems outside: calls of actions go to the system that is set up for them.

In    the lines to outside systems.
Out   an `Outside`: calls made once for each key, and systems that follow the policy.
Why   what was done is kept under the call's key, so that a step that is done over after a crash
      orders nothing twice of a system that does not look at keys itself. What two acts called for
      is taken back when the second of them is; what is to be taken back is owed until it was.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from stanch.contain.action import Call
from stanch.engine.calling import ended
from stanch.engine.clock import Clock
from stanch.engine.following import Following, all_of
from stanch.engine.notices import keep
from stanch.engine.outside import Said, Taken
from stanch.engine.owed import BACK, owed, paid
from stanch.engine.ports import Store, Transaction
from stanch.engine.systems import Connected
from stanch.engine.telling import Notice
from stanch.vocabulary.ids import AssetId, digest_of
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.trouble import BadInput, Busy, Declined, Unreachable

_NAME = "called/"
_HOLDS = "called for/"
_KEYS = msgspec.json.Decoder(list[str])


@dataclass(frozen=True, kw_only=True, slots=True)
class SystemsOutside:
    """Everything outside that is set up."""

    store: Store
    lines: Connected
    following: Following
    clock: Clock

    def call(self, call: Call, *, key: str) -> Said:
        """What came of the call; the same key again has no second effect."""
        return self._made(call, call.verb, key)

    def take_back(self, taken: Taken) -> Said:
        """What came of taking a call back; while another act holds to it, it stays."""
        call, key = taken.call, f"{taken.key}/undo"
        with self.store.begin() as tx:
            left = [one for one in _holding(tx, call) if one != taken.key]
            _hold(tx, call, left)
        if left:
            said = Said(done=True, says=f"Another act asks for it still: {call.says}")
        else:
            said = self._given_back(call, key)
        with self.store.begin() as tx:
            paid(tx, BACK, (taken.text,))
        return said

    def follow(self, asset: AssetId) -> tuple[str, ...]:
        """Brings the systems that follow the asset's policy in line."""
        return self.following.follow(asset)

    def would(self, before: Policy, after: Policy) -> tuple[str, ...]:
        """What the systems that follow would be asked to change, in sentences."""
        return self.following.would(before, after)

    def able(self, call: Call) -> bool:
        """Whether a system is set up for this call."""
        return call.connector in self.lines().plan.calls

    def turn(self) -> int:
        """How much was brought in line or taken back; what is away is tried again."""
        ended(self.store, self.clock())
        with self.store.look() as tx:
            waiting = [Taken.read(text) for text in owed(tx, BACK)]
        away, made = self._tried(waiting), 0
        try:
            made = self.following.turn()
        except (Unreachable, Busy) as error:
            away.append(error)
        if away:
            raise all_of(away)
        return made + len(waiting)

    def _tried(self, waiting: Iterable[Taken]) -> list[Unreachable | Busy]:
        away = list[Unreachable | Busy]()
        for one in waiting:
            try:
                said = self.take_back(one)
                if not said.done:
                    self._tell(one)
            except (Unreachable, Busy) as error:
                away.append(error)
        return away

    def _tell(self, one: Taken) -> None:
        """Tells a person to do by hand what nobody here is set up for any more."""
        says = f"Nobody here is set up for this; take it back by hand: {one.call.says}"
        key = f"{one.key}/back"
        notice = Notice(key=key, to="owner", says=says, incident=one.incident, asset=one.asset)
        with self.store.begin() as tx:
            keep(tx, notice, self.clock())

    def _given_back(self, call: Call, key: str) -> Said:
        try:
            return self._made(call, call.undo, key)
        except BadInput as trouble:
            raise Declined(call.connector, str(trouble).rstrip(".")) from trouble

    def _made(self, call: Call, verb: str, key: str) -> Said:
        lines = self.lines()
        system = lines.plan.calls.get(call.connector)
        if system is None or not verb:
            return Said(done=False)
        name = _NAME + digest_of(key.encode()).removeprefix("sha256:")[:24]
        with self.store.look() as tx:
            known = tx.settings.get(name)
        if known is not None:
            return Said(done=True, says=known)
        if call.undo and verb == call.verb:
            with self.store.begin() as tx:
                _hold(tx, call, dict.fromkeys((*_holding(tx, call), key)))
        why = call.says if verb == call.verb else f"Taken back: {call.says}"
        says = lines.doers[system](verb, call.subject, why, key)
        with self.store.begin() as tx:
            tx.settings.put(name, says)
        return Said(done=True, says=says)


def _holding(tx: Transaction, call: Call) -> list[str]:
    """The keys of the acts that called for it and were not taken back."""
    text = tx.settings.get(_held(call))
    return _KEYS.decode(text) if text else []


def _hold(tx: Transaction, call: Call, keys: Iterable[str]) -> None:
    tx.settings.put(_held(call), msgspec.json.encode(list(keys)).decode())


def _held(call: Call) -> str:
    said = f"{call.connector}\0{call.verb}\0{call.subject}"
    return _HOLDS + digest_of(said.encode()).removeprefix("sha256:")[:24]
