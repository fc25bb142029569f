"""The laws of detectors."""

import msgspec

from stanch.detect import examples
from stanch.detect.detector import Detector
from stanch.testing.law import Law
from stanch.vocabulary.finding import Blind, Finding
from stanch.vocabulary.trouble import BadName

Any_ = Detector[object]


def _found(detector: Any_) -> list[Finding]:
    return [one for one in detector.seen_in(detector.fires_on()) if isinstance(one, Finding)]


def _fires(detector: Any_) -> str:
    return "" if _found(detector) else "on `fires_on` it said nothing"


def _is_quiet(detector: Any_) -> str:
    said = detector.seen_in(detector.quiet_on())
    return f"on `quiet_on` it said {said[0]!r}" if said else ""


def _is_blind(detector: Any_) -> str:
    said = detector.seen_in(examples.nothing_seen())
    if not said:
        return "in a window in which nothing happened it was silent, as if it had looked"
    seeing = [one for one in said if not isinstance(one, Blind) or not one.why]
    return f"in a window in which nothing happened it said {seeing[0]!r}" if seeing else ""


def _repeats(detector: Any_) -> str:
    same = detector.seen_in(detector.fires_on()) == detector.seen_in(detector.fires_on())
    return "" if same else "asked twice about `fires_on` it said two things"


def _cites(detector: Any_) -> str:
    window = detector.fires_on()
    for finding in _found(detector):
        if not finding.because:
            return "a finding cites nothing in `because`"
        if strange := set(finding.because) - window.citable:
            return f"a finding cites {min(strange, key=repr)!r}, which is not in the window"
    return ""


def _speaks(detector: Any_) -> str:
    window = detector.fires_on()
    for finding in _found(detector):
        signed = (finding.detector, finding.asset, finding.window)
        if signed != (detector.id, window.asset.id, window.span):
            return f"a finding is signed {signed!r}"
        first = finding.says[:1]
        if not finding.says.endswith(".") or (first.isalpha() and not first.isupper()):
            return f"a finding says {finding.says!r}, which is no sentence"
    return ""


def _measures(detector: Any_) -> str:
    for finding in _found(detector):
        if not finding.measured:
            return "a finding states nothing in `measured`"
        shares = [p for one in finding.suspects for p in (one.share, one.confidence)]
        off = [p for p in (*shares, *finding.points_to.values()) if not 0 <= p <= 1]
        if off:
            return f"a finding has a share or a confidence of {off[0]}"
    return ""


def _travels(detector: Any_) -> str:
    for finding in _found(detector):
        try:
            back = msgspec.json.decode(msgspec.json.encode(finding), type=Finding)
        except (TypeError, msgspec.MsgspecError, BadName) as error:
            return f"a finding does not survive JSON: {error}"
        if back != finding:
            return "a finding comes back from JSON as another one"
    return ""


FIRES = Law("fires on its own example", _fires)
QUIET = Law("looks at its quiet example and says nothing", _is_quiet)
BLIND = Law("says that it is blind where nothing was seen", _is_blind)
REPEATS = Law("says the same again", _repeats)
CITES = Law("cites only what it saw", _cites)
SPEAKS = Law("speaks in sentences, signed with its name", _speaks)
MEASURES = Law("states what it measured, in shares between 0 and 1", _measures)
TRAVELS = Law("finds what travels as JSON and comes back", _travels)
LAWS = (FIRES, QUIET, BLIND, REPEATS, CITES, SPEAKS, MEASURES, TRAVELS)
