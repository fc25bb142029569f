"""One item of evidence: what it is, its hash, its proof, its custody; its text shown inert."""

from itertools import islice

from stanch.vocabulary.ids import EvidenceId, digest_of
from stanch.vocabulary.record import Evidence
from stanch.vocabulary.trouble import Tampered, Trouble
from stanch.web.inert import inert
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit

_SHOWN = 64 * 1024
_LARGEST = 64 * 1024 * 1024
_TEXT = frozenset({"policy", "note", "report", "finding", "findings", "asset"})


def show(visit: Visit) -> Answer:
    """The item and its proof; to read its content is a deed of its own."""
    key = EvidenceId(visit.names["item"])
    with visit.console.store.look() as tx:
        item = tx.evidence.get(key)
    proof = visit.console.desk.proof(key)
    return page(visit, "evidence.html", item=item, proof=proof, checked="", held=None, text=None)


def verify(visit: Visit) -> Answer:
    """The item, after its bytes were read back and hashed again."""
    item, content, checked = _read(visit)
    held = bool(content is not None and digest_of(content) == item.digest)
    says = checked or (
        f"Read back {item.size} bytes; their digest is the one in the log."
        if held
        else "The bytes do not give the digest that stands in the log."
    )
    proof = visit.console.desk.proof(item.id)
    return page(visit, "evidence.html", item=item, proof=proof, checked=says, held=held, text=None)


def read(visit: Visit) -> Answer:
    """The item with its content as inert text; that somebody looked stands in the log."""
    item, content, checked = _read(visit)
    text = inert(content[:_SHOWN].decode("utf-8", "replace")) if content is not None else None
    proof = visit.console.desk.proof(item.id)
    held = None if content is not None else False
    return page(
        visit, "evidence.html", item=item, proof=proof, checked=checked, held=held, text=text
    )


def _read(visit: Visit) -> tuple[Evidence, bytes | None, str]:
    """The item, its bytes if they could be read, and else why not."""
    key = EvidenceId(visit.names["item"])
    item, blocks = visit.console.desk.content(key, visit.caller)
    if item.size > _LARGEST:
        return item, None, "It is too large to check here; `stanch evidence verify` checks it."
    try:
        return item, b"".join(islice(blocks, None)), ""
    except Tampered as broken:
        return item, None, str(broken)
    except Trouble as trouble:
        return item, None, str(trouble)


_HERE = "/evidence/{item:str}"
PAGES = (
    Page(path=_HERE, show=show),
    Page(path=f"{_HERE}/verify", show=verify, method="POST"),
    Page(path=f"{_HERE}/read", show=read, method="POST"),
)
