"""Shelves: what every list and every table of nouns can be asked."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from stanch.vocabulary.listing import Facets, Page, Wanted

K_contra = TypeVar("K_contra", contravariant=True)
N = TypeVar("N")
R_co = TypeVar("R_co", covariant=True)

EVERYTHING = Wanted()


class Listed(Protocol[R_co]):
    """A list that comes in pages."""

    def page(self, wanted: Wanted = EVERYTHING, *, after: str = "", limit: int = 50) -> Page[R_co]:
        """The next few of what is wanted; `after` is the `next` of the page before."""
        ...

    def count(self, wanted: Wanted = EVERYTHING) -> int:
        """How many are wanted."""
        ...

    def facets(self, wanted: Wanted, fields: Iterable[str]) -> Facets:
        """How many of the wanted have each value of these fields."""
        ...


class Kept(Protocol[K_contra, N]):
    """Nouns by their id.

    A noun with a `version` (incident, approval, run) is saved as it was seen: the one that is
    given back has the next version, and `Stale` is raised when the one kept had moved on. For the
    others `seen` is the `revision` that was looked at; without it the last save wins.
    """

    def get(self, key: K_contra) -> N:
        """The one with this id, or `NotFound`."""
        ...

    def find(self, key: K_contra) -> N | None:
        """The one with this id, or nothing."""
        ...

    def many(self, keys: Iterable[K_contra]) -> tuple[N, ...]:
        """Those of these ids that are there, in the order asked for."""
        ...

    def revision(self, key: K_contra) -> int:
        """How often it was saved; 0 when it is not there."""
        ...

    def add(self, one: N) -> N:
        """A new one, or `AlreadyThere`."""
        ...

    def save(self, one: N, *, seen: int | None = None) -> N:
        """The one as it is now kept; a noun without a `version` may also be new."""
        ...


class Shelf(Kept[K_contra, N], Listed[N], Protocol[K_contra, N]):
    """Nouns by their id, and in pages."""
