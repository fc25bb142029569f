"""The sentences of a verdict.

In    a signal with its p-value, and the observations.
Out   one plain sentence for each, with its numbers.
Why   a person must be able to disagree with each reason, so each one is written out.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from stanch.triage.verdict.observations import Observations, Signal
from stanch.vocabulary.incident import Reason

RARE = 0.05
SLOW = 0.7
"""A line explains this share of the movement."""
CONFUSED = 5.0
"""Nats of confusion worth a sentence."""

_SAYS: Mapping[Signal, str] = MappingProxyType(
    {
        Signal.OFF_WHO: "some principals send inputs whose values do not belong together",
        Signal.OFF_ALL: "inputs whose values do not belong together came from everybody",
        Signal.DUP_WHO: "some principals send inputs that are almost the same, again and again",
        Signal.DUP_ALL: "near-duplicates came from everybody",
        Signal.PAIR_WHO: "labels from some principals turn one class into another",
        Signal.PAIR_ALL: "one pair of classes is confused more than before",
        Signal.EDGE_WHO: "some principals ask only where the model is least sure",
    }
)


def attack_sentence(signal: Signal, p: float, seen: Observations) -> str:
    """What the signal saw, how rare that is in benign windows, and who or what leads."""
    rare = "usual in benign windows" if p > RARE else f"1 in {1 / p:,.0f} benign windows shows it"
    words = _SAYS[signal]
    text = f"{words[0].upper()}{words[1:]}: {seen.signals[signal]:.1f} nats above the rest, {rare}."
    if p <= RARE and signal is Signal.PAIR_WHO and seen.pair is not None:
        text += f" Predicted {seen.pair.predicted}, told {seen.pair.told} ({seen.pair.share:.0%})."
    elif p <= RARE and seen.suspects and not signal.endswith("_all"):
        first = seen.suspects[0]
        text += f" First: {first.principal} ({first.share:.0%} of the excess)."
    return text


def natural_reasons(seen: Observations) -> Iterator[Reason]:
    """What speaks for or against plain change besides the signals; told, and weighed as zero."""
    if seen.drift is not None and seen.drifted:
        says = f"{', '.join(seen.drifted)} moved most (largest distance {seen.drift:.3f})."
        yield Reason(name="drift", says=says, weight=0.0)
    if seen.drift is not None and seen.drift_without is not None and seen.suspects:
        says = f"Without the top suspects the distance is {seen.drift_without:.3f}."
        yield Reason(name="without_suspects", says=says, weight=0.0)
    if seen.step is not None and seen.step.ramp_fit >= SLOW:
        yield Reason(name="slow", says="The change came slowly.", weight=0.0)
    if seen.newcomers:
        says = f"{seen.newcomers:.0%} of the rows are from principals never seen before."
        yield Reason(name="newcomers", says=says, weight=0.0)
    if seen.signals.get(Signal.PAIR_ALL, 0.0) > CONFUSED and seen.pair is not None:
        says = "Labels changed for everybody: the world may have changed, or the label source."
        yield Reason(name="labels_changed", says=says, weight=0.0)
