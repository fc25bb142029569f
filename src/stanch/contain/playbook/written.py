"""Playbooks as YAML, the way people write and review them.

In    YAML text and the name of its file.
Out   a Playbook and where each of its words stands, or BadFile with `file:line:column` and what to
      write instead; and back to YAML. Law: read(written(p)).playbook == p.
Why   a step says what follows only where that is not the next one in the file; `end` ends a branch.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import yaml

from stanch.contain.playbook.condition import said
from stanch.contain.playbook.condition_reading import near, parse
from stanch.contain.playbook.period import in_words, seconds
from stanch.contain.playbook.place import Place, Spot, Way, composed, spot_of
from stanch.vocabulary.ids import PlaybookId
from stanch.vocabulary.people import Role
from stanch.vocabulary.playbook import (
    END,
    Argument,
    Ask,
    Decide,
    Do,
    OnFailure,
    Parallel,
    Playbook,
    Repeat,
    Step,
    Wait,
)
from stanch.vocabulary.trouble import BadInput

END_WORD = "end"
STEPS = "steps"
_SLUG = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_TOP = ("playbook", "title", "says", "answers", "version", STEPS)
_COMMON = ("id", "says")
_KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "do": (
            *("with", "lasts", "within", "timeout", "attempts"),
            *("on_failure", "evidence_first", "next"),
        ),
        "ask": ("about", "of", "people", "within", "if_silent", "yes", "no"),
        "wait": ("until", "next", "late"),
        "decide": ("yes", "no"),
        "parallel": ("next",),
        "repeat": ("while", "most", "next"),
    }
)
"""The word that makes a step what it is, and the fields that go with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A playbook as it stands in a file."""

    playbook: Playbook
    file: str
    spots: Mapping[Way, Spot] = field(default_factory=dict)
    """Where everything stands; a step's way begins with `steps` and its id."""

    def spot(self, way: Way) -> Spot:
        """Where this stands, or the nearest thing around it that was written."""
        while way and way not in self.spots:
            way = way[:-1]
        return self.spots.get(way, Spot(1, 1))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """The fields of one step, and the step after it in the file."""

    here: Place
    kind: str
    fields: Mapping[str, Place]
    id: str
    after: str

    def says(self) -> str:
        return self.fields["says"].text() if "says" in self.fields else ""

    def goes(self, name: str, otherwise: str | None = None) -> str:
        """Where this field leads; without it, to `otherwise`, or it must be there."""
        if name in self.fields:
            word = self.fields[name].text()
            return END if word == END_WORD else word
        if otherwise is None:
            raise self.here.wrong(f"{self.id!r} must say what follows: add `{name}: STEP` or end.")
        return otherwise

    def period(self, name: str, usual: int) -> int:
        return self.fields[name].by(seconds) if name in self.fields else usual

    def number(self, name: str, usual: int) -> int:
        return self.fields[name].number() if name in self.fields else usual

    def truth(self, name: str) -> bool:
        return self.fields[name].truth() if name in self.fields else False

    def words(self, name: str) -> tuple[str, ...]:
        return tuple(one.text() for one in self.fields[name].items()) if name in self.fields else ()


def read(text: str, file: str = "playbook.yaml") -> Written:
    """The playbook that this YAML states."""
    top = composed(text, file)
    fields = top.pairs()
    _known(fields, _TOP)
    for needed in ("playbook", "title", STEPS):
        if needed not in fields:
            raise top.wrong(f"the playbook has no {needed}. Add `{needed}:`.")
    places = fields[STEPS].items()
    if not places:
        raise fields[STEPS].wrong("there are no steps.")
    named = [_named(one) for one in places]
    ids = [one[0] for one in named]
    steps: dict[str, Step] = {}
    spots: dict[Way, Spot] = {}
    for (id_, kind, pairs), place, after in zip(named, places, [*ids[1:], END], strict=True):
        if id_ in steps:
            first = places[ids.index(id_)].line
            where = pairs.get("id", pairs[kind])
            raise where.wrong(f"a step {id_!r} stands in line {first} already.")
        found = _Found(here=place, kind=kind, fields=pairs, id=id_, after=after)
        steps[id_] = _READERS[kind](found)
        spots |= place.spots((STEPS, id_))
    answers = fields["answers"].items() if "answers" in fields else []
    playbook = Playbook(
        id=PlaybookId(fields["playbook"].by(_slug)),
        title=fields["title"].text(),
        says=fields["says"].text() if "says" in fields else "",
        answers=tuple(one.text() for one in answers),
        version=fields["version"].number() if "version" in fields else 1,
        start=ids[0],
        steps=steps,
    )
    spots[(STEPS,)] = spot_of(fields[STEPS].node)
    for name in sorted(set(fields) - {STEPS}):
        spots |= fields[name].spots((name,))
    return Written(playbook=playbook, file=file, spots=spots)


