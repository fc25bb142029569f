"""The key of a site: what an edge signs its counts with.

In    the folder of the keys.
Out   an Ed25519 key of the site's own, made on first use, 0600; its public half in base64.
Why   a site vouches for counts and for nothing else, so this is not the key of the evidence log.
"""

import base64
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stanch.store.signing import write_whole
from stanch.vocabulary.trouble import BadFile

_NAME = "site.secret"
_BYTES = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteKey:
    """One site's key."""

    public: str
    """In base64, as `stanch site add` takes it."""
    _private: Ed25519PrivateKey = field(repr=False)

    def sign(self, content: bytes) -> str:
        """The signature over this, in base64."""
        return base64.b64encode(self._private.sign(content)).decode()


def open_site_key(folder: Path) -> SiteKey:
    """The site key of this folder, made when there is none."""
    path = folder / _NAME
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, Ed25519PrivateKey.generate().private_bytes_raw(), 0o600)
    seed = path.read_bytes()
    if len(seed) != _BYTES:
        raise BadFile(path, "is no site key. Move it away; the next start makes a new one.")
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    return SiteKey(public=public, _private=private)
