"""Assets: read from what a person wrote, and kept with their line in the evidence log.

In    YAML or JSON.
Out   an `Asset`, or `BadFile` that names the field; the asset as it is kept.
"""

from dataclasses import dataclass

import msgspec
import yaml

from stanch.engine.clock import Clock
from stanch.engine.ports import Store
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.ids import asset_id, digest_of
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadFile, TooLarge

LONGEST = 1024 * 1024
_FIELDS = frozenset(f for f in Asset.__dataclass_fields__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Keeping:
    """Who writes an asset down, and whether it must be new."""

    caller: str
    new: bool = False


def parse_asset(text: bytes) -> Asset:
    """The asset that this YAML or JSON describes."""
    if len(text) > LONGEST:
        raise TooLarge(LONGEST)
    try:
        written = yaml.load(text, Loader=_Plain)  # noqa: S506  the loader is a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadFile("The asset", f"is neither YAML nor JSON: {_line(error)}") from error
    if not isinstance(written, dict):
        raise BadFile("The asset", "must be a mapping that begins with `id:`")
    unknown = sorted(str(key)[:64] for key in written if key not in _FIELDS)
    if unknown:
        raise BadFile("The asset", f"has fields that are not known: {', '.join(unknown)}")
    try:
        asset = msgspec.convert(written, Asset)
    except (msgspec.ValidationError, TypeError) as error:
        raise BadFile("The asset", str(error)) from error
    asset_id(asset.id)
    return asset


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
                digest=digest_of(msgspec.json.encode(kept, order="sorted")),
                facts={"kind": str(asset.kind), "version": asset.version},
            )
        )
        tx.announce("asset", asset.id)
    return kept


class _Plain(yaml.SafeLoader):
    """Plain YAML without aliases, so that a small file cannot unfold into a large one."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def _line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
