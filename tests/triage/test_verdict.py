from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stanch.triage.verdict.calibration import Table, calibrate, packaged
from stanch.triage.verdict.decide import ALPHA, LIFE, bound, price, verdict_of
from stanch.triage.verdict.faults import fault_reasons
from stanch.triage.verdict.observations import (
    Base,
    Happening,
    Now,
    Observations,
    ScaleFit,
    Signal,
)
from stanch.triage.verdict.observe import observe
from stanch.vocabulary.finding import AttackKind, Finding, Lifecycle, Suspect
from stanch.vocabulary.ids import AssetId, DetectorId, PrincipalId
from stanch.vocabulary.incident import VerdictKind
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import BadInput

AT = datetime(2026, 11, 21, tzinfo=UTC)
Ints = NDArray[np.int64]
PEOPLE = 30
LEVELS = np.linspace(1, 19, 19)[None, :].repeat(2, axis=0)


def base() -> Base:
    return Base(
        features=("amount", "hour"),
        classes=("good", "bad", "odd"),
        off_rate=0.01,
        again=np.array([0.99, 0.008, 0.002]),
        cells=np.array([[900, 60, 40], [40, 900, 60], [60, 40, 900]]),
        bins=np.full((2, 8), 1000),
        levels=LEVELS,
        principals=frozenset(PrincipalId(f"p{n}") for n in range(PEOPLE)),
    )


def now(seed: int = 1, *, off: dict[int, int] | None = None) -> Now:
    """A quiet window of thirty principals with a hundred rows each; `off` adds odd rows."""
    dice = np.random.default_rng(seed)
    rows = np.full(PEOPLE, 100)
    odd = dice.binomial(rows, 0.01)
    for who, count in (off or {}).items():
        odd[who] += count
        rows[who] += count
    cells = np.stack(
        [
            np.stack([dice.multinomial(33, row / row.sum()) for row in np.array(base().cells)])
            for _ in range(PEOPLE)
        ]
    )
    bins = dice.multinomial(100, np.full(8, 1 / 8), size=(PEOPLE, 2))
    return Now(
        principals=tuple(PrincipalId(f"p{n}") for n in range(PEOPLE)),
        rows=rows,
        off=odd,
        again=dice.multinomial(60, [0.99, 0.008, 0.002], PEOPLE),
        cells=cells,
        bins=bins,
        slices=dice.multinomial(150, np.full(8, 1 / 8), size=(20, 2)),
        slice_starts=tuple(AT + timedelta(minutes=n) for n in range(20)),
        levels=LEVELS,
    )


def test_a_quiet_window_is_natural_and_says_why() -> None:
    verdict = verdict_of((), observe(now(), base()), packaged())
    assert verdict.kind is VerdictKind.NATURAL
    assert verdict.attack is None
    assert {r.name for r in verdict.reasons} >= {"off_who", "off_all", "pair_who", "drift"}


def test_what_somebody_did_in_a_quiet_window_is_not_natural_and_asks_for_who_did_it() -> None:
    trained = Finding(
        detector=DetectorId("training_pattern"),
        asset=AssetId("fraud"),
        window=Span(start=AT, end=AT + timedelta(minutes=10)),
        says="A run was out of pattern.",
        measured={},
        because=(),
        lifecycle=Lifecycle.TRAINING,
    )
    verdict = verdict_of((trained,), observe(now(), base()), packaged())
    assert verdict.kind is VerdictKind.UNDECIDED
    assert "the people who did it" in verdict.reasons[-1].says


def test_one_principal_with_odd_inputs_is_an_attack_and_is_named_first() -> None:
    seen = observe(now(off={7: 30}), base())
    verdict = verdict_of((), seen, packaged())
    assert verdict.kind is VerdictKind.ATTACK
    assert verdict.attack is AttackKind.EXTRACTION
    assert seen.suspects[0].principal == "p7"
    assert verdict.confidence > 0.9
    assert "p7" in verdict.reasons[0].says


