"""Signatures: only a trusted key over exactly this digest counts."""

import base64
from dataclasses import replace
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stanch.engine.watch.signatures import FIELD, signed
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import AssetId, digest_of

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
GOOD = digest_of(b"weights")
ASSET = Asset(
    id=AssetId("m"),
    kind=AssetKind.MODEL,
    name="M",
    owner="us",
    signers={"release": base64.b64encode(KEY.public_key().public_bytes_raw()).decode()},
)


def deployed(signature: str, digest: str = GOOD) -> Happening:
    return Happening(
        at=datetime(2026, 11, 21, tzinfo=UTC),
        event="e1",
        kind=EventKind.DEPLOYMENT,
        version="v1",
        what=digest,
        facts={FIELD: signature},
    )


def sign(text: str) -> str:
    return base64.b64encode(KEY.sign(text.encode())).decode()


def test_a_digest_under_a_trusted_signature_is_signed_by_its_signer() -> None:
    assert signed(ASSET, [deployed(sign(GOOD))]) == {GOOD: "release"}


def test_a_digest_without_its_algorithm_is_signed_either_way() -> None:
    bare = GOOD.removeprefix("sha256:")
    for text in (bare, GOOD):
        assert signed(ASSET, [deployed(sign(text), bare)]) == {GOOD: "release"}


def test_another_digest_another_key_and_no_signature_are_not_signed() -> None:
    stranger = base64.b64encode(Ed25519PrivateKey.generate().sign(GOOD.encode())).decode()
    wrong = [
        deployed(sign("sha256:other")),
        deployed(stranger),
        deployed("no base64"),
        deployed(""),
    ]
    assert signed(ASSET, wrong) == {}


def test_where_nobody_is_to_sign_nothing_is_said_and_a_broken_key_trusts_nobody() -> None:
    assert signed(replace(ASSET, signers={}), [deployed(sign(GOOD))]) is None
    assert signed(replace(ASSET, signers={"x": "no key"}), [deployed(sign(GOOD))]) == {}
