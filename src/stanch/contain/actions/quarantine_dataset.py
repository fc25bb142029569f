"""Quarantine a dataset: nothing is added to it and nothing is trained on it.

In    dataset. Out   a partial policy, or what the engine must call, and the probe.
Why   the evidence stays as it is, and so does its harm.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Call, Known, Undo
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId
from stanch.vocabulary.policy import Hold, Policy
from stanch.vocabulary.probe import ANY, Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class QuarantineDataset:
    """What is asked for."""

    dataset: str


def wanted(asset: AssetId, _: QuarantineDataset, __: Known) -> Policy:
    """The policy that this asks for."""
    return Policy(asset=asset, hold=Hold(ingestion=True, training=True))


def probe(asset: AssetId, _: QuarantineDataset) -> Probe:
    """The request that shows it."""
    return Probe(asset=asset, expect=ANY, field="hold", value="ingestion,training")


def calls(_: AssetId, args: QuarantineDataset) -> tuple[Call, ...]:
    """What the engine must do outside."""
    return (
        Call(
            connector="datasets",
            verb="quarantine",
            subject=args.dataset,
            says=f"Dataset {args.dataset} is set aside.",
            undo="release",
        ),
    )


ACTION = Action(
    id=ActionId("quarantine_dataset"),
    title="Quarantine a dataset",
    says=(
        "Quarantine a dataset: the dataset is set aside: nothing is added to it and "
        "nothing is trained on it."
    ),
    args=QuarantineDataset,
    rank=50,
    risk=Risk.AUTOMATIC,
    undo=Undo.CALL,
    wanted=wanted,
    probe=probe,
    calls=calls,
    example=QuarantineDataset(dataset="transactions-2026"),
)