def test_the_verdict_says_what_would_be_seen_without_those_who_stand_out() -> None:
    def left(window: Now) -> str:
        reasons = verdict_of((), observe(window, base()), packaged()).reasons
        return next((r.says for r in reasons if r.name == "without"), "")

    odd = now(off={3: 40})
    assert odd.off is not None
    rest = (odd.off.sum() - odd.off[3]) / (odd.rows.sum() - odd.rows[3])
    assert left(odd) == (
        f"Without p3, {rest:.1%} of the inputs have values that do not belong together; "
        f"with it {odd.off.sum() / odd.rows.sum():.1%}, and 1.0% is usual."
    )
    assert left(now()) == ""
    both = observe(odd, base(), named=[PrincipalId("p5"), PrincipalId("p99")]).left
    assert both is not None
    assert both.names == ("p3", "p5"), "who was named and did not ask is not left out"
    search = now()
    assert search.again is not None
    again = search.again.copy()
    again[4] = (10, 20, 30)
    said = left(replace(search, again=again))
    assert said.startswith("Without p4, ")
    assert "of the inputs hardly differ from an earlier one; with it" in said


def test_reasons_say_what_was_seen_and_how_rare_and_of_the_rest_that_nobody_did_it() -> None:
    verdict = verdict_of((), observe(now(off={7: 30}), base()), packaged())
    says = {r.name: r.says for r in verdict.reasons}
    assert "do not belong together" in says["off_who"]
    assert "windows without an attack looks like this" in says["off_who"]
    assert "First is p7" in says["off_who"]
    assert says["dup_who"] == "Nobody sent almost the same input again and again."
    assert not any("nats" in text for text in says.values())


def test_labels_that_turn_one_class_into_another_are_poisoning_and_the_pair_is_named() -> None:
    window = now()
    assert window.cells is not None
    cells = window.cells.copy()
    cells[3, 1] = [30, 2, 1]
    seen = observe(replace(window, cells=cells), base())
    verdict = verdict_of((), seen, packaged())
    assert verdict.attack is AttackKind.POISONING
    assert seen.pair is not None
    assert (seen.pair.predicted, seen.pair.told) == ("bad", "good")
    assert seen.suspects[0].principal == "p3"


