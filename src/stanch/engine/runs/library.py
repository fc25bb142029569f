"""The library: the playbooks that are shipped or were added, and those that runs began with.

In    YAML files; the store.
Out   playbooks by id, and by digest for runs that are at work.
Why   a playbook that is edited while it runs must not change under the run.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import msgspec

import stanch.contain.actions
from stanch.contain.action import Action
from stanch.contain.playbook.acts import Act, acts
from stanch.contain.playbook.check import checked
from stanch.contain.playbook.written import Written
from stanch.engine.ports import Transaction
from stanch.vocabulary.ids import ActionId, Digest, digest_of
from stanch.vocabulary.incident import Incident, VerdictKind
from stanch.vocabulary.playbook import Ask, Decide, Do, Parallel, Playbook, Repeat, Wait
from stanch.vocabulary.registry import extensions
from stanch.vocabulary.run import Run
from stanch.vocabulary.trouble import BadInput, Conflict, NotFound
from stanch.vocabulary.words import begun, word

_KINDS = {kind.__name__.lower(): kind for kind in (Do, Ask, Wait, Decide, Parallel, Repeat)}
_KEPT = "playbook/"
_OWN_DEEDS: Mapping[str, str] = MappingProxyType(
    {
        "freeze": "Keep evidence",
        "note": "Write a note",
        "assign": "Hand it to a person",
        "open_clock": "Start a clock",
        "start_check": "Ask for a check",
        "await_probe": "Ask for proof",
        "take_back": "Take it back",
    }
)
"""What the engine itself does, beside actions, as people call it."""


@cache
def actions() -> Mapping[str, Action[Any]]:
    """Every action there is."""
    return extensions(stanch.contain.actions, "ACTION", Action)


def narrower_than(act: str) -> tuple[ActionId, ...]:
    """The actions that are to be tried before this one, the narrowest first."""
    every = sorted(actions().values(), key=lambda one: (one.rank, one.title))
    return tuple(one.id for one in every if act in one.instead_of)


def act_title(act: str) -> str:
    """What people call it wherever it is proposed, asked for or done."""
    known = actions().get(act)
    return known.title if known else _OWN_DEEDS.get(act) or begun(word(act))


@cache
def every_act() -> Mapping[str, Act]:
    """Every act a playbook may ask for."""
    return acts(actions().values())


@cache
def shipped() -> Mapping[str, Written]:
    """The playbooks that come with stanch, by id."""
    folder = files("stanch").joinpath("playbooks")
    found = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return by_id(checked(f.read_text("utf-8"), f.name, every_act()) for f in found)


def shipped_text(key: str) -> str:
    """The YAML of a playbook that comes with stanch, as its author wrote it."""
    return files("stanch").joinpath("playbooks", shipped()[key].file).read_text("utf-8")


def by_id(books: Iterable[Written]) -> Mapping[str, Written]:
    """These playbooks by id; two with one id are refused."""
    made: dict[str, Written] = {}
    for one in books:
        if one.playbook.id in made:
            raise BadInput(f"{one.file} and {made[one.playbook.id].file} have the same id.")
        made[one.playbook.id] = one
    return MappingProxyType(made)


def answer_to(incident: Incident, books: Mapping[str, Written]) -> Playbook | None:
    """The first playbook for what the incident now is; None when it is undecided."""
    verdict = incident.verdict
    kind = verdict.attack if verdict.kind is VerdictKind.ATTACK else verdict.kind
    if kind is None or kind is VerdictKind.UNDECIDED:
        return None
    found = (b.playbook for b in books.values() if str(kind) in b.playbook.answers)
    return next(found, None)


def encoded(playbook: Playbook) -> bytes:
    """The bytes that a playbook is kept and signed as."""
    steps = [{"kind": type(s).__name__.lower(), "step": s} for s in playbook.steps.values()]
    whole = {n: getattr(playbook, n) for n in Playbook.__dataclass_fields__ if n != "steps"}
    return msgspec.json.encode({**whole, "steps": steps}, order="deterministic")


def decoded(content: bytes) -> Playbook:
    """The playbook of these bytes."""
    whole = msgspec.json.decode(content)
    steps = [msgspec.convert(one["step"], _KINDS[one["kind"]]) for one in whole["steps"]]
    named = {step.id: step for step in steps}
    return msgspec.convert({**whole, "steps": {}}, _Bare).with_steps(named)


class _Bare(msgspec.Struct, frozen=True):
    id: str
    title: str
    start: str
    says: str = ""
    answers: tuple[str, ...] = ()
    version: int = 1

    def with_steps(self, steps: Mapping[str, Any]) -> Playbook:
        facts = {name: getattr(self, name) for name in self.__struct_fields__}
        return Playbook(**facts, steps=steps)


def digest(playbook: Playbook) -> Digest:
    """The digest that a run keeps of its playbook."""
    return digest_of(encoded(playbook))


def keep(tx: Transaction, playbook: Playbook) -> Digest:
    """The digest under which the playbook is now kept for good."""
    made = digest(playbook)
    if tx.settings.get(_KEPT + made) is None:
        tx.settings.put(_KEPT + made, encoded(playbook).decode())
    return made


def kept(tx: Transaction, key: Digest) -> Playbook:
    """The playbook kept under this digest, or `NotFound`."""
    text = tx.settings.get(_KEPT + key)
    if text is None:
        raise NotFound("playbook", key, "playbook list")
    return decoded(text.encode())


def book_of(tx: Transaction, run: Run) -> Playbook:
    """The playbook that the run began with."""
    if run.digest is None:
        raise Conflict("This run was begun by an older stanch and cannot be taken up.")
    return kept(tx, run.digest)
