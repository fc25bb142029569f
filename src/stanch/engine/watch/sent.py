"""What a site sends: one minute of one asset, counted there on our plan, in its order."""

from datetime import datetime

import msgspec


class Sent(msgspec.Struct, frozen=True, array_like=True):
    """One minute, as a site numbers and signs it."""

    site: str
    number: int
    asset: str
    version: str
    minute: datetime
    body: bytes
    condition: str = ""


def written(sent: Sent) -> bytes:
    """The bytes that a site signs and sends."""
    told = msgspec.structs.astuple(sent)
    return msgspec.msgpack.encode(told if sent.condition else told[:-1])
