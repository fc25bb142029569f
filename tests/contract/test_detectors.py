"""The laws that every detector keeps."""

import pytest

from stanch.detect.detector import Detector
from stanch.detect.registry import detectors
from stanch.testing import detectors as laws

ALL = detectors()


@pytest.fixture(params=sorted(ALL))
def detector(request: pytest.FixtureRequest) -> Detector[object]:
    return ALL[request.param]


def test_it_fires_on_its_own_example(detector: Detector[object]) -> None:
    assert not laws.FIRES.check(detector)


def test_it_looks_at_the_quiet_example_and_says_nothing(detector: Detector[object]) -> None:
    assert not laws.QUIET.check(detector)


def test_it_is_blind_on_nothing(detector: Detector[object]) -> None:
    assert not laws.BLIND.check(detector)


def test_it_says_the_same_again(detector: Detector[object]) -> None:
    assert not laws.REPEATS.check(detector)


def test_it_cites_only_what_it_saw(detector: Detector[object]) -> None:
    assert not laws.CITES.check(detector)


def test_what_it_says_is_for_people_and_signed_with_its_name(detector: Detector[object]) -> None:
    assert not laws.SPEAKS.check(detector)
    assert not laws.MEASURES.check(detector)


def test_a_finding_travels_as_json_and_comes_back(detector: Detector[object]) -> None:
    assert not laws.TRAVELS.check(detector)
