"""The incident in space: what the asset came from, what came from it, who is suspected."""

from collections.abc import Mapping

from stanch.engine.every import every_asset
from stanch.prepare.lineage import Links, ancestors, descendants, parents
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.listing import Wanted
from stanch.web.address import principal_at, segment
from stanch.web.charts import Edge, Node, graph
from stanch.web.pages.incident import case_of
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit

MOST = 14


def show(visit: Visit) -> Answer:
    """The graph, and the same in words."""
    with visit.console.store.look() as tx:
        case = case_of(visit, tx)
        assets = list(every_asset(tx))
        open_ = tx.incidents.facets(Wanted(closed=False), ("asset",))["asset"]
    links = parents(assets)
    one = case.incident
    up, down = sorted(ancestors(links, one.asset)), sorted(descendants(links, one.asset))
    named = {a.id: a.name for a in assets}
    columns = (
        [
            *(_person(s.principal, s.share) for s in one.suspects[:MOST]),
            *(_asset(a, named, open_) for a in up[:MOST]),
        ],
        [_asset(one.asset, named, open_)],
        [_asset(a, named, open_) for a in down[:MOST]],
    )
    return page(
        visit,
        "incident_graph.html",
        case=case,
        tab="graph",
        drawing=graph(columns, _edges(one, links, {*up, *down, one.asset}), "Lineage and suspects"),
        up=up,
        down=down,
        named=named,
        open_=open_,
    )


def _edges(one: Incident, links: Links, near: set[AssetId]) -> list[Edge]:
    made = [Edge(start=f"p:{s.principal}", end=one.asset) for s in one.suspects[:MOST]]
    made += [
        Edge(start=parent, end=child)
        for child in sorted(near)
        for parent in links.get(child, ())
        if parent in near
    ]
    return made


def _asset(key: AssetId, named: Mapping[AssetId, str], open_: Mapping[str, int]) -> Node:
    count = open_.get(key, 0)
    under = f"{count} open" if count else "no open incident"
    href = f"/assets/{segment(key)}"
    return Node(id=key, name=named.get(key, key), under=under, href=href, hot=count > 0)


def _person(name: str, share: float) -> Node:
    return Node(
        id=f"p:{name}",
        name=name,
        under=f"{share:.0%} of it",
        href=principal_at(name),
        hot=True,
    )


PAGES = (Page(path="/incidents/{incident:str}/graph", show=show),)
