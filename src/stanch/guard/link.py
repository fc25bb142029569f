"""The line between a guard and its server: policies come, acknowledgements and events go.

In    the server's address and a guard's key.
Out   each new policy to the keeper; reports and batches of events to the server.
Why   it runs on threads of its own, so that a slow or missing server costs the service nothing.

GET  /api/v1/assets/{asset}/policy?wait=30   If-None-Match: "digest"; 200 or 304; wait=0 at first
POST /api/v1/assets/{asset}/guard            what this guard runs, and its counts
POST /api/v1/assets/{asset}/tally            what was let through of what is limited: `tally.py`
POST /api/v1/events                          a JSON array; exchanges, where the server takes them

What goes wrong on the way is told once, in the host's log: a guard that nobody can reach must not
look like one that has nothing to do.

The server's answers carry `Stanch-Signature` (over the body), `Stanch-Probe-Key` (base64) and
`Stanch-Takes`, the media type of exchanges whose bodies it reads itself.
"""

import base64
import binascii
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event as Flag
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import msgspec

from stanch.guard.keeper import Keeper
from stanch.guard.packed import pieces, texts
from stanch.guard.tally import Tally
from stanch.guard.telemetry import Buffer, Bundle, Packed
from stanch.vocabulary.event import EXCHANGES
from stanch.vocabulary.trouble import BadInput

if TYPE_CHECKING:
    from stanch.guard.wire import Answer, Wire

LONGEST_PAUSE = 30.0
LAST_SECONDS = 2.0
"""How long a service that ends waits for its last events to leave."""
GROWS = 1.15
"""A pause grows by this: whoever is back is asked again within a sixth of the time it was away."""
_GOOD = 200
_SAME = 304
_BAD = 400
_UNKNOWN = 415
_BUSY = 429
_BROKEN = 500
_REFUSES = {
    401: "knows no key like this guard's: make one with `stanch key create --scope guard`",
    403: "has this guard's key for something else: make one with `stanch key create --scope guard`",
    404: "is no stanch server: look at its address",
}
"""What a status says of the server."""


