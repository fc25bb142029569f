"""The trial of a rule: the past as the watch would have counted it, and what it does not know."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from stanch.detect.rules.own import own_rule
from stanch.detect.rules.rule import Rule
from stanch.engine import rule_trial
from stanch.engine.event_list import Slice
from stanch.engine.rule_trial import RuleTrial

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
EXPORTS = """\
id: many_exports
title: Many exports
says: "{who} exported {count} times on {asset}."
events:
  out: {kind: access, action: [export]}
by: [principal]
within: 10m
when:
  count: {of: out, at_least: 3}
"""
ASKED_AFTER = """\
id: asked_after
title: A key is made, then the model is asked
says: "{who} asked."
events:
  made: {kind: access, action: [key.create]}
  asked: {kind: inference}
by: [principal]
within: 1h
when:
  sequence: [made, {of: asked, at_least: 2}]
"""


class Kept:
    """Events in memory, and what was asked for."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = rows
        self.asked: list[Slice] = []

    def newest(self, question: Slice, columns: tuple[str, ...]) -> pa.Table:
        self.asked.append(question)
        found = [r for r in self.rows if f"'{r['kind']}'" in question.where]
        found = sorted(found, key=lambda r: r["ts"], reverse=True)[: question.limit]
        rows = [{name: row.get(name) for name in columns} for row in found]
        return pa.Table.from_pylist(rows) if rows else pa.table({name: [] for name in columns})


def rule(text: str) -> Rule:
    return own_rule(text, "rule.yaml").rule


def event(minutes: float, *, who: str = "ann", asset: str = "fraud", **more: Any) -> dict[str, Any]:
    usual = {"kind": "access", "action": "export"}
    at = NOW - timedelta(minutes=minutes)
    return {"ts": at, "asset": asset, "principal": who, **usual, **more}


def test_each_time_that_it_would_have_come_true_is_told_newest_first() -> None:
    rows = [event(n) for n in (5, 6, 7, 300, 301, 302, 600)] + [event(1, who="bob")]
    told = RuleTrial(Kept(*rows)).over(rule(EXPORTS), NOW - DAY, NOW)
    assert (told.times, told.events, told.whole, told.everybody_new) == (2, 8, True, False)
    assert [f.says for f in told.hits] == ["ann exported 3 times on fraud."] * 2
    assert told.hits[0].window.end > told.hits[1].window.end


def test_a_rule_sees_one_asset_at_a_time() -> None:
    rows = [event(n, asset=name) for n, name in enumerate(("a", "b", "c"))]
    assert RuleTrial(Kept(*rows)).over(rule(EXPORTS), NOW - DAY, NOW).times == 0


def test_of_a_busy_past_the_newest_is_read_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rule_trial, "MOST_EVENTS", 3)
    told = RuleTrial(Kept(*(event(n) for n in range(9)))).over(rule(EXPORTS), NOW - DAY, NOW)
    assert (told.times, told.events, told.whole) == (1, 3, False)
    assert told.since == NOW - timedelta(minutes=2)


def test_answers_are_read_of_those_who_took_the_first_step() -> None:
    made = event(50, action="key.create")
    rows = [made, *(event(n, kind="inference", action=None) for n in (30, 31))]
    past = Kept(*rows)
    told = RuleTrial(past).over(rule(ASKED_AFTER), NOW - DAY, NOW)
    assert told.times == 1
    assert "principal IN ('ann')" in past.asked[1].where
    assert RuleTrial(Kept(*rows[1:])).over(rule(ASKED_AFTER), NOW - DAY, NOW).times == 0


def test_that_the_past_does_not_tell_who_was_new_is_said() -> None:
    text = EXPORTS.replace("action: [export]}", "action: [export], new: principal}")
    told = RuleTrial(Kept()).over(rule(text), NOW - DAY, NOW)
    assert (told.everybody_new, told.events, told.times) == (True, 0, 0)
