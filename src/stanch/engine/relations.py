"""Relations: who has to hear of an incident because of how their assets and this one hang together.

In    the asset, all others, and the graph that their lineage draws.
Out   names of people: who answers for the data it learnt from, for what is made from it or served
      by it, for other models of the same data, for what it is derived from.
Why   a poisoned row or a model with a trigger is other people's trouble, too, and they cannot see
      it from here. The asset's own owner is told anyway and is left out.
"""

from collections.abc import Iterable, Iterator, Mapping

from stanch.triage.lineage import Graph
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.people import Duty
from stanch.vocabulary.playbook import Argument

MOST = 50
"""People that one step tells; an inventory that names more has a list of its own to keep."""


def relations(asset: Asset, every: Iterable[Asset], graph: Graph) -> dict[str, Argument]:
    """For each relation the people, where the inventory names any; suppliers have always one."""
    known = {one.id: one for one in every}
    line, below = asset.lineage, graph.downstream(asset.id)
    above = (*line.trained_on, *(a for one in line.trained_on for a in graph.upstream(one)))
    data = [one for one in above if one in known and known[one].kind is AssetKind.DATASET]
    others = (a for one in data for a in graph.downstream(one))
    own = {*below, *data, asset.id}
    sharing = [one for one in others if one not in own]
    found = {
        "data_owners": tuple(_owners(data, known)),
        "downstream": tuple(_owners(below, known, but=asset.owner)),
        "sharing": tuple(_owners(sharing, known, but=asset.owner)),
    }
    made_by = _owners(line.derived_from, known, but=asset.owner)
    supplied = dict.fromkeys((*made_by, asset.roles.get(Duty.SUPPLIERS) or str(Duty.SUPPLIERS)))
    words: dict[str, Argument] = {name: who for name, who in found.items() if who}
    return {**words, "suppliers": tuple(supplied)}


def _owners(
    assets: Iterable[AssetId], known: Mapping[AssetId, Asset], *, but: str = ""
) -> Iterator[str]:
    """Who answers for these assets, each once, nearest first."""
    owners = (known[one].owner for one in assets if one in known)
    named = dict.fromkeys(one for one in owners if one and one != but)
    yield from list(named)[:MOST]