def confused(who: str, *, hard: float = 1.0, of: int = 33) -> Observations:
    """A window in which p3's labels (or a newcomer's) say `good` for a quarter of `bad`."""
    window = now()
    assert window.cells is not None
    cells = window.cells.copy()
    cells[3, 1] = [of // 4, of - of // 4 - 2, 2]
    cells[4, 1] = [6, 25, 2]
    names = tuple(PrincipalId(who) if p == "p3" else p for p in window.principals)
    doubt = np.ones(PEOPLE)
    doubt[3] = hard
    return observe(replace(window, cells=cells, principals=names, hard=doubt), base())


def test_who_asks_what_the_model_doubts_may_get_more_wrong_answers() -> None:
    told = confused("p3", of=100).signals[Signal.PAIR_WHO]
    assert confused("p3", of=100, hard=3.0).signals[Signal.PAIR_WHO] < told / 3


def test_who_is_a_little_odd_among_many_is_listed_and_not_taken_for_sure() -> None:
    little = observe(now(off={3: 7}), base()).suspects
    much = observe(now(off={3: 20}), base()).suspects
    sheer = observe(now(off={3: 5000}), base()).suspects
    assert [s.principal for s in little] == ["p3"]
    assert little[0].confidence < 0.8
    assert 0.99 < much[0].confidence <= sheer[0].confidence <= 1


def test_labels_that_contradict_a_model_which_errs_for_everybody_accuse_nobody() -> None:
    window = now()
    assert window.cells is not None
    assert window.bins is not None
    cells, bins = window.cells.copy(), window.bins.copy()
    bins[:, 0] = [0, 0, 0, 0, 0, 0, 20, 80]  # another world for everybody
    cells[:, 0] = [17, 16, 0]  # the model is wrong half of the time
    cells[4, 0] = [0, 33, 0]  # and of one, who asks what it gets wrong, always
    broken = observe(replace(window, cells=cells, bins=bins), base())
    assert broken.confused_rest > 10
    assert verdict_of((), broken, packaged()).kind is not VerdictKind.ATTACK
    alone = window.cells.copy()
    alone[4, 0] = [0, 33, 0]
    turned = observe(replace(window, cells=alone, bins=bins), base())
    verdict = verdict_of((), turned, packaged())
    assert (verdict.kind, verdict.attack) == (VerdictKind.ATTACK, AttackKind.POISONING)


def test_odd_combinations_that_ordinary_rows_took_along_when_they_moved_are_no_attack() -> None:
    window = now()
    assert window.bins is not None
    odd = replace(window, off=np.full(PEOPLE, 5))
    still = observe(odd, base())
    assert verdict_of((), still, packaged()).kind is VerdictKind.ATTACK
    bins = window.bins.copy()
    bins[:, 0] = [4, 7, 9, 12, 14, 16, 18, 20]  # a season moves one input, for everybody
    moved = observe(replace(odd, bins=bins), base())
    assert moved.drift is not None
    assert 0.1 < moved.drift < 0.3
    assert verdict_of((), moved, packaged()).kind is not VerdictKind.ATTACK
    known = replace(base(), recent_off_rate=0.01)  # what the last day shows is not guessed
    assert verdict_of((), observe(replace(odd, bins=bins), known), packaged()).kind is (
        VerdictKind.ATTACK
    )


def test_who_asks_about_another_mix_of_classes_is_contradicted_more() -> None:
    window = now()
    assert window.cells is not None
    cells = window.cells.copy()
    cells[3, 1] = [12, 20, 1]
    plain = replace(window, cells=cells)
    often = np.ones((PEOPLE, 3))
    often[3] = [4.0, 0.5, 0.5]
    mixed = replace(plain, often=often, seldom=often)
    before = observe(plain, base()).signals[Signal.PAIR_WHO]
    assert observe(mixed, base()).signals[Signal.PAIR_WHO] < before / 3


def test_a_newcomers_questions_may_be_as_hard_as_those_of_anybody_known() -> None:
    known = confused("p3", of=100).signals[Signal.PAIR_WHO]
    assert confused("new", of=100).signals[Signal.PAIR_WHO] < known / 2


def asked_again(*heaps: tuple[int, ...]) -> Observations:
    """Nobody asks nearly the same, but for those of the first people: heaps of so many inputs."""
    again = np.tile([60, 0, 0], (PEOPLE, 1))
    for person, sizes in enumerate(heaps):
        again[person] += [1 - sum(sizes), len(sizes), sum(sizes) - 2 * len(sizes)]
    return observe(replace(now(), again=again), base())


def test_one_input_asked_again_and_again_is_an_evasion_and_named() -> None:
    seen = asked_again((), (), (8,))
    assert verdict_of((), seen, packaged()).attack is AttackKind.EVASION
    assert seen.suspects[0].principal == "p2"


def test_who_asks_a_thing_twice_or_corrects_one_is_no_search() -> None:
    for heaps in (((3,),), ((2, 2),), ((4,), (2,), (2,))):
        assert asked_again(*heaps).signals[Signal.DUP_WHO] < 3


def test_three_who_share_a_search_are_found_together() -> None:
    alone, shared = asked_again((6,)), asked_again((6,), (6,), (6,))
    assert alone.signals[Signal.DUP_WHO] < 5
    assert shared.signals[Signal.DUP_WHO] > 10


def test_inputs_asked_again_by_everybody_name_nobody() -> None:
    seen = asked_again(*[(4,)] * PEOPLE)
    assert seen.signals[Signal.DUP_ALL] > 30
    assert seen.signals[Signal.DUP_WHO] == 0
    assert not seen.suspects


def test_a_wrong_unit_for_everybody_is_a_fault_even_when_inputs_look_odd() -> None:
    window = now(off=dict.fromkeys(range(PEOPLE), 20))
    assert window.levels is not None
    assert window.bins is not None
    levels = window.levels.copy()
    levels[0] *= 2.54
    bins = window.bins.copy()
    bins[:, 0] = [0, 0, 0, 0, 0, 0, 20, 80]
    seen = observe(replace(window, levels=levels, bins=bins), base())
    assert seen.scale is not None
    assert seen.scale.factor == pytest.approx(2.54)
    assert verdict_of((), seen, packaged()).kind is VerdictKind.FAULT


@pytest.mark.parametrize(("factor", "told"), [(0.72, False), (1.4, False), (0.6, True)])
def test_what_nature_can_do_to_the_quantiles_of_one_feature_is_no_unit(
    factor: float, *, told: bool
) -> None:
    window = now()
    assert window.levels is not None
    assert window.bins is not None
    levels, bins = window.levels.copy(), window.bins.copy()
    levels[0] *= factor
    bins[:, 0] = [0, 0, 0, 0, 0, 0, 20, 80]
    assert (observe(replace(window, levels=levels, bins=bins), base()).scale is not None) == told


def test_what_looks_like_a_wrong_unit_because_one_sends_most_rows_is_no_fault() -> None:
    window = now()
    assert window.levels is not None
    assert window.bins is not None
    levels = window.levels.copy()
    levels[0] *= 2.54
    bins = np.minimum(window.bins, 2)
    bins[0, 0] = [0, 0, 0, 0, 0, 0, 400, 1600]
    rows = np.full(PEOPLE, 10)
    rows[0] = 2000
    seen = observe(replace(window, levels=levels, bins=bins, rows=rows), base())
    assert (seen.alike, seen.scale is None) == (None, False)
    assert verdict_of((), seen, packaged()).kind is not VerdictKind.FAULT


def test_what_looks_like_a_wrong_unit_while_one_alone_is_odd_is_that_one() -> None:
    window = now()
    assert window.levels is not None
    assert window.bins is not None
    levels = window.levels.copy()
    levels[0] *= 2.54
    bins = np.minimum(window.bins, 1)
    bins[0, 0] = [0, 0, 0, 0, 0, 0, 30, 110]
    rows, odd = np.full(PEOPLE, 5), np.zeros(PEOPLE, np.int64)
    rows[0], odd[0] = 40, 20
    few = replace(window, levels=levels, bins=bins, rows=rows, off=odd, again=None, cells=None)
    seen = observe(few, base())
    assert (seen.alike, seen.scale is None) == (None, False)
    verdict = verdict_of((), seen, packaged())
    assert (verdict.kind, verdict.attack) == (VerdictKind.ATTACK, AttackKind.EXTRACTION)


def test_a_step_at_a_deployment_for_everybody_is_a_fault_and_the_same_without_it_is_not() -> None:
    window = now()
    assert window.bins is not None
    assert window.slices is not None
    bins = window.bins.copy()
    bins[:, 0] = [6, 6, 8, 10, 14, 16, 20, 20]
    slices = window.slices.copy()
    slices[10:, 0] = [0, 0, 0, 10, 20, 30, 40, 50]
    moved = replace(window, bins=bins, slices=slices)
    deployment = Happening(what="deployment v8", at=AT + timedelta(minutes=11))
    assert verdict_of((), observe(moved, base(), (deployment,)), packaged()).kind is (
        VerdictKind.FAULT
    )
    far = replace(deployment, at=AT + timedelta(days=1))
    assert verdict_of((), observe(moved, base(), (far,)), packaged()).kind is not VerdictKind.FAULT


def test_without_the_numbers_it_is_undecided_and_says_what_is_missing() -> None:
    verdict = verdict_of((), Observations(missing=("true labels",)), packaged())
    assert verdict.kind is VerdictKind.UNDECIDED
    assert "true labels" in verdict.reasons[-1].says


def finding(points: float, detector: str = "digest", strength: float = 3.0) -> Finding:
    return Finding(
        detector=DetectorId(detector),
        asset=AssetId("fraud"),
        window=Span(start=AT, end=AT),
        says="The running digest is not the signed one.",
        measured={},
        because=(),
        strength=strength,
        points_to={AttackKind.WEIGHT_TAMPERING: points},
    )


def test_a_finding_that_proves_a_deed_is_enough_and_a_weak_one_is_not() -> None:
    proof = verdict_of((finding(0.98),), Observations(), packaged())
    assert (proof.kind, proof.attack) == (VerdictKind.ATTACK, AttackKind.WEIGHT_TAMPERING)
    assert verdict_of((finding(0.7),), Observations(), packaged()).kind is VerdictKind.UNDECIDED
    weak = verdict_of((finding(0.98, strength=0.3),), Observations(), packaged())
    assert weak.kind is VerdictKind.UNDECIDED


def test_all_looks_at_one_incident_together_err_no_more_than_is_allowed() -> None:
    assert price(0) == 1, "a window that is judged once pays for itself alone"
    spent = sum(ALPHA / price(look) for look in range(1, 10_000))
    assert 0.99 * LIFE < spent <= LIFE


def test_what_is_enough_at_the_first_look_is_not_at_the_tenth_and_more_of_it_is() -> None:
    some, more = (observe(now(off={3: n}), base()) for n in (10, 14))
    assert verdict_of((), some, packaged(), looks=1).kind is VerdictKind.ATTACK
    assert verdict_of((), some, packaged(), looks=10).kind is VerdictKind.UNDECIDED
    assert verdict_of((), more, packaged(), looks=10).kind is VerdictKind.ATTACK


def test_how_near_its_boundary_somebody_asks_counts_only_on_the_version_that_is_known() -> None:
    quiet = observe(now(), base())
    table = Table(values=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0))
    known = replace(packaged(), tables={**packaged().tables, Signal.EDGE_WHO: table})
    near = replace(quiet, signals={**quiet.signals, Signal.EDGE_WHO: 30.0})
    probed = replace(
        finding(0.98, "threshold_probing"), points_to={AttackKind.THRESHOLD_PROBING: 0.9}
    )
    accused = verdict_of((probed,), near, known)
    assert (accused.kind, accused.attack) == (VerdictKind.ATTACK, AttackKind.THRESHOLD_PROBING)
    swapped = replace(finding(0.98), lifecycle=Lifecycle.DEPLOYMENT)
    verdict = verdict_of((probed,), near, known, (swapped,))
    assert verdict.kind is VerdictKind.UNDECIDED
    assert "the right version in service" in verdict.reasons[-1].says


