"""Signatures of CACAO documents: JSON signatures (JSS) over the canonical form of RFC 8785.

In    a document; a key that signs, or what verifies.
Out   the document with one signature more; what is known of each that it carries.
Why   a playbook changes how a service may be used: who wrote it, and that nobody changed it since,
      is told by a signature alone.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stanch.contain.playbook.cacao_out import Document, Origin, named
from stanch.contain.playbook.canonical import canonical
from stanch.vocabulary.ids import digest_of
from stanch.vocabulary.trouble import BadInput

ED25519 = "Ed25519"
Verify = Callable[[str, bytes, bytes], bool]
"""Whether, by this public key, these bytes are a signature over those."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """What signs."""

    sign: Callable[[bytes], bytes]
    public: str
    """The public key as PEM without its first and last line."""
    algorithm: str = ED25519


@dataclass(frozen=True, kw_only=True, slots=True)
class Vouched:
    """What is known of one signature."""

    signee: str
    """Whom it names; the key alone says who it is."""
    public: str
    holds: bool | None
    """None: it is made in a way that nobody here can check."""

    @property
    def says(self) -> str:
        """The same in a sentence."""
        if self.holds is None:
            return f"The signature that names {self.signee} is of a kind that is not checked here."
        if not self.holds:
            return (
                f"The signature that names {self.signee} does not hold: "
                "the document is not what was signed."
            )
        return f"The signature that names {self.signee} holds, by the key {self.public}."


def signed(document: Document, key: Key, origin: Origin) -> Document:
    """The document with a JSON signature (JSS) over its canonical form."""
    mark = {
        "type": "jss",
        "id": named("jss", document["id"], document["modified"], key.public),
        "created_by": origin.identity,
        "created": document["modified"],
        "modified": document["modified"],
        "signee": origin.signee,
        "related_to": document["id"],
        "related_version": document["modified"],
        "hash_algorithm": "sha-256",
        "algorithm": key.algorithm,
        "public_key": key.public,
    }
    value = urlsafe_b64encode(key.sign(covered(document, mark))).decode().rstrip("=")
    return {**document, "signatures": [*document.get("signatures", ()), {**mark, "value": value}]}


def covered(document: Document, mark: Mapping[str, Any]) -> bytes:
    """What a signature is over: the hash of the canonical document with this signature alone."""
    bare = {n: v for n, v in mark.items() if n != "value"}
    whole = {**document, "signatures": [bare]}
    return bytes.fromhex(digest_of(canonical(whole)).removeprefix("sha256:"))


def vouched(document: Document, verify: Verify) -> tuple[Vouched, ...]:
    """What is known of each signature that the document carries."""
    given = document.get("signatures")
    marks = given if isinstance(given, list) else []
    return tuple(_vouched(document, one, verify) for one in marks if isinstance(one, Mapping))


def _vouched(document: Document, mark: Mapping[str, Any], verify: Verify) -> Vouched:
    text = {name: str(mark.get(name, ""))[:500] for name in ("signee", "public_key", "value")}
    known = mark.get("type") == "jss" and mark.get("algorithm") == ED25519
    holds = None
    if known and mark.get("hash_algorithm") == "sha-256" and text["public_key"]:
        holds = _holds(document, mark, text, verify)
    signee = "".join(c for c in text["signee"][:80] if c.isprintable()) or "nobody"
    return Vouched(signee=signee, public=text["public_key"], holds=holds)


def _holds(
    document: Document, mark: Mapping[str, Any], text: Mapping[str, str], verify: Verify
) -> bool:
    try:
        value = urlsafe_b64decode(text["value"] + "=" * (-len(text["value"]) % 4))
        return verify(text["public_key"], value, covered(document, mark))
    except (BadInput, ValueError, TypeError, RecursionError):
        return False
