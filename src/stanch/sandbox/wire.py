"""The wire: how tenants and attackers reach a victim, and how the drill reaches the server.

In    an address and a key.
Out   answers of a victim, or how it refused; documents of the server's public API.
Why   nobody in a drill has a back door: what an outsider cannot see, an attacker here does not see.
"""

import http.client
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

import msgspec
import numpy as np
from numpy.typing import NDArray

from stanch.vocabulary.trouble import Unreachable

Floats = NDArray[np.float64]
_PATIENCE = 30.0
_SERVER_PATIENCE = 180.0
"""A busy machine takes its time over half an hour of past."""
_GOOD = 200
_BAD = 400
GONE = 0
"""The status of a request that got no answer at all."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Answer:
    """What a victim said to one request."""

    status: int
    id: str = ""
    says: str = ""
    version: str = ""
    scores: Floats | None = None

    @property
    def given(self) -> bool:
        """Whether the model answered."""
        return self.status == _GOOD and bool(self.says)


class Door(Protocol):
    """Where a model can be asked."""

    def ask(self, row: Floats, groups: Mapping[str, str] | None = None) -> Answer:
        """The answer to one row."""
        ...


class HttpDoor:
    """A victim's API, with one key, over one connection that is kept open."""

    def __init__(self, url: str, key: str, source: str = "") -> None:
        parts = urlsplit(url)
        self._line = http.client.HTTPConnection(parts.netloc, timeout=_PATIENCE)
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        if source:
            self._headers["x-forwarded-for"] = source
        self._alone = threading.Lock()

    def ask(self, row: Floats, groups: Mapping[str, str] | None = None) -> Answer:
        """The answer to one row; status 0 when there was none."""
        document: dict[str, Any] = {"features": row.tolist()}
        if groups:
            document["groups"] = dict(groups)
        try:
            with self._alone:
                self._line.request("POST", "/predict", msgspec.json.encode(document), self._headers)
                response = self._line.getresponse()
                status, body = response.status, response.read()
        except (OSError, http.client.HTTPException):
            self._line.close()
            return Answer(status=GONE)
        return _answer(status, body)

    def close(self) -> None:
        """Lets the connection go."""
        self._line.close()


def _answer(status: int, body: bytes) -> Answer:
    try:
        told = msgspec.json.decode(body)
    except msgspec.DecodeError:
        told = None
    if status != _GOOD or not isinstance(told, dict):
        return Answer(status=status)
    scores = told.get("scores")
    return Answer(
        status=status,
        id=str(told.get("id", "")),
        says=str(told.get("prediction", "")),
        version=str(told.get("version", "")),
        scores=np.asarray(scores, dtype=np.float64) if isinstance(scores, list) else None,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Api:
    """The server's public API, with one key."""

    url: str
    key: str = field(repr=False)

    def get(self, path: str, **query: object) -> Any:
        """The JSON that this path answers; None when there is no such thing."""
        asked = urlencode({k: v for k, v in query.items() if v not in (None, "")}, doseq=True)
        status, body = self.ask("GET", path + ("?" + asked if asked else ""))
        if status >= _BAD:
            return None
        return msgspec.json.decode(body) if body else None

    def every(self, path: str, **query: object) -> Iterator[dict[str, Any]]:
        """The items of a list, page after page."""
        after = ""
        while page := self.get(path, limit=200, after=after, **query):
            yield from page["items"]
            after = page["next"]
            if not after:
                return

    def send(self, method: str, path: str, document: object = None) -> tuple[int, Any]:
        """The status and the JSON that is answered to this document."""
        body = msgspec.json.encode(document) if document is not None else b""
        status, answer = self.ask(method, path, body)
        try:
            return status, msgspec.json.decode(answer) if answer else None
        except msgspec.DecodeError:
            return status, None

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """The status and the body of one request."""
        line = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=_SERVER_PATIENCE)
        headers = {"authorization": f"Bearer {self.key}"}
        if body:
            headers["content-type"] = "application/json"
        try:
            line.request(method, path, body or None, headers)
            response = line.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(self.url, str(error) or type(error).__name__) from error
        finally:
            line.close()
