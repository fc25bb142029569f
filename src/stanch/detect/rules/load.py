"""Rules from YAML, checked, with the file and line of every mistake.

In    the text of a file and its name.
Out   the rules in it, or `BadFile` that says where and what to write instead.
Why   people write rules at night; the message must point at the line.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files

import yaml

from stanch.detect.rules.bounded import documents
from stanch.detect.rules.rule import Rule, Selection, Shape, Step, composed
from stanch.vocabulary.event import COLUMNS, EventKind
from stanch.vocabulary.finding import AttackKind, Lifecycle
from stanch.vocabulary.ids import DetectorId
from stanch.vocabulary.trouble import BadFile

FIELDS = frozenset(c.name for c in COLUMNS)
KEYS = frozenset(
    [
        *("id", "title", "says", "events", "by", "within", "when"),
        *("points_to", "lifecycle", "atlas", "strength"),
    ]
)
NEEDED = ("id", "title", "says", "events", "by", "within", "when")
_ID = re.compile(r"[a-z][a-z0-9_]{2,60}")
_WHOLE = re.compile(r"[1-9][0-9]{0,5}")
_SPAN = re.compile(r"([0-9]{1,5})(s|m|h|d)")
LONGEST = 500
"""Characters of one word or sentence."""
MOST_BACK = timedelta(days=30)
"""How far back a rule can look."""
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class _Here:
    """A YAML node and the file it is in."""

    node: yaml.Node
    file: str

    def wrong(self, what: str) -> BadFile:
        """The trouble, with this node's line."""
        return BadFile(f"{self.file}:{self.node.start_mark.line + 1}", what)

    def pairs(self) -> dict[str, "_Here"]:
        """The entries of a mapping; a key twice is wrong."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.wrong("Write `name: value` entries here.")
        out: dict[str, _Here] = {}
        for key, value in self.node.value:
            name = str(key.value)
            if name in out:
                raise _Here(key, self.file).wrong(f"{name!r} stands here twice.")
            out[name] = _Here(value, self.file)
        return out

    def text(self) -> str:
        """The scalar as it is written."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.wrong("Write one word or sentence here.")
        text = str(self.node.value)
        if len(text) > LONGEST or not text.isprintable():
            raise self.wrong(f"Write one line of at most {LONGEST} characters here.")
        return text

    def texts(self) -> tuple[str, ...]:
        """A list of scalars, or one."""
        if isinstance(self.node, yaml.SequenceNode):
            return tuple(_Here(n, self.file).text() for n in self.node.value)
        return (self.text(),)

    def whole(self) -> int:
        """A positive whole number."""
        if not _WHOLE.fullmatch(self.text()):
            raise self.wrong(f"{self.text()!r} is no whole number from 1 to 999999.")
        return int(self.text())

    def share(self, top: float) -> float:
        """A number from 0 to `top`."""
        try:
            value = float(self.text())
        except ValueError:
            raise self.wrong(f"{self.text()!r} is no number.") from None
        if not 0 <= value <= top:
            raise self.wrong(f"{value} is not between 0 and {top}.")
        return value


def rules_from(text: str, file: str) -> tuple[Rule, ...]:
    """The rules in a file of one or more YAML documents."""
    return tuple(_rule(_Here(node, file)) for node in documents(text, file))


def span_from(text: str) -> timedelta | None:
    """`90s`, `10m`, `2h` or `1d` as a duration; None for anything else."""
    found = _SPAN.fullmatch(text)
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None


def _rule(here: _Here) -> Rule:
    top = here.pairs()
    _only(top, KEYS)
    for name in NEEDED:
        if name not in top:
            raise here.wrong(f"A rule needs {name!r}.")
    if not _ID.fullmatch(top["id"].text()):
        raise top["id"].wrong("An id has small letters, digits and underscores.")
    within = span_from(top["within"].text())
    if within is None:
        raise top["within"].wrong("Write a duration such as 90s, 10m, 2h or 1d.")
    if not timedelta() < within <= MOST_BACK:
        raise top["within"].wrong(f"A rule looks back for more than 0s, {MOST_BACK.days}d at most.")
    selections = tuple(_selections(top["events"]))
    shape, steps, of_field = _when(top["when"], {s.name for s in selections})
    return Rule(
        id=DetectorId(top["id"].text()),
        title=top["title"].text(),
        says=top["says"].text(),
        selections=selections,
        by=_by(top["by"]),
        within=within,
        shape=shape,
        steps=steps,
        of_field=of_field,
        points_to=_points(top["points_to"]) if "points_to" in top else {},
        lifecycle=_lifecycle(top["lifecycle"]) if "lifecycle" in top else Lifecycle.INFERENCE,
        atlas=top["atlas"].texts() if "atlas" in top else (),
        strength=top["strength"].share(12.0) if "strength" in top else 3.0,
        where=f"{here.file}:{here.node.start_mark.line + 1}",
    )


