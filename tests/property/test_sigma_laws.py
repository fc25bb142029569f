"""A rule taken over from Sigma finds what Sigma's own words say, on any events.

The reading beside it is written from Sigma's specification, event by event, and shares no code.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from stanch.detect.rules.evaluate import findings_from
from stanch.detect.rules.rule import Row, Rule
from stanch.detect.rules.sigma import rule_from_sigma
from stanch.detect.rules.tally import tally_of

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ENDS = {
    "": ("", ""),
    "|contains": (".*", ".*"),
    "|startswith": ("", ".*"),
    "|endswith": (".*", ""),
}
texts = st.text("aAb*?[\\", max_size=4)


def seen(minute: int, who: str, action: str, outcome: str, source: str | None) -> Row:
    return {
        "ts": NOON + timedelta(minutes=minute),
        "kind": "access",
        "asset": "registry",
        "principal": who,
        "action": action,
        "outcome": outcome,
        "source": source,
    }


events = st.builds(
    seen,
    st.integers(0, 20),
    st.sampled_from(["ana", "bob"]),
    texts,
    st.sampled_from(["failed", "Failed", "ok"]),
    st.sampled_from([None, "s1", "s2", "s3"]),
)
FAILED, WORKED, EVERY = {"Result": "failed"}, {"Result": "ok"}, {"Result": ["FAILED", "ok"]}
Holds = Callable[[Row], bool]


def taken(kind: str, minutes: int, bases: Sequence[Mapping[str, object]], **more: object) -> Rule:
    names = [f"base_{n}" for n in range(len(bases))]
    head = {
        "title": "Some rule",
        "correlation": {
            "type": kind,
            "rules": names,
            "group-by": ["User"],
            "timespan": f"{minutes}m",
            **more,
        },
    }
    rest = [
        {"name": name, "detection": {"selection": dict(base), "condition": "selection"}}
        for name, base in zip(names, bases, strict=True)
    ]
    read = rule_from_sigma(yaml.safe_dump_all([head, *rest]), "sigma.yml")
    assert read.left_out == ()
    assert read.rule is not None
    return read.rule


def whom(rule: Rule, rows: Sequence[Row]) -> set[str]:
    made = findings_from((rule,), tally_of((rule,), rows, frozenset()))
    return {str(s.principal) for f in made for s in f.suspects}


def by_who(rows: Sequence[Row], comes_true: Callable[[list[Row]], bool]) -> set[str]:
    """Of whom it comes true that, in some span that ends with an event."""
    return {who for who in ("ana", "bob") if comes_true([r for r in rows if r["principal"] == who])}


def in_some_span(rows: list[Row], minutes: int, enough: Callable[[list[Row]], bool]) -> bool:
    back = timedelta(minutes=minutes)
    moments = [r["ts"] for r in rows if isinstance(r["ts"], datetime)]
    return any(
        enough([r for r, at in zip(rows, moments, strict=True) if end - back <= at <= end])
        for end in moments
    )


def fits(value: str, modifier: str, text: str) -> bool:
    """Sigma: a star is anything, a question mark one character, a backslash takes that away."""
    parts = re.findall(r"\\[*?\\]|.", value)
    wild = {"*": ".*", "?": "."}
    inner = "".join(wild.get(p) or re.escape(p[-1]) for p in parts)
    before, after = ENDS[modifier]
    return re.fullmatch(before + inner + after, text, re.DOTALL | re.IGNORECASE) is not None


def told(base: Mapping[str, object]) -> Holds:
    wanted = base["Result"]
    names = wanted if isinstance(wanted, list) else [wanted]
    return lambda row: str(row["outcome"]).lower() in {str(n).lower() for n in names}


@settings(max_examples=150)
@given(st.lists(texts, min_size=1, max_size=3), st.sampled_from(sorted(ENDS)), texts)
def test_a_pattern_takes_the_texts_that_sigma_says(
    values: list[str], modifier: str, text: str
) -> None:
    rule = taken("event_count", 5, [{"action" + modifier: values}], condition={"gte": 1})
    row = {"ts": NOON, "kind": "access", "asset": "a", "principal": "ana", "action": text}
    assert (whom(rule, [row]) == {"ana"}) is any(fits(v, modifier, text) for v in values)


@settings(max_examples=60)
@given(
    st.lists(events, max_size=14),
    st.integers(1, 10),
    st.sampled_from(["gte", "gt"]),
    st.integers(0, 5),
    st.sampled_from([FAILED, EVERY]),
)
def test_so_many_events_or_values_within_the_span_are_counted_as_sigma_counts(
    rows: list[Row], minutes: int, word: str, least: int, base: Mapping[str, object]
) -> None:
    holds, least_here = told(base), max(1, least + (word == "gt"))

    def events_of(some: list[Row]) -> bool:
        return sum(map(holds, some)) >= least_here

    def values_of(some: list[Row]) -> bool:
        return len({r["source"] for r in some if holds(r)} - {None}) >= least_here

    many = taken("event_count", minutes, [base], condition={word: least})
    assert whom(many, rows) == by_who(rows, lambda own: in_some_span(own, minutes, events_of))
    field = {word: least, "field": "src_ip"}
    various = taken("value_count", minutes, [base], condition=field)
    assert whom(various, rows) == by_who(rows, lambda own: in_some_span(own, minutes, values_of))


@settings(max_examples=60)
@given(
    st.lists(events, max_size=8),
    st.integers(1, 10),
    st.lists(st.sampled_from([FAILED, WORKED, EVERY]), min_size=2, max_size=3),
)
def test_several_rules_come_together_or_in_their_order_as_sigma_says(
    rows: list[Row], minutes: int, bases: list[Mapping[str, object]]
) -> None:
    steps = [told(base) for base in bases]

    def together(some: list[Row]) -> bool:
        return all(any(map(step, some)) for step in steps)

    def in_order(some: list[Row]) -> bool:
        since = NOON
        for step in steps:
            later = [r["ts"] for r in some if step(r) and isinstance(r["ts"], datetime)]
            later = [at for at in later if at >= since]
            if not later:
                return False
            since = min(later)
        return True

    both = by_who(rows, lambda own: in_some_span(own, minutes, together))
    assert whom(taken("temporal", minutes, bases), rows) == both
    ordered = by_who(rows, lambda own: in_some_span(own, minutes, in_order))
    assert whom(taken("temporal_ordered", minutes, bases), rows) == ordered
