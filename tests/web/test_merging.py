"""Alternatives as one list: the order of the whole, nothing twice, nothing lost between pages."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.listing import Facets, Page, Wanted
from stanch.vocabulary.trouble import BadInput
from stanch.web.merging import Order, page_of

A, B = Wanted(asset=(AssetId("a"),)), Wanted(asset=(AssetId("b"),))
ORDER: Order[tuple[int, str]] = Order(key=lambda one: one[0], name=lambda one: one[1])


@dataclass(frozen=True)
class Lists:
    """A store of lists in memory: each alternative's items, newest first, cursors by place."""

    of: dict[Wanted, list[tuple[int, str]]]

    def page(
        self, wanted: Wanted = A, *, after: str = "", limit: int = 50
    ) -> Page[tuple[int, str]]:
        items = sorted(self.of[wanted], reverse=True)
        start = int(after or 0)
        end = start + limit
        onward = str(end) if end < len(items) else ""
        return Page(items=tuple(items[start:end]), next=onward)

    def count(self, wanted: Wanted = A) -> int:
        return len(self.of[wanted])

    def facets(self, wanted: Wanted, fields: object) -> Facets:
        return {}


item = st.integers(0, 30).map(lambda n: (n % 7, f"id-{n:02d}"))


@given(st.sets(item), st.sets(item), st.integers(1, 9))
def test_pages_of_two_alternatives_are_their_union_in_order(
    a: set[tuple[int, str]], b: set[tuple[int, str]], limit: int
) -> None:
    lists = Lists({A: list(a), B: list(b)})
    seen: list[tuple[int, str]] = []
    after = ""
    while True:
        page = page_of(lists, (A, B), ORDER, after, limit)
        seen += page.items
        after = page.next
        if not after:
            break
        assert len(page.items) == limit
    assert seen == sorted(a | b, reverse=True)


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(BadInput, match="does not belong"):
        page_of(Lists({A: [], B: []}), (A, B), ORDER, "nonsense", 5)
