"""Commanding: who can be put in command of an incident.

In    the name that somebody gave, and the incident's asset.
Out   the name as their account has it; `BadInput` with the nearest names when nobody is called so;
      names to choose from.
Why   an incident in the hands of a name that is spelt wrong is in nobody's, and looks taken care
      of. Most have an account. An asset may name people without one, as its owner or for a duty:
      notices reach them by that name.
"""

from collections.abc import Iterator
from difflib import get_close_matches

from stanch.engine.ports import Transaction
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.people import Caller
from stanch.vocabulary.trouble import BadInput

_PAGE = 500
_MOST = 2000
"""Accounts that are looked through for a name that is near."""


def in_command(tx: Transaction, given: str, asset: AssetId, caller: Caller) -> str:
    """The name of who is meant; empty is nobody."""
    name = given.strip()
    if not name or (caller.role is not None and name == caller.name):
        return name
    user = tx.users.named(name) if name.isprintable() else None
    if user is not None and user.disabled:
        raise BadInput(
            f"{user.name} is shut out and can do nothing here. Name somebody else; "
            f"`stanch user enable {user.name}` lets them in again."
        )
    if user is not None:
        return user.name
    named = {one.casefold(): one for one in _named(tx, asset)}
    if (found := named.get(name.casefold())) is not None:
        return found
    near = _near(name, [*_accounts(tx), *named.values()])
    hint = f"Did you mean {' or '.join(map(repr, near))}? " if near else ""
    raise BadInput(
        f"Nobody here is called {name[:80]!r}. {hint}`stanch user list` shows who has an account; "
        f"who has none can be named as the owner of {asset} or in its roles."
    )


def candidates(tx: Transaction, asset: AssetId, most: int = 50) -> tuple[str, ...]:
    """Names that a person may choose from: whom the asset names first, then accounts."""
    accounts = (one.name for one in tx.users.page(limit=most).items if not one.disabled)
    return tuple(dict.fromkeys((*_named(tx, asset), *accounts)))[:most]


def _named(tx: Transaction, asset: AssetId) -> Iterator[str]:
    """Those whom the asset itself names."""
    one = tx.assets.find(asset)
    if one is not None:
        yield from filter(None, (one.owner, *one.roles.values()))


def _accounts(tx: Transaction) -> Iterator[str]:
    after, seen = "", 0
    while seen < _MOST:
        page = tx.users.page(after=after, limit=_PAGE)
        seen += len(page.items)
        yield from (one.name for one in page.items if not one.disabled)
        if not page.next:
            return
        after = page.next


def _near(name: str, names: list[str]) -> list[str]:
    """The few whose names are most like this one, whatever the capitals."""
    folded = {one.casefold(): one for one in names}
    return [folded[one] for one in get_close_matches(name.casefold(), folded)]