def test_one_detector_heard_a_hundred_times_counts_once() -> None:
    once = verdict_of((finding(0.8),), Observations(), packaged())
    often = verdict_of(tuple(finding(0.8) for _ in range(100)), Observations(), packaged())
    assert once == often


def sight(kind: AttackKind, strength: float, *names: str) -> Finding:
    """What one detector says of these people, as strongly as this."""
    people = tuple(Suspect(principal=PrincipalId(n), share=1.0, confidence=0.9) for n in names)
    said = finding(0.0, strength=strength)
    return replace(said, points_to={kind: 0.9}, suspects=people, topic=str(kind))


def test_the_newest_sight_says_what_it_is_for_and_the_strongest_how_sure_that_is() -> None:
    first = sight(AttackKind.THRESHOLD_PROBING, 6.0, "p1")
    then = sight(AttackKind.EVASION, 4.0, "p1")
    verdict = verdict_of((first, then), Observations(), packaged())
    assert verdict.attack is AttackKind.EVASION
    assert verdict.reasons[0].findings == (then.id,)
    alone = verdict_of((first,), Observations(), packaged())
    assert verdict.confidence == alone.confidence


def test_an_older_sight_that_was_clearer_stays() -> None:
    first = sight(AttackKind.EVASION, 4.0, "p1")
    then = sight(AttackKind.THRESHOLD_PROBING, 6.0, "p1")
    then = replace(then, points_to={AttackKind.THRESHOLD_PROBING: 0.8})
    assert verdict_of((first, then), Observations(), packaged()).attack is AttackKind.EVASION


