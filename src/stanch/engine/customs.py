"""Customs of an asset: what its people do within a window, as far as their whole week hides it.

In    the rows of a baseline, and the plan and habits made of them.
Out   the windows by principal that are to be kept in the baseline; None when they tell of no more.
Why   a custom is in the baseline when it was usual then, so nobody is to be named for it. Where by
      the habits nobody would have been, they tell all of it, and the baseline stays as it is.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from stanch.detect.habits.customs import customs_of, fullest
from stanch.detect.habits.people import LONG, people
from stanch.detect.habits.shares import FEWEST
from stanch.detect.registry import detectors
from stanch.detect.summaries.arrays import Ints
from stanch.detect.summaries.count import Counted
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.window import Baseline, Window
from stanch.engine.ingest.compute import pc
from stanch.engine.quiet import LOOK_MICROS
from stanch.engine.watch.hop import span_of
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.finding import Finding

BY_PRINCIPAL = ("evasion_search", "extraction", "membership_inference", "threshold_probing")
"""The detectors that judge principals by their habits."""


def telling_customs(
    rows: pa.Table, asset: Asset, own: Baseline, count: Callable[[pa.Table], Counted]
) -> Ledger | None:
    """The windows of these people, when by the habits alone somebody would be named for one."""
    if own.habits is None or len(people(own.habits, LONG).names) < FEWEST:
        return None
    who, window = _cut(rows)
    parts = [count(rows.filter(pa.array(some))) for some in fullest(who, window) if some.any()]
    if not parts:
        return None
    found = customs_of(part.ledger for part in parts)
    seen = Window(
        asset=asset,
        span=span_of(datetime.fromtimestamp(0, UTC)),
        baseline=own,
        now=parts[0].summary,
        ledger=found,
    )
    said = (one for name in BY_PRINCIPAL for one in detectors()[name].seen_in(seen))
    return found if any(isinstance(one, Finding) for one in said) else None


def _cut(rows: pa.Table) -> tuple[Ints, Ints]:
    """Whose each row is, -1 for nobody's; and in which window."""
    named = pc.dictionary_encode(rows["principal"].combine_chunks())
    who = pc.fill_null(named.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return who, pc.cast(rows["ts"], pa.int64()).to_numpy() // LOOK_MICROS
