"""Rules over several kinds of events: those in use, how they are written and tried.

The editor has YAML on one side, ours or Sigma's as it was found; on the other what is wrong with
it, or how it was read, and what it would have said about the past.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from stanch.detect.rules.own import Own
from stanch.detect.rules.rule import Shape
from stanch.engine.rule_trial import Trial
from stanch.engine.rulebook import InUse
from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import BadInput, NotFound
from stanch.web.address import query_of
from stanch.web.pages import editing, shelf
from stanch.web.pages.editing import Draft, Mistake, Told, draft_of, mistake_in
from stanch.web.pages.shelf import Kept
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit

NEW = """\
id: keys_then_export
title: A key is made, then data leaves
says: "{who} made a key and exported within {minutes} min on {asset}."
events:
  made: {kind: access, action: [key.create], outcome: [ok, success, "2*"]}
  left: {kind: access, action: [export, "export.*"]}
by: [principal]
within: 1h
when:
  sequence: [made, {of: left, at_least: 2}]
points_to: {access: 0.8}
"""
DAYS = (1, 7, 30)
"""How much of the past a trial looks at."""
_SHAPES = {
    Shape.COUNT: "so many events",
    Shape.VALUES: "so many different values",
    Shape.SEQUENCE: "one after the other",
    Shape.ALL: "all of them, in any order",
    Shape.WITHOUT: "the first, and not the second before it",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """What became of a text: how the rule is read, or what is wrong."""

    own: Own | None = None
    shape: str = ""
    wrong: Mistake | None = None


def judged(visit: Visit, text: str) -> Read:
    """The rule that this text states, or its first mistake."""
    try:
        own = visit.console.rulebook.check(text)
    except BadInput as trouble:
        return Read(wrong=mistake_in(text, trouble))
    return Read(own=own, shape=_SHAPES[own.rule.shape])


def listed(visit: Visit) -> Answer:
    """Every rule in use; what was just put aside can be taken back."""
    book = visit.console.rulebook
    return page(visit, "rules.html", rules=book.in_use(), gone=shelf.gone(visit, book))


def show(visit: Visit) -> Answer:
    """One rule: how it is read, as it was written, and who wrote which version."""
    key = visit.names["rule"]
    rule = next((one for one in visit.console.rulebook.in_use() if one.id == key), None)
    editions = visit.console.rulebook.editions(key)
    if rule is None and not editions:
        raise NotFound("rule", key[:64], "rule list")
    text = rule.text if rule is not None else editions[0].text
    told = judged(visit, text)
    return page(
        visit,
        "rule.html",
        key=key,
        rule=rule,
        text=text,
        editions=editions,
        own=told.own,
        shape=told.shape,
        wrong=told.wrong,
        named=_named(rule),
    )


def _named(rule: InUse | None) -> str:
    """Where its findings are."""
    words = f"detector:correlation_rules {rule.title}" if rule is not None else ""
    return f"/findings?{query_of([('q', words)])}" if words else ""


def desk(visit: Visit, draft: Draft, told: Told, tried: Trial | None = None) -> Answer:
    """The editor: the draft, beside how it is read or its first mistake."""
    found, days = judged(visit, draft.text), _days(visit)
    told = replace(told, wrong=told.wrong or found.wrong)
    made = editing.sheet(visit, _KEPT.papers, draft, told)
    return made(own=found.own, shape=found.shape, tried=tried, days=DAYS, chosen=days)


def trial(visit: Visit) -> Answer:
    """The editor, with what the rule would have said about the past."""
    draft, tried = draft_of(visit), None
    told = judged(visit, draft.text)
    if told.own is not None:
        since = visit.at - timedelta(days=_days(visit))
        tried = visit.console.rule_trial.over(told.own.rule, since, visit.at)
    return desk(visit, draft, Told(), tried)


def _days(visit: Visit) -> int:
    text = visit.given("days", str(DAYS[1]))
    if text not in {str(n) for n in DAYS}:
        raise BadInput(f"A trial looks at {', '.join(map(str, DAYS))} days.")
    return int(text)


_KEPT = Kept(
    noun="rule",
    start=NEW,
    desk=desk,
    shelf=lambda visit: visit.console.rulebook,
    named=lambda visit, text: str(visit.console.rulebook.check(text).rule.id),
)
PAGES = (
    Page(path="/rules", show=listed),
    *shelf.ways(_KEPT),
    Page(path="/rules/trial", show=trial, needs=Scope.ADMIN, method="POST"),
    Page(path="/rules/{rule:str}", show=show),
)
