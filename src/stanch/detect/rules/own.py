"""A rule of people's own: one text, ours or Sigma's, and whether it can be used here.

In    a text of anybody's, and the name of its file.
Out   `Own`: the rule that it states, and how it was read; or `BadFile` with file and line.
Why   a rule that can never come true, or of which half is understood, is worse than none: people
      believe that somebody looks.
"""

from dataclasses import dataclass

from stanch.detect.rules.load import rules_from
from stanch.detect.rules.rule import ANSWERED, COUNTED, Rule, Selection, Shape
from stanch.detect.rules.sigma import is_sigma, rule_from_sigma
from stanch.vocabulary.event import COLUMNS, ColumnType
from stanch.vocabulary.trouble import BadFile

MOST_PARTS = 8
"""Selections, steps and columns of one rule: each costs something with every event."""
MOST_PATTERNS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Own:
    """A rule that can be used."""

    rule: Rule
    sigma: bool
    """Whether it was written as Sigma rules are."""
    read_as: tuple[str, ...] = ()
    """How Sigma's words were read where they are not ours."""


def own_rule(text: str, file: str, *, sigma: bool | None = None) -> Own:
    """The rule in this text; `sigma` says how it is written, None that its content tells."""
    written = is_sigma(text, file) if sigma is None else sigma
    found = _from_sigma(text, file) if written else _from_ours(text, file)
    for fault in _faults(found.rule):
        raise BadFile(found.rule.where, fault)
    return found


def _from_sigma(text: str, file: str) -> Own:
    made = rule_from_sigma(text, file)
    if made.rule is None:
        raise BadFile(f"{file}:1", "It cannot be taken over. " + " ".join(made.left_out)[:2000])
    return Own(rule=made.rule, sigma=True, read_as=made.read_as)


def _from_ours(text: str, file: str) -> Own:
    rules = rules_from(text, file)
    if len(rules) != 1:
        raise BadFile(file, f"It has {len(rules)} rules. Write one in each file.")
    return Own(rule=rules[0], sigma=False)


def _faults(rule: Rule) -> list[str]:
    faults = []
    if max(len(rule.selections), len(rule.steps), len(rule.by)) > MOST_PARTS:
        faults.append(f"It has more than {MOST_PARTS} events, steps or columns to group by.")
    if sum(len(p) for s in rule.selections for p in s.fields.values()) > MOST_PATTERNS:
        faults.append(f"It has more than {MOST_PATTERNS} patterns.")
    if len({s.name for s in rule.selections}) < len(rule.selections):
        faults.append("Two of its events have the same name.")
    unused = {s.name for s in rule.selections} - {s.of for s in rule.steps}
    faults += [f"The events {name!r} stand in no step." for name in sorted(unused)]
    faults += [fault for s in rule.selections for fault in _uncounted(s)]
    return faults + _answers_first(rule)


def _uncounted(selection: Selection) -> list[str]:
    kinds = selection.fields.get("kind", ())
    return [
        f"{selection.name}: events of the kind {kind[:60]!r} are not counted for rules. "
        f"Write one of: {', '.join((*COUNTED, *ANSWERED))}."
        for kind in kinds
        if kind not in (*COUNTED, *ANSWERED)
    ]


def _answers_first(rule: Rule) -> list[str]:
    """Answers are counted once the sequence has begun with something rarer."""
    names = {s.name for s in rule.of_answers}
    if not names:
        return []
    used = {*rule.by, *(n for s in rule.of_answers for n in s.fields)}
    wide = sorted(c.name for c in COLUMNS if c.name in used and c.type is ColumnType.NUMBERS)
    faults = [f"Answers are not counted by {name!r}: it is a list of numbers." for name in wide]
    if rule.shape is not Shape.SEQUENCE or rule.steps[0].of in names:
        faults.append(
            "Answers (inference, exchange) stand in a sequence only, and not as its first step: "
            "they are too many to be counted before something else has happened."
        )
    return faults
