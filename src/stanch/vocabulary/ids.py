"""Names of things, as types, so that an asset's id cannot be passed where an incident's is meant.

In    text from people, files and machines.
Out   a typed id, or `BadName` with what to write instead.
Why   ids stand in paths, URLs, logs and shells; a hostile one must be refused at the door.
"""

import hashlib
import re
from typing import NewType

from stanch.vocabulary.trouble import BadName

AssetId = NewType("AssetId", str)
PrincipalId = NewType("PrincipalId", str)
DetectorId = NewType("DetectorId", str)
FindingId = NewType("FindingId", str)
IncidentId = NewType("IncidentId", str)
ActionId = NewType("ActionId", str)
ApprovalId = NewType("ApprovalId", str)
PlaybookId = NewType("PlaybookId", str)
RunId = NewType("RunId", str)
EvidenceId = NewType("EvidenceId", str)
BaselineId = NewType("BaselineId", str)
UserId = NewType("UserId", str)
KeyId = NewType("KeyId", str)
Digest = NewType("Digest", str)
"""`sha256:` and 64 hexadecimal digits."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def asset_id(text: str, of: str = "an asset") -> AssetId:
    """The text as an asset's id: letters, digits, dot, dash and underscore, 128 at most."""
    if not _NAME.fullmatch(text) or ".." in text:
        raise BadName(text[:64], of)
    return AssetId(text)


def digest_of(content: bytes) -> Digest:
    """The digest that names this content."""
    return Digest("sha256:" + hashlib.sha256(content).hexdigest())


def parse_digest(text: str) -> Digest:
    """The text as a digest, or `BadName`."""
    if not _DIGEST.fullmatch(text):
        raise BadName(text[:80], "a digest")
    return Digest(text)


def plain_digest(text: str) -> str:
    """A digest as all are compared: small letters, its algorithm where that alone is missing."""
    small = text.strip().lower()
    whole = f"sha256:{small}"
    return whole if _DIGEST.fullmatch(whole) else small
