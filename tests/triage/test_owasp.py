"""No id of OWASP stands alone: each has its name and its list."""

import pytest

from stanch.triage.taxonomy.labels import IDS, labels_of
from stanch.triage.taxonomy.owasp import NAMES, called, none_for
from stanch.vocabulary.asset import AssetKind
from stanch.vocabulary.finding import AttackKind


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("ML06:2023", "AI Supply Chain Attacks (OWASP for machine learning)"),
        ("LLM08:2026", "Hidden Context Exposure (OWASP for LLM applications)"),
        ("LLM06:2026", "Unbounded Consumption (OWASP for LLM applications)"),
        ("LLM04:2026", "Supply Chain (OWASP for LLM applications)"),
        ("ASI01:2026", "Agent Goal Hijack (OWASP for agents)"),
        ("ASI99:2026", "OWASP for agents"),
        ("AML.T0020", ""),
    ],
)
def test_an_entry_has_its_name_and_its_list(key: str, says: str) -> None:
    assert called(key) == says


def test_every_id_that_an_incident_gets_has_a_name() -> None:
    assert {i for ids in IDS.values() for i in (*ids.ml, *ids.llm, *ids.asi)} <= set(NAMES)


@pytest.mark.parametrize("kind", AttackKind)
def test_a_plain_model_gets_an_entry_that_fits_or_is_told_that_the_list_has_none(
    kind: AttackKind,
) -> None:
    owasp = labels_of(kind, (), asset=AssetKind.MODEL).owasp
    assert bool(owasp) is not (kind in {AttackKind.ACCESS, AttackKind.DENIAL_OF_WALLET})
    assert bool(owasp) or none_for(kind).startswith("OWASP's list for machine learning (2023) has")
    if kind is AttackKind.PROMPT_INJECTION:
        assert owasp == ("LLM01:2026",)
