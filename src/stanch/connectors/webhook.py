"""Webhook: any other system, told over HTTP with a signature that it can check.

In    an address whose password is the shared secret.
Out   every order as one POST of JSON (verb, subject, value, key); assets as the answer to `assets`.
Why   a team's own systems need no connector of ours: thirty lines on their side are one.

`Stanch-Signature` is hex HMAC-SHA256 over "stanch-webhook-v1", a line end, and the body; the body
holds `key`, which the receiver keeps so that the same order twice has one effect. A redirect is not
followed: the signature was for this address.
"""

import hashlib
import hmac
from typing import Any
from urllib.parse import urlsplit

import msgspec

from stanch.connectors import Connector, Link, Order, ask, secret
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.trouble import BadInput, Unreachable

_USE = b"stanch-webhook-v1\n"


def signature(body: bytes, key: str) -> str:
    """What `Stanch-Signature` says of this body under this secret."""
    return hmac.new(key.encode(), _USE + body, hashlib.sha256).hexdigest()


class Webhook:
    """One receiver."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def assets(self) -> tuple[Asset, ...]:
        """What the receiver lists, if it lists any."""
        said = self._post({"verb": "assets"})
        try:
            return msgspec.json.decode(said, type=tuple[Asset, ...]) if said.strip() else ()
        except (msgspec.MsgspecError, ValueError):
            why = "it answered something that is no list of assets"
            raise Unreachable(f"The webhook at {self._link.shown}", why) from None

    def do(self, order: Order) -> str:
        """Posts the order, signed; done when the receiver answers 2xx."""
        if not secret(self._link):
            raise BadInput("A webhook needs a secret: put it into its address as the password.")
        told = {"verb": order.verb, "subject": order.subject}
        self._post({**told, "value": order.value, "key": order.key})
        return f"{order.verb} on {order.subject} was taken."

    def _post(self, told: dict[str, Any]) -> bytes:
        given = urlsplit(self._link.address)
        body = msgspec.json.encode(told)
        headers = {"Content-Type": "application/json"}
        headers["Stanch-Signature"] = signature(body, secret(self._link))
        path = (given.path or "/") + (f"?{given.query}" if given.query else "")
        return ask(self._link, ("POST", path), who="The webhook", body=body, headers=headers)


CONNECTOR = Connector(
    id="webhook",
    title="Webhook",
    like="https://hooks.example.org/path",
    says="What a system of yours can do: tell a chat, revoke keys, hear of policies.",
    open=Webhook,
    verbs=("any",),
)
