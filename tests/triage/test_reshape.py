from dataclasses import replace
from datetime import UTC, datetime

import pytest

from stanch.triage.reshape import detach, merge, split, undone
from stanch.vocabulary.finding import Suspect
from stanch.vocabulary.ids import AssetId, FindingId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Incident, Phase
from stanch.vocabulary.trouble import BadInput, Conflict, Stale

AT = datetime(2026, 11, 21, tzinfo=UTC)


def incident(name: str, *findings: str) -> Incident:
    return Incident(
        id=IncidentId(name),
        title=f"title of {name}",
        asset=AssetId("fraud"),
        opened=AT,
        first_seen=AT,
        updated=AT,
        findings=tuple(FindingId(f) for f in findings),
        suspects=(Suspect(principal=PrincipalId("key"), share=0.5, confidence=len(name) / 10),),
    )


def test_a_merge_keeps_titles_closes_the_others_and_keeps_the_surest_word_on_a_suspect() -> None:
    done = merge(incident("inc-1", "f1"), [incident("inc-22", "f2", "f1")], at=AT)
    winner, closed = done.after
    assert winner.title == "title of inc-1"
    assert winner.findings == ("f1", "f2")
    assert [s.confidence for s in winner.suspects] == [0.6]
    assert closed.merged_into == "inc-1"
    assert closed.phase is Phase.CLOSED


def test_a_merge_with_itself_or_a_merged_one_is_refused() -> None:
    one = incident("inc-1", "f1")
    with pytest.raises(Conflict):
        merge(one, [one], at=AT)
    with pytest.raises(Conflict):
        merge(one, [replace(incident("inc-2"), merged_into=IncidentId("inc-3"))], at=AT)


def test_a_split_needs_some_but_not_all_findings() -> None:
    one = incident("inc-1", "f1", "f2")
    with pytest.raises(BadInput):
        split(one, [FindingId("f9")], IncidentId("inc-2"), at=AT)
    with pytest.raises(Conflict):
        split(one, one.findings, IncidentId("inc-2"), at=AT)
    with pytest.raises(BadInput):
        detach(one, [FindingId("f9")], at=AT)


def test_an_undo_after_somebody_elses_change_is_stale() -> None:
    done = merge(incident("inc-1", "f1"), [incident("inc-2", "f2")], at=AT)
    moved = (replace(done.after[0], version=9), done.after[1])
    with pytest.raises(Stale):
        undone(done.undo, moved, at=AT)
