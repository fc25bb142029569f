"""Fingerprints of an asset: which rows of training, and which canaries, its owner has stated.

In    the bytes that `stanch baseline fingerprints` wrote where the rows are.
Out   what is stated, without its keys; what the next baseline recognises.
Why   the rows stay where they are, and the keys change seldom: they are stated once, and every
      baseline that is set afterwards counts with them, its own rows too, for who has always asked
      about rows of the training set is no news.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from stanch.detect.summaries.fingerprints import Fingerprints, Known
from stanch.engine.clock import Clock
from stanch.engine.ports import Store, Transaction
from stanch.vocabulary.ids import AssetId, Digest, digest_of
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadInput, NotFound

_NAME = "fingerprints/"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stated:
    """What is stated of an asset."""

    asset: AssetId
    known: str
    rows: int
    """Different rows."""
    columns: tuple[str, ...]
    digest: Digest
    at: datetime
    by: str
    counted: bool = False
    """Whether the baseline in force counts with them; the next one to be set will."""


class _Kept(msgspec.Struct, frozen=True):
    at: datetime
    by: str
    body: str = ""
    """In base64; empty when taken back."""


class Printed:
    """States fingerprints and takes them back."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def state(self, asset: AssetId, body: bytes, by: str) -> Stated:
        """What is stated now, in place of what was stated of this kind."""
        prints = Fingerprints.from_bytes(body)
        if not prints.keys.size:
            raise BadInput("There is no row in these fingerprints.")
        kept = _Kept(at=self._clock(), by=by, body=base64.b64encode(body).decode())
        with self._store.begin() as tx:
            tx.assets.get(asset)
            _put(tx, asset, prints.known, kept)
            tx.record(_entry(asset, prints.known, kept, len(prints.keys), digest_of(body)))
            return _shown(tx, asset, prints, kept)

    def forget(self, asset: AssetId, known: str, by: str) -> tuple[Stated, ...]:
        """What is still stated, once this kind was taken back."""
        kind = kind_of(known)
        with self._store.begin() as tx:
            if _find(tx, asset, kind) is None:
                what = f"{asset} ({kind})"
                raise NotFound("file of fingerprints", what, f"baseline stated {asset}")
            kept = _Kept(at=self._clock(), by=by)
            _put(tx, asset, kind, kept)
            tx.record(_entry(asset, kind, kept, 0, None))
        return self.of(asset)

    def of(self, asset: AssetId) -> tuple[Stated, ...]:
        """What is stated of this asset."""
        with self._store.look() as tx:
            tx.assets.get(asset)
            found = [(kind, _find(tx, asset, kind)) for kind in Known]
            return tuple(
                _shown(tx, asset, Fingerprints.from_bytes(_body(kept)), kept)
                for _, kept in found
                if kept is not None
            )


def stated(tx: Transaction, asset: AssetId) -> tuple[Fingerprints, ...]:
    """The fingerprints that a baseline of this asset is to count with."""
    kept = (_find(tx, asset, kind) for kind in Known)
    return tuple(Fingerprints.from_bytes(_body(one)) for one in kept if one is not None)


def kind_of(known: str) -> Known:
    """The kind that goes by this name."""
    try:
        return Known(known)
    except ValueError:
        kinds = " and ".join(Known)
        raise BadInput(f"There are no fingerprints of {known[:40]!r}, only of {kinds}.") from None


def fitting(prints: Sequence[Fingerprints], names: Sequence[str]) -> None:
    """Nothing when these can be compared with rows of such inputs; else `BadInput`."""
    for one in prints:
        strange = [name for name in one.columns if name not in names]
        if strange and not one.of_words:
            raise BadInput(
                f"The fingerprints of {one.known} are of {', '.join(strange[:5])}, and the asset's "
                f"answers tell {', '.join(names[:5])}. Leave columns out with --without, go by "
                "place with --by-place, or name the asset's features; or take them back with "
                "`stanch baseline forget`."
            )


def _find(tx: Transaction, asset: AssetId, kind: Known) -> _Kept | None:
    text = tx.settings.get(f"{_NAME}{asset}/{kind}")
    kept = msgspec.json.decode(text, type=_Kept) if text is not None else None
    return kept if kept is not None and kept.body else None


def _put(tx: Transaction, asset: AssetId, kind: Known, kept: _Kept) -> None:
    tx.settings.put(f"{_NAME}{asset}/{kind}", msgspec.json.encode(kept).decode())


def _body(kept: _Kept) -> bytes:
    return base64.b64decode(kept.body)


def _shown(tx: Transaction, asset: AssetId, prints: Fingerprints, kept: _Kept) -> Stated:
    body = prints.to_bytes()
    current = tx.baselines.current(asset)
    return Stated(
        asset=asset,
        known=prints.known,
        rows=len(prints.keys),
        columns=prints.columns,
        digest=digest_of(body),
        at=kept.at,
        by=kept.by,
        counted=current is not None and body in current.body,
    )


def _entry(asset: AssetId, kind: Known, kept: _Kept, rows: int, digest: Digest | None) -> Entry:
    return Entry(
        at=kept.at,
        deed=Deed.FINGERPRINTS_CHANGED,
        actor=kept.by,
        about=asset,
        digest=digest,
        facts={"known": kind, "rows": rows},
    )