def ways_on(step: Step) -> tuple[tuple[Way, str], ...]:
    """Every step that this one names, by the field that names it; END among them."""
    match step:
        case Do():
            return ((("next",), step.next),)
        case Wait():
            late = () if step.late is None else ((("late",), step.late),)
            return ((("next",), step.next), *late)
        case Ask() | Decide():
            return ((("yes",), step.yes), (("no",), step.no))
        case Parallel():
            firsts = tuple((("parallel", str(n)), one) for n, one in enumerate(step.branches))
            return (*firsts, (("next",), step.next))
        case Repeat():
            return ((("repeat",), step.first), (("next",), step.next))


def written(playbook: Playbook) -> str:
    """This playbook as YAML; read again it is the same playbook."""
    order = [playbook.start, *(i for i in playbook.steps if i != playbook.start)]
    top: dict[str, object] = {"playbook": str(playbook.id), "title": playbook.title}
    if playbook.says:
        top["says"] = playbook.says
    if playbook.answers:
        top["answers"] = list(playbook.answers)
    if playbook.version != 1:
        top["version"] = playbook.version
    top[STEPS] = [
        _fields(playbook.steps[one], after)
        for one, after in zip(order, [*order[1:], END], strict=True)
    ]
    return yaml.safe_dump(top, sort_keys=False, allow_unicode=True, width=100)


def _named(place: Place) -> tuple[str, str, dict[str, Place]]:
    pairs = place.pairs()
    kinds = [k for k in _KINDS if k in pairs]
    if len(kinds) != 1:
        raise place.wrong(f"a step is exactly one of: {', '.join(_KINDS)}.")
    (kind,) = kinds
    _known(pairs, (kind, *_COMMON, *_KINDS[kind]))
    if "id" in pairs:
        return pairs["id"].by(_slug), kind, pairs
    if kind != "do":
        raise place.wrong("the step has no name. Add `id: NAME`.")
    return pairs["do"].by(_slug), kind, pairs


def _known(pairs: Mapping[str, Place], known: tuple[str, ...]) -> None:
    for name, place in pairs.items():
        if name not in known:
            says = f"there is no field {name[:40]!r} here. {near(name, known)}"
            raise place.misnamed(says)


def _slug(text: str) -> str:
    if not _SLUG.fullmatch(text) or text == END_WORD:
        raise BadInput(f"{text[:64]!r} is no name: small letters, digits, - and _, not `end`.")
    return text


def _condition(place: Place) -> str:
    return said(place.by(parse))


def _argument(place: Place) -> Argument:
    if place.is_list:
        return tuple(one.verbatim() for one in place.items())
    return place.scalar()


def _do(found: _Found) -> Step:
    fields = found.fields
    args = fields["with"].pairs() if "with" in fields else {}
    usual = Do(id="", act="")
    return Do(
        id=found.id,
        says=found.says(),
        act=fields["do"].text(),
        args={name: _argument(place) for name, place in args.items()},
        lasts=fields["lasts"].by(seconds) if "lasts" in fields else None,
        within=found.period("within", usual.within),
        timeout=found.period("timeout", usual.timeout),
        attempts=found.number("attempts", usual.attempts),
        on_failure=fields["on_failure"].by(_failing)
        if "on_failure" in fields
        else usual.on_failure,
        evidence_first=found.truth("evidence_first"),
        next=found.goes("next", found.after),
    )


def _ask(found: _Found) -> Step:
    fields = found.fields
    usual = Ask(id="", says="")
    return Ask(
        id=found.id,
        says=fields["ask"].text(),
        about=found.words("about"),
        role=fields["of"].by(_role) if "of" in fields else usual.role,
        people=found.number("people", usual.people),
        within=found.period("within", usual.within),
        if_silent=found.truth("if_silent"),
        yes=found.goes("yes", found.after),
        no=found.goes("no"),
    )


