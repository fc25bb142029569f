"""The golden summary of a kept baseline, read back for looking."""

from datetime import datetime

from stanch.detect.summaries.fingerprints import Fingerprints
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.plan import Plan
from stanch.detect.summaries.summary import Summary
from stanch.detect.window import Baseline
from stanch.engine.ports import Transaction
from stanch.prepare.baseline import Golden
from stanch.vocabulary.ids import AssetId, BaselineId
from stanch.vocabulary.kept import BaselineKept


def baseline_of(kept: BaselineKept, at: datetime) -> Baseline:
    """The baseline as detectors need it, in the stratum of this moment."""
    golden = Golden.from_bytes(kept.body)
    plan = Plan.from_bytes(golden.plan)
    return Baseline(
        plan=plan,
        golden=Summary.from_bytes(golden.at(at), plan),
        digest=kept.digest,
        habits=Ledger.from_bytes(golden.habits) if golden.habits else None,
        quiet=golden.quiet,
        prints=tuple(Fingerprints.from_bytes(one) for one in golden.prints),
        condition=golden.setting.condition,
    )


class Regulars:
    """Who asked an asset while its baseline was learnt: to a rule they are no strangers."""

    def __init__(self) -> None:
        self._read: dict[AssetId, tuple[BaselineId, frozenset[str]]] = {}

    def of(self, tx: Transaction, asset: AssetId) -> frozenset[str]:
        """Their names, as far as the asset's newest baseline kept them."""
        kept = tx.baselines.current(asset)
        if kept is None:
            return frozenset()
        held = self._read.get(asset)
        if held is None or held[0] != kept.id:
            habits = Golden.from_bytes(kept.body).habits
            names = frozenset(Ledger.from_bytes(habits).names) if habits else frozenset[str]()
            held = self._read[asset] = kept.id, names
        return held[1]
