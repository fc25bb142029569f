"""The edge: this server counts here and sends its counts upstream, never its rows.

In    our own sealed minutes; the upstream server's address and a key for it.
Out   each minute sent once, in order, numbered and signed; assets and baselines from upstream.
Why   counts only merge on one plan, so the baseline comes from where they are merged.

How far we have sent is kept here and moves only when upstream has answered, so a cut line loses
nothing; a summary whose answer was lost is sent again, the same to the bit, and known there. What
upstream can never merge, because it counts on a newer baseline by now, is passed over and told. A
minute that is still being counted here, as after a restart, waits for its end.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain, count
from urllib.parse import quote

import msgspec

from stanch.engine.blindness import end_blindness
from stanch.engine.clock import Clock
from stanch.engine.ports import Store, Transaction
from stanch.engine.sites import AWAY, LEAD, Told
from stanch.engine.upstream import Line, Upstream
from stanch.engine.watch.hop import LATENESS, MINUTE
from stanch.engine.watch.minutes import ended, is_over
from stanch.engine.watch.sent import Sent, written
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.ids import AssetId, BaselineId, digest_of
from stanch.vocabulary.kept import BaselineKept, SummaryBlock
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import BadInput, NotFound, Refused

_LOG = logging.getLogger("stanch.edge")
_PLACE = "_edge/place"
SETTLED = LATENESS + 2 * MINUTE
"""A minute this old is sealed here and does not change any more."""
FETCH_EVERY = timedelta(seconds=30)
WAITS = timedelta(minutes=8)
"""What is not over when it is this old had nobody to end it, and goes as it stands."""
_MOST = 200


class _Place(msgspec.Struct, frozen=True):
    """How far was sent: of each asset by itself, whose rows come when they come. The minute and
    what stands beside it are where all of them stood before they were told apart.
    """

    number: int = 0
    minute: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    asset: str = ""
    version: str = ""
    condition: str = ""
    sent: dict[str, datetime] = {}
    """The last minute of each asset, version and condition."""
    left: int = 0
    """Minutes that were too old to be sent once the line was back."""
    looked: datetime | None = None
    """Up to which moment it is known what was left."""

    def lacks(self, block: SummaryBlock) -> bool:
        """Whether this minute was not sent yet."""
        last = self.sent.get(_lane(block))
        if last is not None:
            return block.minute > last
        return _place(block) > (self.minute, self.asset, self.version, self.condition)

    def after(self, block: SummaryBlock, number: int, away: timedelta) -> "_Place":
        """How far was sent once this minute was; what is too old to be sent is let go of."""
        kept = {k: at for k, at in self.sent.items() if at > block.minute - 4 * away}
        sent = kept | {_lane(block): block.minute}
        return msgspec.structs.replace(self, number=number, sent=sent)


@dataclass(frozen=True, kw_only=True, slots=True)
class Signs:
    """What is signed here."""

    counts: Callable[[bytes], str]
    """With the key of the site."""
    baseline: Callable[[bytes], str]
    """With the keys of the house."""


class Edge:
    """Sends what was counted here."""

    def __init__(
        self, store: Store, upstream: Upstream, line: Line, signs: Signs, clock: Clock
    ) -> None:
        self._store = store
        self._upstream = upstream
        self._line = line
        self._signs = signs
        self._clock = clock
        self._fetched = datetime(2000, 1, 1, tzinfo=UTC)
        self._away = timedelta(minutes=AWAY)
        self.passed_over = 0

    def turn(self) -> int:
        """How many minutes were sent, after assets and baselines were brought up to date."""
        whole = self._clock() - self._fetched >= FETCH_EVERY
        if whole:
            self._told()
            self._fetch_assets()
            self._fetch_baselines()
            self._fetched = self._clock()
        if whole:
            self._leave()
        due = self._due(whole=whole)
        if due:
            self._agree(due[0])
        for block in due:
            self._send(block)
        return len(due)

    def _due(self, *, whole: bool) -> tuple[SummaryBlock, ...]:
        """The minutes that are over and were not sent yet, in their order.

        What came late, to a minute that others are past, is found when the whole is looked at.
        """
        now = self._clock()
        with self._store.look() as tx:
            place = _read(tx.settings.get(_PLACE))
            since = max(place.minute, now - self._away)
            if not whole:
                since = max((since, *place.sent.values()))
            due = self._lacking(tx, place, Span(start=since, end=max(since, now - SETTLED)))
        return tuple(_over(due[:_MOST], now))

    def _lacking(self, tx: Transaction, place: _Place, span: Span) -> list[SummaryBlock]:
        """The minutes of this span that were not sent, in their order."""
        blocks = (
            b
            for asset in self._upstream.assets
            for condition in ("", *_conditions(tx, asset))
            for b in tx.summaries.between(asset, span, condition=condition)
        )
        return sorted((b for b in blocks if place.lacks(b) and b.n), key=_place)

    def _leave(self) -> None:
        """Counts what became too old to be sent; it stays here, where it can be hunted."""
        oldest = self._clock() - self._away
        with self._store.begin() as tx:
            place = _read(tx.settings.get(_PLACE))
            since = max(place.looked or oldest, place.minute)
            left = self._lacking(tx, place, Span(start=since, end=max(since, oldest)))
            if left:
                says = "%d minutes stay here, from %s on: upstream takes none older than %s"
                _LOG.warning(says, len(left), left[0].minute, self._away)
            seen, more = max(since, oldest), place.left + len(left)
            _move(tx, msgspec.structs.replace(place, looked=seen, left=more))

    def left(self) -> int:
        """How many minutes were ever too old to be sent."""
        with self._store.look() as tx:
            return _read(tx.settings.get(_PLACE)).left

    def _told(self) -> Told | None:
        """How far upstream is, and how long we may be cut off; None where it does not say."""
        answer = self._line.ask("GET", f"{self._site}/told")
        if not answer:
            return None
        told = msgspec.json.decode(answer, type=Told)
        self._away = timedelta(minutes=told.away)
        return told

    def _agree(self, first: SummaryBlock) -> None:
        """Goes on from the number that upstream knows; what it would refuse is not sent.

        It may know one more than we do: the answer to that was lost, and it is what comes first.
        """
        told, name = self._told(), self._upstream.site
        if told is None:
            return
        if told.revoked is not None:
            raise Refused(
                f"The site {name} was revoked upstream on {told.revoked:%Y-%m-%d %H:%M}Z. "
                "Nothing is sent until it is added there again."
            )
        with self._store.begin() as tx:
            place = _read(tx.settings.get(_PLACE))
            ahead = told.number - place.number
            foreign = told.digest not in (None, digest_of(self._content(first, told.number)))
            if ahead > 1 or (ahead == 1 and foreign):
                raise Refused(
                    f"Upstream has {told.number} minutes of the site {name}, and this folder knows "
                    f"of {place.number}: it was restored from an older copy, or another place "
                    "sends under this name. Revoke the site upstream, and add it again."
                )
            if told.number < place.number:
                _LOG.warning("upstream goes on from %d, not %d", told.number, place.number)
                _move(tx, msgspec.structs.replace(place, number=told.number))

    def _send(self, block: SummaryBlock) -> None:
        with self._store.look() as tx:
            place = _read(tx.settings.get(_PLACE))
        number = place.number + 1
        content = self._content(block, number)
        headers = {"stanch-signature": self._signs.counts(LEAD + content)}
        try:
            self._line.ask("POST", f"{self._site}/minutes", content, headers)
        except BadInput as never:
            _LOG.warning("%s of %s was passed over: %s", block.minute, block.asset, never)
            self.passed_over += 1
            self._fetched = datetime(2000, 1, 1, tzinfo=UTC)
            number = place.number
        with self._store.begin() as tx:
            _move(tx, place.after(block, number, self._away))

    def _content(self, block: SummaryBlock, number: int) -> bytes:
        """What is signed and sent of this minute under this number."""
        return written(
            Sent(
                site=self._upstream.site,
                number=number,
                asset=block.asset,
                version=block.version,
                minute=block.minute,
                body=block.body,
                condition=block.condition,
            )
        )

    @property
    def _site(self) -> str:
        return f"/api/v1/sites/{quote(self._upstream.site, safe='')}"

    def _fetch_assets(self) -> None:
        """Takes over how the assets are defined upstream: their features, their criticality."""
        for asset in self._upstream.assets:
            answer = self._line.ask("GET", f"{self._site}/assets/{quote(asset, safe='')}")
            if not answer:
                raise NotFound("asset of this site upstream", asset, "site list")
            defined = msgspec.json.decode(answer, type=Asset)
            with self._store.begin() as tx:
                if tx.assets.find(defined.id) != defined:
                    tx.assets.save(defined)

    def _fetch_baselines(self) -> None:
        for asset in self._upstream.assets:
            with self._store.look() as tx:
                conditions = _conditions(tx, asset)
            for condition in ("", *conditions):
                self._fetch_baseline(asset, condition)

    def _fetch_baseline(self, asset: AssetId, condition: str) -> None:
        path = f"/api/v1/assets/{quote(asset, safe='')}/baselines/current"
        query = f"?condition={quote(condition, safe='')}" if condition else ""
        answer = self._line.ask("GET", path + query)
        if answer:
            found = msgspec.json.decode(answer, type=BaselineKept)
            with self._store.begin() as tx:
                current = tx.baselines.current(asset, found.version, found.condition)
                if current is None or not _ours(current, found):
                    self._take_over(tx, found)

    def _take_over(self, tx: Transaction, found: BaselineKept) -> None:
        """Puts upstream's baseline in force here, signed by this house and entered in its log."""
        if digest_of(found.body) != found.digest:
            raise Refused(f"The baseline {found.id} upstream is not what its digest says.")
        kept = replace(
            found,
            id=_free(tx, found),
            by=f"upstream: {found.by}",
            signature=self._signs.baseline(found.body),
        )
        tx.baselines.add(kept)
        end_blindness(tx, kept)
        tx.record(
            Entry(
                at=self._clock(),
                deed=Deed.BASELINE_SET,
                actor=f"upstream {self._upstream.url}"[:200],
                about=kept.id,
                digest=kept.digest,
                facts={"asset": kept.asset, "set_upstream_by": found.by},
            )
        )
        tx.announce("baseline", kept.asset)


