"""Cursors: where the next page starts, sealed so that nobody can write their own.

In    the sort key and the id of the last item, and the question that was asked.
Out   opaque text; back again only with the same question and an unbroken seal.
"""

import base64
import hashlib
import hmac

import msgspec

from stanch.vocabulary.trouble import BadInput

_SEAL = 16
_read = msgspec.json.Decoder(tuple[int | str, str])


class Sealer:
    """Makes and opens cursors with one secret."""

    def __init__(self, secret: bytes) -> None:
        """Keeps the secret."""
        self._secret = secret

    def close(self, question: str, key: int | str, last: str) -> str:
        """The cursor behind this item."""
        body = msgspec.json.encode((key, last))
        return base64.urlsafe_b64encode(self._seal(question, body) + body).decode().rstrip("=")

    def open(self, question: str, cursor: str) -> tuple[int | str, str]:
        """The sort key and the id that the cursor names; `BadInput` for any other text."""
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except ValueError:
            raw = b""
        seal, body = raw[:_SEAL], raw[_SEAL:]
        if not hmac.compare_digest(seal, self._seal(question, body)):
            raise BadInput(
                "This cursor does not belong to this list. Start again without `after`, and keep "
                "the filters the same from page to page."
            )
        return _read.decode(body)

    def _seal(self, question: str, body: bytes) -> bytes:
        said = question.encode() + b"\0" + body
        return hmac.new(self._secret, said, hashlib.sha256).digest()[:_SEAL]
