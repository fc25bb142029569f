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
    heard = heard_of_all(tx)
    asked = {(spot.blind.asset, spot.blind.detector) for spot in told}
    found = (blind for one in assets for blind in _of(one, heard, _behind(tx, one, heard)))
    return tuple(
        BlindSpot(blind=blind, since=None, seen=None)
        for blind in found
        if (blind.asset, blind.detector) not in asked
    )


def _of(asset: Asset, heard: Heard, kin: frozenset[K]) -> Iterator[Blind]:
    own, tells = heard.get(asset.id, frozenset()), TELLS[asset.kind]
    expected = tells - own - kin
    if (own | kin) & _ANSWERS:
        expected -= _ANSWERS
    if asset.lineage.trained_on:
        expected -= {K.DATASET}
    for detector in detectors().values():
        reads = tells.intersection(detector.reads)
        if reads and reads <= expected and own.isdisjoint(detector.reads):
            yield Blind(detector=detector.id, asset=asset.id, why=_why(reads))


def _behind(tx: Transaction, asset: Asset, heard: Heard) -> frozenset[K]:
    """What was told of those that it came from, serve it or are served by it: each event has one
    asset, and which of them it is told of is the sender's choice.
    """
    kin = {*asset.lineage.derived_from, *asset.lineage.served_by}
    if asset.kind is AssetKind.ENDPOINT and not heard.get(asset.id):
        kin |= {one.id for one in every_asset(tx) if asset.id in one.lineage.served_by}
    return frozenset(kind for one in kin for kind in heard.get(one, ()))


def _why(missing: frozenset[K]) -> str:
    """What is missing, and how to send it."""
    if answer := missing & _ANSWERS:
        return f"no answer was ever told: send events of the kind {min(answer)} ({HOW})"
    *most, last = sorted(missing)
    if not most:
        return f"no {last.replace('_', ' ')} was ever told: send events of the kind {last} ({HOW})"
    plain = f"{', '.join(most)} or {last}".replace("_", " ")
    return f"no {plain} was ever told: send events of these kinds ({HOW})"