def test_questions_asked_for_cover_hide_a_shape_and_take_back_none() -> None:
    first = sight(AttackKind.EVASION, 4.0, "p1")
    then = sight(AttackKind.EXTRACTION, 6.0, "p1")
    assert verdict_of((first, then), Observations(), packaged()).attack is AttackKind.EVASION
    back = verdict_of((then, first), Observations(), packaged())
    assert back.attack is AttackKind.EVASION


def test_a_sight_of_other_people_takes_back_nothing_that_was_said_of_these() -> None:
    first = sight(AttackKind.THRESHOLD_PROBING, 6.0, "p1")
    other = sight(AttackKind.EVASION, 4.0, "p2")
    verdict = verdict_of((first, other), Observations(), packaged())
    assert verdict.attack is AttackKind.THRESHOLD_PROBING
    both = sight(AttackKind.EVASION, 3.0, "p1", "p2")
    assert verdict_of((first, other, both), Observations(), packaged()).attack is AttackKind.EVASION


def test_a_copy_that_costs_much_is_a_copy_and_much_use_by_itself_is_denial_of_wallet() -> None:
    def of(detector: str, kind: AttackKind, how_far: float, *names: str) -> Finding:
        said = replace(sight(kind, 60.0, *names), points_to={kind: how_far})
        return replace(said, detector=DetectorId(detector))

    def name(*findings: Finding) -> AttackKind | None:
        return verdict_of(findings, Observations(), packaged()).attack

    much = of("volume_and_cost", AttackKind.DENIAL_OF_WALLET, 0.9, "p1")
    assert name(much) is AttackKind.DENIAL_OF_WALLET
    copied = of("extraction", AttackKind.EXTRACTION, 0.8, "p1", "p2")
    assert name(much, copied) is AttackKind.EXTRACTION
    unclear = of("extraction", AttackKind.EXTRACTION, 0.4, "p1")
    assert name(much, unclear) is AttackKind.DENIAL_OF_WALLET
    by_others = of("extraction", AttackKind.EXTRACTION, 0.8, "p3")
    assert name(much, by_others) is AttackKind.DENIAL_OF_WALLET
    both = verdict_of((much, copied), Observations(), packaged())
    assert {"volume_and_cost", "extraction"} <= {r.name for r in both.reasons}


