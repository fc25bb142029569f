"""What people do to an incident from its page: each a form, each against the version they saw."""

from collections.abc import Callable

from stanch.engine.cases import Judgement, Step
from stanch.vocabulary.casework import LinkKind
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.ids import FindingId, IncidentId
from stanch.vocabulary.incident import Level, Phase, VerdictKind
from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import BadInput
from stanch.web.door import local
from stanch.web.visit import Answer, Page, Visit, go


def _key(visit: Visit) -> IncidentId:
    return IncidentId(visit.names["incident"])


def _seen(visit: Visit) -> int:
    text = visit.given("seen")
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):  # noqa: PLR2004  a version
        raise BadInput("The form does not say which version was seen. Load the page again.")
    return int(text)


def _back(visit: Visit, tab: str = "") -> Answer:
    return go(local(visit.given("back")) or f"/incidents/{_key(visit)}{tab}")


def note(visit: Visit) -> Answer:
    """The notes, with this one at their end."""
    visit.console.cases.note(_key(visit), visit.given("text"), visit.caller)
    return _back(visit, "/notes")


def point(visit: Visit) -> Answer:
    """The notes, beside what the incident now points at too."""
    try:
        kind = LinkKind(visit.given("kind"))
    except ValueError as error:
        raise BadInput("The form names a kind of link that is not known.") from error
    to, title = visit.given("to"), visit.given("title")
    visit.console.cases.point(_key(visit), kind, to, title, visit.caller)
    return _back(visit, "/notes")


def let_go(visit: Visit) -> Answer:
    """The notes, without this link beside them."""
    visit.console.cases.let_go(_key(visit), visit.given("link"), visit.caller)
    return _back(visit, "/notes")


def command(visit: Visit) -> Answer:
    """The incident, with somebody in command, or with nobody."""
    named = visit.given("commander").strip() or visit.caller.name
    who = "" if visit.given("nobody") else named
    visit.console.cases.assign(_key(visit), who, _seen(visit), visit.caller)
    return _back(visit)


def judge(visit: Visit) -> Answer:
    """The incident, with a person's word on what it is."""
    verdict, attack, level = visit.given("verdict"), visit.given("attack"), visit.given("severity")
    try:
        judgement = Judgement(
            seen=_seen(visit),
            why=visit.given("why"),
            verdict=VerdictKind(verdict) if verdict else None,
            attack=AttackKind(attack) if attack else None,
            severity=Level[level.upper()] if level else None,
        )
    except (ValueError, KeyError) as error:
        raise BadInput("The form names a verdict or severity that is not known.") from error
    visit.console.cases.judge(_key(visit), judgement, visit.caller)
    return _back(visit)


def move(visit: Visit) -> Answer:
    """The incident in its next phase."""
    try:
        to = Phase(visit.given("to"))
    except ValueError as error:
        raise BadInput("The form names a phase that is not known.") from error
    step = Step(
        to=to,
        seen=_seen(visit),
        why=visit.given("why"),
        nothing_to_contain=bool(visit.given("nothing_to_contain")),
        cause_removed=bool(visit.given("cause_removed")),
        reviewed=bool(visit.given("reviewed")),
    )
    visit.console.cases.move(_key(visit), step, visit.caller)
    return _back(visit)


def merge(visit: Visit) -> Answer:
    """The other incident, which now holds this one's findings."""
    into = IncidentId(visit.given("into").strip())
    visit.console.cases.merge(_key(visit), into, visit.caller)
    return go(f"/incidents/{into}")


def regroup(visit: Visit) -> Answer:
    """The new incident that the picked findings make, or this one without them."""
    # With a row go the looks that stand in it.
    picked = [FindingId(key) for row in visit.form.get("pick", ()) for key in row.split()]
    if not picked:
        raise BadInput("No finding was picked. Pick rows with their boxes, or with the key x.")
    cases, key = visit.console.cases, _key(visit)
    match visit.given("do"):
        case "split":
            return go(f"/incidents/{cases.split(key, picked, visit.caller).other}")
        case "detach":
            cases.detach(key, picked, visit.caller)
            return _back(visit, "/findings")
        case _:
            raise BadInput("The form does not say what to do with the findings.")


def undo(visit: Visit) -> Answer:
    """The incident, with a regrouping taken back."""
    visit.console.cases.undo(visit.given("undo"), visit.caller)
    return _back(visit)


def _act(name: str, show: Callable[[Visit], Answer]) -> Page:
    path = f"/incidents/{{incident:str}}/{name}"
    return Page(path=path, show=show, needs=Scope.RESPOND, method="POST")


PAGES = (
    _act("note", note),
    _act("link", point),
    _act("unlink", let_go),
    _act("command", command),
    _act("judge", judge),
    _act("move", move),
    _act("merge", merge),
    _act("regroup", regroup),
    _act("undo", undo),
)
