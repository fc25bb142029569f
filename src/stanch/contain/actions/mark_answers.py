"""Mark answers: a few answers of those named are wrong by a secret key, so that a copy can be told.

In    callers, how near to a boundary, what share of those answers.
Out   a partial policy, and the probe.
Why   who was refused comes back under another name, and a copy is made and moved elsewhere. What a
      copy learnt of marked answers it carries along, and only the key tells which they are.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Known
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId, PrincipalId
from stanch.vocabulary.policy import Mark, Policy, Shape
from stanch.vocabulary.probe import ANY, Probe
from stanch.vocabulary.trouble import BadInput


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkAnswers:
    """What is asked for."""

    callers: tuple[str, ...]
    """Whose answers; not called principals, for to be named here is not to be refused."""
    within: float = 0.2
    """The two best scores lie no further apart than this."""
    share: float = 0.5
    """So many of those answers are marked."""


def wanted(asset: AssetId, args: MarkAnswers, known: Known) -> Policy:
    """The policy that this asks for."""
    if not known.mark_key:
        raise BadInput("Answers are marked for an incident, which keeps the key. Name one.")
    mark = Mark(
        key=known.mark_key,
        principals=frozenset(map(PrincipalId, args.callers)),
        within=args.within,
        share=args.share,
        classes=known.classes,
    )
    return Policy(asset=asset, shape=Shape(marks=(mark,)))


def probe(asset: AssetId, args: MarkAnswers) -> Probe:
    """The request that shows it."""
    return Probe(asset=asset, principal=args.callers[0], expect=ANY, field="marks", value="on")


ACTION = Action(
    id=ActionId("mark_answers"),
    title="Mark answers",
    says=(
        "Mark answers: for those named, some answers near a boundary name the second class, drawn "
        "by a secret key. They are wrong on purpose: a copy that learnt from them is told by "
        "`stanch incident marks`. Nobody is held back by it."
    ),
    args=MarkAnswers,
    rank=12,
    stops=False,
    risk=Risk.ONE,
    wanted=wanted,
    probe=probe,
    example=MarkAnswers(callers=("key-91",)),
    known=Known(mark_key="5e" * 32, classes=("ham", "spam")),
)
