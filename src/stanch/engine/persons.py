"""Persons: who stands behind a name, whatever account or key they act with.

In    the name of an actor, as the log has it.
Out   the people behind it, each under one name; nobody where a key belongs to no person.
Why   consent of two is consent of two persons: one with a second key, or with a second account that
      an admin said is theirs, is still one. What nobody said, nobody knows: two accounts of which
      no admin says that they are one person's count as two.
"""

from dataclasses import dataclass

from stanch.engine.ports import Transaction
from stanch.vocabulary.people import KEY, ServiceKey, User
from stanch.vocabulary.spelling import folded
from stanch.vocabulary.trouble import BadInput

MACHINE = "stanch"
_PAGE = 500
_MOST_ACCOUNTS = 16
"""Accounts of one person that are followed from one to the next."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Behind:
    """Who stands behind a name."""

    people: frozenset[str] = frozenset()
    unknown: bool = False
    """Whether it is a key that belongs to nobody, and so may be in anybody's hands."""

    def meets(self, other: "Behind") -> bool:
        """Whether somebody stands behind both."""
        return not self.people.isdisjoint(other.people)


def behind(tx: Transaction, name: str) -> Behind:
    """Who acts under this name; keys that share a name are told apart by nobody."""
    if name == MACHINE:
        return Behind()
    if not name.startswith(KEY):
        return Behind(people=frozenset({one_name(tx, name)}))
    named = [key for key in keys(tx) if key.name == name.removeprefix(KEY)]
    live = [key for key in named if key.revoked is None]
    return Behind(
        people=frozenset(one_name(tx, key.owner) for key in named if key.owner),
        unknown=not live or any(not key.owner for key in live),
    )


def one_name(tx: Transaction, name: str) -> str:
    """The one name under which this person counts, folded."""
    for _ in range(_MOST_ACCOUNTS):
        user = tx.users.named(name)
        if user is None or not user.same_as:
            break
        name = user.same_as
    return folded(name)


def keys(tx: Transaction) -> tuple[ServiceKey, ...]:
    """Every key, those that were revoked too."""
    found: list[ServiceKey] = []
    after = ""
    while True:
        page = tx.keys.page(after=after, limit=_PAGE)
        found += page.items
        if not page.next:
            return tuple(found)
        after = page.next


def somebody(tx: Transaction, name: str) -> User:
    """The person with this name; `BadInput` where there is none."""
    user = tx.users.named(name)
    if user is None:
        raise BadInput(f"{name[:64]!r} is nobody with an account here. See `stanch user list`.")
    return user


def not_taken(name: str) -> None:
    """`BadInput` for a name that the log gives to what is no person."""
    if name.casefold() in _OURS or name.casefold().startswith(KEY):
        raise BadInput(f"{name[:64]!r} is what the log calls stanch or a key. Take another name.")


_OURS = frozenset({MACHINE, "oidc"})
