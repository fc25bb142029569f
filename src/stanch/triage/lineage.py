"""Lineage: which assets hang together, and how far a thing done to one can reach.

In    assets with what they came from and where they are served.
Out   a graph that answers: which assets are next to this one, which lie downstream of it.
Why   a poisoned dataset, the model trained on it and the endpoint that serves it are one cause
      seen in three places; and what lies downstream is what may be hurt.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stanch.vocabulary.asset import Asset
from stanch.vocabulary.ids import AssetId

REACH = 10_000
"""No walk looks at more assets than this."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Graph:
    """Edges run downstream: from a dataset to its models, from a model to its endpoints."""

    down: Mapping[AssetId, frozenset[AssetId]] = field(default_factory=dict)
    up: Mapping[AssetId, frozenset[AssetId]] = field(default_factory=dict)

    def beside(self, asset: AssetId) -> frozenset[AssetId]:
        """The assets one step away, in either direction."""
        return self.down.get(asset, frozenset()) | self.up.get(asset, frozenset())

    def family(self, asset: AssetId) -> frozenset[AssetId]:
        """What it was made from, all it made and all that serve it, and who shares its origin."""
        above = self.up.get(asset, frozenset())
        shared = {a for one in above for a in self.down.get(one, frozenset())}
        return (above | shared | set(self.downstream(asset))) - {asset}

    def downstream(self, asset: AssetId) -> tuple[AssetId, ...]:
        """Everything made from or served by this asset, nearest first, without the asset itself."""
        return _walk(self.down, asset)

    def upstream(self, asset: AssetId) -> tuple[AssetId, ...]:
        """Everything this asset was made from, nearest first, without the asset itself."""
        return _walk(self.up, asset)


def graph_of(assets: Iterable[Asset]) -> Graph:
    """The graph that these assets' own statements of lineage draw."""
    down: dict[AssetId, set[AssetId]] = {}
    up: dict[AssetId, set[AssetId]] = {}
    for asset in assets:
        line = asset.lineage
        edges = [(source, asset.id) for source in (*line.trained_on, *line.derived_from)]
        edges += [(asset.id, server) for server in line.served_by]
        for source, target in edges:
            if source != target:
                down.setdefault(source, set()).add(target)
                up.setdefault(target, set()).add(source)
    return Graph(
        down={k: frozenset(v) for k, v in sorted(down.items())},
        up={k: frozenset(v) for k, v in sorted(up.items())},
    )


def _walk(edges: Mapping[AssetId, frozenset[AssetId]], start: AssetId) -> tuple[AssetId, ...]:
    seen: dict[AssetId, None] = {start: None}
    queue = deque([start])
    while queue and len(seen) < REACH:
        for found in sorted(edges.get(queue.popleft(), ())):
            if found not in seen:
                seen[found] = None
                queue.append(found)
    return tuple(seen)[1:]
