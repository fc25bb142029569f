"""Shape outputs: answers give away less: fewer scores, fewer digits, some noise.

In    the shape. Out   a partial policy, or what the engine must call, and the probe.
Why   full scores are what extraction, evasion and membership inference live on.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Known
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId
from stanch.vocabulary.policy import Policy, Scores, Shape
from stanch.vocabulary.probe import Probe
from stanch.vocabulary.trouble import BadInput


@dataclass(frozen=True, kw_only=True, slots=True)
class ShapeOutputs:
    """What is asked for."""

    scores: Scores = Scores.TOP1
    round: int | None = None
    jitter: float = 0.0
    epsilon: float | None = None


def wanted(asset: AssetId, args: ShapeOutputs, _: Known) -> Policy:
    """The policy that this asks for."""
    shape = Shape(scores=args.scores, round=args.round, jitter=args.jitter, epsilon=args.epsilon)
    if shape == Shape():
        raise BadInput("Every score as it is gives nothing less away. Say scores, round or jitter.")
    return Policy(asset=asset, shape=shape)


def probe(asset: AssetId, args: ShapeOutputs) -> Probe:
    """The request that shows it."""
    return Probe(asset=asset, expect=("serve", "wait"), field="scores", value=args.scores)


ACTION = Action(
    id=ActionId("shape_outputs"),
    title="Shape outputs",
    says="Shape outputs: answers give away less: fewer scores, fewer digits, some noise.",
    args=ShapeOutputs,
    rank=45,
    risk=Risk.AUTOMATIC,
    wanted=wanted,
    probe=probe,
    instead_of=("safe_mode",),
    example=ShapeOutputs(round=1),
)