def test_a_newer_sight_that_points_nowhere_takes_the_place_of_none() -> None:
    first = sight(AttackKind.EVASION, 6.0, "p1")
    unclear = replace(sight(AttackKind.EXTRACTION, 6.0, "p1"), points_to={})
    verdict = verdict_of((first, unclear), Observations(), packaged())
    assert verdict.attack is AttackKind.EVASION


def test_one_odd_input_asked_again_and_again_is_one_odd_input() -> None:
    window = now(off={7: 30})
    assert verdict_of((), observe(window, base()), packaged()).kind is VerdictKind.ATTACK
    assert window.off is not None
    different, off = window.rows.copy(), window.off.copy()
    different[7], off[7] = 20, 1
    repeated = replace(window, different=different, off=off)
    assert verdict_of((), observe(repeated, base()), packaged()).kind is VerdictKind.NATURAL


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"alike": 0.95}, True),
        ({"alike": 0.6}, True),
        ({"alike": 0.6, "largest": 0.7}, False),
        ({"alike": 0.95, "largest": 0.7}, True),
        ({"alike": None}, True),
        ({"alike": None, "newcomers": 0.8}, False),
    ],
)
def test_a_unit_is_wrong_for_everybody_or_it_is_no_fault(
    changes: dict[str, float | None], said: bool
) -> None:
    fit = ScaleFit(feature="amount", factor=2.54, misfit=0.01)
    seen = replace(Observations(scale=fit, drift=0.4), **changes)  # pyrefly: ignore[bad-argument-type]  a test names what it changes
    assert bool(fault_reasons(seen)) is said


@given(st.permutations(range(PEOPLE)), st.integers(0, PEOPLE - 1))
def test_the_verdict_does_not_depend_on_what_principals_are_called(
    order: list[int], guilty: int
) -> None:
    window = now(off={guilty: 30})
    renamed = replace(window, principals=tuple(PrincipalId(f"p{n}") for n in order))
    one = verdict_of((), observe(window, base()), packaged())
    two = verdict_of((), observe(renamed, base()), packaged())
    assert (one.kind, one.attack, one.confidence) == (two.kind, two.attack, two.confidence)
    assert [r.weight for r in one.reasons] == [r.weight for r in two.reasons]


def test_calibration_needs_thirty_windows_and_its_p_falls_as_the_signal_grows() -> None:
    quiet = [observe(now(seed), base()) for seed in range(40)]
    with pytest.raises(BadInput):
        calibrate(quiet[:29], "too few")
    table = calibrate(quiet, "quiet")
    ps = [table.p(Signal.OFF_WHO, v) for v in np.linspace(0, 60, 200)]
    assert ps[0] == 1
    assert all(a >= b for a, b in pairwise(ps))
    assert table.p(Signal.EDGE_WHO, 99.0) == 1, "never calibrated is never evidence"


def test_quiet_windows_are_rarely_called_attacks() -> None:
    called = [
        verdict_of((), observe(now(seed), base()), packaged()).kind is VerdictKind.ATTACK
        for seed in range(200)
    ]
    assert np.mean(called) <= 0.05


def test_a_table_is_never_surer_than_theory() -> None:
    table = Table(values=(0.7, 1.6, 2.3, 3.0, 3.9, 4.6))
    assert table.p(4.6) == pytest.approx(0.01, rel=0.01)
    assert bound(0.01) == pytest.approx(2.08, abs=0.02)
    assert bound(0.9) < 0


def test_counts_that_are_not_kept_by_principal_still_make_a_verdict() -> None:
    window = now()
    assert window.bins is not None
    pooled = replace(window, bins=None, total=window.bins.sum(axis=0))
    seen = observe(pooled, base())
    assert seen.drift is not None
    assert verdict_of((), seen, packaged()).kind is VerdictKind.NATURAL
    bare = observe(replace(window, bins=None), base())
    assert bare.drift is None
    assert bare.step is not None
    assert verdict_of((), bare, packaged()).kind is VerdictKind.NATURAL


def test_a_feature_without_values_hides_no_wrong_unit_in_another() -> None:
    window = now()
    assert window.levels is not None
    levels = window.levels.copy()
    levels[0] = np.nan
    levels[1] *= 10
    assert window.bins is not None
    bins = window.bins.copy()
    bins[:, 1] = [0, 0, 0, 0, 0, 0, 0, 100]
    seen = observe(replace(window, levels=levels, bins=bins), base())
    assert seen.scale is not None
    assert (seen.scale.feature, seen.scale.factor) == ("hour", pytest.approx(10))
