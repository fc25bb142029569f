"""Sigma correlation rules, taken over where they map, and a list of what does not.

In    the text of a Sigma file: one correlation and the base rules that it names.
Out   `Imported`: a rule, or none and one sentence for each thing that does not map; and how what
      maps was read.
Why   people have such rules already. One that would be taken over by halves is not taken over.
Maps  event_count, value_count, temporal, temporal_ordered; group-by; timespan; `gte` and `gt`;
      base rules with one selection of plain values, also as `1 of sel*`; contains, startswith and
      endswith.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from types import MappingProxyType

import yaml

from stanch.detect.rules.bounded import documents, keys_of, refuse_twice
from stanch.detect.rules.load import FIELDS, LONGEST, MOST_BACK, span_from
from stanch.detect.rules.rule import Rule, Selection, Shape, Step, composed
from stanch.vocabulary.ids import DetectorId
from stanch.vocabulary.trouble import BadFile

COLUMN_OF: Mapping[str, str] = MappingProxyType(
    {
        "user": "principal",
        "username": "principal",
        "targetusername": "principal",
        "subjectusername": "principal",
        "src_ip": "source",
        "sourceip": "source",
        "ipaddress": "source",
        "c-ip": "source",
        "eventname": "action",
        "operation": "action",
        "result": "outcome",
        "status": "outcome",
        "object": "resource",
        "host": "asset",
        "computername": "asset",
    }
)
"""Names of fields in Sigma rules, and the columns they mean here."""

SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "event_count": Shape.COUNT,
        "value_count": Shape.VALUES,
        "temporal": Shape.ALL,
        "temporal_ordered": Shape.SEQUENCE,
    }
)
_MODIFIERS: Mapping[str, str] = MappingProxyType(
    {"": "{}", "contains": "*{}*", "startswith": "{}*", "endswith": "*{}"}
)


_PLAIN = (
    "It has no correlation, only rules of single events. Add a document `correlation:` with type, "
    "rules, group-by, timespan and condition: `| count() by user > 50` is type event_count, "
    "group-by user, condition gt 50; `near` is type temporal."
)
_TOLD = frozenset(["type", "rules", "group-by", "timespan", "condition"])
_MOST = 999_999
_OF = re.compile(r"(?:1|any|all) of (\S+)")
_TECHNIQUE = re.compile(r"atlas\.(aml\.t\d{4}(?:\.\d{3})?)")
_ESCAPED = re.compile(r"\\([*?\\])|(\[)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """What came of a file."""

    rule: Rule | None
    left_out: tuple[str, ...]
    """What does not map, and why; nothing when there is a rule."""
    read_as: tuple[str, ...] = ()
    """How what maps was read, where its words are not ours."""


@dataclass(frozen=True, slots=True)
class _Notes:
    """What is to be told of the import."""

    lost: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)

    def as_read(self, sentence: str) -> None:
        """Tells it once."""
        if sentence not in self.read:
            self.read.append(sentence)


Map = Mapping[str, object]


def is_sigma(text: str, file: str) -> bool:
    """Whether this text is written as Sigma rules are."""
    return any(keys_of(n) & {"correlation", "detection"} for n in documents(text, file))


def rule_from_sigma(text: str, file: str) -> Imported:
    """The correlation rule in this file as a rule here, when all of it maps."""
    nodes = documents(text, file)
    for node in nodes:
        refuse_twice(node, file)
    try:
        parts = [d for d in yaml.safe_load_all(text) if isinstance(d, dict)]
    except (yaml.YAMLError, ValueError, OverflowError) as broken:
        raise BadFile(file, f"A value in it cannot be read: {str(broken)[:200]}.") from None
    heads = [p for p in parts if "correlation" in p]
    if len(heads) != 1:
        raise BadFile(
            file, _PLAIN if not heads else f"It has {len(heads)} correlations; one is taken."
        )
    line = next(n for n in nodes if "correlation" in keys_of(n)).start_mark.line + 1
    notes = _Notes()
    bases = [p for p in parts if "detection" in p]
    made = _rule(heads[0], bases, f"{file}:{line}", notes)
    return Imported(rule=made, left_out=tuple(notes.lost), read_as=tuple(notes.read))


def _rule(head: Map, bases: Sequence[Map], where: str, notes: _Notes) -> Rule | None:
    body = head["correlation"]
    if not isinstance(body, dict):
        notes.lost.append("The correlation has no entries.")
        return None
    for name in sorted(map(str, body.keys() - _TOLD)):
        notes.lost.append(f"{name!r} of the correlation has no counterpart here.")
    if head.get("generate"):
        notes.lost.append("`generate` asks for findings of the base rules too.")
    shape, within = SHAPES.get(str(body.get("type"))), _within(body.get("timespan"), notes)
    if shape is None:
        notes.lost.append(f"The type {str(body.get('type'))[:60]!r} has no counterpart here.")
    names = _names(body.get("rules"))
    selections = tuple(s for n in names if (s := _selection(n, bases, notes)) is not None)
    by = tuple(_column(name, notes) for name in _names(body.get("group-by")))
    title = _title(head.get("title"), notes)
    if not names:
        notes.lost.append("The correlation names no rules.")
    if shape is None or not names:
        return None
    steps, counted = _steps(shape, names, body.get("condition"), notes)
    if within is None or notes.lost:
        return None
    return Rule(
        id=DetectorId("sigma_" + _slug(title)[:50]),
        title=title,
        says="{who}: {count} events in {minutes} min on {asset}.",
        selections=selections,
        by=by or ("asset",),
        within=within,
        shape=shape,
        steps=steps,
        of_field=counted,
        where=where,
        atlas=_techniques(head.get("tags")),
    )


def _techniques(tags: object) -> tuple[str, ...]:
    """The techniques of ATLAS among its tags: `atlas.aml.t0012`."""
    found = (_TECHNIQUE.fullmatch(str(tag).lower()) for tag in _names(tags))
    return tuple(one[1].upper() for one in found if one is not None)


def _within(raw: object, notes: _Notes) -> timedelta | None:
    within = span_from(str(raw))
    if within is None or not timedelta() < within <= MOST_BACK:
        most = f"of s, m, h or d, {MOST_BACK.days}d at most"
        notes.lost.append(f"The timespan {str(raw)[:60]!r} is no number {most}.")
        return None
    return within


def _title(raw: object, notes: _Notes) -> str:
    title = str(raw or "")
    if not _slug(title) or len(title) > LONGEST // 4 or not title.isprintable():
        most = f"in one line of at most {LONGEST // 4} characters"
        notes.lost.append(f"Its title names the rule here: write one {most}, with letters.")
        return ""
    return title


def _steps(
    shape: Shape, names: tuple[str, ...], condition: object, notes: _Notes
) -> tuple[tuple[Step, ...], str]:
    if shape not in {Shape.COUNT, Shape.VALUES}:
        if condition is not None:
            notes.lost.append("The condition of a temporal correlation has no counterpart here.")
        if len(names) < 2:  # noqa: PLR2004  two things
            notes.lost.append("A temporal correlation needs two rules or more.")
        return tuple(Step(of=_slug(name)) for name in names), ""
    if len(names) > 1:
        notes.lost.append("It counts over several base rules; here one is counted.")
    least, counted = _condition(condition, notes)
    if shape is Shape.VALUES and not counted:
        notes.lost.append("`value_count` without a field that is known here.")
    if shape is Shape.COUNT and counted:
        notes.lost.append("`event_count` has a field, which only `value_count` counts.")
    return (Step(of=_slug(names[0]), at_least=least),), counted


def _condition(raw: object, notes: _Notes) -> tuple[int, str]:
    if not isinstance(raw, dict):
        notes.lost.append("It has no condition such as `gte: 10`.")
        return 1, ""
    counted = _column(str(raw["field"]), notes) if "field" in raw else ""
    others = {str(name): value for name, value in raw.items() if name != "field"}
    if len(others) != 1:
        notes.lost.append(f"It has {len(others)} conditions; one number is compared here.")
        return 1, counted
    ((name, value),) = others.items()
    if name not in {"gte", "gt"}:
        notes.lost.append(f"The condition {name[:60]!r} has no counterpart; gte and gt have.")
    elif not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _MOST:
        notes.lost.append(f"The condition {name!r} is no whole number from 0 to {_MOST - 1}.")
    else:
        return max(1, value + (name == "gt")), counted
    return 1, counted


def _selection(name: str, bases: Sequence[Map], notes: _Notes) -> Selection | None:
    base = next((b for b in bases if name in (b.get("name"), b.get("id"))), None)
    detection = base.get("detection") if base else None
    if base is None or not isinstance(detection, dict):
        notes.lost.append(f"The base rule {name[:60]!r} is not in the file.")
        return None
    wanted = str(detection.get("condition", ""))
    chosen = detection.get(_meant(wanted, detection))
    if not isinstance(chosen, dict) or not chosen or "timeframe" in detection:
        notes.lost.append(
            f"{name}: the condition {wanted[:60]!r} is more than one plain selection."
        )
        return None
    fields: dict[str, tuple[str, ...]] = {}
    for key, value in chosen.items():
        column, patterns = _field(name, str(key), value, notes)
        if column in fields:
            notes.lost.append(f"{name}: {column!r} is asked for twice; all of it cannot be.")
        fields[column] = composed(column, patterns)
    if "logsource" in base:
        notes.as_read(f"{name}: its log source is read as the events of one asset.")
    if "kind" not in fields:
        notes.as_read(f"{name}: it names no kind of event, so it takes any that fits.")
    return Selection(name=_slug(name), fields=fields, any_case=True)


def _meant(condition: str, detection: Map) -> str:
    """The one selection that a condition like `1 of selection*` can mean; else the condition."""
    found = _OF.fullmatch(condition)
    pattern = "*" if found is None or found[1] == "them" else found[1]
    meant = [str(n) for n in detection if n != "condition" and fnmatchcase(str(n), pattern)]
    return meant[0] if found is not None and len(meant) == 1 else condition


def _field(name: str, key: str, value: object, notes: _Notes) -> tuple[str, tuple[str, ...]]:
    column, _, modifier = key.partition("|")
    known, values = _column(column, notes), value if isinstance(value, list) else [value]
    if modifier not in _MODIFIERS:
        notes.lost.append(f"{name}: {key[:60]!r} has no counterpart here.")
        return known, ()
    if not values or any(type(v) not in (str, int, type(None)) for v in values):
        notes.lost.append(f"{name}: {key[:60]!r} is no plain text or whole number.")
    form = _MODIFIERS[modifier]
    return known, tuple(form.format("" if v is None else _pattern(str(v))) for v in values)


def _pattern(value: str) -> str:
    """Sigma's pattern as ours: `*` and `?` are the same, a backslash and `[` are not."""
    return _ESCAPED.sub(lambda m: "[[]" if m[2] else m[1] if m[1] == "\\" else f"[{m[1]}]", value)


def _names(raw: object) -> tuple[str, ...]:
    return tuple(map(str, _listed(raw)))


def _listed(raw: object) -> Iterator[object]:
    if isinstance(raw, list):
        yield from raw
    elif raw is not None:
        yield raw


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def _column(name: str, notes: _Notes) -> str:
    low = name.lower()
    column = name if name in FIELDS else COLUMN_OF.get(low, low if low in FIELDS else "")
    if not column:
        notes.lost.append(f"The field {name[:60]!r} is no column of events here.")
    elif column != name:
        notes.as_read(f"The field {name!r} is read as {column!r}.")
    return column
