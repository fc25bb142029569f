"""Lineage: which assets came from which, so that one bad ancestor leads to all it reached.

In    assets.
Out   complaints about links that cannot be; ancestors, descendants and siblings of one asset.
Why   a poisoned dataset is found in one model and sits in all that were trained on it.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from stanch.vocabulary.asset import Asset
from stanch.vocabulary.ids import AssetId

Links = Mapping[AssetId, tuple[AssetId, ...]]


def parents(assets: Iterable[Asset]) -> Links:
    """For each asset, what it was made from or serves: the directions in which harm comes."""
    found: dict[AssetId, dict[AssetId, None]] = {}
    for asset in assets:
        own = found.setdefault(asset.id, {})
        own.update(dict.fromkeys((*asset.lineage.trained_on, *asset.lineage.derived_from)))
        for server in asset.lineage.served_by:
            found.setdefault(server, {})[asset.id] = None
    return MappingProxyType({one: tuple(links) for one, links in found.items()})


def ancestors(links: Links, of: AssetId) -> frozenset[AssetId]:
    """All that this asset came from, at any distance."""
    return _reach(lambda one: links.get(one, ()), of)


def descendants(links: Links, of: AssetId) -> frozenset[AssetId]:
    """All that came from this asset, at any distance."""
    children: dict[AssetId, list[AssetId]] = {}
    for one, above in links.items():
        for parent in above:
            children.setdefault(parent, []).append(one)
    return _reach(lambda one: children.get(one, ()), of)


def siblings(links: Links, of: AssetId) -> frozenset[AssetId]:
    """Those that share a direct parent with this asset."""
    own = set(links.get(of, ()))
    return frozenset(one for one, above in links.items() if one != of and own & set(above))


def unknown(assets: Iterable[Asset]) -> tuple[tuple[AssetId, str, AssetId], ...]:
    """Links to assets that do not exist: the asset, the kind of link, the id it names."""
    assets = tuple(assets)
    there = {asset.id for asset in assets}
    return tuple(
        (asset.id, kind, target)
        for asset in assets
        for kind, targets in (
            ("trained_on", asset.lineage.trained_on),
            ("derived_from", asset.lineage.derived_from),
            ("served_by", asset.lineage.served_by),
        )
        for target in targets
        if target not in there
    )


def cycles(assets: Iterable[Asset]) -> tuple[tuple[AssetId, ...], ...]:
    """Each ring of assets that are said to derive from each other, by name, once."""
    made_from = {a.id: (*a.lineage.derived_from, *a.lineage.trained_on) for a in assets}
    rings: list[tuple[AssetId, ...]] = []
    done: set[AssetId] = set()
    for start in made_from:
        path: dict[AssetId, None] = {}
        stack: list[tuple[AssetId, bool]] = [(start, False)]
        while stack:
            one, leaving = stack.pop()
            if leaving:
                path.pop(one)
                done.add(one)
            elif one in path:
                ring = tuple(path)
                rings.append(ring[ring.index(one) :])
            elif one not in done:
                path[one] = None
                stack.append((one, True))
                stack.extend((above, False) for above in made_from.get(one, ()))
    return tuple(rings)


def _reach(step: Callable[[AssetId], Iterable[AssetId]], start: AssetId) -> frozenset[AssetId]:
    seen: set[AssetId] = set()
    todo = [start]
    while todo:
        for one in step(todo.pop()):
            if one not in seen:
                seen.add(one)
                todo.append(one)
    return frozenset(seen - {start})
