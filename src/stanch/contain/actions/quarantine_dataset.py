"""Quarantine a dataset, or partitions of it: nothing is trained on what is set aside.

In    dataset, and partitions of it.
Out   a partial policy, what the engine must call, and the probe.
Why   the evidence stays as it is, and so does its harm. Where partitions are named, only those are
      set aside: new rows may come into the others, and training waits until a person says that it
      may go on without them.
"""

from dataclasses import dataclass

from stanch.contain.action import DATASETS, Action, Call, Known, Undo
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId
from stanch.vocabulary.policy import Hold, Policy
from stanch.vocabulary.probe import ANY, Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class QuarantineDataset:
    """What is asked for."""

    dataset: str
    partitions: tuple[str, ...] = ()
    """Like 2026-11-20; empty is the whole dataset."""


def wanted(asset: AssetId, args: QuarantineDataset, __: Known) -> Policy:
    """The policy that this asks for."""
    return Policy(asset=asset, hold=Hold(ingestion=not args.partitions, training=True))


def probe(asset: AssetId, args: QuarantineDataset) -> Probe:
    """The request that shows it."""
    held = "training" if args.partitions else "ingestion,training"
    return Probe(asset=asset, expect=ANY, field="hold", value=held)


def calls(_: AssetId, args: QuarantineDataset) -> tuple[Call, ...]:
    """What the engine must do outside."""
    parts = [f"{args.dataset}/{one}" for one in args.partitions] or [args.dataset]
    return tuple(
        Call(
            connector=DATASETS,
            verb="quarantine",
            subject=one,
            says=f"{'Partition' if args.partitions else 'Dataset'} {one} is set aside.",
            undo="release",
        )
        for one in parts
    )


ACTION = Action(
    id=ActionId("quarantine_dataset"),
    title="Quarantine a dataset",
    says=(
        "Quarantine a dataset: it, or partitions of it, are set aside: nothing is added to "
        "them and nothing is trained."
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
