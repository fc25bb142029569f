"""One principal: in which incidents and findings they are named, and whether they are blocked."""

from stanch.vocabulary.ids import PrincipalId
from stanch.vocabulary.listing import Wanted
from stanch.web.listing import shown
from stanch.web.lists import FINDINGS
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit


def show(visit: Visit) -> Answer:
    """Everything that is known here of one principal."""
    name = PrincipalId(visit.names["principal"][:200])
    of = Wanted(principal=(name,))
    with visit.console.store.look() as tx:
        incidents = tx.incidents.page(of, limit=50).items
        blocked = [v for v in tx.policies.all_now() if name in v.policy.deny.principals]
        limited = [v for v in tx.policies.all_now() if name in v.policy.limit.principals]
    return page(
        visit,
        "principal.html",
        name=name,
        incidents=incidents,
        list=shown(visit, FINDINGS, base=of),
        lines=FINDINGS,
        blocked=blocked,
        limited=limited,
    )


PAGES = (Page(path="/principals/{principal:str}", show=show),)
