"""Likelihood ratios of the verdict, reckoned one row after the other."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stanch.triage.verdict.observations import Base, Now
from stanch.triage.verdict.oddness import FEW, of_everybody
from stanch.triage.verdict.residuals import SHARES, turned
from stanch.vocabulary.ids import PrincipalId

LEVELS, PEOPLE = 2, 11
USUAL = np.array([[500, 800], [150, 40]])
counts = st.lists(st.integers(0, 30), min_size=LEVELS, max_size=LEVELS)


def slowly_turned(told: list[tuple[list[int], list[int]]], harder: float) -> list[float]:
    """What each one's labels say: how likely they are if a share of them was turned."""
    whole = int(USUAL[1].sum()) / int(USUAL[0].sum())
    rates = [(w + 20 * whole) / (n + 20) for n, w in zip(*USUAL.tolist(), strict=True)]
    expected = [sum(n * q for n, q in zip(labels, rates, strict=True)) for labels, _ in told]
    wrong = [sum(own) for _, own in told]
    order = sorted(
        range(PEOPLE), key=lambda p: (wrong[p] - expected[p]) / math.sqrt(expected[p] + 1)
    )
    rest = order[: PEOPLE - 1]
    more = max(1.0, (sum(wrong[p] for p in rest) + 0.5) / (sum(expected[p] for p in rest) + 1))
    rate = [min(0.95, 1.15 * more * harder * q) for q in rates]
    every = sum(sum(labels) for labels, _ in told)
    share = [sum(labels[k] for labels, _ in told) / every for k in range(LEVELS)]
    right = sum(f * (1 - r) for f, r in zip(share, rate, strict=True))
    ratio = [(1 - r) / r / right for r in rate]
    found: list[float] = []
    for labels, own in told:
        tried = [
            sum(w * math.log(1 - e + e * k) for w, k in zip(own, ratio, strict=True))
            + (sum(labels) - sum(own)) * math.log(1 - e)
            for e in SHARES.tolist()
        ]
        found.append(max(0.0, *tried))
    return found


@given(
    st.lists(st.tuples(counts, counts), min_size=PEOPLE, max_size=PEOPLE),
    st.sampled_from([1.0, 1.7]),
)
def test_turned_labels_are_weighed_by_how_sure_the_model_was(
    drawn: list[tuple[list[int], list[int]]], harder: float
) -> None:
    told = [([n + w for n, w in zip(right, own, strict=True)], own) for right, own in drawn]
    if not any(sum(labels) for labels, _ in told):
        return
    found = turned(np.array(told), USUAL, harder, np.zeros(PEOPLE, np.bool_))
    assert found is not None
    assert found == pytest.approx(slowly_turned(told, harder), abs=1e-9)


def slowly_of_everybody(
    whole: list[int], usual: list[float], foreign: list[float], late: float | None, allowed: float
) -> float:
    """The best likelihood with foreign rows less the best without, over all drifts allowed."""
    now = [whole[0] + whole[1], whole[2], whole[3]]
    strange = [foreign[0] + foreign[1], foreign[2], foreign[3]]
    far = usual[3] / (usual[2] + usual[3])
    known = (far, far if late is None else late)
    low, high = min(known) / 1.5, min(0.9, max(0.25, 1.25 * max(known)))
    best = {True: -math.inf, False: -math.inf}
    for step in range(9):
        rate = allowed * 16 ** (step / 8 - 1)
        for other in range(9):
            share = low + (high - low) * other / 8
            drift = [1 - rate, rate * (1 - share), rate * share]
            for attack in (0.0, *FEW.tolist()):
                likely = sum(
                    n * math.log(max((1 - attack) * d + attack * f, 1e-9))
                    for n, d, f in zip(now, drift, strange, strict=True)
                )
                best[attack > 0] = max(best[attack > 0], likely)
    return max(0.0, best[True] - best[False])


@given(
    st.lists(st.integers(0, 400), min_size=4, max_size=4),
    st.sampled_from([None, 0.05, 0.4]),
    st.sampled_from([0.015, 0.1]),
)
def test_odd_rows_of_everybody_are_a_drift_as_far_as_a_drift_explains_them(
    whole: list[int], late: float | None, allowed: float
) -> None:
    usual, foreign = [0.9, 0.09, 0.008, 0.002], [0.1, 0.2, 0.2, 0.5]
    now = Now(
        principals=(PrincipalId("all"),),
        rows=np.array([sum(whole)]),
        graded=np.array([whole]),
    )
    base = Base(graded=np.array(usual), foreign=np.array(foreign), recent_far=late)
    found = of_everybody(now, base, allowed)
    assert found == pytest.approx(
        slowly_of_everybody(whole, usual, foreign, late, allowed), rel=1e-6, abs=1e-6
    )
