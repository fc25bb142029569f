"""Correlation rules: what the watch asks over several kinds of events, and people's own."""

from dataclasses import dataclass

from litestar import delete, get, post, put
from litestar.params import FromPath, RawBody

from stanch.api.asking import TheCaller, TheHouse, needs, takes_text, text_of
from stanch.engine.rulebook import InUse, RuleEdition
from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import BadInput


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedRule:
    """A rule as it was read."""

    id: str
    title: str
    shape: str
    """How its steps must come together."""
    by: tuple[str, ...]
    """The columns whose values must be the same."""
    seconds: float
    """Within how long."""
    sigma: bool
    """Whether it is written as Sigma rules are."""
    read_as: tuple[str, ...]
    """How Sigma's words were read where they are not ours."""


@get("/rules", opt=needs(Scope.READ), sync_to_thread=True)
def show_rules(house: TheHouse) -> tuple[InUse, ...]:
    """Every rule, those that came with stanch and people's own, as YAML."""
    return house.rulebook.in_use()


@post("/rules/check", opt=takes_text(Scope.READ), sync_to_thread=True)
def check_rule(house: TheHouse, body: RawBody) -> CheckedRule:
    """The rule as it was read, ours or Sigma's; `bad-file` with the line of its first mistake."""
    own = house.rulebook.check(text_of(body, "rule"))
    rule = own.rule
    return CheckedRule(
        id=rule.id,
        title=rule.title,
        shape=rule.shape,
        by=rule.by,
        seconds=rule.within.total_seconds(),
        sigma=own.sigma,
        read_as=own.read_as,
    )


@put("/rules/{rule:str}", opt=takes_text(Scope.ADMIN), sync_to_thread=True)
def put_rule(house: TheHouse, caller: TheCaller, rule: FromPath[str], body: RawBody) -> RuleEdition:
    """The new version; the watch asks it from its next step on."""
    text = text_of(body, "rule")
    named = house.rulebook.check(text).rule.id
    if named != rule:
        says = f"The address says {rule[:64]!r}, the rule is {named!r}."
        raise BadInput(f"{says} Make them agree.")
    return house.rulebook.put(text, by=caller.name)


@delete("/rules/{rule:str}", opt=needs(Scope.ADMIN), status_code=200, sync_to_thread=True)
def put_rule_aside(house: TheHouse, caller: TheCaller, rule: FromPath[str]) -> RuleEdition:
    """The version that was asked; what came with stanch under this id is asked again."""
    return house.rulebook.put_aside(rule, by=caller.name)


ROUTES = (show_rules, check_rule, put_rule, put_rule_aside)
