"""Who has to hear of an incident by how assets hang together: everybody once, nobody else."""

from stanch.engine.relations import relations
from stanch.triage.lineage import graph_of
from stanch.vocabulary.asset import Asset, AssetKind, Lineage
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.people import Duty


def _asset(name: str, owner: str, kind: AssetKind = AssetKind.MODEL, **line: str) -> Asset:
    made = Lineage(**{n: tuple(map(AssetId, v.split())) for n, v in line.items()})
    return Asset(id=AssetId(name), kind=kind, name=name, owner=owner, lineage=made)


HOUSE = (
    _asset("raw", "dora", AssetKind.DATASET),
    _asset("rows", "dan", AssetKind.DATASET, derived_from="raw"),
    _asset("base", "vic"),
    _asset("scorer", "ada", trained_on="rows", derived_from="base", served_by="api"),
    _asset("api", "ada", AssetKind.ENDPOINT),
    _asset("small", "mia", derived_from="scorer"),
    _asset("tiny", "mia", derived_from="small"),
    _asset("other", "sam", trained_on="rows"),
    _asset("far", "eve"),
)


def test_each_relation_is_those_who_answer_for_it_and_not_the_owner_again() -> None:
    scorer = HOUSE[3]
    assert relations(scorer, HOUSE, graph_of(HOUSE)) == {
        "data_owners": ("dan", "dora"),
        "downstream": ("mia",),
        "sharing": ("sam",),
        "suppliers": ("vic", "suppliers"),
    }


def test_an_asset_that_hangs_together_with_nothing_has_only_who_speaks_with_suppliers() -> None:
    far = HOUSE[8]
    assert relations(far, HOUSE, graph_of(HOUSE)) == {"suppliers": ("suppliers",)}
    named = Asset(id=far.id, kind=far.kind, name="far", owner="eve", roles={Duty.SUPPLIERS: "sue"})
    assert relations(named, HOUSE, graph_of(HOUSE)) == {"suppliers": ("sue",)}
