"""The golden summary of a kept baseline, read back for looking."""

from datetime import datetime

from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.plan import Plan
from stanch.detect.summaries.summary import Summary
from stanch.detect.window import Baseline
from stanch.prepare.baseline import Golden
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
        condition=golden.setting.condition,
    )
