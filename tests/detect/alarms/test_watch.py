"""Alarms: quiet without a change, quick with one, and their state survives a restart."""

from dataclasses import replace

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.alarms.bets import BETA, Table, bernstein, log_bets, radius
from stanch.detect.alarms.reading import Reading, Stream
from stanch.detect.alarms.shares import single_excess, voice
from stanch.detect.alarms.watch import Evidence, Promise, Watch, named_by_ebh
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.count import counted, labels_counted
from stanch.vocabulary.trouble import BadFile


def step(watch: Watch, rows: Columns, *, temper: float = 1.0) -> Watch:
    known = examples.reference()
    golden = known.learned.golden.summary
    batch = counted(known.ready, rows).summary
    return watch.after(batch, golden, known.learned.plan, temper=temper)


def fresh(promise: Promise | None = None) -> Watch:
    return Watch(plan=examples.reference().ready.digest, promise=promise or Promise())


def moved(rows: Columns, by: float, feature: int = 1) -> Columns:
    numbers = rows.numbers.copy()
    numbers[:, feature] += by
    return replace(rows, numbers=numbers)


def test_the_radius_is_the_one_of_massart() -> None:
    assert radius(100_000, 0.01) == pytest.approx(0.005147, abs=1e-5)
    assert radius(0, 0.01) == 1.0
    assert bernstein(1000, 0.01) == pytest.approx(0.02924, abs=1e-5)
    assert bernstein(0, 0.01) == 1.0


