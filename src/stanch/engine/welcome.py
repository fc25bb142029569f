"""Welcome: the link that makes the first account, so that nobody starts at a locked door.

In    a server on which nobody has an account yet.
Out   a link, printed once by whoever started it; it makes one admin and is good for nothing then.
Why   a first password that everybody knows is a hole, and a command to be typed first is a step on
      which newcomers turn back. The token is 256 random bits, known to this process only; it ends
      with the first account, and with the process.
"""

import hmac
import secrets

from stanch.engine.ports import Store
from stanch.vocabulary.trouble import NotLoggedIn


class Welcome:
    """Lets the first person in."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._token = secrets.token_urlsafe(32)

    def path(self) -> str:
        """Where the first account is made; empty once there is one."""
        return f"/welcome/{self._token}" if self._nobody() else ""

    def check(self, token: str) -> None:
        """Nothing when the link is good; `NotLoggedIn` otherwise."""
        same = hmac.compare_digest(token.encode(), self._token.encode())
        if not same or not self._nobody():
            raise NotLoggedIn

    def _nobody(self) -> bool:
        with self._store.look() as tx:
            return not tx.users.page(limit=1).items