def _wait(found: _Found) -> Step:
    return Wait(
        id=found.id,
        says=found.says(),
        period=found.fields["wait"].by(seconds),
        until=_condition(found.fields["until"]) if "until" in found.fields else "",
        next=found.goes("next", found.after),
        late=found.goes("late") if "late" in found.fields else None,
    )


def _decide(found: _Found) -> Step:
    return Decide(
        id=found.id,
        says=found.says(),
        condition=_condition(found.fields["decide"]),
        yes=found.goes("yes", found.after),
        no=found.goes("no"),
    )


def _parallel(found: _Found) -> Step:
    return Parallel(
        id=found.id, says=found.says(), branches=found.words("parallel"), next=found.goes("next")
    )


def _repeat(found: _Found) -> Step:
    if "while" not in found.fields or "most" not in found.fields:
        raise found.here.wrong("a repetition needs `while: CONDITION` and `most: NUMBER`.")
    return Repeat(
        id=found.id,
        says=found.says(),
        condition=_condition(found.fields["while"]),
        first=found.fields["repeat"].text(),
        most=found.number("most", 1),
        next=found.goes("next"),
    )


def _failing(text: str) -> OnFailure:
    if text not in list(OnFailure):
        raise BadInput(f"{text[:40]!r} is none of: {', '.join(OnFailure)}.")
    return OnFailure(text)


def _role(text: str) -> Role:
    if text not in list(Role):
        raise BadInput(f"{text[:40]!r} is no role. {near(text, tuple(Role))}")
    return Role(text)


_READERS: Mapping[str, Callable[[_Found], Step]] = MappingProxyType(
    {
        "do": _do,
        "ask": _ask,
        "wait": _wait,
        "decide": _decide,
        "parallel": _parallel,
        "repeat": _repeat,
    }
)


def _fields(step: Step, after: str) -> dict[str, object]:
    """Only what differs from the usual, in the order people read it."""
    given: dict[str, object]
    match step:
        case Do():
            given = _do_fields(step)
        case Ask():
            given = _ask_fields(step) | {"yes": _goes(step.yes, after), "no": _to(step.no)}
        case Wait():
            given = {"wait": in_words(step.period), "until": step.until}
            given |= {"late": None if step.late is None else _to(step.late)}
        case Decide():
            given = {"decide": step.condition, "yes": _goes(step.yes, after), "no": _to(step.no)}
        case Parallel():
            given = {"parallel": list(step.branches), "next": _to(step.next)}
        case Repeat():
            given = {"repeat": step.first, "while": step.condition, "most": step.most}
            given |= {"next": _to(step.next)}
    if isinstance(step, Do | Wait):
        given["next"] = _goes(step.next, after)
    said_too = {} if isinstance(step, Ask) else {"says": step.says}
    whole = {"id": step.id, **given, **said_too}
    return {name: value for name, value in whole.items() if value not in (None, "", {}, [])}


def _do_fields(step: Do) -> dict[str, object]:
    usual = Do(id="", act="")
    args = {n: list(v) if isinstance(v, tuple) else v for n, v in step.args.items()}
    return {
        "do": step.act,
        "with": args,
        "lasts": None if step.lasts is None else in_words(step.lasts),
        "within": in_words(step.within) if step.within != usual.within else None,
        "timeout": in_words(step.timeout) if step.timeout != usual.timeout else None,
        "attempts": step.attempts if step.attempts != usual.attempts else None,
        "on_failure": str(step.on_failure) if step.on_failure != usual.on_failure else None,
        "evidence_first": step.evidence_first or None,
    }


def _ask_fields(step: Ask) -> dict[str, object]:
    usual = Ask(id="", says="")
    return {
        "ask": step.says,
        "about": list(step.about),
        "of": str(step.role) if step.role != usual.role else None,
        "people": step.people if step.people != usual.people else None,
        "within": in_words(step.within),
        "if_silent": "yes" if step.if_silent else "no",
    }


def _goes(to: str, after: str) -> str | None:
    return None if to == after else _to(to)


def _to(to: str) -> str:
    return to or END_WORD
