"""Assets: read from what a person wrote, and kept with their line in the evidence log.

In    YAML or JSON.
Out   the asset as it is kept, or `BadFile` with every complaint and its line.
"""

from dataclasses import dataclass

import msgspec

from stanch.engine.clock import Clock
from stanch.engine.every import every_asset
from stanch.engine.ports import Store
from stanch.prepare.inventory import parse
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.ids import digest_of
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadFile, TooLarge

LONGEST = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Keeping:
    """Who writes an asset down, and whether it must be new."""

    caller: str
    new: bool = False


def parse_asset(store: Store, text: bytes) -> Asset:
    """The one asset that this YAML or JSON describes; its links must lead to known assets."""
    if len(text) > LONGEST:
        raise TooLarge(LONGEST)
    try:
        written = text.decode()
    except UnicodeDecodeError as error:
        raise BadFile("asset", "is not UTF-8 text.") from error
    with store.look() as tx:
        known = list(every_asset(tx))
    found = parse(written, "asset", known)
    if len(found) != 1:
        raise BadFile("asset", f"holds {len(found)} assets; send one.")
    return found[0]


def keep_asset(store: Store, clock: Clock, asset: Asset, keeping: Keeping) -> Asset:
    """The asset as it is now kept; its change is entered and announced in the same commit."""
    at = clock()
    with store.begin() as tx:
        kept = tx.assets.add(asset) if keeping.new else tx.assets.save(asset)
        tx.record(
            Entry(
                at=at,
                deed=Deed.ASSET_CHANGED,
                actor=keeping.caller,
                about=asset.id,
                digest=digest_of(msgspec.json.encode(kept, order="sorted", enc_hook=dict)),
                facts={"kind": str(asset.kind), "version": asset.version},
            )
        )
        tx.announce("asset", asset.id)
    return kept
