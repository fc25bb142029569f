"""The golden summaries of a kept baseline, read back for looking.

In    a kept baseline; the time that is looked at.
Out   the baseline as detectors need it, of the hours of the week that the time is in.
Why   a watch runs for weeks: nights are compared with nights, by whatever hour it was started.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from stanch.detect.summaries.fingerprints import Fingerprints
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import Peak
from stanch.detect.summaries.plan import Plan
from stanch.detect.summaries.summary import Summary, merged
from stanch.detect.window import Baseline
from stanch.engine.ports import Transaction
from stanch.engine.watch.hop import MINUTE
from stanch.prepare.baseline import WHOLE_WEEK, Golden, hour_of_week
from stanch.vocabulary.ids import AssetId, BaselineId
from stanch.vocabulary.kept import BaselineKept
from stanch.vocabulary.span import Span

_HELD = 4
"""Hours whose golden summaries are kept read: time goes on, and seldom back."""


class Seasons:
    """A kept baseline; the golden summary of each hour of the week is read when the hour comes."""

    def __init__(
        self, whole: Baseline, strata: Mapping[int, bytes], mix: Mapping[int, Mapping[str, int]]
    ) -> None:
        self.whole = whole
        self._strata = strata
        self._mix = mix
        self._read: dict[frozenset[int], Baseline] = {}

    @classmethod
    def of(cls, kept: BaselineKept) -> "Seasons":
        """Those of this baseline."""
        golden = Golden.from_bytes(kept.body)
        plan = Plan.from_bytes(golden.plan)
        every = Summary.from_bytes(golden.strata[WHOLE_WEEK], plan)
        whole = Baseline(
            plan=plan,
            golden=every,
            digest=kept.digest,
            habits=Ledger.from_bytes(golden.habits) if golden.habits else None,
            customs=Ledger.from_bytes(golden.customs) if golden.customs else None,
            minutes=every.different(Peak.MINUTES),
            quiet=golden.quiet,
            prints=tuple(Fingerprints.from_bytes(one) for one in golden.prints),
            condition=kept.condition,
            mix=golden.mix.get(WHOLE_WEEK, {}),
        )
        return cls(whole, golden.strata, golden.mix)

    @property
    def plan(self) -> Plan:
        """The bins, which are the same for all hours."""
        return self.whole.plan

    def over(self, span: Span) -> Baseline:
        """The baseline of these hours; of the whole week where one of them has none of its own."""
        hours = frozenset(map(hour_of_week, (span.start, span.end - timedelta.resolution)))
        if not hours <= self._strata.keys():
            return replace(self.whole, mix_then=self._mixed(hours)) if self._mix else self.whole
        found = self._read.pop(hours, None)
        if found is None:
            plan = self.whole.plan
            parts = [Summary.from_bytes(self._strata[h], plan) for h in sorted(hours)]
            found = replace(self.whole, golden=merged(parts, plan))
            if self._mix:
                mix = self._mixed(hours)
                found = replace(found, mix=mix, mix_then=mix)
        self._read[hours] = found
        if len(self._read) > _HELD:
            del self._read[next(iter(self._read))]
        return found

    def _mixed(self, hours: frozenset[int]) -> Mapping[str, int]:
        return sum((Counter(self._mix.get(hour, {})) for hour in hours), Counter[str]())

    def at(self, minute: datetime) -> Baseline:
        """The baseline of this minute."""
        return self.over(Span(start=minute, end=minute + MINUTE))


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
