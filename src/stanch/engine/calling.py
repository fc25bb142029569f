"""Calling: what an act needs of other systems is asked of them, and taken back again.

In    orders, the calls of their acts, the policy before and after.
Out   what others did, in sentences; what a person must do by hand; whether somebody did not answer.
Why   each system stands alone: one that is away keeps no other from doing its part. What did not
      answer is tried again: by the playbook while the act is done, by a chore once it is undone.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from stanch.contain.action import Call, Preview, Undo, arguments
from stanch.contain.combine import effective
from stanch.engine.outside import Outside, Said, Taken
from stanch.engine.owed import BACK, CALLS, owe, owed, paid
from stanch.engine.own_deeds import OwnDeeds
from stanch.engine.placed import Placed, in_force, mark, placed, undone
from stanch.engine.ports import Store, Transaction
from stanch.engine.runs.deeds import Order
from stanch.engine.runs.library import actions
from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.people import called
from stanch.vocabulary.standing import Standing
from stanch.vocabulary.trouble import BadInput, Busy, Unreachable

MESSAGES = "messages"
"""What acts call for that only tell people something."""


class Calling:
    """Asks other systems, or people where there is none."""

    def __init__(self, outside: Outside, own: OwnDeeds) -> None:
        self._outside = outside
        self._own = own

    def reach(self, standing: Standing, found: Preview, at: datetime) -> tuple[str, ...]:
        """What an act would change in other systems, and what of it nobody here can do."""
        by_hand = [c for c in found.calls if c.connector != MESSAGES and not self._outside.able(c)]
        return (
            *self._outside.would(effective(standing, at), found.after),
            *(f"Nobody here is set up for this, so a person is asked: {c.says}" for c in by_hand),
        )

    def done(
        self, order: Order, calls: Sequence[Call], message: str = ""
    ) -> tuple[tuple[str, ...], bool]:
        """What came of it outside, and whether somebody there did not answer; each is tried.

        `message` is what people are to be told, where the act tells them something.
        """
        works = [partial(self._call, order, (n, call), message) for n, call in enumerate(calls)]
        said, late = list[str](), False
        for work in (*works, partial(self._follow, order.asset)):
            try:
                said.append(work())
            except (Unreachable, Busy) as trouble:
                said.append(str(trouble))
                late = True
        return tuple(dict.fromkeys(filter(None, said))), late

    def took_back(self, order: Order, asset: AssetId, calls: Sequence[Taken]) -> tuple[str, ...]:
        """What came of taking calls back, which are owed; whatever is away is tried again."""
        said = list[str]()
        for work in (*(partial(self._back, order, c) for c in calls), partial(self._follow, asset)):
            try:
                said.append(work())
            except (Unreachable, Busy) as trouble:
                said.append(f"{trouble} It is tried again until it is done.")
        return tuple(filter(None, said))

    def _follow(self, asset: AssetId) -> str:
        return " ".join(self._outside.follow(asset))

    def _call(self, order: Order, wanted: tuple[int, Call], message: str) -> str:
        """What others did, or what a person must do by hand since nobody here can do it."""
        n, call = wanted
        if call.connector == MESSAGES:
            self._own.tell(order, call.subject, message or call.says, str(n))
            return f"Told: {called(call.subject)}."
        why = "Nobody here is set up for this"
        try:
            found = self._outside.call(call, key=f"{order.key}/{n}")
        except BadInput as trouble:
            found, why = Said(done=False), str(trouble).rstrip(".")
        if found.done:
            return found.says
        self._own.tell(order, "owner", f"{why}; do it by hand: {call.says}", str(n))
        return f"By hand: {call.says}"

    def _back(self, order: Order, taken: Taken) -> str:
        """What came of taking one call back; a person does it where nobody here can."""
        found = self._outside.take_back(taken)
        if found.done:
            return found.says
        by_hand = f"Nobody here is set up for this; take it back by hand: {taken.call.says}"
        self._own.tell(order, "owner", by_hand, f"back/{taken.key}")
        return f"By hand: take back: {taken.call.says}"


def handle_of(line: Placed) -> str:
    """What it takes to undo what this line put in force; nothing where that cannot be."""
    never = actions()[line.act].undo is Undo.NEVER
    return line.key if line.demands and not never else ""


def to_take_back(incident: IncidentId, line: Placed) -> tuple[Taken, ...]:
    """The calls of an act that another system takes back, each with the key it was made with."""
    action = actions()[line.act]
    if action.undo is not Undo.CALL:
        return ()
    calls = enumerate(action.calls(line.asset, arguments(action, line.args)))
    return tuple(
        Taken(call=call, key=f"{line.key}/{n}", asset=line.asset, incident=incident)
        for n, call in calls
        if call.undo
    )


def ended(store: Store, at: datetime) -> int:
    """Owes what the acts called for that are over by themselves or by a change of policy."""
    with store.look() as tx:
        waiting = [IncidentId(one) for one in owed(tx, CALLS)]
        over = {one: _over(tx, one) for one in waiting}
        idle = [one for one in waiting if not _called(tx, one)]
    if not idle and not any(over.values()):
        return 0
    with store.begin() as tx:
        for incident in waiting:
            for line in _over(tx, incident):
                owe(tx, BACK, (one.text for one in to_take_back(incident, line)))
                mark(tx, incident, undone(line, at))
        paid(tx, CALLS, [one for one in waiting if not _called(tx, one)])
    return sum(map(len, over.values()))


def _called(tx: Transaction, incident: IncidentId) -> tuple[Placed, ...]:
    """The acts of the incident that called for what is to be taken back with them."""
    lines = (line for line in placed(tx, incident) if line.demands and line.undone is None)
    return tuple(line for line in lines if to_take_back(incident, line))


def _over(tx: Transaction, incident: IncidentId) -> tuple[Placed, ...]:
    """Those of them of which nothing is in force any more."""
    lines = _called(tx, incident)
    standing = in_force(tx, lines)
    return tuple(line for line in lines if line.key not in standing)