def test_no_bet_on_a_tail_gains_on_the_worst_truth_that_the_radius_allows() -> None:
    members, bins, rows = 4, 8, 8000
    counts = np.full((members, bins), rows // bins)
    reference = Table(members=tuple("abcd"), counts=counts, ordered=True)
    truth = np.full(bins, 1 / bins)
    truth[[0, -1]] += np.array([-1, 1]) * radius(rows, BETA / (2 * members))
    gains = 0.0
    for place in range(bins):
        one = np.zeros_like(counts)
        one[:, place] = 1
        bets = log_bets(replace(reference, counts=one), reference)
        gains = gains + truth[place] * np.exp(bets[:, : (bins - 1) * 12])
    assert np.max(gains) == pytest.approx(1.0, abs=1e-9)


def test_what_is_asked_since_a_start_moves_with_the_false_alarms_of_a_year() -> None:
    assert Promise().allowing(1.0) == Promise()
    assert Promise().allowing(0.1).ever_since_start == pytest.approx(0.001)
    assert Promise().allowing(1_000).ever_since_start == 0.05


def test_the_bars_are_the_false_alarms_allowed_shared_by_all_streams() -> None:
    promise = Promise(batches_per_year=1000.0, false_alarms_per_year=4.0, ever_since_start=0.02)
    plan = examples.reference().learned.plan
    reading = step(fresh(promise), examples.columns(500)).readings(plan)[Stream.NUMBERS]
    assert 10**reading.needed == pytest.approx(250 * len(Stream))
    assert 10**reading.needed_since_start == pytest.approx(len(Stream) / 0.02)


def test_either_bar_alone_is_an_alarm() -> None:
    quiet = Reading(
        stream=Stream.NUMBERS,
        strength=6.9,
        needed=7.0,
        since_start=2.9,
        needed_since_start=3.0,
        batches=9,
    )
    assert not quiet.alarm
    assert replace(quiet, strength=7.0).alarm
    assert replace(quiet, since_start=3.0).alarm


def test_a_hundred_quiet_batches_raise_no_alarm() -> None:
    plan = examples.reference().learned.plan
    watch = fresh(Promise(batches_per_year=100.0))
    for k in range(100):
        watch = step(watch, examples.columns(300, seed=5000 + k * 7))
        assert not any(r.alarm for r in watch.readings(plan).values())


def test_a_shift_is_found_within_a_few_batches_and_its_feature_named() -> None:
    plan = examples.reference().learned.plan
    watch = fresh()
    for k in range(8):
        watch = step(watch, moved(examples.columns(1000, seed=7000 + k * 7), 0.4))
        reading = watch.readings(plan)[Stream.NUMBERS]
        if reading.alarm:
            break
    assert reading.alarm
    assert reading.named == ("income",)


def test_a_quiet_time_before_it_takes_nothing_from_a_shift() -> None:
    plan = examples.reference().learned.plan
    watch, shift = fresh(), moved(examples.columns(1000), 0.4)
    for k in range(5):
        watch = step(watch, examples.columns(1000, seed=8000 + k))
    at_once, later = (step(w, shift).readings(plan)[Stream.NUMBERS] for w in (fresh(), watch))
    assert later.strength >= at_once.strength
    assert later.since_start < at_once.since_start


def test_values_beyond_all_that_the_baseline_saw_raise_an_alarm() -> None:
    plan = examples.reference().learned.plan
    rows = examples.columns(1000)
    numbers = rows.numbers.copy()
    numbers[::10, 3] = 1e9
    reading = step(fresh(), replace(rows, numbers=numbers)).readings(plan)[Stream.NUMBERS]
    assert reading.alarm
    assert reading.named == ("hour",)


@pytest.mark.parametrize("gone", [np.nan, np.inf])
def test_missing_values_raise_their_own_alarm(gone: float) -> None:
    plan = examples.reference().learned.plan
    rows = examples.columns(1000)
    numbers = rows.numbers.copy()
    numbers[::10, 3] = gone
    reading = step(fresh(), replace(rows, numbers=numbers)).readings(plan)[Stream.MISSING]
    assert reading.alarm
    assert reading.named == ("hour",)


def test_tempered_rows_are_weaker_evidence() -> None:
    plan = examples.reference().learned.plan
    rows = moved(examples.columns(1000), 0.5)
    plainly = step(fresh(), rows).readings(plan)[Stream.NUMBERS].strength
    tempered = step(fresh(), rows, temper=0.02).readings(plan)[Stream.NUMBERS].strength
    assert tempered < plainly / 5


def test_the_state_survives_a_restart_to_the_bit() -> None:
    watch = step(step(fresh(), examples.columns(500)), examples.columns(500, seed=3))
    read = Watch.from_bytes(watch.to_bytes())
    assert read.to_bytes() == watch.to_bytes()
    more = examples.columns(500, seed=9)
    assert step(read, more).to_bytes() == step(watch, more).to_bytes()
    with pytest.raises(BadFile):
        Watch.from_bytes(watch.to_bytes()[:-1])


def test_an_empty_batch_changes_nothing() -> None:
    watch = step(fresh(), examples.columns(500))
    none = examples.taken(examples.columns(500), np.zeros(0, np.int64))
    assert step(watch, none).to_bytes() == watch.to_bytes()


def test_ebh_names_those_that_stand_out() -> None:
    assert named_by_ebh(np.log(np.array([1.0, 1e6, 2.0, 30.0, 1e4]))) == (1, 4)
    assert named_by_ebh(np.log(np.array([30.0, 60.0]))) == (0, 1)
    assert named_by_ebh(np.log(np.array([30.0, 1.0]))) == ()


def test_a_long_watch_needs_more_evidence_to_name_a_feature() -> None:
    known = examples.reference()
    always = step(fresh(), examples.columns(10)).streams[Stream.NUMBERS].always
    told = np.zeros_like(always)
    told[:2] = np.log([[1e6], [300.0]])
    for batches, named in ((1, 2), (100, 1)):
        evidence = Evidence(always=told, start=told, batches=batches)
        watch = replace(fresh(), streams={Stream.NUMBERS: evidence})
        reading = watch.readings(known.learned.plan)[Stream.NUMBERS]
        assert reading.named == known.learned.plan.numbers[:named]


def bursting(seed: int = 77) -> Columns:
    """A minute in which one principal asks three times as much as all others, after their taste."""
    rows = examples.columns(2000, seed)
    loud = np.arange(rows.n) % 4 != 0
    who = np.where(loud, examples.ODD_ONE, rows.principals).astype(np.int32)
    return replace(rows, principals=who, numbers=rows.numbers + 0.5 * loud[:, None])


def test_a_burst_of_one_principal_is_no_evidence_about_everybody() -> None:
    known = examples.reference()
    habits = known.learned.golden.ledger.seal()
    ledger = counted(known.ready, bursting()).ledger
    weight = voice(ledger, habits)
    assert 0 < weight < 0.15
    assert voice(ledger.seal(), habits) == weight
    plan = known.learned.plan
    plainly = step(fresh(), bursting()).readings(plan)[Stream.NUMBERS]
    heard = step(fresh(), bursting(), temper=weight).readings(plan)[Stream.NUMBERS]
    assert (plainly.alarm, heard.alarm) == (True, False)


def test_what_comes_from_everybody_as_usual_is_heard_in_full() -> None:
    known = examples.reference()
    habits = known.learned.golden.ledger.seal()
    for n in (1, 20, 500, 5000):
        assert voice(counted(known.ready, examples.columns(n)).ledger, habits) == 1.0
    assert voice(counted(known.ready, bursting()).ledger, None) == 1.0


def test_late_labels_count_in_full_whoever_bursts() -> None:
    known = examples.reference()
    plan, golden = known.learned.plan, known.learned.golden.summary
    rows = examples.columns(1000)
    told = examples.labels(rows)
    wrong = replace(told, truth=((told.truth + 1) % 3).astype(np.int32))
    batch = counted(known.ready, rows).merge(labels_counted(known.ready, wrong)).summary
    one, other = (fresh().after(batch, golden, plan, temper=t).readings(plan) for t in (1.0, 0.05))
    assert one[Stream.ACCURACY] == other[Stream.ACCURACY]


def test_a_principal_who_is_odd_beyond_chance_is_told() -> None:
    assert single_excess(5000, 5000, 0.05) > np.log(1e6)
    assert single_excess(20, 1, 0.05) < np.log(20)


def test_evidence_on_the_members_of_before_is_no_reading_and_begins_anew() -> None:
    known = examples.reference()
    late = labels_counted(known.ready, examples.labels(examples.columns(300))).summary
    golden, plan = known.learned.golden.summary, known.learned.plan
    now = fresh().after(late, golden, plan)
    short = now.streams[Stream.ACCURACY]
    short = replace(short, always=short.always[:-1], start=short.start[:-1], batches=7)
    old = replace(now, streams={**now.streams, Stream.ACCURACY: short})
    assert Stream.ACCURACY not in old.readings(plan)
    assert old.after(late, golden, plan).readings(plan)[Stream.ACCURACY].batches == 1
