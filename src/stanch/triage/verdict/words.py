"""The sentences of a verdict.

In    a signal with its p-value, and the observations.
Out   one plain sentence for each: what was seen, for what it speaks, how rare it is, and who leads.
Why   a person must be able to disagree with each reason, at three in the morning. The numbers are
      for machines, and stand in the fields of the observations and of the reason.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from stanch.triage.verdict.observations import Left, Observations, Signal
from stanch.vocabulary.incident import Reason
from stanch.vocabulary.spoken import listed, spoken

RARE = 0.05
RAREST = 1e-6
"""Beyond one in a million a number says no more."""
SLOW = 0.7
"""A line explains this share of the movement."""
SHOWN = 3
"""Names in a sentence."""
CONFUSED = 5.0
"""Nats of confusion worth a sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Words:
    """What is said of a signal: where it was seen, what that speaks for, and where it was not."""

    seen: str
    speaks: str
    quiet: str


_SAYS: Mapping[Signal, _Words] = MappingProxyType(
    {
        Signal.OFF_WHO: _Words(
            seen="Some sent inputs whose values do not belong together, and others did not.",
            speaks="Whoever makes up questions to copy a model does that.",
            quiet="Nobody sent more odd combinations of values than honest people may.",
        ),
        Signal.OFF_ALL: _Words(
            seen="Of all that came, more than before has values that do not belong together.",
            speaks="Who copies a model does that, with one key or with many.",
            quiet="Odd combinations of values were no more frequent than a drift explains.",
        ),
        Signal.DUP_WHO: _Words(
            seen="Some sent almost the same input again and again, and others did not.",
            speaks="Whoever searches for an input that gets past the model does that.",
            quiet="Nobody sent almost the same input again and again.",
        ),
        Signal.DUP_ALL: _Words(
            seen="Of all that came, more than before is almost the same as an earlier input.",
            speaks="Who searches for a way past the model does that, with one key or with many.",
            quiet="Inputs that are almost the same were no more frequent than usual.",
        ),
        Signal.PAIR_WHO: _Words(
            seen="Some sent labels that contradict the answers, where those of others do not.",
            speaks="Whoever poisons what is learnt next does that.",
            quiet="Nobody's labels contradict the answers more than honest ones may.",
        ),
        Signal.PAIR_ALL: _Words(
            seen="Labels take one class for another more often than before, whoever sends them.",
            speaks="The world may have changed, or the source of the labels.",
            quiet="Labels contradict the answers no more than before.",
        ),
        Signal.EDGE_WHO: _Words(
            seen="Some asked only where the model is least sure, and others did not.",
            speaks="Whoever maps where it changes its mind does that.",
            quiet="Nobody asked more than usual where the model is least sure.",
        ),
    }
)


def attack_sentence(signal: Signal, p: float, seen: Observations) -> str:
    """What the signal saw, what that speaks for, how rare it is, and who or what leads."""
    words = _SAYS[signal]
    if p > RARE:
        return words.quiet
    text = f"{words.seen} {words.speaks} {_rare(p)}"
    if signal is Signal.PAIR_WHO and seen.pair is not None:
        pair = seen.pair
        text += f" Most say {pair.told} where the model said {pair.predicted} ({pair.share:.0%})."
    elif seen.suspects and not signal.endswith("_all"):
        first = seen.suspects[0]
        text += f" First is {spoken(first.principal)}, with {first.share:.0%} of what is too much."
    return text


def _rare(p: float) -> str:
    if p < RAREST:
        return "Less than one in a million windows without an attack looks like this."
    return f"One in {1 / p:,.0f} windows without an attack looks like this."


_ODD: Mapping[Signal, str] = MappingProxyType(
    {
        Signal.OFF_WHO: "of the inputs have values that do not belong together",
        Signal.EDGE_WHO: "of the answers lie where the model is least sure",
        Signal.DUP_WHO: "of the inputs hardly differ from an earlier one",
        Signal.PAIR_WHO: "of the labels contradict the answer",
    }
)


def _without(left: Left) -> str:
    """What would be seen if those who stand out had not asked."""
    names = listed(left.names, SHOWN)
    them = "it" if len(left.names) == 1 else "them"
    return (
        f"Without {names}, {left.rest:.1%} {_ODD[left.signal]}; "
        f"with {them} {left.share:.1%}, and {left.usual:.1%} is usual."
    )


def natural_reasons(seen: Observations) -> Iterator[Reason]:
    """What speaks for or against plain change besides the signals; told, and weighed as zero."""
    if seen.drift is not None and seen.drifted:
        names = listed(seen.drifted, len(seen.drifted))
        says = f"Since the baseline {names} moved most: {seen.drift:.0%} of the values at most."
        yield Reason(name="drift", says=says, weight=0.0)
    if seen.drift is not None and seen.drift_without is not None and seen.suspects:
        says = f"Without those who stand out that is {seen.drift_without:.0%}."
        yield Reason(name="without_suspects", says=says, weight=0.0)
    if seen.left is not None:
        yield Reason(name="without", says=_without(seen.left), weight=0.0)
    if seen.moved is not None:
        says = f"Since yesterday {seen.moved:.0%} of the values of one input moved at most."
        yield Reason(name="since_yesterday", says=says, weight=0.0)
    if seen.step is not None and seen.step.ramp_fit >= SLOW:
        yield Reason(name="slow", says="The change came slowly.", weight=0.0)
    if seen.newcomers:
        says = f"{seen.newcomers:.0%} of the rows are from principals never seen before."
        yield Reason(name="newcomers", says=says, weight=0.0)
    if seen.signals.get(Signal.PAIR_ALL, 0.0) > CONFUSED and seen.pair is not None:
        says = "Labels changed for everybody: the world may have changed, or the label source."
        yield Reason(name="labels_changed", says=says, weight=0.0)
