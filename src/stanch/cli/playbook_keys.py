"""Keys of playbooks: what signs a CACAO document, and what a signature is checked by.

In    files in PEM, as `openssl genpkey -algorithm ed25519` writes them.
Out   what signs; whether a signature holds; the one spelling of a public key.
"""

from base64 import b64decode, b64encode
from pathlib import Path
from typing import TYPE_CHECKING

from stanch.cli.files import bytes_of
from stanch.vocabulary.trouble import BadFile

if TYPE_CHECKING:
    from stanch.contain.playbook.cacao_signed import Key

_MAKE = "Make one with `openssl genpkey -algorithm ed25519 -out key.pem`."
_PUBLIC = "Make one with `openssl pkey -in key.pem -pubout -out key.pub`."


def signing_key(file: Path) -> "Key":
    """What signs by the private key in this file."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  only when needed
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415  likewise
        Ed25519PrivateKey,
    )
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415  likewise
        load_pem_private_key,
    )

    from stanch.contain.playbook.cacao_signed import Key  # noqa: PLC0415  likewise

    try:
        found = load_pem_private_key(bytes_of(file), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadFile(file, f"is no private key without a password. {_MAKE}") from error
    if not isinstance(found, Ed25519PrivateKey):
        raise BadFile(file, f"is no Ed25519 key. {_MAKE}")
    return Key(sign=found.sign, public=_spelled(found.public_key().public_bytes_raw()))


def public_key(file: Path) -> str:
    """The public key in this file, as signatures spell it."""
    lines = bytes_of(file).decode("ascii", "replace").splitlines()
    text = "".join(line.strip() for line in lines if not line.startswith("-----"))
    raw = _raw(text)
    if raw is None:
        raise BadFile(file, f"is no public Ed25519 key in PEM. {_PUBLIC}")
    return _spelled(raw)


def verify(public: str, signature: bytes, message: bytes) -> bool:
    """Whether, by this public key, these bytes are a signature over those."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  only when needed
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415  likewise
        Ed25519PublicKey,
    )

    raw = _raw(public)
    if raw is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


_HEAD = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of an Ed25519 key in the DER form of RFC 8410."""


def _raw(text: str) -> bytes | None:
    """The 32 bytes of the key that this text spells, or None."""
    try:
        der = b64decode(text, validate=True)
    except ValueError:
        return None
    return der[len(_HEAD) :] if der.startswith(_HEAD) and len(der) == len(_HEAD) + 32 else None


def _spelled(raw: bytes) -> str:
    return b64encode(_HEAD + raw).decode()
