"""Chains: odd rows, a training, a release and harm are one deed: in this order, within two days."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from stanch.triage.verdict.calibration import packaged
from stanch.triage.verdict.chains import chain_of
from stanch.triage.verdict.decide import verdict_of
from stanch.triage.verdict.observations import Happening, Observations
from stanch.vocabulary.finding import (
    AttackKind,
    Cite,
    CiteKind,
    Finding,
    Lifecycle,
    Suspect,
)
from stanch.vocabulary.ids import AssetId, DetectorId, PrincipalId
from stanch.vocabulary.incident import VerdictKind
from stanch.vocabulary.span import Span

AT = datetime(2026, 11, 21, tzinfo=UTC)
K = AttackKind


def suspects(share: float) -> tuple[Suspect, ...]:
    return (Suspect(principal=PrincipalId("vendor"), share=share, confidence=0.9),)


ROWS = Finding(
    detector=DetectorId("dataset_integrity"),
    asset=AssetId("rows"),
    window=Span(start=AT, end=AT + timedelta(minutes=10)),
    says="Rows of one vendor are unlike the rest.",
    measured={},
    because=(),
    strength=4.0,
    suspects=suspects(1.0),
    lifecycle=Lifecycle.TRAINING,
    points_to={K.POISONING: 0.6},
)
HARM = Finding(
    detector=DetectorId("fairness_gap"),
    asset=AssetId("model"),
    window=Span(start=AT + timedelta(hours=9), end=AT + timedelta(hours=10)),
    says="One group is refused.",
    measured={},
    because=(),
    strength=5.0,
    points_to={K.FAIRNESS_HARM: 0.6},
)


def happening(kind: str, hours: float) -> Happening:
    return Happening(what=f"{kind} {hours:g}", at=AT + timedelta(hours=hours), kind=kind)


TRAINED, RELEASED = happening("training", 2), happening("deployment", 4)


def seen(*told: Happening) -> Observations:
    return Observations(happenings=told or (TRAINED, RELEASED))


def test_rows_a_training_a_release_and_harm_are_one_deed_that_names_its_ends() -> None:
    released = replace(RELEASED, version="v8")
    chain = chain_of((HARM, ROWS), seen(released, TRAINED))
    assert chain is not None
    assert (chain.kind, chain.asset) == (K.FAIRNESS_HARM, "model")
    assert chain.reason.findings == (ROWS.id, HARM.id)
    assert "a training (02:00) and a deployment of v8 (04:00), and then: One group" in (
        chain.reason.says
    )
    verdict = verdict_of((HARM, ROWS), seen(), packaged())
    assert (verdict.kind, verdict.attack) == (VerdictKind.ATTACK, K.FAIRNESS_HARM)


@pytest.mark.parametrize(
    "told",
    [
        (TRAINED,),
        (RELEASED,),
        (happening("training", 5), RELEASED),
        (happening("training", -1), RELEASED),
        (happening("training", 49), happening("deployment", 50)),
        (TRAINED, happening("deployment", 49)),
    ],
)
def test_without_a_link_or_in_another_order_it_is_no_chain(told: tuple[Happening, ...]) -> None:
    assert chain_of((ROWS, HARM), seen(*told)) is None


@pytest.mark.parametrize(
    "told",
    [
        (happening("training", 0), happening("deployment", 0)),
        (happening("training", 48), happening("deployment", 48)),
        (happening("deployment", 1), TRAINED, RELEASED),
    ],
)
def test_links_at_the_very_borders_belong_to_it(told: tuple[Happening, ...]) -> None:
    assert chain_of((ROWS, HARM), seen(*told)) is not None


def test_rows_begin_when_the_first_of_them_that_is_cited_was_handed_in() -> None:
    rows = replace(ROWS, because=(Cite(kind=CiteKind.EVENT, ref="evt-1"),))
    early = replace(happening("dataset", -3), event="evt-1")
    trained, released = happening("training", -1), happening("deployment", 44)
    assert chain_of((rows, HARM), seen(early, trained, released)) is not None
    assert chain_of((ROWS, HARM), seen(early, trained, released)) is None
    later = replace(happening("dataset", 1), event="evt-2")
    both = replace(rows, because=(*rows.because, Cite(kind=CiteKind.EVENT, ref="evt-2")))
    assert chain_of((both, HARM), seen(later, early, trained, released)) is not None
    late = happening("deployment", 46)
    assert chain_of((rows, HARM), seen(early, trained, late)) is None


@pytest.mark.parametrize(
    "change",
    [
        replace(ROWS, suspects=()),
        replace(ROWS, lifecycle=Lifecycle.INFERENCE),
        replace(ROWS, points_to={K.BACKDOOR: 0.9}),
    ],
)
def test_rows_of_nobody_or_that_no_training_reads_begin_no_chain(change: Finding) -> None:
    assert chain_of((change, HARM), seen()) is None


def end(
    points_to: dict[AttackKind, float], share: float | None = None, detector: str = "any"
) -> Finding:
    return replace(
        HARM,
        detector=DetectorId(detector),
        points_to=points_to,
        suspects=() if share is None else suspects(share),
    )


@pytest.mark.parametrize(
    ("last", "kind", "weight"),
    [
        (end({K.FAIRNESS_HARM: 0.3, K.BACKDOOR: 0.9}, 0.9), K.FAIRNESS_HARM, 4.0),
        (end({K.BACKDOOR: 0.2, K.WEIGHT_TAMPERING: 0.3}, 0.5), K.BACKDOOR, 3.5),
        (end({K.BACKDOOR: 0.4, K.WEIGHT_TAMPERING: 0.3}, 0.49), K.BACKDOOR, 2.5),
        (end({K.BACKDOOR: 0.4, K.WEIGHT_TAMPERING: 0.3}), K.BACKDOOR, 2.5),
        (end({K.POISONING: 0.2}, detector="accuracy_drop"), K.POISONING, 2.5),
        (end({K.POISONING: 0.2}, detector="behaviour_change"), K.POISONING, 1.2),
        (end({K.WEIGHT_TAMPERING: 0.2}, detector="accuracy_drop"), K.POISONING, 2.5),
    ],
)
def test_the_last_link_says_what_the_deed_was_for(
    last: Finding, kind: AttackKind, weight: float
) -> None:
    chain = chain_of((ROWS, last), seen())
    assert chain is not None
    assert (chain.kind, chain.reason.weight) == (kind, weight)


@pytest.mark.parametrize(
    "last",
    [
        end({K.BACKDOOR: 0.3, K.WEIGHT_TAMPERING: 0.3}, 0.49),
        end({K.BACKDOOR: 0.3}, 0.49),
        end({K.POISONING: 0.9}),
        end({}, 0.9),
    ],
)
def test_what_is_no_harm_of_a_version_ends_no_chain(last: Finding) -> None:
    assert chain_of((ROWS, last), seen()) is None


def test_of_several_the_strongest_rows_and_the_weightiest_harm_are_told() -> None:
    weak = replace(ROWS, strength=1.0, asset=AssetId("others"))
    worse = end({K.POISONING: 0.2}, detector="accuracy_drop")
    chain = chain_of((worse, weak, HARM, ROWS), seen())
    assert chain is not None
    assert chain.reason.findings == (ROWS.id, HARM.id)
    assert chain_of((), seen()) is None
    assert chain_of((ROWS,), seen()) is None
