"""What a person reports: something odd that no detector has said."""

from stanch.engine.clock import new_id
from stanch.vocabulary.finding import Report
from stanch.vocabulary.ids import PrincipalId, asset_id
from stanch.vocabulary.names import names_in
from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import BadInput
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit, go

LONGEST = 20_000
MOST_ASSETS = 500


def show(visit: Visit) -> Answer:
    """The form."""
    with visit.console.store.look() as tx:
        assets = tx.assets.page(limit=MOST_ASSETS).items
    return page(
        visit,
        "report.html",
        assets=assets,
        asset=visit.asked("asset"),
        principals=visit.asked("principals")[:2000],
    )


def send(visit: Visit) -> Answer:
    """The incident that the report opened, or joined."""
    text = visit.given("text").strip()
    if not text or len(text) > LONGEST:
        raise BadInput(f"A report has 1 to {LONGEST} characters; this one has {len(text)}.")
    key = asset_id(visit.given("asset"))
    with visit.console.store.look() as tx:
        tx.assets.get(key)
    report = Report(
        id=new_id("rep", visit.at),
        asset=key,
        by=visit.caller.name,
        at=visit.at,
        text=text,
        principals=tuple(PrincipalId(p) for p in names_in(visit.given("principals"))[:100]),
    )
    return go(f"/incidents/{visit.console.lifecycle.report(report).all[0].id}")


PAGES = (
    Page(path="/report", show=show, needs=Scope.RESPOND),
    Page(path="/report", show=send, needs=Scope.RESPOND, method="POST"),
)
