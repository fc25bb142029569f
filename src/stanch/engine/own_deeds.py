"""Own deeds: what playbooks want of the engine itself, beside actions.

In    orders to note, assign, start a duty or ask for a check, their words filled in.
Out   what came of each; the same key again has no second effect.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from stanch.contain.playbook.period import in_words, of_duty
from stanch.engine.clock import Clock
from stanch.engine.ports import Store
from stanch.engine.runs.deeds import Order, Outcome
from stanch.engine.telling import Notice, Notifier
from stanch.vocabulary.casework import Note
from stanch.vocabulary.clock import Clock as Duty
from stanch.vocabulary.ids import digest_of
from stanch.vocabulary.people import called
from stanch.vocabulary.playbook import Argument


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnDeeds:
    """Does them."""

    store: Store
    notifier: Notifier
    clock: Clock

    def perform(self, order: Order, args: Mapping[str, Argument]) -> Outcome:
        """What came of the order."""
        match order.act:
            case "note":
                return self.note(order, str(args["text"]))
            case "assign":
                self.tell(order, str(args["to"]), f"This incident is yours: {order.why}")
                return Outcome(ok=True, says=f"Told that it is theirs: {called(str(args['to']))}.")
            case "start_check":
                says = f"A check is asked for: {args['check']}."
                self.tell(order, "ml_engineer", says)
                return self.note(order, says)
            case _:
                return self._duty(order, str(args["duty"]), of_duty(args["within"]))

    def note(self, order: Order, text: str) -> Outcome:
        """A note on the incident."""
        at = self.clock()
        key = _id("note", order)
        with self.store.begin() as tx:
            if all(n.id != key for n in tx.notes.of(order.incident)):
                made = Note(id=key, incident=order.incident, at=at, by=order.by, text=text)
                tx.notes.add(made)
                tx.announce("incident", order.incident)
        return Outcome(ok=True, says=text)

    def tell(self, order: Order, to: str, says: str, about: str = "0") -> None:
        """Tells somebody; `about` keeps apart what one order has to say."""
        self.notifier.tell(
            Notice(
                key=f"{order.key}/tell/{about}",
                to=to,
                says=says,
                incident=order.incident,
                asset=order.asset,
            )
        )

    def _duty(self, order: Order, duty: str, seconds: int) -> Outcome:
        at = self.clock()
        key = _id("clk", order)
        with self.store.begin() as tx:
            if tx.clocks.find(key) is None:
                due = at + timedelta(seconds=seconds)
                tx.clocks.add(
                    Duty(
                        id=key,
                        incident=order.incident,
                        duty=duty,
                        law="playbook",
                        started=at,
                        due=due,
                    )
                )
                tx.announce("clock", key)
        return Outcome(ok=True, says=f"{duty} is due in {in_words(seconds)}.")


def _id(kind: str, order: Order) -> str:
    return f"{kind}-" + digest_of(order.key.encode()).removeprefix("sha256:")[:16]