class Unheard(ConnectionError):  # noqa: N818  it says what happened
    """The server answered, and gave no policy."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """Where the server is and how to speak to it."""

    url: str
    key: str = field(repr=False)
    wait: int = 30
    batch: int = 2000
    every: float = 0.25
    """Seconds after which a batch goes out though it is not full: an attack is seen no sooner."""

    def __post_init__(self) -> None:
        given = urlsplit(self.url)
        known = given.scheme in {"http", "https"} and given.hostname and _port(self.url)
        if self.url and not known:
            raise BadInput(f"{self.url[:80]!r} is no server. Give one like https://stanch:8484.")
        if not self.key.strip().isprintable():
            raise BadInput("A key is one line of printable characters.")

    @property
    def place(self) -> str:
        """Its address as people may read it."""
        given = urlsplit(self.url)
        return f"{given.scheme}://{given.netloc.rpartition('@')[2]}"


class Link:
    """Three threads: one waits for policies, one sends events, one counts with other guards."""

    def __init__(
        self,
        server: Server,
        keeper: Keeper,
        buffer: Buffer,
        guard: str,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._server = server
        self._keeper = keeper
        self._buffer = buffer
        self._guard = guard
        self._stop = Flag()
        self._asset = quote(keeper.asset, safe="")
        self.tally = Tally(keeper, guard, f"/api/v1/assets/{self._asset}/tally", clock)
        self._troubles = keeper.troubles
        self.counts: Counter[str] = Counter()
        self.probe_key: bytes | None = None
        self.packs = False
        """Whether the server reads bodies itself."""
        self.stands: Callable[[], str] = str
        """What holds while the server is away, in a sentence."""
        self.measured: Callable[[], Mapping[str, int]] = dict
        self.address = ""
        self.cannot: Callable[[], tuple[str, ...]] = tuple
        self.proxies: Callable[[], tuple[str, ...]] = tuple
        """The proxies that callers come through, so that the server refuses none of them."""
        self.versions: tuple[str, ...] = ()
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
            for name, step in (
                ("policy", self._fetch),
                ("events", self._tell),
                ("tally", self._count),
            )
        ]

    def start(self) -> None:
        """Begin; the threads end with the process."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads: the events that wait are sent, where that takes no longer than this."""
        self._stop.set()
        self._buffer.close()
        telling = self._threads[1]
        if telling.is_alive():
            telling.join(LAST_SECONDS)

    def _run(self, step: Callable[["Wire"], None]) -> None:
        from stanch.guard.wire import Wire  # noqa: PLC0415  its imports would slow every host's start

        wire = Wire(self._server.url, self._server.key.strip(), self._server.wait + 10)
        try:
            self._repeat(lambda: step(wire))
            if step == self._tell:
                self._tell_the_rest(wire)
                self._leave(wire)
        finally:
            wire.close()

    def _tell_the_rest(self, wire: "Wire") -> None:
        with suppress(OSError):
            while len(self._buffer):
                self._tell(wire)

    def _leave(self, wire: "Wire") -> None:
        """Say that this guard ends on purpose, so that nobody waits for its word."""
        with suppress(OSError):
            self._report(wire, leaving=True)

    def _repeat(self, step: Callable[[], None]) -> None:
        pause = 0.1
        while not self._stop.is_set():
            try:
                step()
            except OSError:
                self.counts["server_unreachable"] += 1
            except Exception as error:  # noqa: BLE001  border: the guard never takes its host down
                self.counts["link_errors"] += 1
                self._troubles.begins(
                    f"link: {type(error).__name__}", "An error of the guard itself: tell us.", error
                )
            else:
                pause = 0.1
                continue
            self._stop.wait(pause)
            pause = min(LONGEST_PAUSE, pause * GROWS)

    def _fetch(self, wire: "Wire") -> None:
        headers = {"If-None-Match": f'"{self._keeper.digest}"'} if self._keeper.digest else {}
        wait, self._in_touch = self._server.wait if self._in_touch else 0, False
        status, body, answer = self._heard(wire, wait, headers)
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
        else:
            self._acknowledge(wire)
            self._keeper.save()
        self._in_touch = True

    def _heard(self, wire: "Wire", wait: int, headers: Mapping[str, str]) -> "Answer":
        """What the server says of the policy; where it says nothing, people are told."""
        place = self._server.place
        try:
            answer = wire.ask(
                "GET", f"/api/v1/assets/{self._asset}/policy?wait={wait}", headers=headers
            )
            if answer[0] not in {_GOOD, _SAME}:
                raise Unheard(_REFUSES.get(answer[0], f"answered {answer[0]}"))
        except OSError as error:
            why = error if isinstance(error, Unheard) else f"cannot be reached ({_short(error)})"
            self._troubles.begins("server", f"The server {place} {why}. {self.stands()}")
            raise
        self._troubles.ends("server", f"The server {place} answers again.")
        return answer

    def _acknowledge(self, wire: "Wire") -> None:
        """Report what is in force, once whoever enforces it has it in effect."""
        if self._effected:
            self._report(wire)
            return
        self.taken()
        self._effected = True
        self._report(wire)
        self._troubles.ends("withheld")
        self._troubles.ends("unshaped")
        self._troubles.news(f"Policy version {self._keeper.version} is in force.")
        cannot = self.cannot()
        if cannot:
            says = f"Policy version {self._keeper.version} wants what this guard cannot do."
            self._troubles.begins("cannot", " ".join((says, *cannot)))
        else:
            self._troubles.ends("cannot")
        self.kept()

    def _learn(self, answer: Mapping[str, str]) -> None:
        self.packs = answer.get("stanch-takes", "") == EXCHANGES
        text = answer.get("stanch-probe-key", "")
        try:
            self.probe_key = base64.b64decode(text, validate=True) or self.probe_key
        except (binascii.Error, ValueError):
            self.counts["probe_key_broken"] += 1

    def _report(self, wire: "Wire", *, leaving: bool = False) -> None:
        if self._stop.is_set() and not leaving:
            return
        report = {
            "leaving": leaving,
            "guard": self._guard,
            "asset": self._keeper.asset,
            "version": self._keeper.version,
            "digest": self._keeper.digest,
            "address": self.address,
            "cannot": self.cannot(),
            "proxies": self.proxies(),
            "versions": self.versions,
            "among": self._keeper.among,
            "troubles": self._troubles.now,
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
        later = status in {_BUSY, *_REFUSES} or status >= _BROKEN
        if later or (status == _UNKNOWN and headers):
            self._buffer.give_back(events)
            raise ConnectionError(f"status {status}")
        many = sum(one.many for one in events)
        if status >= _BAD:
            self.counts["events_refused"] += many
            self._troubles.begins(
                "refused", f"The server refused events ({status}): they are lost."
            )
        else:
            self.counts["events_sent"] += many

    def _count(self, wire: "Wire") -> None:
        if self.tally.step(wire, self._stop):
            self._report(wire)

    def _body(self, told: list[Bundle]) -> tuple[list[bytes], dict[str, str]]:
        """The events as the server takes them, in pieces, and what it must be told of that."""
        packs = [one.text for one in told if isinstance(one, Packed)]
        plain = [one.text for one in told if not isinstance(one, Packed)]
        if packs and self.packs:
            return pieces(packs, b",".join(plain)), {"Content-Type": EXCHANGES}
        return [b"[%b]" % b",".join([*map(texts, packs), *plain])], {}


def _port(url: str) -> bool:
    """Whether the port is one, or none is stated."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _short(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
