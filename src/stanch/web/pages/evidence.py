"""One item of evidence: what it is, its hash, its proof, its custody; its text shown inert."""

from itertools import islice

from stanch.engine.custody import Held
from stanch.vocabulary.ids import EvidenceId
from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import Trouble
from stanch.web.inert import inert
from stanch.web.paper import page
from stanch.web.told import told
from stanch.web.visit import Answer, Page, Visit

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
    return _page(visit, text=inert(head.decode("utf-8", "replace")), more=more)


def _page(
    visit: Visit, *, tests: tuple[Held, ...] = (), text: str | None = None, more: bool = False
) -> Answer:
    key = _key(visit)
    proof = visit.console.desk.proof(key)
    custody = visit.console.custody.history(key, limit=MOST_CUSTODY)
    with visit.console.store.look() as tx:
        item = tx.evidence.get(key)
        entries = tx.mentions.count(key)
    return page(
        visit,
        "evidence.html",
        item=item,
        proof=proof,
        custody=[told(one) for one in custody],
        entries=entries,
        tests=tests,
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
)
