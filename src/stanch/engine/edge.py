"""The edge: this server counts here and sends its counts upstream, never its rows.

In    our own sealed minutes; the upstream server's address and a key for it.
Out   each minute sent once, in order, numbered and signed; baselines fetched from upstream.
Why   counts only merge on one plan, so the baseline comes from where they are merged.

How far we have sent is kept here and moves only when upstream has answered, so a cut line loses
nothing; a summary whose answer was lost is sent again, the same to the bit, and known there.
"""

import http.client
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import msgspec

from stanch.engine.clock import Clock
from stanch.engine.ports import Store
from stanch.engine.sites import LEAD
from stanch.engine.watch.hop import LATENESS, MINUTE
from stanch.engine.watch.sent import Sent, written
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.kept import BaselineKept, SummaryBlock
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import Refused, Unreachable

_PLACE = "_edge/place"
SETTLED = LATENESS + 2 * MINUTE
"""A minute this old is sealed here and does not change any more."""
LONGEST_AWAY = timedelta(minutes=12)
"""What is older than this upstream would call stale; it stays here, where it can be hunted."""
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


class Edge:
    """Sends what was counted here."""

    def __init__(
        self, store: Store, upstream: Upstream, sign: Callable[[bytes], str], clock: Clock
    ) -> None:
        self._store = store
        self._upstream = upstream
        self._sign = sign
        self._clock = clock

    def turn(self) -> int:
        """How many minutes were sent, after the baselines were brought up to date."""
        self._fetch_baselines()
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
                b for asset in self._upstream.assets for b in tx.summaries.between(asset, span)
            ]
        last = (place.minute, place.asset, place.version)
        due = sorted(
            (b for b in blocks if (b.minute, b.asset, b.version) > last and b.n),
            key=lambda b: (b.minute, b.asset, b.version),
        )
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
            )
        )
        headers = {"stanch-signature": self._sign(LEAD + content)}
        path = f"/api/v1/sites/{quote(self._upstream.site, safe='')}/minutes"
        self._ask("POST", path, content, headers)
        moved = _Place(
            number=place.number + 1,
            minute=block.minute,
            asset=block.asset,
            version=block.version,
        )
        with self._store.begin() as tx:
            tx.settings.put(_PLACE, msgspec.json.encode(moved).decode())

    def _fetch_baselines(self) -> None:
        for asset in self._upstream.assets:
            path = f"/api/v1/assets/{quote(asset, safe='')}/baselines/current"
            answer = self._ask("GET", path)
            if not answer:
                continue
            kept = msgspec.json.decode(answer, type=BaselineKept)
            with self._store.begin() as tx:
                current = tx.baselines.current(asset, kept.version)
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
            raise Refused(f"{self._upstream.url} answered {answer.status}: {_detail(found)}")
        return found


def _read(text: str | None) -> _Place:
    return msgspec.json.decode(text, type=_Place) if text else _Place()


def _detail(body: bytes) -> str:
    try:
        return str(msgspec.json.decode(body)["detail"])[:300]
    except (msgspec.MsgspecError, KeyError, TypeError):
        return body[:100].decode("utf-8", "replace")
