"""Whose policies a guard takes: the server's own key, brought to it by another way.

In    the text of the server's `keys.json`, or one Ed25519 public key in base64.
Out   the check that a Keeper makes of every policy.
Why   TLS says who answers; the signature says who decided. Whoever stands between the two can then
      cut the guard off, and can never loosen what it enforces.

A server whose keys were rotated signs with the newest of its file; the file's older ones still hold
for the policy that a guard kept on disk, and their secrets are destroyed.
"""

import base64
import binascii
from typing import Any

import msgspec

from stanch.guard.keeper import Verify, ed25519
from stanch.vocabulary.trouble import BadInput

_LENGTH = 32


def server_keys(text: str) -> Verify:
    """The check of the server's signature under the keys in this text, or BadInput."""
    checks = [ed25519(key) for key in _keys(text)]
    return lambda body, signature: any(check(body, signature) for check in checks)


def _keys(text: str) -> list[bytes]:
    try:
        if text.lstrip().startswith("{"):
            listed: Any = msgspec.json.decode(text)["generations"]
            found = [base64.b64decode(one["ed25519"], validate=True) for one in listed]
        else:
            found = [base64.b64decode(text.strip(), validate=True)]
    except (msgspec.MsgspecError, binascii.Error, KeyError, TypeError, ValueError) as error:
        raise _none() from error
    if not found or any(len(key) != _LENGTH for key in found):
        raise _none()
    return found


def _none() -> BadInput:
    return BadInput(
        "This holds no key of a server. Give DIR/keys/keys.json of the server, or its Ed25519 "
        "public key in base64."
    )
