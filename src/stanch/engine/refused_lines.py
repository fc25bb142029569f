"""Lines on who was refused at the door: a handful, however many tries there were.

In    tries, counted by how and as whom they were made, and from which address.
Out   a line for the most frequent and one for the rest; the sentence that a line says.
Why   what is typed as a name is often a password, so only names that an account or a key has come
      out of here; and of an address its network, for nothing leaves the log again.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from stanch.engine.ports import Transaction
from stanch.vocabulary.asset import Scalar
from stanch.vocabulary.ids import KeyId
from stanch.vocabulary.network import around
from stanch.vocabulary.words import counted

MOST = 5
"""Lines; what is left over is one more for each way in."""


class Way(StrEnum):
    """How somebody tried."""

    LOGIN = "login"
    KEY = "key"


class Whose(StrEnum):
    """Whose name or key it was."""

    KNOWN = "known"
    SHUT_OUT = "shut out"
    REVOKED = "revoked"
    ENDED = "ended"
    NOBODY = "nobody"
    REST = "rest"


@dataclass(frozen=True, kw_only=True, slots=True)
class Try:
    """Tries that are counted as one."""

    way: Way
    mark: str = ""
    """The name that was typed, or the id of the key."""
    source: str = ""
    """The address."""
    rest: bool = False
    """All that came when too many were told apart already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """What an entry says."""

    way: Way
    whose: Whose
    name: str = ""
    source: str = ""
    """The network."""
    times: int = 0

    @property
    def facts(self) -> Mapping[str, Scalar]:
        """The same, as the log has it."""
        said = {"what": self.way.value, "whose": self.whose.value, "times": self.times}
        return {**said, "name": self.name, "source": self.source}


def lines_of(tx: Transaction, taken: Mapping[Try, int], at: datetime) -> Iterator[Line]:
    """The most frequent first, then one for the rest of each way."""
    known: dict[tuple[Way, str, bool], Line] = {}
    summed: Counter[Line] = Counter()
    for one, times in taken.items():
        key = (one.way, one.mark, one.rest)
        if key not in known:
            known[key] = _whose(tx, one, at)
        summed[replace(known[key], source=around(one.source))] += times
    ranked = sorted(summed.items(), key=lambda pair: (-pair[1], str(pair[0])))
    for line, times in ranked[:MOST]:
        yield replace(line, times=times)
    rest: Counter[Way] = Counter()
    for line, times in ranked[MOST:]:
        rest[line.way] += times
    for way, times in rest.items():
        yield Line(way=way, whose=Whose.REST, times=times)


def in_words(facts: Mapping[str, Scalar]) -> str:
    """What the entry with these facts says, in a sentence without its end."""
    says = _SAID.get((str(facts.get("what")), str(facts.get("whose"))))
    if says is None:
        return "Refused at the door"
    times, source = int(facts.get("times") or 0), facts.get("source")
    told = says.format(
        logins=counted(times, "login"),
        times=counted(times, "time"),
        count=f"{times:,}",
        name=facts.get("name"),
    )
    return f"{told}, from {source}" if source else told


_SAID: Mapping[tuple[str, str], str] = {
    (Way.LOGIN, Whose.KNOWN): "Refused {logins} as {name}",
    (Way.LOGIN, Whose.SHUT_OUT): "Refused {logins} as {name}, who is shut out",
    (Way.LOGIN, Whose.NOBODY): "Refused {logins} as somebody who has no account",
    (Way.LOGIN, Whose.REST): "Refused {count} more logins, as others or from elsewhere",
    (Way.KEY, Whose.KNOWN): "Refused another secret under the id of the key {name}, {times}",
    (Way.KEY, Whose.REVOKED): "Refused the key {name}, which was revoked, {times}",
    (Way.KEY, Whose.ENDED): "Refused the key {name}, which has ended, {times}",
    (Way.KEY, Whose.NOBODY): "Refused what is no key of ours, {times}",
    (Way.KEY, Whose.REST): "Refused other keys, or the same from elsewhere, {times}",
}


def _whose(tx: Transaction, one: Try, at: datetime) -> Line:
    """Whose name or key it was, and how that stands."""
    nobody = Line(way=one.way, whose=Whose.REST if one.rest else Whose.NOBODY)
    if not one.mark:
        return nobody
    if one.way is Way.LOGIN:
        user = tx.users.named(one.mark)
        if user is None:
            return nobody
        whose = Whose.SHUT_OUT if user.disabled else Whose.KNOWN
        return replace(nobody, name=user.name, whose=whose)
    key = tx.keys.find(KeyId(one.mark))
    if key is None:
        return nobody
    if key.revoked is not None:
        return replace(nobody, name=key.name, whose=Whose.REVOKED)
    ended = key.expires is not None and at >= key.expires
    return replace(nobody, name=key.name, whose=Whose.ENDED if ended else Whose.KNOWN)
