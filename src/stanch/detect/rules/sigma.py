"""Sigma correlation rules, taken over where they map, and a list of what does not.

In    the text of a Sigma file: one correlation and the base rules that it names.
Out   `Imported`: a rule, or none, and one sentence for each thing that was left out.
Why   people have such rules already. A rule that is taken over by halves must say which half.
Maps  event_count, value_count, temporal, temporal_ordered; group-by; timespan; `gte` and `gt`;
      base rules with one selection of plain values; contains, startswith and endswith.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import yaml

from stanch.detect.rules.load import FIELDS, span_from
from stanch.detect.rules.rule import Rule, Selection, Shape, Step
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """What came of a file, and what was left out and why."""

    rule: Rule | None
    left_out: tuple[str, ...]


def rule_from_sigma(text: str, file: str) -> Imported:
    """The correlation rule in this file as a rule here, as far as it maps."""
    try:
        parts = [d for d in yaml.safe_load_all(text) if isinstance(d, dict)]
    except yaml.YAMLError as broken:
        raise BadFile(file, f"This is no YAML: {broken}.") from None
    heads = [p for p in parts if isinstance(p.get("correlation"), dict)]
    if len(heads) != 1:
        raise BadFile(file, f"It has {len(heads)} correlations; one is needed.")
    lost: list[str] = []
    made = _rule(heads[0], [p for p in parts if "detection" in p], file, lost)
    return Imported(rule=made, left_out=tuple(lost))


def _rule(
    head: Mapping[str, object], bases: Sequence[Mapping[str, object]], file: str, lost: list[str]
) -> Rule | None:
    body = head["correlation"]
    if not isinstance(body, dict):
        return None
    shape = SHAPES.get(str(body.get("type")))
    within = span_from(str(body.get("timespan")))
    if shape is None:
        lost.append(f"The type {body.get('type')!r} has no counterpart here.")
    if within is None:
        lost.append(f"The timespan {body.get('timespan')!r} is no number of s, m, h or d.")
    names = [str(r) for r in body.get("rules", [])]
    selections = [s for n in names if (s := _selection(n, bases, lost)) is not None]
    by = [_column(str(g), lost) for g in body.get("group-by", [])]
    if shape is None or within is None or len(selections) < len(names) or not names or "" in by:
        return None
    least, counted = _condition(body.get("condition"), lost)
    if shape is Shape.VALUES and not counted:
        lost.append("`value_count` without a field that is known here.")
        return None
    steps = tuple(Step(of=s.name, at_least=1) for s in selections)
    if shape in {Shape.COUNT, Shape.VALUES}:
        steps = (Step(of=selections[0].name, at_least=least),)
    title = str(head.get("title") or "Imported rule")
    return Rule(
        id=DetectorId("sigma_" + re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:50]),
        title=title,
        says=title + ": {count} events in {minutes} min on {asset}.",
        selections=tuple(selections),
        by=tuple(by) or ("asset",),
        within=within,
        shape=shape,
        steps=steps,
        of_field=counted,
        where=file,
    )


def _condition(raw: object, lost: list[str]) -> tuple[int, str]:
    if not isinstance(raw, dict):
        return 1, ""
    least = 1
    for name, value in raw.items():
        if name == "gte":
            least = int(value)
        elif name == "gt":
            least = int(value) + 1
        elif name != "field":
            lost.append(f"The condition {name!r} has no counterpart; only gte and gt have.")
    counted = _column(str(raw["field"]), lost) if "field" in raw else ""
    return least, counted


def _selection(
    name: str, bases: Sequence[Mapping[str, object]], lost: list[str]
) -> Selection | None:
    base = next((b for b in bases if name in (b.get("name"), b.get("id"))), None)
    detection = base.get("detection") if base else None
    if not isinstance(detection, dict):
        lost.append(f"The base rule {name!r} is not in the file.")
        return None
    wanted = str(detection.get("condition", ""))
    chosen = detection.get(wanted)
    if not isinstance(chosen, dict):
        lost.append(f"{name}: the condition {wanted!r} is more than one plain selection.")
        return None
    fields: dict[str, tuple[str, ...]] = {}
    for key, value in chosen.items():
        column, _, modifier = str(key).partition("|")
        known = _column(column, lost)
        if not known or modifier not in _MODIFIERS:
            lost.append(f"{name}: {key!r} has no counterpart here.")
            return None
        values = value if isinstance(value, list) else [value]
        fields[known] = tuple(_MODIFIERS[modifier].format(v) for v in values)
    return Selection(name=re.sub(r"[^a-z0-9]+", "_", name.lower()), fields=fields)


def _column(name: str, lost: list[str]) -> str:
    low = name.lower()
    column = name if name in FIELDS else COLUMN_OF.get(low, low if low in FIELDS else "")
    if not column:
        lost.append(f"The field {name!r} is no column of events here.")
    return column
