"""People in a drill: somebody who is asked, reads, and answers by the drill's own rule.

In    the server's open questions; which acts the drill calls enough.
Out   a yes to those, a no to all others, each after the time that a person takes to read.
Why   wide containment is asked for, so a drill without people would never see it. The rule is
      written in the drill before anything happens, and the person knows nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from stanch.engine.clock import monotonic
from stanch.sandbox.score import Answered
from stanch.sandbox.wire import Api
from stanch.vocabulary.trouble import Trouble

READS = 5.0
"""Seconds from the moment a question is there until it is answered."""
_TAKEN = 300


@dataclass(kw_only=True, slots=True, eq=False)
class Person:
    """An approver at work."""

    api: Callable[[], Api]
    says_yes: frozenset[str]
    reads: float = READS
    answers: list[Answered] = field(default_factory=list)
    _seen: dict[str, float] = field(default_factory=dict)
    _done: set[str] = field(default_factory=set)

    def look(self) -> None:
        """Looks once at what is asked; a server that is down is asked again later."""
        try:
            api = self.api()
            for one in api.every("/api/v1/approvals", state="open"):
                self._consider(api, one)
        except Trouble:
            return

    def _consider(self, api: Api, one: dict[str, str]) -> None:
        now = monotonic()
        since = self._seen.setdefault(one["id"], now)
        if one["id"] in self._done or now - since < self.reads:
            return
        yes = one["action"] in self.says_yes
        why = "this is enough" if yes else "this is more than is needed"
        status, _ = api.send(
            "POST",
            f"/api/v1/approvals/{one['id']}",
            {"yes": yes, "digest": one["digest"], "why": why},
        )
        self._done.add(one["id"])
        if status < _TAKEN:
            took = round(now - since, 1)
            self.answers.append(Answered(action=one["action"], yes=yes, seconds=took))
