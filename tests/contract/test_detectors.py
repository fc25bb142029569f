"""The laws that every detector keeps."""

import msgspec
import pytest

from stanch.detect import examples
from stanch.detect.detector import Detector
from stanch.detect.registry import detectors
from stanch.vocabulary.finding import Blind, Finding

ALL = detectors()


@pytest.fixture(params=sorted(ALL))
def detector(request: pytest.FixtureRequest) -> Detector[object]:
    return ALL[request.param]


def findings(said: tuple[Finding | Blind, ...]) -> list[Finding]:
    return [one for one in said if isinstance(one, Finding)]


def test_it_fires_on_its_own_example(detector: Detector[object]) -> None:
    assert findings(detector.seen_in(detector.fires_on()))


def test_it_looks_at_the_quiet_example_and_says_nothing(detector: Detector[object]) -> None:
    assert detector.seen_in(detector.quiet_on()) == ()


def test_it_is_blind_on_nothing(detector: Detector[object]) -> None:
    said = detector.seen_in(examples.nothing_seen())
    assert said
    assert all(isinstance(one, Blind) and one.why for one in said)


def test_it_says_the_same_again(detector: Detector[object]) -> None:
    assert detector.seen_in(detector.fires_on()) == detector.seen_in(detector.fires_on())


def test_it_cites_only_what_it_saw(detector: Detector[object]) -> None:
    window = detector.fires_on()
    for finding in findings(detector.seen_in(window)):
        assert finding.because
        assert set(finding.because) <= window.citable


def test_what_it_says_is_for_people_and_signed_with_its_name(detector: Detector[object]) -> None:
    window = detector.fires_on()
    for finding in findings(detector.seen_in(window)):
        assert finding.detector == detector.id
        assert finding.asset == window.asset.id
        assert finding.window == window.span
        assert finding.says.endswith(".")
        assert finding.says[0].isupper() or not finding.says[0].isalpha()
        assert finding.measured
        assert all(0 <= s.share <= 1 and 0 <= s.confidence <= 1 for s in finding.suspects)
        assert all(0 <= p <= 1 for p in finding.points_to.values())


def test_a_finding_travels_as_json_and_comes_back(detector: Detector[object]) -> None:
    for finding in findings(detector.seen_in(detector.fires_on())):
        assert msgspec.json.decode(msgspec.json.encode(finding), type=Finding) == finding
