"""By hand: one act that a person wants done, with what it would change shown first.

In    an act, its arguments, the incident it is for, a reason, for how long; who wants it.
Out   what it would change and whose yes it needs; a run that does it, proves it and can be undone.
Why   a person's act goes the way of a playbook's: the same preview, the same consent, the same
      lines in the log. And what is done is what was looked at: its digest is held against it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from difflib import get_close_matches
from typing import Any

import msgspec

from stanch.contain.playbook.acts import VARIABLES
from stanch.engine.ports import Store
from stanch.engine.runs.deeds import Deeds, Order, Shown
from stanch.engine.runs.library import actions
from stanch.engine.runs.runner import Runner
from stanch.vocabulary.ids import IncidentId, PlaybookId, RunId
from stanch.vocabulary.incident import no_exercise
from stanch.vocabulary.names import names_in
from stanch.vocabulary.people import Caller
from stanch.vocabulary.playbook import Argument, Do, OnFailure, Playbook
from stanch.vocabulary.run import Run
from stanch.vocabulary.trouble import BadInput, Stale

LONGEST = 30 * 86_400
"""Seconds that an act by hand may hold; what should hold longer belongs into the asset's policy."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """An act that somebody wants done."""

    incident: IncidentId
    act: str
    args: Mapping[str, Argument] = field(default_factory=dict)
    why: str = ""
    lasts: int | None = None
    """Seconds; None until it is taken back."""


class ByHand:
    """Shows and does single acts."""

    def __init__(self, store: Store, deeds: Deeds, runner: Runner) -> None:
        self._store = store
        self._deeds = deeds
        self._runner = runner

    def show(self, wanted: Wanted, caller: Caller) -> Shown:
        """What it would change and what consent it needs; nothing is changed."""
        if wanted.act not in actions():
            near = get_close_matches(wanted.act, actions(), n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise BadInput(f"There is no act {wanted.act[:100]!r}.{hint}")
        if wanted.lasts is not None and not 0 < wanted.lasts <= LONGEST:
            raise BadInput(f"An act holds between a second and {LONGEST // 86_400} days.")
        with self._store.look() as tx:
            incident = tx.incidents.get(wanted.incident)
        no_exercise(incident)
        return self._deeds.show(
            Order(
                act=wanted.act,
                args=typed(wanted),
                incident=incident.id,
                asset=incident.asset,
                key="by-hand",
                by=caller.name,
                why=wanted.why,
                lasts=wanted.lasts,
                run=RunId("by-hand"),
            )
        )

    def do(self, wanted: Wanted, seen: str, caller: Caller) -> Run:
        """The run that does it, asking others first where it needs a yes."""
        if not wanted.why.strip():
            raise BadInput("Say why, in words: it stands in the log beside what was done.")
        now = self.show(wanted, caller).digest
        if seen != now:
            raise Stale("preview", seen[-12:] or "none", now[-12:])
        return self._runner.start(_book(wanted), wanted.incident, by=caller.name)


def takes_many(one: "Field[Any]") -> bool:
    """Whether an act's argument is a list of names."""
    return str(one.type).startswith("tuple")


def typed(wanted: Wanted) -> dict[str, Argument]:
    """The arguments; names that somebody typed in one line, apart."""
    lists = {one.name for one in fields(actions()[wanted.act].args) if takes_many(one)}
    return {
        name: names_in(value)
        if name in lists and isinstance(value, str) and not _is_word(value)
        else value
        for name, value in wanted.args.items()
    }


def _is_word(text: str) -> bool:
    """Whether it is a word of playbooks, which stands for several names."""
    return text.startswith("$") and text[1:] in VARIABLES


def _book(wanted: Wanted) -> Playbook:
    """A playbook of this one act and its proof."""
    args = typed(wanted)
    said = msgspec.json.encode((wanted.act, dict(sorted(args.items())), wanted.lasts))
    act = Do(
        id="act",
        says=wanted.why.strip()[:500],
        act=wanted.act,
        args=args,
        lasts=wanted.lasts,
        on_failure=OnFailure.STOP,
        evidence_first=True,
        next="prove",
    )
    prove = Do(id="prove", says="Ask a guard whether it really does so.", act="await_probe")
    return Playbook(
        id=PlaybookId(f"by-hand-{hashlib.sha256(said).hexdigest()[:10]}"),
        title=f"{actions()[wanted.act].title}, by hand",
        says=wanted.why.strip()[:500],
        start="act",
        steps={"act": act, "prove": prove},
    )
