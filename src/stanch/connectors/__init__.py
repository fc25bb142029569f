"""What every connector is: a name, a way to open it, and what it may be asked.

In    an address (with its secret, if it has one) and a time limit.
Out   a `Connector`, the constant `CONNECTOR` of each module in this folder.
Why   opening makes no call, so a system that is down stops nothing at the start; every call ends
      within its time; a refusal is `Unreachable`; and no message carries a secret.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from stanch.vocabulary.asset import Asset

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*@")
_QUERY = re.compile(r"\?[^\s]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """Where an outside system is, and how long to wait for it."""

    address: str
    seconds: float = 10.0

    @property
    def shown(self) -> str:
        """The address without name, password and query; what messages may say."""
        return _QUERY.sub("", _CREDENTIALS.sub("", self.address))


class Source(Protocol):
    """An opened connection that assets can be read from."""

    def assets(self) -> tuple[Asset, ...]:
        """Every asset the other system knows; `Unreachable` when it does not answer."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Connector:
    """One kind of outside system."""

    id: str
    title: str
    open: Callable[[Link], Source]
    """Opens without a call."""
    extra: str = ""
    """The extra it needs, if any."""
