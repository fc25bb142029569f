"""Counts beside the names in the navigation: what is open now."""

from collections.abc import Mapping

from stanch.vocabulary.approval import Answer
from stanch.vocabulary.listing import Wanted
from stanch.web.visit import Visit


def waiting(visit: Visit) -> Mapping[str, int]:
    """How many incidents are open, and how many questions wait for an answer."""
    with visit.console.store.look() as tx:
        return {
            "incidents": tx.incidents.count(Wanted(closed=False)),
            "approvals": tx.approvals.count(Wanted(state=(Answer.OPEN.value,))),
        }
