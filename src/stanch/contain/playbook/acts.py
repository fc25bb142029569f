"""Acts: everything a playbook may tell the machine to do, and the words it may use for what.

In    the actions there are.
Out   each act with its arguments and whether it can be taken back.
Why   a playbook that asks for what does not exist must fail when it is written, with the nearest
      name, not in the night when it runs.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import partial
from types import MappingProxyType
from typing import Any

from stanch.contain.action import Action, Undo, arguments
from stanch.contain.playbook.period import of_duty
from stanch.contain.policy import normal
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.playbook import Argument
from stanch.vocabulary.trouble import BadInput, Conflict

Given = Mapping[str, Argument]


def anything(_: Given) -> None:
    """Takes every argument as it comes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """One thing that a playbook may do."""

    id: str
    says: str
    needs: frozenset[str] = frozenset()
    """Arguments that must be given."""
    takes: frozenset[str] = frozenset()
    """All arguments, those needed among them."""
    final: bool = False
    """Whether it can never be taken back."""
    contains: bool = False
    """Whether it changes how the asset may be used."""
    tries: Callable[[Given], None] = anything
    """`BadInput` for values that it would refuse whatever the words among them stand for."""
    like: Given = field(default_factory=dict)
    """Values that it takes."""


TAKE_BACK = "take_back"
STEPS = ("step", "once")
"""Its arguments: each names a step of the same playbook."""
WATCHES = 5
"""Actions up to this rank only watch: they change nothing for anybody."""


def _deed(id_: str, says: str, *needs: str) -> Act:
    tries = _duty if id_ == "open_clock" else anything
    known = frozenset(needs)
    like = {"within": "24h"} if id_ == "open_clock" else {}
    return Act(id=id_, says=says, needs=known, takes=known, tries=tries, like=like)


def _duty(given: Given) -> None:
    of_duty(given["within"])


DEEDS: Mapping[str, Act] = MappingProxyType(
    {
        act.id: act
        for act in (
            _deed("freeze", "Keeps what the asset is now as evidence."),
            _deed("note", "Writes a note on the incident.", "text"),
            _deed("assign", "Tells the person with this part that the incident is theirs.", "to"),
            _deed("open_clock", "Starts a duty with a deadline.", "duty", "within"),
            _deed("start_check", "Asks for a check of the asset or what it is made from.", "check"),
            _deed("await_probe", "Asks a guard for proof that the containment is in force."),
            _deed(
                TAKE_BACK,
                "Takes back what `step` put in force, once what `once` put in its place holds.",
                *STEPS,
            ),
        )
    }
)
"""What the engine itself does, beside actions."""

VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "suspects": "the principals that are surely behind it, without whom a person let go",
        "named": "all principals that may be behind it, surely or not, without those let go",
        "networks": "the addresses they came from",
        "asset": "the asset's id",
        "incident": "the incident's id",
        "version": "the version that answers now",
        "suspect_version": "the version that the findings are about",
        "good_version": "the last signed version that served well",
        "dataset": "the dataset it was trained on last",
        "owner": "who answers for the asset",
        "security": "who responds for the asset",
        "ml_engineer": "who builds the asset",
        "legal": "who answers for it in law",
        "leadership": "who leads",
        "communications": "who speaks with users, customers and the public",
        "finance": "who answers for what it costs",
        "suppliers": "who supplied what it is derived from, and who speaks with suppliers",
        "data_owners": "who answers for the data it learnt from",
        "downstream": "who answers for what is made from it or served by it",
        "sharing": "who answers for other models that learnt from the same data",
        "tools": "the tools that the agent used",
        "alike": "how near inputs are too near, learnt from 100 or more of the last day",
    }
)
"""What an argument like `$suspects` can stand for, alone or within a sentence."""
WORD = re.compile(r"\$([a-z][a-z_]*)")


def acts(actions: Iterable[Action[Any]]) -> Mapping[str, Act]:
    """Every act there is, by id."""
    made = {str(one.id): _act(one) for one in actions}
    return MappingProxyType({**DEEDS, **made})


def _act(action: Action[Any]) -> Act:
    known = fields(action.args)
    bare = (f for f in known if f.default is MISSING and f.default_factory is MISSING)
    return Act(
        id=action.id,
        says=action.says,
        needs=frozenset(f.name for f in bare),
        takes=frozenset(f.name for f in known),
        final=action.undo is Undo.NEVER,
        contains=action.undo is not Undo.NOTHING and action.rank > WATCHES,
        tries=partial(_tried, action),
        like={f.name: getattr(action.example, f.name) for f in known},
    )


def texts(value: Argument) -> tuple[str, ...]:
    """The texts in the value of an argument, in their order."""
    match value:
        case str():
            return (value,)
        case tuple():
            return value
        case _:
            return ()


def _tried(action: Action[Any], given: Given) -> None:
    words = {name for name, value in given.items() if "$" in "".join(texts(value))}
    try:
        _wanted(action, given)
    except BadInput:
        if not words:
            raise
        # A word may stand for what its own text is not: a list of names, or a rule.
        _wanted(action, {**given, **{name: getattr(action.example, name) for name in words}})


def _wanted(action: Action[Any], given: Mapping[str, object]) -> None:
    try:
        normal(action.wanted(AssetId("asset"), arguments(action, given), action.known))
    except Conflict:
        return  # it depends on the versions there are when it is done
