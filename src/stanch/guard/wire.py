"""One kept connection to the server, for one thread.

In    a method, a path, headers and a body.
Out   the status, the body and the headers of the answer; OSError where there was none.
Why   a guard sends a batch every moment; a handshake for each would cost more than the batch. It is
      imported by the thread that needs it, so that importing the guard stays quick.
"""

import http.client
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

LARGEST = 16_000_000
JSON = "application/json"


class Wire:
    """A connection that is opened when it is needed and again when the server closed it."""

    def __init__(self, url: str, key: str, seconds: float) -> None:
        given = urlsplit(url)
        self._base = given.path.rstrip("/")
        self._key = key
        self._kept = False
        if given.scheme == "https":
            self._line: http.client.HTTPConnection = http.client.HTTPSConnection(
                given.hostname or "",
                given.port,
                timeout=seconds,
                context=ssl.create_default_context(),
            )
        else:
            self._line = http.client.HTTPConnection(
                given.hostname or "", given.port, timeout=seconds
            )

    def ask(
        self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes, dict[str, str]]:
        """The answer; asked again once where a kept connection had gone stale."""
        sent = {"Authorization": f"Bearer {self._key}"}
        if body:
            sent["Content-Type"] = JSON
        sent.update(headers or {})
        was_kept = self._kept
        try:
            return self._once(method, path, body, sent)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            stale = isinstance(error, (ConnectionError, http.client.RemoteDisconnected))
            if was_kept and stale:
                return self.ask(method, path, body=body, headers=headers)
            if isinstance(error, OSError):
                raise
            raise ConnectionError(str(error)) from error

    def close(self) -> None:
        """Close the connection; the next question opens another."""
        self._kept = False
        self._line.close()

    def _once(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, bytes, dict[str, str]]:
        self._line.request(method, self._base + path, body=body or None, headers=headers)
        answer = self._line.getresponse()
        content = answer.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise ConnectionError("the answer is too large")
        self._kept = not answer.will_close
        if answer.will_close:
            self._line.close()
        return answer.status, content, {k.lower(): v for k, v in answer.getheaders()}
