"""Outside, as it is written: the connectors file in an editor that tests before it saves."""

from dataclasses import dataclass, replace

from stanch.engine.neighbours import Answered, uses_of
from stanch.engine.switchboard import Shown
from stanch.engine.systems import Plan
from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import BadInput
from stanch.web.pages import editing
from stanch.web.pages.editing import Draft, Papers, Told, draft_of, mistake_in
from stanch.web.visit import Answer, Page, Visit, go

NEW = """\
# Systems outside, by names of your own. No secret stands here:
# each system names the file or the variable that holds its own.
systems:
  mail: {connector: mail, address: "smtp://stanch@mx.example.org:587"}
  chat: {connector: webhook, address: "https://hooks.example.org/ml",
         secret_env: STANCH_SECRET_CHAT}
people:
  ada: [mail ada@example.org, chat]
  "*": [chat]            # everybody else
"""
_PLACE = "/settings/outside"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stated:
    """One system of a draft."""

    name: str
    connector: str
    address: str
    uses: tuple[str, ...]


def stated(plan: Plan) -> list[Stated]:
    """Each system of a plan, and what it is for."""
    return [
        Stated(
            name=name,
            connector=one.connector,
            address=one.address,
            uses=tuple(uses_of(name, plan)),
        )
        for name, one in plan.systems.items()
    ]


def desk(visit: Visit, draft: Draft, told: Told, tried: Answered | None = None) -> Answer:
    """The editor: the draft, beside the systems that it sets up or its first mistake."""
    board, plan = visit.console.switchboard, Plan()
    try:
        plan = board.check(draft.text)
    except BadInput as trouble:
        told = replace(told, wrong=told.wrong or mistake_in(draft.text, trouble))
    return editing.sheet(visit, _PAPERS, draft, told)(
        systems=stated(plan),
        tried=tried,
        first=draft.text == NEW,
        versions=board.versions(),
        connectors=board.known(),
    )


def show(visit: Visit) -> Answer:
    """The editor, with the file as it stands, or with a first one."""
    shown: Shown = visit.console.switchboard.shown()
    return desk(visit, Draft(text=shown.text or NEW, seen=shown.digest), Told())


def test(visit: Visit) -> Answer:
    """The editor, with what came of calling on one system of the draft."""
    draft, name = draft_of(visit), visit.given("system")
    try:
        tried = visit.console.switchboard.tried(draft.text, name)
    except BadInput as trouble:
        return desk(visit, draft, Told(wrong=mistake_in(draft.text, trouble)))
    return desk(visit, draft, Told(), tried)


def restore(visit: Visit) -> Answer:
    """The file as one of its versions had it, in force again."""
    board, version = visit.console.switchboard, visit.given("version")
    board.restore(version, by=visit.caller.name, seen=visit.given("seen"))
    return go("/settings#outside")


def _nobody(visit: Visit, key: str) -> bool:
    """Nobody: there is one file."""
    del visit, key
    return False


def _unnamed(visit: Visit, text: str) -> str:
    """No name: there is one file."""
    visit.console.switchboard.check(text)
    return ""


def _digest(visit: Visit, key: str) -> str:
    """What stands on disk now."""
    del key
    return visit.console.switchboard.shown().digest


def _put(visit: Visit, draft: Draft) -> object:
    return visit.console.switchboard.put(draft.text, by=visit.caller.name, seen=draft.seen)


_PAPERS = Papers(
    noun="connectors file",
    place=_PLACE,
    template="outside.html",
    home="/settings#outside",
    desk=desk,
    named=_unnamed,
    version=_digest,
    taken=_nobody,
    put=_put,
)
PAGES = (
    Page(path=_PLACE, show=show, needs=Scope.ADMIN),
    *editing.ways(_PAPERS),
    Page(path=f"{_PLACE}/test", show=test, needs=Scope.ADMIN, method="POST"),
    Page(path=f"{_PLACE}/restore", show=restore, needs=Scope.ADMIN, method="POST"),
)
