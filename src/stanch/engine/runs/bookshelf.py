"""The bookshelf: the playbooks in use, those that came with stanch and those that people wrote.

In    YAML, and who wrote it.
Out   playbooks by id, the newest version of each; every version that was ever in use stays.
Why   a playbook says what is done without asking anybody again, so a change of it is checked as a
      whole, numbered, and entered in the evidence log with its digest. One of our own can be
      replaced under the same id, and comes back when the replacement is put aside.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from stanch.contain.diff import names
from stanch.contain.playbook.check import checked
from stanch.contain.playbook.written import Written, read, written
from stanch.engine.clock import Clock
from stanch.engine.ports import Store, Transaction
from stanch.engine.runs.library import (
    decoded,
    digest,
    encoded,
    every_act,
    shipped,
    shipped_text,
)
from stanch.vocabulary.ids import Digest, PlaybookId
from stanch.vocabulary.playbook import Playbook
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadInput, NotFound, Stale

_NOW, _OLD = "playbooks/now/", "playbooks/old/"
LONGEST = 100_000
"""Characters of one playbook."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Edition:
    """One version of a playbook that people wrote."""

    id: PlaybookId
    version: int
    by: str
    at: datetime
    digest: Digest
    text: str
    """The YAML as it was written, with its comments."""
    body: str
    """The playbook as it is kept and signed."""
    aside: bool = False
    """Whether it was put aside, so that it answers nothing."""

    @property
    def playbook(self) -> Playbook:
        """The playbook."""
        return decoded(self.body.encode())


_EDITION = msgspec.json.Decoder(Edition)


class Bookshelf(Mapping[str, Written]):
    """The playbooks in use, by id: people's own before those that came with stanch."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._read: dict[Digest, Written] = {}

    def __getitem__(self, key: str) -> Written:
        """The playbook in use under this id."""
        return self._all()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def book(self, key: str) -> Playbook:
        """The playbook in use under this id, or `NotFound`."""
        found = self.get(key)
        if found is None:
            raise NotFound("playbook", key[:64], "playbook list")
        return found.playbook

    def editions(self, key: str) -> tuple[Edition, ...]:
        """Every version that people wrote of this one, newest first."""
        with self._store.look() as tx:
            kept = [_EDITION.decode(t) for t in tx.settings.all(f"{_OLD}{key}/").values()]
        return tuple(sorted(kept, key=lambda e: -e.version))

    def text(self, key: str) -> str:
        """The YAML of the playbook in use, as its author wrote it."""
        with self._store.look() as tx:
            kept = tx.settings.get(_NOW + key)
        own = _EDITION.decode(kept) if kept is not None else None
        if own is not None and not own.aside:
            return own.text
        return shipped_text(self.book(key).id)

    def version(self, key: str) -> int:
        """The number of the newest version; 0 when there is none of this id."""
        with self._store.look() as tx:
            return _version(tx, key)

    def check(self, text: str, file: str = "playbook.yaml") -> Playbook:
        """The playbook that this text states, or `BadFile` with the line of its first mistake."""
        if len(text) > LONGEST:
            raise BadInput(f"A playbook has at most {LONGEST} characters.")
        return checked(text, file, every_act()).playbook

    def put(self, text: str, *, by: str, seen: int | None = None) -> Edition:
        """The new version, now in use; `Stale` when another one came since `seen`."""
        book = self.check(text)
        with self._store.begin() as tx:
            before = _version(tx, book.id)
            if seen is not None and seen != before:
                raise Stale("playbook", seen, before)
            _alone(tx, book)
            numbered = replace(book, version=before + 1)
            return self._kept(tx, numbered, text, by)

    def put_aside(self, key: str, *, by: str) -> Edition:
        """The version that was in use and is no more; one that came with stanch is back."""
        with self._store.begin() as tx:
            text = tx.settings.get(_NOW + key)
            if text is None or (now := _EDITION.decode(text)).aside:
                raise NotFound("playbook written here", key[:64], "playbook list")
            numbered = replace(now.playbook, version=now.version + 1)
            return self._kept(tx, numbered, now.text, by, aside=True)

    def _kept(
        self, tx: Transaction, book: Playbook, text: str, by: str, *, aside: bool = False
    ) -> Edition:
        at = self._clock()
        made = Edition(
            id=book.id,
            version=book.version,
            by=by,
            at=at,
            digest=digest(book),
            text=text,
            body=encoded(book).decode(),
            aside=aside,
        )
        kept = msgspec.json.encode(made).decode()
        tx.settings.put(_NOW + book.id, kept)
        tx.settings.put(f"{_OLD}{book.id}/{book.version}", kept)
        tx.record(
            Entry(
                at=at,
                deed=Deed.PLAYBOOK_CHANGED,
                actor=by,
                about=book.id,
                digest=made.digest,
                facts={"version": book.version, "aside": aside},
            )
        )
        tx.announce("playbook", book.id)
        return made

    def _all(self) -> Mapping[str, Written]:
        with self._store.look() as tx:
            own = [_EDITION.decode(text) for text in tx.settings.all(_NOW).values()]
        if not own:
            return shipped()
        used = {str(e.id): self._written(e) for e in own if not e.aside}
        ours = {key: one for key, one in shipped().items() if key not in used}
        return {**dict(sorted(used.items())), **ours}

    def _written(self, edition: Edition) -> Written:
        known = self._read.get(edition.digest)
        if known is None:
            book = edition.playbook
            known = replace(read(written(book), f"{book.id}.yaml"), playbook=book)
            self._read[edition.digest] = known
        return known


def _alone(tx: Transaction, book: Playbook) -> None:
    """`BadInput` where people have another one that answers the same: which began was chance."""
    own = (_EDITION.decode(text) for text in tx.settings.all(_NOW).values())
    for other in (e for e in own if e.id != book.id and not e.aside):
        if both := sorted(set(other.playbook.answers) & set(book.answers)):
            raise BadInput(
                f"{other.id} answers {names(both)} already. Take it out of `answers` in one of "
                f"the two, or put {other.id} aside."
            )


def _version(tx: Transaction, key: str) -> int:
    text = tx.settings.get(_NOW + key)
    if text is not None:
        return _EDITION.decode(text).version
    ours = shipped().get(key)
    return ours.playbook.version if ours is not None else 0
