"""Acquaintances: who was ever here, and who ever changed rights, as far back as is remembered.

In    records of what was done, hop by hop.
Out   for each principal when it came and was last here, when it first did what matters, when it
      first gave orders (`ORDERS`) and first changed rights; who is new, and whether that is news.
Why   to a week's memory everybody is a stranger who was on holiday, and every admin of few changes
      is somebody who never made one.
Math  New is who came less than `NEW` ago, in the last half of the memory, and never did such a
      thing. Somebody new is told only where nobody else was new in the last half of the memory,
      half a year at most. Whatever the rate at which new people honestly come: if m of them are due
      in that time, m * exp(-m) are told in it, 0.37 at most: less than one a year once the memory
      has a year, and in the first year some four in the worst case. Only who does what matters
      counts as new, so that nobody hides behind a harmless decoy: the decoy would have to be told
      itself.
      Orders are remembered apart, for a year: who only takes or adds does not make an order by
      somebody new the custom, and of m such orders due in a year m * exp(-m) are told. New is here
      who did nothing that matters until `SETTLED` before. Who was there when the memory began may
      always have given orders.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import lru_cache

from stanch.detect.summaries.record import Record
from stanch.vocabulary.event import EventKind

YEAR = timedelta(days=365)
MOST = 4096
"""Principals that are remembered: those who were here last."""
RIGHTS = ("grant*", "role.*", "permission*", "policy.*", "key.create", "acl*", "chmod*")
ORDERS = ("delete*", "remove*", "promote*", "alias*", "deploy*", "release*", "rollback*")
"""What changes at once what answers, or is gone."""
NEW = timedelta(days=30)
"""Who came so lately is new in what they never did."""
ACQUAINTED = 2 * NEW
"""Before so long a memory nobody's orders are called a newcomer's."""
SETTLED = timedelta(hours=2)
"""Who took or added something so long before an order is nobody new."""
MATTERS = (
    *ORDERS,
    *RIGHTS,
    "push*",
    "upload*",
    "publish*",
    "register*",
    "delete*",
    "promote*",
    "alias*",
)
TAKES = ("pull*", "download*", "model.download", "export*", "snapshot*")
BAD = ("fail*", "denied*", "deny", "refused*", "unauthori*", "forbidden*", "error*", "4*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Acquaintance:
    """One principal, as it is remembered."""

    came: datetime
    last: datetime
    mattered: datetime | None = None
    """When it first did what matters, and was let."""
    ordered: datetime | None = None
    """When it first gave an order, and was let."""
    ruled: datetime | None = None
    """When it first changed rights."""
    most: int = 0
    """The most changes of rights it made in one hop."""


Known = Mapping[str, Acquaintance]


@lru_cache(maxsize=4096)
def is_like(text: str, patterns: tuple[str, ...]) -> bool:
    """Whether the text is one of these."""
    small = text.lower()
    return any(fnmatchcase(small, pattern) for pattern in patterns)


def met(known: Known, record: Record, at: datetime) -> Known:
    """Those who are known after this hop; the same hop again changes nothing."""
    found = dict(known)
    rights: dict[str, int] = {}
    for deed, n in record.deeds.items():
        if deed.kind is not EventKind.ACCESS or not deed.principal:
            continue
        let = not is_like(deed.outcome, BAD)
        mattered = at if let and is_like(deed.action, (*MATTERS, *TAKES)) else None
        ordered = at if let and is_like(deed.action, ORDERS) else None
        ruled = at if is_like(deed.action, RIGHTS) else None
        now = Acquaintance(came=at, last=at, mattered=mattered, ordered=ordered, ruled=ruled)
        found[deed.principal] = _both(found.get(deed.principal, now), now)
        if ruled is not None:
            rights[deed.principal] = rights.get(deed.principal, 0) + n
    for name, n in rights.items():
        found[name] = replace(found[name], most=max(found[name].most, n))
    return found


def joined(one: Known, other: Known, at: datetime) -> Known:
    """Both together, without who was not here for a year: the last to be here, if they are many."""
    both = dict(one)
    for name, theirs in other.items():
        both[name] = _both(both[name], theirs) if name in both else theirs
    lately = [(name, who) for name, who in both.items() if at - who.last <= YEAR]
    lately.sort(key=lambda pair: (pair[1].last, pair[0]))
    return dict(lately[-MOST:])


def new_since(known: Known, at: datetime) -> datetime:
    """Who came after this moment is new in what they never did."""
    return at - min(NEW, (at - _start(known, at)) / 2)


def is_new(known: Known, name: str, at: datetime, since: datetime, *, orders: bool) -> bool:
    """Whether this is somebody new (`new_since`) to what matters, or to giving orders."""
    who = known.get(name)
    if who is None:
        return True
    settled = who.mattered is not None and (not orders or at - who.mattered >= SETTLED)
    return who.came >= since and not settled and who.ordered is None


def used_to_them(known: Known, at: datetime, *, rights: bool) -> bool:
    """Whether it is usual here that somebody new does what matters, or changes rights."""
    if not known:
        return True
    line = at - min(at - _start(known, at), YEAR) / 2
    if rights:
        return any(who.ruled is not None and who.ruled > line for who in known.values())
    return any(who.mattered is not None and who.came > line for who in known.values())


def used_to_orders(known: Known, at: datetime) -> bool:
    """Whether it is usual here that somebody new gives orders."""
    start = _start(known, at)
    if at - start <= ACQUAINTED:
        return True
    line = max(start + NEW, at - YEAR)
    late = (who for who in known.values() if who.came > line)
    return any(
        who.ordered is not None
        and who.mattered is not None
        and who.ordered - who.mattered < SETTLED
        for who in late
    )


def since_when(known: Known, at: datetime) -> timedelta:
    """How far the memory reaches back."""
    return at - _start(known, at)


def _start(known: Known, at: datetime) -> datetime:
    """When the memory began."""
    return min((who.came for who in known.values()), default=at)


def _both(one: Acquaintance, other: Acquaintance) -> Acquaintance:
    return Acquaintance(
        came=min(one.came, other.came),
        last=max(one.last, other.last),
        mattered=_first(one.mattered, other.mattered),
        ordered=_first(one.ordered, other.ordered),
        ruled=_first(one.ruled, other.ruled),
        most=max(one.most, other.most),
    )


def _first(one: datetime | None, other: datetime | None) -> datetime | None:
    told = [moment for moment in (one, other) if moment is not None]
    return min(told, default=None)
