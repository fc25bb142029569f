"""The edge: this server counts here and sends its counts upstream, never its rows.

In    our own sealed minutes; the upstream server's address and a key for it.
Out   each minute sent once, in order, numbered and signed; assets and baselines from upstream.
Why   counts only merge on one plan, so the baseline comes from where they are merged.

How far we have sent is kept here and moves only when upstream has answered, so a cut line loses
nothing; a summary whose answer was lost is sent again, the same to the bit, and known there. What
upstream can never merge, because it counts on a newer baseline by now, is passed over and told.
"""

import http.client
import logging
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import msgspec

from stanch.engine.clock import Clock
from stanch.engine.ports import Store, Transaction
from stanch.engine.sites import LEAD
from stanch.engine.watch.hop import LATENESS, MINUTE
from stanch.engine.watch.sent import Sent, written
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.kept import BaselineKept, SummaryBlock
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import BadInput, NotFound, Refused, Unreachable

_LOG = logging.getLogger("stanch.edge")
_PLACE = "_edge/place"
SETTLED = LATENESS + 2 * MINUTE
"""A minute this old is sealed here and does not change any more."""
LONGEST_AWAY = timedelta(minutes=12)
"""What is older than this upstream would call stale; it stays here, where it can be hunted."""
FETCH_EVERY = timedelta(seconds=30)
_MOST = 200
_TIMEOUT = 15.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Upstream:
    """Where counts go."""

    url: str
    key: str = field(repr=False)
    site: str
    assets: tuple[AssetId, ...]


class _Place(msgspec.Struct, frozen=True):
    """How far was sent."""

    number: int = 0
    minute: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    asset: str = ""
    version: str = ""
    condition: str = ""


class Edge:
    """Sends what was counted here."""

    def __init__(
        self, store: Store, upstream: Upstream, sign: Callable[[bytes], str], clock: Clock
    ) -> None:
        self._store = store
        self._upstream = upstream
        self._sign = sign
        self._clock = clock
        self._fetched = datetime(2000, 1, 1, tzinfo=UTC)
        self.passed_over = 0

    def turn(self) -> int:
        """How many minutes were sent, after assets and baselines were brought up to date."""
        if self._clock() - self._fetched >= FETCH_EVERY:
            self._fetch_assets()
            self._fetch_baselines()
            self._fetched = self._clock()
        sent = 0
        for block in self._due():
            self._send(block)
            sent += 1
        return sent

    def _due(self) -> Iterator[SummaryBlock]:
        """The sealed minutes that were not sent yet, in their order."""
        now = self._clock()
        with self._store.look() as tx:
            place = _read(tx.settings.get(_PLACE))
            since = max(place.minute, now - LONGEST_AWAY)
            span = Span(start=since, end=max(since, now - SETTLED))
            blocks = [
                b
                for asset in self._upstream.assets
                for condition in ("", *_conditions(tx, asset))
                for b in tx.summaries.between(asset, span, condition=condition)
            ]
        last = (place.minute, place.asset, place.version, place.condition)
        due = sorted((b for b in blocks if _place(b) > last and b.n), key=_place)
        yield from due[:_MOST]

    def _send(self, block: SummaryBlock) -> None:
        with self._store.look() as tx:
            place = _read(tx.settings.get(_PLACE))
        content = written(
            Sent(
                site=self._upstream.site,
                number=place.number + 1,
                asset=block.asset,
                version=block.version,
                minute=block.minute,
                body=block.body,
                condition=block.condition,
            )
        )
        headers = {"stanch-signature": self._sign(LEAD + content)}
        number = place.number + 1
        try:
            self._ask("POST", f"{self._site}/minutes", content, headers)
        except BadInput as never:
            _LOG.warning("%s of %s was passed over: %s", block.minute, block.asset, never)
            self.passed_over += 1
            self._fetched = datetime(2000, 1, 1, tzinfo=UTC)
            number = place.number
        moved = _Place(
            number=number,
            minute=block.minute,
            asset=block.asset,
            version=block.version,
            condition=block.condition,
        )
        with self._store.begin() as tx:
            tx.settings.put(_PLACE, msgspec.json.encode(moved).decode())

    @property
    def _site(self) -> str:
        return f"/api/v1/sites/{quote(self._upstream.site, safe='')}"

    def _fetch_assets(self) -> None:
        """Takes over how the assets are defined upstream: their features, their criticality."""
        for asset in self._upstream.assets:
            answer = self._ask("GET", f"{self._site}/assets/{quote(asset, safe='')}")
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
        answer = self._ask("GET", path + query)
        if answer:
            kept = msgspec.json.decode(answer, type=BaselineKept)
            with self._store.begin() as tx:
                current = tx.baselines.current(asset, kept.version, kept.condition)
                if current is None or current.digest != kept.digest:
                    tx.baselines.add(kept)
                    tx.announce("baseline", asset)

    def _ask(
        self, method: str, path: str, body: bytes | None = None, more: dict[str, str] | None = None
    ) -> bytes:
        where = urlsplit(self._upstream.url)
        if where.scheme == "https":
            link: http.client.HTTPConnection = http.client.HTTPSConnection(
                where.netloc, timeout=_TIMEOUT, context=ssl.create_default_context()
            )
        else:
            link = http.client.HTTPConnection(where.netloc, timeout=_TIMEOUT)
        headers = {"authorization": f"Bearer {self._upstream.key}", **(more or {})}
        if body is not None:
            headers["content-type"] = "application/octet-stream"
        try:
            link.request(method, path, body, headers)
            answer = link.getresponse()
            found = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(self._upstream.url, error) from error
        finally:
            link.close()
        if answer.status == http.client.NOT_FOUND and method == "GET":
            return b""
        if answer.status >= http.client.BAD_REQUEST:
            said = f"{self._upstream.url} answered {answer.status}: {_detail(found)}"
            raise BadInput(said) if answer.status == BadInput.http_status else Refused(said)
        return found


def _conditions(tx: Transaction, asset: AssetId) -> tuple[str, ...]:
    """The conditions that are counted by themselves."""
    found = tx.assets.find(asset)
    return found.conditions.every if found is not None and found.conditions is not None else ()


def _place(block: SummaryBlock) -> tuple[datetime, str, str, str]:
    return block.minute, block.asset, block.version, block.condition


def _read(text: str | None) -> _Place:
    return msgspec.json.decode(text, type=_Place) if text else _Place()


def _detail(body: bytes) -> str:
    try:
        return str(msgspec.json.decode(body)["detail"])[:300]
    except (msgspec.MsgspecError, KeyError, TypeError):
        return body[:100].decode("utf-8", "replace")
