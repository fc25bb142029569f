"""Signatures: which digests somebody whom the owner trusts has signed.

In    an asset's signers, and happenings with a digest and a `signature`.
Out   each digest under a verified signature with who signed it; None when the asset names nobody.
Why   who deploys may be anybody with access; who signed is somebody with a key.
How   Ed25519 over the digest as it is written, or with `sha256:` before it, base64, in the event's
      `signature`. What was signed stands under the digest as all are compared.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from stanch.vocabulary.asset import Asset
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import plain_digest

FIELD = "signature"


def signed(asset: Asset, happenings: Iterable[Happening]) -> Mapping[str, str] | None:
    """Digests and who signed them; None when nobody is to sign."""
    if not asset.signers:
        return None
    keys = {name: key for name, text in asset.signers.items() if (key := _key(text))}
    found: dict[str, str] = {}
    for one in happenings:
        text = one.facts.get(FIELD)
        for name, key in keys.items() if text else ():
            if _holds(key, text or "", one.what):
                found[plain_digest(one.what)] = name
    return found


def _key(text: str) -> Ed25519PublicKey | None:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return None


def _holds(key: Ed25519PublicKey, signature: str, digest: str) -> bool:
    return any(
        _verified(key, signature, text) for text in {digest.strip().lower(), plain_digest(digest)}
    )


def _verified(key: Ed25519PublicKey, signature: str, text: str) -> bool:
    try:
        key.verify(base64.b64decode(signature, validate=True), text.encode())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
