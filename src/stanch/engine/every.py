"""Every asset of the inventory, page by page."""

from collections.abc import Iterator

from stanch.engine.ports import Transaction
from stanch.vocabulary.asset import Asset

PAGE = 500


def every_asset(tx: Transaction) -> Iterator[Asset]:
    """All assets, in the order of the list."""
    after = ""
    while True:
        page = tx.assets.page(after=after, limit=PAGE)
        yield from page.items
        if not page.next:
            return
        after = page.next
