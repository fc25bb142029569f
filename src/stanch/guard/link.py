"""The line between a guard and its server: policies come, acknowledgements and events go.

In    the server's address and a guard's key.
Out   each new policy to the keeper; reports and batches of events to the server.
Why   it runs on two threads of its own, so that a slow or missing server costs the service nothing.

GET  /api/v1/assets/{asset}/policy?wait=30   If-None-Match: "digest"; 200 or 304; wait=0 at first
POST /api/v1/assets/{asset}/guard            what this guard runs, and its counts
POST /api/v1/events                          a JSON array; exchanges, where the server takes them

The server's answers carry `Stanch-Signature` (over the body), `Stanch-Probe-Key` (base64) and
`Stanch-Takes`, the media type of exchanges whose bodies it reads itself.
"""

import base64
import binascii
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event as Flag
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from stanch.guard.keeper import Keeper
from stanch.guard.packed import joined, texts
from stanch.guard.telemetry import Buffer, Bundle, Packed
from stanch.vocabulary.event import EXCHANGES

if TYPE_CHECKING:
    from stanch.guard.wire import Wire

LONGEST_PAUSE = 30.0
GROWS = 1.15
"""A pause grows by this: whoever is back is asked again within a sixth of the time it was away."""
_GOOD = 200
_SAME = 304
_BAD = 400
_UNKNOWN = 415
_BUSY = 429
_BROKEN = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """Where the server is and how to speak to it."""

    url: str
    key: str = field(repr=False)
    wait: int = 30
    batch: int = 2000
    every: float = 0.25
    """Seconds after which a batch goes out though it is not full: an attack is seen no sooner."""


class Link:
    """Two threads: one waits for policies, one sends events."""

    def __init__(self, server: Server, keeper: Keeper, buffer: Buffer, guard: str) -> None:
        self._server = server
        self._keeper = keeper
        self._buffer = buffer
        self._guard = guard
        self._stop = Flag()
        self._asset = quote(keeper.asset, safe="")
        self.counts: Counter[str] = Counter()
        self.probe_key: bytes | None = None
        self.packs = False
        """Whether the server reads bodies itself."""
        self.measured: Callable[[], Mapping[str, int]] = dict
        self.address = ""
        self.cannot: Callable[[], tuple[str, ...]] = tuple
        self.proxies: Callable[[], tuple[str, ...]] = tuple
        """The proxies that callers come through, so that the server refuses none of them."""
        self.taken: Callable[[], None] = lambda: None
        """Called after each policy that was taken, before it is told; again if it raises."""
        self.kept: Callable[[], None] = lambda: None
        """Called once it is told: what is slow and must not delay an effect."""
        self._effected = True
        self._in_touch = False
        """Whether the server answered the last question: else the next one waits for nothing, so
        that whoever is back, here or there, is heard of at once."""
        self._threads = [
            Thread(target=self._run, args=(step,), name=f"stanch-guard-{name}", daemon=True)
            for name, step in (("policy", self._fetch), ("events", self._tell))
        ]

    def start(self) -> None:
        """Begin; both threads end with the process."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End both threads soon; what is under way is finished or given up."""
        self._stop.set()
        self._buffer.close()

    def _run(self, step: Callable[["Wire"], None]) -> None:
        from stanch.guard.wire import Wire  # noqa: PLC0415  its imports would slow every host's start

        wire = Wire(self._server.url, self._server.key, self._server.wait + 10)
        try:
            self._repeat(lambda: step(wire))
        finally:
            wire.close()

    def _repeat(self, step: Callable[[], None]) -> None:
        pause = 0.1
        while not self._stop.is_set():
            try:
                step()
            except OSError:
                self.counts["server_unreachable"] += 1
            except Exception:  # noqa: BLE001  border: the guard never takes its host down
                self.counts["link_errors"] += 1
            else:
                pause = 0.1
                continue
            self._stop.wait(pause)
            pause = min(LONGEST_PAUSE, pause * GROWS)

    def _fetch(self, wire: "Wire") -> None:
        headers = {"If-None-Match": f'"{self._keeper.digest}"'} if self._keeper.digest else {}
        wait, self._in_touch = self._server.wait if self._in_touch else 0, False
        status, body, answer = wire.ask(
            "GET", f"/api/v1/assets/{self._asset}/policy?wait={wait}", headers=headers
        )
        self._learn(answer)
        if status == _GOOD:
            taken = self._keeper.take(body, answer.get("stanch-signature", ""))
            if not taken:
                self._report(wire)
                raise ConnectionError("the policy was not taken")
            self._effected = False
            try:
                self._acknowledge(wire)
            finally:
                self._keeper.save()
        elif status == _SAME:
            self._acknowledge(wire)
        else:
            raise ConnectionError(f"status {status}")
        self._in_touch = True

    def _acknowledge(self, wire: "Wire") -> None:
        """Report what is in force, once whoever enforces it has it in effect."""
        if self._effected:
            self._report(wire)
            return
        self.taken()
        self._effected = True
        self._report(wire)
        self.kept()

    def _learn(self, answer: Mapping[str, str]) -> None:
        self.packs = answer.get("stanch-takes", "") == EXCHANGES
        text = answer.get("stanch-probe-key", "")
        try:
            self.probe_key = base64.b64decode(text, validate=True) or self.probe_key
        except (binascii.Error, ValueError):
            self.counts["probe_key_broken"] += 1

    def _report(self, wire: "Wire") -> None:
        report = {
            "guard": self._guard,
            "asset": self._keeper.asset,
            "version": self._keeper.version,
            "digest": self._keeper.digest,
            "address": self.address,
            "cannot": self.cannot(),
            "proxies": self.proxies(),
            "counts": dict(self.measured()),
        }
        wire.ask("POST", f"/api/v1/assets/{self._asset}/guard", body=msgspec.json.encode(report))

    def _tell(self, wire: "Wire") -> None:
        events = self._buffer.batch(self._server.batch, self._server.every)
        if not events:
            return
        try:
            body, headers = self._body(events)
            status, _, _ = wire.ask("POST", "/api/v1/events", body=body, headers=headers)
        except OSError:
            self._buffer.give_back(events)
            raise
        if status == _UNKNOWN and headers:
            self.packs = False
        if status == _BUSY or status >= _BROKEN or (status == _UNKNOWN and headers):
            self._buffer.give_back(events)
            raise ConnectionError(f"status {status}")
        sent = "events_refused" if status >= _BAD else "events_sent"
        self.counts[sent] += sum(one.many for one in events)

    def _body(self, told: list[Bundle]) -> tuple[bytes, dict[str, str]]:
        """The events as the server takes them, and what it must be told of that."""
        packs = [one.text for one in told if isinstance(one, Packed)]
        plain = [one.text for one in told if not isinstance(one, Packed)]
        if packs and self.packs:
            return joined(packs, b",".join(plain)), {"Content-Type": EXCHANGES}
        return b"[%b]" % b",".join([*map(texts, packs), *plain]), {}