def _ours(current: BaselineKept, found: BaselineKept) -> bool:
    """Whether it is what upstream has, under a signature of this house."""
    return current.digest == found.digest and current.signature != found.signature


def _over(due: list[SummaryBlock], now: datetime) -> Iterator[SummaryBlock]:
    """Those before the first that is still being counted, as they are once they are over."""
    for block in due:
        if is_over(block.body):
            yield block
        elif now - block.minute >= WAITS:
            yield replace(block, body=ended(block.body))
        else:
            return


def _free(tx: Transaction, found: BaselineKept) -> BaselineId:
    """The name that the baseline has upstream; another one where it is taken here."""
    taken = {one.id for one in tx.baselines.history(found.asset)}
    more = (BaselineId(f"{found.id}-upstream-{n}") for n in count(1))
    return next(name for name in chain([found.id], more) if name not in taken)


def _conditions(tx: Transaction, asset: AssetId) -> tuple[str, ...]:
    """The conditions that are counted by themselves."""
    found = tx.assets.find(asset)
    return found.conditions.every if found is not None and found.conditions is not None else ()


def _place(block: SummaryBlock) -> tuple[datetime, str, str, str]:
    return block.minute, block.asset, block.version, block.condition


def _lane(block: SummaryBlock) -> str:
    return f"{block.asset}\n{block.version}\n{block.condition}"


def _move(tx: Transaction, place: _Place) -> None:
    tx.settings.put(_PLACE, msgspec.json.encode(place).decode())


def _read(text: str | None) -> _Place:
    return msgspec.json.decode(text, type=_Place) if text else _Place()