def _by(here: _Here) -> tuple[str, ...]:
    for name in here.texts():
        if name not in FIELDS:
            raise here.wrong(f"{name!r} is no column of events.")
    return here.texts()


def _selections(here: _Here) -> Iterator[Selection]:
    for name, value in here.pairs().items():
        fields: dict[str, tuple[str, ...]] = {}
        stranger = False
        for column, patterns in value.pairs().items():
            if column == "new":
                stranger = patterns.text() == "principal"
                if not stranger:
                    raise patterns.wrong("Only `new: principal` is known.")
            elif column not in FIELDS:
                raise patterns.wrong(f"{column!r} is no column of events.")
            else:
                fields[column] = composed(column, patterns.texts())
        if not set(fields.get("kind", ())) <= set(EventKind) or "kind" not in fields:
            raise value.wrong(f"Say which kind: one of {', '.join(EventKind)}.")
        yield Selection(name=name, fields=fields, stranger=stranger)


def _when(here: _Here, names: set[str]) -> tuple[Shape, tuple[Step, ...], str]:
    entries = here.pairs()
    _only(entries, {*Shape, "field"})
    shapes = [s for s in Shape if s in entries]
    if len(shapes) != 1:
        raise here.wrong(f"Say exactly one of: {', '.join(Shape)}.")
    shape = shapes[0]
    body = entries[shape]
    if isinstance(body.node, yaml.SequenceNode):
        steps = tuple(_step(_Here(n, here.file), names) for n in body.node.value)
    else:
        steps = (_step(body, names),)
    if shape in {Shape.SEQUENCE, Shape.ALL, Shape.WITHOUT} and len(steps) < 2:  # noqa: PLR2004  two things
        raise body.wrong(f"{shape} needs a list of two steps or more.")
    if shape in {Shape.COUNT, Shape.VALUES} and len(steps) != 1:
        raise body.wrong(f"{shape} takes one step.")
    of_field = entries["field"].text() if "field" in entries else ""
    if shape is Shape.VALUES and of_field not in FIELDS:
        raise here.wrong("`values` needs `field: COLUMN`.")
    return shape, steps, of_field


def _only(entries: Mapping[str, _Here], known: Iterable[str]) -> None:
    for name, value in entries.items():
        if name not in known:
            raise value.wrong(f"{name!r} is not known. Known: {', '.join(sorted(known))}.")


def _step(here: _Here, names: set[str]) -> Step:
    if isinstance(here.node, yaml.ScalarNode):
        step = Step(of=here.text())
    else:
        entries = here.pairs()
        _only(entries, {"of", "at_least"})
        if "of" not in entries:
            raise here.wrong("A step needs `of: EVENTS`.")
        least = entries["at_least"].whole() if "at_least" in entries else 1
        step = Step(of=entries["of"].text(), at_least=least)
    if step.of not in names:
        raise here.wrong(
            f"{step.of!r} is not under `events`. There are: {', '.join(sorted(names))}."
        )
    return step


def _points(here: _Here) -> dict[AttackKind, float]:
    out: dict[AttackKind, float] = {}
    for name, value in here.pairs().items():
        if name not in set(AttackKind):
            raise value.wrong(f"{name!r} is no kind of attack: {', '.join(AttackKind)}.")
        out[AttackKind(name)] = value.share(1.0)
    return out


def _lifecycle(here: _Here) -> Lifecycle:
    if here.text() not in set(Lifecycle):
        raise here.wrong(f"Write one of: {', '.join(Lifecycle)}.")
    return Lifecycle(here.text())


@cache
def packaged_text(key: str) -> str:
    """The YAML of the packaged rule with this id; nothing when there is none."""
    for one in files("stanch.detect.rules").iterdir():
        if not one.name.endswith(".yaml"):
            continue
        text = one.read_text("utf-8")
        for node in documents(text, one.name):
            if _Here(node, one.name).pairs()["id"].text() == key:
                return text[node.start_mark.index : node.end_mark.index].strip() + "\n"
    return ""


@cache
def packaged() -> tuple[Rule, ...]:
    """The rules that ship with stanch, in the order of their ids."""
    found = [
        rule
        for one in files("stanch.detect.rules").iterdir()
        if one.name.endswith(".yaml")
        for rule in rules_from(one.read_text("utf-8"), one.name)
    ]
    return tuple(sorted(found, key=lambda r: r.id))
