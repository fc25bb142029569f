"""Correlating: the rows that rules look at, counted for them on the desk of an asset's deeds.

In    rows of other events than answers, or answers for which a rule waits.
Out   the desk's counters of rules, moved on.
"""

from collections.abc import Sequence

import pyarrow as pa

from stanch.detect.rules.load import packaged
from stanch.detect.rules.rule import COUNTED, Rule
from stanch.engine.watch.begun import answers_of, waiting
from stanch.engine.watch.desk import Desk
from stanch.engine.watch.memory import Ruling, ruled


def correlate(desk: Desk, rows: pa.Table, known: frozenset[str], own: Sequence[Rule]) -> None:
    """Counts the rows for every rule, ours and people's own."""
    by = Ruling(asset=desk.tally.asset.id, known=known, own=tuple(own))
    desk.rules = ruled(desk.rules, rows.to_pylist(), by)
    desk.changed = True


def await_answers(desk: Desk, rows: pa.Table, own: Sequence[Rule]) -> bool:
    """Whether a rule waits for such answers; they then count, and what came before looks again."""
    asset, rules = desk.tally.asset.id, (*packaged(), *own)
    found = answers_of(desk.rules, asset, rows, rules)
    if not found:
        return False
    by = Ruling(asset=asset, known=frozenset(), own=tuple(own))
    desk.rules = ruled(desk.rules, found, by)
    desk.changed = True
    wanted = {k for r in waiting(rules) for s in r.selections for k in s.fields["kind"]}
    desk.kinds = desk.kinds | {k for k in COUNTED if k in wanted}
    return True
