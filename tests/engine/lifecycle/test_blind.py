"""A detector that breaks is a blind spot that people see."""

from collections.abc import Iterator
from dataclasses import replace
from math import nan

from tests.engine.lifecycle.house import FRAUD, START, House, inferences, minute_by_minute

from stanch.detect.registry import detectors
from stanch.detect.window import Window
from stanch.engine.baselines import Ask
from stanch.vocabulary.finding import Blind, Finding
from stanch.vocabulary.listing import Wanted


def test_a_detector_that_raises_is_a_visible_blind_spot_and_stops_nothing(house: House) -> None:
    def broken(window: Window, limits: object) -> Iterator[Finding | Blind]:
        raise ZeroDivisionError(f"{window.n} by nothing, {limits}")

    known = detectors()
    house.start(lambda: {**known, "score_shift": replace(known["score_shift"], look=broken)})
    house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), inferences(20_000, START))
    minute_by_minute(house, 5, shift=0.5, seed=100)
    with house.store.look() as tx:
        assert tx.incidents.open_on([FRAUD])
        said = [s.blind.why for s in tx.blinds.of(FRAUD) if s.blind.detector == "score_shift"]
    assert len(said) == 1
    assert said[0].startswith("it failed with ZeroDivisionError: 5000 by nothing")


def test_a_detector_that_measured_no_number_is_a_visible_blind_spot(house: House) -> None:
    known = detectors()
    drift = known["feature_drift"]

    def odd(window: Window, limits: object) -> Iterator[Finding | Blind]:
        for said in drift.look(window, limits):
            yield replace(said, measured={"x": nan}) if isinstance(said, Finding) else said

    house.start(lambda: {"feature_drift": replace(drift, look=odd)})
    house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), inferences(20_000, START))
    minute_by_minute(house, 5, shift=0.5, seed=100)
    with house.store.look() as tx:
        assert not tx.findings.count(Wanted())
        said = [s.blind.why for s in tx.blinds.of(FRAUD) if s.blind.detector == "feature_drift"]
    assert said == ["it measured what is infinite or no number"]
