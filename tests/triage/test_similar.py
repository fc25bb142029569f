"""How like two incidents are: reckoned by hand, whoever is asked first, in whatever order."""

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stanch.triage.similar import WEIGHTS, similar
from stanch.vocabulary.finding import AttackKind, Lifecycle, Suspect
from stanch.vocabulary.ids import AssetId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Impact, Incident, Reason, Verdict, VerdictKind

AT = datetime(2026, 11, 21, tzinfo=UTC)
COPIED = Incident(
    id=IncidentId("now"),
    title="t",
    asset=AssetId("fraud"),
    opened=AT,
    first_seen=AT,
    updated=AT,
    verdict=Verdict(
        kind=VerdictKind.ATTACK,
        attack=AttackKind.EXTRACTION,
        reasons=(Reason(name="off_who", says="s", weight=2.0),),
    ),
    suspects=(Suspect(principal=PrincipalId("ben"), share=0.5, confidence=0.9),),
    atlas=("AML.T0024.002@5.6.0",),
    impact=Impact(data_classes=("financial",)),
)
FAULT = replace(
    COPIED,
    verdict=Verdict(kind=VerdictKind.FAULT),
    suspects=(),
    atlas=(),
    impact=Impact(data_classes=()),
)


def like(now: Incident, other: Incident) -> tuple[float, dict[str, float]]:
    (found,) = similar(now, [replace(other, id=IncidentId("then"))])
    return found.score, dict(found.shared)


def test_what_is_shared_counts_by_its_weight_over_what_either_has() -> None:
    two = tuple(
        Suspect(principal=PrincipalId(who), share=0.5, confidence=0.9) for who in ("ben", "cleo")
    )
    other = replace(
        COPIED, asset=AssetId("scores"), suspects=two, lifecycle=Lifecycle.TRAINING, atlas=()
    )
    assert sum(WEIGHTS.values()) == 17
    score, shared = like(COPIED, other)
    # Kind 4, verdict 1, half of suspects 3, data 1, evidence 2; not techniques 3, asset 2, phase 1.
    assert score == pytest.approx(9.5 / 17, abs=1e-4)
    assert shared == {
        "kind of attack": 1.0,
        "verdict": 1.0,
        "suspects": 0.5,
        "data classes": 1.0,
        "evidence": 1.0,
    }


def test_what_neither_has_is_no_likeness_and_no_difference() -> None:
    assert like(FAULT, FAULT) == (1.0, {"verdict": 1.0, "asset": 1.0, "phase of life": 1.0})
    score, shared = like(COPIED, FAULT)
    assert shared == {"asset": 1.0, "phase of life": 1.0}
    assert score == pytest.approx(3 / 17, abs=1e-4)


def test_another_technique_of_the_same_version_is_another_technique() -> None:
    other = replace(COPIED, atlas=("AML.T0020@5.6.0",))
    assert like(COPIED, other)[0] == pytest.approx(14 / 17, abs=1e-4)


def test_five_are_named_the_likest_first_and_of_equals_the_first_by_name() -> None:
    equal = [replace(COPIED, id=IncidentId(f"inc-{n}")) for n in (7, 2, 5, 3, 6, 4)]
    best = [f.incident for f in similar(COPIED, [replace(FAULT, id=IncidentId("inc-1")), *equal])]
    assert best == ["inc-2", "inc-3", "inc-4", "inc-5", "inc-6"]
    assert similar(COPIED, [COPIED]) == ()
    nothing = replace(FAULT, id=IncidentId("x"), asset=AssetId("x"), lifecycle=Lifecycle.TRAINING)
    assert similar(COPIED, [nothing]) == ()


def one_of(
    kind: VerdictKind, attack: AttackKind | None, asset: str, who: set[str], atlas: set[str]
) -> Incident:
    return replace(
        COPIED,
        asset=AssetId(asset),
        verdict=Verdict(kind=kind, attack=attack if kind is VerdictKind.ATTACK else None),
        suspects=tuple(
            Suspect(principal=PrincipalId(w), share=0.5, confidence=0.5) for w in sorted(who)
        ),
        atlas=tuple(sorted(atlas)),
    )


some = st.builds(
    one_of,
    st.sampled_from(VerdictKind),
    st.sampled_from([None, *AttackKind]),
    st.sampled_from("ab"),
    st.sets(st.sampled_from("pqr")),
    st.sets(st.sampled_from(["AML.T0020@5.6.0", "AML.T0012@5.6.0"])),
)


@given(st.lists(some, min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_likeness_is_mutual_between_nought_and_one_and_whatever_the_order(
    drawn: list[Incident], dice: Random
) -> None:
    past = [replace(one, id=IncidentId(f"inc-{n}")) for n, one in enumerate(drawn)]
    now, *rest = past
    found = similar(now, rest, top=9)
    dice.shuffle(rest)
    assert similar(now, rest, top=9) == found
    assert list(found) == sorted(found, key=lambda f: -f.score)
    for one in found:
        (back,) = similar(past[int(one.incident[4:])], [now])
        assert (back.score, back.shared) == (one.score, one.shared)
        assert 0 < one.score <= 1
    assert like(now, now)[0] == 1.0
