"""Rules over several kinds of events: those in use, how they are written, tried and dropped.

The editor has YAML on one side, ours or Sigma's as it was found; on the other what is wrong with
it, or how it was read, and what it would have said about the past.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import quote, urlencode

from stanch.detect.rules.own import Own
from stanch.detect.rules.rule import Shape
from stanch.engine.rule_trial import Trial
from stanch.engine.rulebook import InUse, RuleEdition
from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import BadInput, NotFound
from stanch.web.pages import editing
from stanch.web.pages.editing import Draft, Mistake, Papers, Told, draft_of, mistake_in, number
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit, go

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
    """Every rule in use; what was just dropped can be taken back."""
    rules = visit.console.rulebook.in_use()
    gone = visit.asked("dropped")
    last = _last(visit, gone) if gone else None
    return page(visit, "rules.html", rules=rules, dropped=last)


def show(visit: Visit) -> Answer:
    """One rule: how it is read, as it was written, and who wrote which version."""
    key = visit.names["rule"]
    rule = next((one for one in visit.console.rulebook.in_use() if one.id == key), None)
    editions = visit.console.rulebook.editions(key)
    if rule is None and not editions:
        raise NotFound("rule", key[:64], "rule")
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
    return f"/findings?{urlencode({'q': words})}" if words else ""


def desk(visit: Visit, draft: Draft, told: Told, tried: Trial | None = None) -> Answer:
    """The editor: the draft, beside how it is read or its first mistake."""
    found, days = judged(visit, draft.text), _days(visit)
    told = replace(told, wrong=told.wrong or found.wrong)
    made = editing.sheet(visit, _PAPERS, draft, told)
    return made(own=found.own, shape=found.shape, tried=tried, days=DAYS, chosen=days)


def edit(visit: Visit) -> Answer:
    """The editor, with the rule in use or a new one."""
    key = visit.names.get("rule", "")
    if not key:
        return desk(visit, Draft(text=NEW), Told())
    rules = {one.id: one for one in visit.console.rulebook.in_use()}
    if key not in rules:
        raise NotFound("rule", key[:64], "rule")
    draft = Draft(text=rules[key].text, key=key, seen=str(_version(visit, key)))
    return desk(visit, draft, Told())


def trial(visit: Visit) -> Answer:
    """The editor, with what the rule would have said about the past."""
    draft, tried = draft_of(visit), None
    told = judged(visit, draft.text)
    if told.own is not None:
        since = visit.at - timedelta(days=_days(visit))
        tried = visit.console.rule_trial.over(told.own.rule, since, visit.at)
    return desk(visit, draft, Told(), tried)


def drop(visit: Visit) -> Answer:
    """The rules, without this one; what came with stanch under its id is asked again."""
    key = visit.names["rule"]
    visit.console.rulebook.put_aside(key, by=visit.caller.name)
    return go(f"/rules?{urlencode({'dropped': key})}")


def restore(visit: Visit) -> Answer:
    """The rule, as one of its versions had it."""
    key, wanted = visit.names["rule"], visit.given("version")
    found = [e for e in visit.console.rulebook.editions(key) if str(e.version) == wanted]
    if not found:
        raise NotFound("version of this rule", wanted[:20], "rule")
    seen = _version(visit, key)
    visit.console.rulebook.put(found[0].text, by=visit.caller.name, seen=seen)
    return go(f"/rules/{quote(key, safe='')}")


def _last(visit: Visit, key: str) -> RuleEdition | None:
    """The newest version, when it was put aside."""
    newest = next(iter(visit.console.rulebook.editions(key)), None)
    return newest if newest is not None and newest.aside else None


def _in_use(visit: Visit, key: str) -> bool:
    newest = next(iter(visit.console.rulebook.editions(key)), None)
    return newest is not None and not newest.aside


def _version(visit: Visit, key: str) -> int:
    return max((e.version for e in visit.console.rulebook.editions(key)), default=0)


def _days(visit: Visit) -> int:
    text = visit.given("days", str(DAYS[1]))
    if text not in {str(n) for n in DAYS}:
        raise BadInput(f"A trial looks at {', '.join(map(str, DAYS))} days.")
    return int(text)


def _put(visit: Visit, draft: Draft) -> object:
    return visit.console.rulebook.put(draft.text, by=visit.caller.name, seen=number(draft.seen))


_PAPERS = Papers(
    noun="rule",
    place="/rules",
    template="rule_editor.html",
    desk=desk,
    named=lambda visit, text: str(visit.console.rulebook.check(text).rule.id),
    version=lambda visit, key: str(_version(visit, key)),
    taken=_in_use,
    put=_put,
)
PAGES = (
    Page(path="/rules", show=listed),
    Page(path="/rules/new", show=edit, needs=Scope.ADMIN),
    *editing.ways(_PAPERS),
    Page(path="/rules/trial", show=trial, needs=Scope.ADMIN, method="POST"),
    Page(path="/rules/{rule:str}", show=show),
    Page(path="/rules/{rule:str}/edit", show=edit, needs=Scope.ADMIN),
    Page(path="/rules/{rule:str}/drop", show=drop, needs=Scope.ADMIN, method="POST"),
    Page(path="/rules/{rule:str}/restore", show=restore, needs=Scope.ADMIN, method="POST"),
)
