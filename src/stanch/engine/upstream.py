"""Upstream: the server that merges an edge's counts, and the line to it.

In    its address, a key for it; a method, a path, bytes.
Out   what it answered; `Unreachable` when it did not, `BadInput` for what it can never take, else
      `Refused`.
Why   what an edge decides can be tested without a network.
"""

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

import msgspec

from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.trouble import BadInput, Refused, Unreachable

_TIMEOUT = 15.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Upstream:
    """Where counts go."""

    url: str
    key: str = field(repr=False)
    site: str
    assets: tuple[AssetId, ...]


class Line(Protocol):
    """The way to the server upstream."""

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        more: Mapping[str, str] | None = None,
    ) -> bytes:
        """What it answered; nothing where it has nothing of that name to show."""
        ...


class HttpLine:
    """The way by HTTP; each question has a connection of its own."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        more: Mapping[str, str] | None = None,
    ) -> bytes:
        """What it answered; nothing where it has nothing of that name to show."""
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


def _detail(body: bytes) -> str:
    try:
        return str(msgspec.json.decode(body)["detail"])[:300]
    except (msgspec.MsgspecError, KeyError, TypeError):
        return body[:100].decode("utf-8", "replace")
