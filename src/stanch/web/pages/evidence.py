"""One item of evidence: what it is, its hash, its proof, its custody; its text shown inert."""

from itertools import islice

from stanch.engine.custody import Held
from stanch.engine.shredding import Ahead, Order
from stanch.vocabulary.ids import Digest, EvidenceId
from stanch.vocabulary.people import Scope
from stanch.vocabulary.record import Evidence
from stanch.vocabulary.trouble import BadInput, Refused, Trouble
from stanch.web.address import segment
from stanch.web.paper import page
from stanch.web.told import told
from stanch.web.visit import Answer, Page, Visit, go

SHOWN = 64 * 1024
"""Bytes of the content that a page shows."""
MOST_CUSTODY = 100


def show(visit: Visit) -> Answer:
    """The item and its proof; to read its content is a deed of its own."""
    return _page(visit)


def verify(visit: Visit) -> Answer:
    """The item, after its bytes, its entry and the proof of that entry were checked anew."""
    _, tests = visit.console.custody.examine(_key(visit), visit.caller)
    return _page(visit, tests=tests)


def read(visit: Visit) -> Answer:
    """The item with its content as inert text; that somebody looked stands in the log."""
    try:
        _, blocks = visit.console.desk.content(_key(visit), visit.caller)
        head, more = b"", False
        for block in islice(blocks, None):
            more = more or len(head) + len(block) > SHOWN
            head = (head + block)[:SHOWN]
    except Trouble as trouble:
        return _page(visit, tests=(Held(holds=None, says=str(trouble)),))
    return _page(visit, text=head.decode("utf-8", "replace"), more=more)


def shred(visit: Visit) -> Answer:
    """The item whose personal data is destroyed, by somebody who typed which."""
    key = _key(visit)
    if visit.given("typed").strip() != key:
        raise BadInput(f"To destroy it, type its id: {key}. Nothing was changed.")
    order = Order(because=visit.given("because"), digest=Digest(visit.given("digest")))
    visit.console.shredding.shred(key, order, visit.caller)
    return go(f"/evidence/{segment(key)}")


def _ahead(visit: Visit, item: Evidence) -> tuple[Ahead | None, str]:
    """What shredding would destroy, or why it must stay; nothing for who may not."""
    if not item.personal or item.destroyed is not None or not visit.caller.may(Scope.APPROVE):
        return None, ""
    try:
        return visit.console.shredding.ahead(item.id), ""
    except Refused as held:
        return None, str(held)


def _page(
    visit: Visit, *, tests: tuple[Held, ...] = (), text: str | None = None, more: bool = False
) -> Answer:
    key = _key(visit)
    proof = visit.console.desk.proof(key)
    custody = visit.console.custody.history(key, limit=MOST_CUSTODY)
    with visit.console.store.look() as tx:
        item = tx.evidence.get(key)
        entries = tx.mentions.count(key)
    ahead, refused = _ahead(visit, item)
    return page(
        visit,
        "evidence.html",
        item=item,
        proof=proof,
        custody=[told(one) for one in custody],
        entries=entries,
        tests=tests,
        ahead=ahead,
        refused=refused,
        text=text,
        more=more,
        shown=SHOWN,
    )


def _key(visit: Visit) -> EvidenceId:
    return EvidenceId(visit.names["item"])


_HERE = "/evidence/{item:str}"
PAGES = (
    Page(path=_HERE, show=show),
    Page(path=f"{_HERE}/verify", show=verify, needs=Scope.READ, method="POST"),
    Page(path=f"{_HERE}/read", show=read, needs=Scope.READ, method="POST"),
    Page(path=f"{_HERE}/shred", show=shred, needs=Scope.APPROVE, method="POST"),
)
