"""Witnesses of our own log: other machines that cosign its checkpoints, so that it cannot fork.

In    the log; the witnesses, each with its verifier key and, when it can be asked, its address.
Out   the newest checkpoint under their cosignatures; `Tampered` when one remembers another log.
Why   a log that only its owner signs could show two people two histories.
"""

import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from stanch.vocabulary.trouble import BadInput, NotFound, Tampered, Unreachable

PATH = "/witness/add-checkpoint"
_TIMEOUT_S = 10
_LARGEST = 64 * 1024


class Log(Protocol):
    """The log that is witnessed."""

    @property
    def size(self) -> int:
        """How many entries it has."""
        ...

    def checkpoint(self) -> str:
        """A signed checkpoint over all entries."""
        ...

    def witness_request(self, old: int) -> str:
        """What a witness that last saw `old` entries is asked."""
        ...

    def accept(self, lines: str, witnesses: Sequence[str]) -> str:
        """The checkpoint with the lines of these witnesses that hold."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Witness:
    """Somebody who remembers our log."""

    key: str
    """Its verifier key (C2SP)."""
    url: str = ""
    """Where it takes checkpoints; empty when it brings its cosignatures by itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reply:
    status: int
    text: str


def witnesses_in(text: str) -> tuple[Witness, ...]:
    """The witnesses that a file names: a key a line, then the address; `#` starts a remark."""
    found: list[Witness] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        key, *rest = words
        url = rest[0].rstrip("/") if rest else ""
        if len(rest) > 1 or (url and urllib.parse.urlsplit(url).scheme not in ("http", "https")):
            raise BadInput(f"Line {number} of the witnesses is not a key and an http address.")
        found.append(Witness(key=key, url=url))
    return tuple(found)


class Witnesses:
    """Asks the witnesses, and takes in what they sign."""

    def __init__(self, log: Log, known: Sequence[Witness]) -> None:
        self._log = log
        self._known = tuple(known)
        self._keys = tuple(one.key for one in known)
        self._seen: dict[str, int] = {}
        self._asked: dict[str, str] = {}
        self.silent: dict[str, str] = {}
        """Who could not be asked last time, and why."""

    @property
    def count(self) -> int:
        """How many witnesses there are."""
        return len(self._known)

    def accept(self, lines: str) -> str:
        """The checkpoint, with those of these cosignatures that hold."""
        self._log.checkpoint()
        whole = lines if lines.endswith("\n") else lines + "\n"
        return self._log.accept(whole, self._keys)

    def ask(self) -> int:
        """How many witnesses cosigned; one that is down is noted, one that saw a fork is told."""
        done, wrong = 0, None
        for one in self._known:
            if not one.url:
                continue
            try:
                self._ask(one)
            except Unreachable as trouble:
                self.silent[one.url] = str(trouble)
            except Tampered as trouble:
                wrong = trouble
            else:
                self.silent.pop(one.url, None)
                done += 1
        if wrong:
            raise wrong
        return done

    def _ask(self, one: Witness) -> None:
        body = self._log.checkpoint().partition("\n\n")[0]
        if self._asked.get(one.key) == body:
            return
        reply = self._sent(one, self._seen.get(one.key, 0))
        if reply.status == HTTPStatus.CONFLICT:
            reply = self._sent(one, _size(one, reply.text))
        if reply.status != HTTPStatus.OK:
            if reply.status in (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY):
                raise Tampered(f"the witness at {one.url} remembers another history of this log")
            raise Unreachable(f"The witness at {one.url}", f"HTTP {reply.status}")
        signed = self._log.accept(reply.text, (one.key,))
        point, lines = signed.partition("\n\n")[::2]
        if all(line in lines for line in reply.text.splitlines()):
            self._seen[one.key] = int(point.split("\n")[1])
            self._asked[one.key] = point

    def _sent(self, one: Witness, old: int) -> _Reply:
        try:
            asked = self._log.witness_request(old)
        except NotFound as error:
            size = self._log.size
            raise Tampered(
                f"the witness at {one.url} remembers {old} entries, and this log has {size}"
            ) from error
        return _post(one.url + PATH, asked)


def _size(one: Witness, text: str) -> int:
    if not (text.strip().isdecimal() and text.isascii()):
        raise Unreachable(f"The witness at {one.url}", "it does not say what it remembers")
    return int(text)


def _post(url: str, text: str) -> _Reply:
    request = urllib.request.Request(url, text.encode(), {"content-type": "text/plain"})  # noqa: S310  http or https, see witnesses_in
    where = urllib.parse.urlsplit(url).netloc
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310  as above
            return _Reply(status=answer.status, text=answer.read(_LARGEST).decode())
    except urllib.error.HTTPError as refused:
        with refused:
            said = refused.read(_LARGEST).decode("utf-8", "replace")
        return _Reply(status=refused.code, text=said)
    except (OSError, http.client.HTTPException, UnicodeDecodeError) as gone:
        raise Unreachable(where, type(gone).__name__) from gone
