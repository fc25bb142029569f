"""Unheard: detectors that were never asked, since nothing that they live on was ever told.

In    assets as they are written down; which kinds of events ever came of each.
Out   a blind spot for each such detector: what is missing, and how to send it.
Why   a detector is asked about an asset once that sent what it reads. Where it never is, silence
      looks like safety. What an asset of its kind has none of is not asked for: a dataset gives no
      answers, and nobody trains a tool.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from stanch.detect.registry import detectors
from stanch.engine.every import every_asset
from stanch.engine.ports import Transaction
from stanch.engine.watch.heard import Heard, heard_of_all
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.event import EventKind as K
from stanch.vocabulary.finding import Blind
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.kept import BlindSpot

_TRAINED = frozenset({K.INFERENCE, K.LABEL, K.ACCESS, K.TRAINING, K.DATASET, K.DEPLOYMENT})
TELLS: Mapping[AssetKind, frozenset[K]] = MappingProxyType(
    {
        AssetKind.MODEL: _TRAINED,
        AssetKind.MODEL_VERSION: _TRAINED,
        AssetKind.ENDPOINT: frozenset({K.INFERENCE, K.ACCESS}),
        AssetKind.AGENT: frozenset({K.EXCHANGE, K.TOOL_CALL, K.ACCESS}),
        AssetKind.DATASET: frozenset({K.DATASET, K.ACCESS}),
        AssetKind.PIPELINE: frozenset({K.TRAINING, K.ACCESS}),
        AssetKind.TOOL: frozenset({K.TOOL_CALL, K.ACCESS}),
        AssetKind.PROMPT: frozenset(),
    }
)
"""What an asset of this kind can tell of itself."""
_ANSWERS = frozenset({K.INFERENCE, K.EXCHANGE})
HOW = "docs/how-to/send-events"


def unheard(
    tx: Transaction, assets: Iterable[Asset], told: Iterable[BlindSpot]
) -> tuple[BlindSpot, ...]:
    """The blind spots of these assets beside those that are told: of detectors never asked."""
    every, heard = tuple(assets), heard_of_all(tx)
    behind = _behind(tx, [one.id for one in every if one.kind is AssetKind.ENDPOINT])
    asked = {(spot.blind.asset, spot.blind.detector) for spot in told}
    found = (blind for one in every for blind in _of(one, heard, behind.get(one.id, ())))
    return tuple(
        BlindSpot(blind=blind, since=None, seen=None)
        for blind in found
        if (blind.asset, blind.detector) not in asked
    )


def _of(asset: Asset, heard: Heard, behind: Iterable[AssetId]) -> Iterator[Blind]:
    own, tells = heard.get(asset.id, frozenset()), TELLS[asset.kind]
    # Each event has one asset, and which of its kin it is told of is the sender's choice.
    others = (*asset.lineage.derived_from, *asset.lineage.served_by, *behind)
    kin = frozenset(kind for one in others for kind in heard.get(one, ()))
    expected = tells - own - kin
    if (own | kin) & _ANSWERS:
        expected -= _ANSWERS
    if asset.lineage.trained_on:
        expected -= {K.DATASET}
    for detector in detectors().values():
        reads = tells.intersection(detector.reads)
        if reads and reads <= expected and own.isdisjoint(detector.reads):
            yield Blind(detector=detector.id, asset=asset.id, why=_why(reads))


def _behind(tx: Transaction, endpoints: Iterable[AssetId]) -> Mapping[AssetId, list[AssetId]]:
    """The assets that each of these endpoints serves."""
    found: dict[AssetId, list[AssetId]] = {one: [] for one in endpoints}
    for asset in every_asset(tx) if found else ():
        for one in found.keys() & {*asset.lineage.served_by}:
            found[one].append(asset.id)
    return found


def _why(missing: frozenset[K]) -> str:
    """What is missing, and how to send it."""
    if answer := missing & _ANSWERS:
        return f"no answer was ever told: send events of the kind {min(answer)} ({HOW})"
    *most, last = sorted(missing)
    if not most:
        return f"no {last.replace('_', ' ')} was ever told: send events of the kind {last} ({HOW})"
    plain = f"{', '.join(most)} or {last}".replace("_", " ")
    return f"no {plain} was ever told: send events of these kinds ({HOW})"
