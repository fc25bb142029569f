"""Shelves: texts that people write and that are kept in numbered versions, playbooks and rules.

All of them are written new or edited, put into use, put aside and taken back in one way; whoever
puts one aside is shown at once how to undo it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import NotFound
from stanch.web.address import query_of, segment
from stanch.web.pages import editing
from stanch.web.pages.editing import Desk, Draft, Papers, Told, number
from stanch.web.visit import Answer, Page, Visit, go

ASIDE = "aside"
"""What names, in the address of the list, the one that was just put aside."""


class Version(Protocol):
    """One version that people wrote."""

    @property
    def version(self) -> int:
        """Its number."""
        ...

    @property
    def text(self) -> str:
        """The YAML as it was written."""
        ...

    @property
    def aside(self) -> bool:
        """Whether it was put aside."""
        ...


class Shelf(Protocol):
    """What keeps the versions and knows which is in use."""

    def __contains__(self, key: object, /) -> bool:
        """Whether one of this id is in use."""
        ...

    def text(self, key: str) -> str:
        """The YAML of the one in use, or `NotFound`."""
        ...

    def version(self, key: str) -> int:
        """The number of the newest version; 0 when there is none."""
        ...

    def editions(self, key: str) -> Sequence[Version]:
        """Every version that people wrote, newest first."""
        ...

    def put(self, text: str, *, by: str, seen: int | None = None) -> object:
        """The new version, now in use; `Stale` when another came since `seen`."""
        ...

    def put_aside(self, key: str, *, by: str) -> object:
        """The version that is in use no more."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """One kind of text on a shelf."""

    noun: str
    start: str
    """What a new one begins as."""
    desk: Desk
    shelf: Callable[[Visit], Shelf]
    named: Callable[[Visit, str], str]
    """The id that a text states; `BadInput` when it is not good."""

    @property
    def place(self) -> str:
        """Where its pages are."""
        return f"/{self.noun}s"

    @property
    def papers(self) -> Papers:
        """The same, as an editor takes it."""
        return Papers(
            noun=self.noun,
            place=self.place,
            template=f"{self.noun}_editor.html",
            desk=self.desk,
            named=self.named,
            version=lambda visit, key: str(self.shelf(visit).version(key)),
            taken=lambda visit, key: key in self.shelf(visit),
            put=lambda visit, draft: self.shelf(visit).put(
                draft.text, by=visit.caller.name, seen=number(draft.seen)
            ),
        )


def newest(shelf: Shelf, key: str) -> Version | None:
    """The last version that people wrote; nothing when they wrote none."""
    return next(iter(shelf.editions(key)), None)


def gone(visit: Visit, shelf: Shelf) -> tuple[str, int] | None:
    """The one that was put aside a moment ago, with the version that takes it back."""
    key = visit.asked(ASIDE)
    last = newest(shelf, key) if key else None
    return (key, last.version) if last is not None and last.aside else None


def ways(kept: Kept) -> tuple[Page, ...]:
    """Every page that changes one of them."""

    def edit(visit: Visit) -> Answer:
        key = visit.names.get(kept.noun, "")
        if not key:
            return kept.desk(visit, Draft(text=kept.start), Told())
        shelf = kept.shelf(visit)
        draft = Draft(text=shelf.text(key), key=key, seen=str(shelf.version(key)))
        return kept.desk(visit, draft, Told())

    def aside(visit: Visit) -> Answer:
        key = visit.names[kept.noun]
        kept.shelf(visit).put_aside(key, by=visit.caller.name)
        return go(f"{kept.place}?{query_of([(ASIDE, key)])}")

    def restore(visit: Visit) -> Answer:
        key, wanted, shelf = visit.names[kept.noun], visit.given("version"), kept.shelf(visit)
        found = next((e for e in shelf.editions(key) if str(e.version) == wanted), None)
        if found is None:
            raise NotFound(f"version of this {kept.noun}", wanted[:20], f"{kept.noun} list")
        shelf.put(found.text, by=visit.caller.name, seen=shelf.version(key))
        return go(f"{kept.place}/{segment(key)}")

    here, admin = f"{kept.place}/{{{kept.noun}:str}}", Scope.ADMIN
    return (
        Page(path=f"{kept.place}/new", show=edit, needs=admin),
        *editing.ways(kept.papers),
        Page(path=f"{here}/edit", show=edit, needs=admin),
        Page(path=f"{here}/aside", show=aside, needs=admin, method="POST"),
        Page(path=f"{here}/restore", show=restore, needs=admin, method="POST"),
    )
