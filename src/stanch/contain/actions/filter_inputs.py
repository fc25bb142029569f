"""Filter inputs: what is almost the same as several inputs asked just before is refused.

In    what too much alike means here, as learnt from ordinary inputs.
Out   a partial policy, and the probe.
Why   a search for an input that is decided wrongly asks about one place over and over. A refusal of
      one asker ends nothing where the next goes on; this ends the search itself, whoever asks.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Known
from stanch.contain.alike import Likeness, likeness, named
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId
from stanch.vocabulary.policy import Filter, Policy, Strictness
from stanch.vocabulary.probe import ANY, Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class FilterInputs:
    """What is asked for."""

    alike: str
    """The rule; `$alike` in a playbook is the one learnt from the asset's ordinary inputs."""


def wanted(asset: AssetId, args: FilterInputs, _: Known) -> Policy:
    """The policy that this asks for."""
    rule = likeness(args.alike).text
    return Policy(asset=asset, filter=Filter(input=Strictness.NORMAL, rules=frozenset({rule})))


def probe(asset: AssetId, args: FilterInputs) -> Probe:
    """The request that shows it."""
    return Probe(asset=asset, expect=ANY, field="filter", value=named(likeness(args.alike).text))


_EXAMPLE = Likeness(times=3, within=0.5, kept=1000, units=(1.0, 2.5), middles=(0.0, 10.0))

ACTION = Action(
    id=ActionId("filter_inputs"),
    title="Filter inputs",
    says=(
        "Filter inputs: who asks for what is almost the same as several inputs asked just "
        "before, by whomever, is refused; the very same input again is answered as before."
    ),
    args=FilterInputs,
    rank=42,
    risk=Risk.AUTOMATIC,
    wanted=wanted,
    probe=probe,
    instead_of=("safe_mode",),
    example=FilterInputs(alike=_EXAMPLE.text),
)
