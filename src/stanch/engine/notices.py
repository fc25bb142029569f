"""Notices: what people are to be told is kept, then sent until a channel takes it.

In    notices from approvals, clocks, runs; how each person is reached.
Out   each notice once at whom it is to, with its line in the evidence log; or why it was not sent.
Why   whoever asks people must not wait for a mail server, and a crash must not swallow a call for
      help. So a notice is a row first. A chore sends it: whom a duty or a role means on this asset
      is looked up then, each of them by their own channels, else by everybody's. Without any
      channel it stands in the server's log, and says so.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from stanch.engine.clock import Clock
from stanch.engine.ports import Store, Transaction
from stanch.engine.systems import Channel, Connected
from stanch.engine.telling import Notice
from stanch.vocabulary.ids import digest_of
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.notice import Carried, KeptNotice, Urgency
from stanch.vocabulary.people import Duty, Role, called
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import Trouble, Unreachable

LOG = logging.getLogger("stanch.notices")
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=10)
GIVEN_UP = timedelta(hours=24)
"""A notice that nobody took for so long is given up; that is in the log, too."""
AT_ONCE = 50


class Notices:
    """Keeps notices and sends them."""

    def __init__(self, store: Store, clock: Clock, lines: Connected) -> None:
        self._store = store
        self._clock = clock
        self._lines = lines

    def tell(self, notice: Notice) -> None:
        """Keeps it to be sent; the same key again changes nothing."""
        at = self._clock()
        with self._store.begin() as tx:
            keep(tx, notice, at)

    def turn(self) -> int:
        """How many notices were sent, or came to an end otherwise."""
        at = self._clock()
        with self._store.look() as tx:
            due = tx.notices.due(at, AT_ONCE)
            whom = {one.id: tuple(_whom(tx, one)) for one in due}
        moved, away = 0, dict[str, str]()
        for one in due:
            after = self._sent(one, (whom[one.id], away), at)
            with self._store.begin() as tx:
                if tx.notices.get(one.id).tries != one.tries:
                    continue
                tx.notices.save(after)
                if after.state is not Carried.WAITING:
                    _enter(tx, after, at)
                    moved += 1
        return moved

    def _sent(
        self, one: KeptNotice, how: tuple[tuple[str, ...], dict[str, str]], at: datetime
    ) -> KeptNotice:
        """The notice after it was tried; each channel that took it takes it once.

        A system that did not answer is not asked again in the same turn.
        """
        whom, away = how
        plan = self._lines().plan
        ways = dict.fromkeys(way for name in whom for way in plan.ways(name))
        if not ways:
            LOG.log(_LEVELS[one.urgency], "to %s: %s", called(one.to), one.says)
            return replace(one, state=Carried.LOGGED, channels=("log",), people=whom, sent=at)
        taken, why = self._carried(one, ways, away)
        state = Carried.WAITING if why else Carried.SENT
        if why and at - one.at >= GIVEN_UP:
            state = Carried.FAILED
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(one.tries, 10))
        return replace(
            one,
            state=state,
            tries=one.tries + 1,
            due=at + pause,
            channels=taken,
            people=whom,
            sent=at if state is Carried.SENT else None,
            why=why,
        )

    def _carried(
        self, one: KeptNotice, ways: Iterable[tuple[str, Channel]], away: dict[str, str]
    ) -> tuple[tuple[str, ...], str]:
        """The channels that have it now, and why another has it not."""
        doers, taken, why = self._lines().doers, list(one.channels), ""
        ways = [way for way in ways if way[1].system in doers]
        for name, channel in ways:
            told = f"{channel.system} {name}"
            if told in taken or channel.system in away:
                why = away.get(channel.system, why) if told not in taken else why
                continue
            try:
                key = f"{one.id}/{digest_of(told.encode())[-12:]}"
                doers[channel.system]("tell", name, _text(one), key)
            except Unreachable as trouble:
                why = away[channel.system] = str(trouble)
            except Trouble as trouble:
                why = str(trouble)
            else:
                taken.append(told)
        return tuple(taken), why


def keep(tx: Transaction, notice: Notice, at: datetime) -> None:
    """Keeps it in the commit of what it tells of; the same key again changes nothing."""
    key = notice_id(notice.key)
    if tx.notices.find(key) is not None:
        return
    tx.notices.add(
        KeptNotice(
            id=key,
            at=at,
            to=notice.to,
            says=notice.says,
            urgency=notice.urgency,
            incident=notice.incident,
            asset=notice.asset,
            due=at,
        )
    )


def notice_id(key: str) -> str:
    """The id of the notice with this key."""
    return "ntc-" + digest_of(key.encode()).removeprefix("sha256:")[:20]


def _whom(tx: Transaction, one: KeptNotice) -> Iterator[str]:
    """The people that a duty, a role or a name means on this asset."""
    asset = tx.assets.find(one.asset) if one.asset is not None else None
    if asset is not None and one.to == "owner" and asset.owner:
        yield asset.owner
        return
    duty = next((d for d in Duty if str(d) == one.to), None)
    if asset is not None and duty is not None and asset.roles.get(duty):
        yield asset.roles[duty]
        return
    if one.to in set(Role):
        page = tx.users.page(Wanted(kind=(one.to,)), limit=200)
        named = [user.name for user in page.items if not user.disabled]
        yield from named or (one.to,)
        return
    yield one.to


def _text(one: KeptNotice) -> str:
    about = " ".join(filter(None, (one.incident and f"[{one.incident}]", one.asset)))
    return f"{about}: {one.says}" if about else one.says


def _enter(tx: Transaction, one: KeptNotice, at: datetime) -> None:
    tx.record(
        Entry(
            at=at,
            deed=Deed.PERSON_TOLD,
            actor="stanch",
            about=one.id,
            incident=one.incident,
            facts={
                "to": one.to,
                "state": one.state,
                "channels": ", ".join(one.channels),
                "says": one.says[:300],
                "why": one.why[:200],
            },
        )
    )
    tx.announce("notice", one.id)


_LEVELS = {
    Urgency.WHEN_YOU_CAN: logging.INFO,
    Urgency.SOON: logging.WARNING,
    Urgency.NOW: logging.ERROR,
}
