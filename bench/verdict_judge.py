"""The judge of `bench.verdict`: windows of later periods, and how often a verdict is right."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bench.verdict_sets import Rows
from bench.verdict_windows import ATTACKS, EACH, NATURAL, SHARES, SLICES, Asset, Rng, wrong_unit
from stanch.triage.verdict.calibration import Calibration
from stanch.triage.verdict.decide import verdict_of
from stanch.triage.verdict.observations import Observations
from stanch.vocabulary.incident import VerdictKind


@dataclass(kw_only=True, slots=True)
class Judge:
    """Windows of later periods, and what several calibrations say of them."""

    made: Asset
    tables: dict[str, tuple[Calibration, int]]
    """Each with how many looks at one incident a verdict pays for, 0 for a window judged once."""
    rng: Rng
    scenes: Sequence[tuple[Rows, Asset]] = ()
    """Rows to draw from and the asset as it stands there; else each later period."""
    shares: Sequence[float] = SHARES
    found: dict[str, dict[str, float]] = field(default_factory=dict)

    def run(self) -> dict[str, dict[str, float]]:
        """Rates over later periods, by calibration, kind and share."""
        later = self.made.set.later.values()
        after = ((rows, self.made.after(n, self.rng)) for n, rows in enumerate(later))
        scenes = self.scenes or tuple(after)
        periods, at = [rows for rows, _ in scenes], [made for _, made in scenes]
        self.found = {name: {} for name in self.tables}
        natural: dict[str, list[VerdictKind]] = {name: [] for name in self.tables}
        for kind, maker in NATURAL.items():
            seen = [
                at[n % len(at)].window(
                    *maker(periods[n % len(at)], self.rng, self.made.set)[:2], minutes=SLICES
                )
                for n in range(EACH)
            ]
            for name, said in self._said(seen).items():
                natural[name].extend(said)
                self.found[name][f"false_attack/{kind}"] = _rate(said, VerdictKind.ATTACK)
                self.found[name][f"undecided/{kind}"] = _rate(said, VerdictKind.UNDECIDED)
        for name, said in natural.items():
            self.found[name]["natural_fpr"] = _rate(said, VerdictKind.ATTACK)
        seen = [
            at[n % len(at)].window(
                *wrong_unit(periods[n % len(at)], self.rng, self.made.set)[:2], minutes=SLICES
            )
            for n in range(EACH)
        ]
        for name, said in self._said(seen).items():
            self.found[name]["fault_named"] = _rate(said, VerdictKind.FAULT)
            self.found[name]["fault_called_attack"] = _rate(said, VerdictKind.ATTACK)
        for share in self.shares:
            self._attacks(periods, at, share)
        return self.found

    def _said(self, seen: Sequence[Observations]) -> dict[str, list[VerdictKind]]:
        return {
            name: [verdict_of((), one, table, looks=looks).kind for one in seen]
            for name, (table, looks) in self.tables.items()
        }

    def _attacks(self, periods: list[Rows], at: list[Asset], share: float) -> None:
        caught: dict[str, list[float]] = {name: [] for name in self.tables}
        first: dict[str, list[bool]] = {name: [] for name in self.tables}
        pair: dict[str, list[bool]] = {name: [] for name in self.tables}
        for kind, maker in ATTACKS.items():
            hits: dict[str, list[bool]] = {name: [] for name in self.tables}
            for n in range(EACH):
                rows, who, guilty = maker(periods[n % len(at)], self.rng, share)
                seen = at[n % len(at)].window(rows, who)
                top = seen.suspects[0].principal if seen.suspects else ""
                told = seen.pair and (seen.pair.predicted, seen.pair.told)
                for name, (table, looks) in self.tables.items():
                    hit = verdict_of((), seen, table, looks=looks).kind is VerdictKind.ATTACK
                    hits[name].append(hit)
                    if hit and kind != "collude":
                        first[name].append(top in {f"key-{g:02d}" for g in guilty})
                    if hit and kind == "flips":
                        pair[name].append(told == ("1", "0"))
            for name, got in hits.items():
                self.found[name][f"caught/{share:g}/{kind}"] = float(np.mean(got))
                caught[name].append(float(np.mean(got)))
        for name, out in self.found.items():
            out[f"balanced/{share:g}"] = float(np.mean(caught[name]) + 1 - out["natural_fpr"]) / 2
            out[f"guilty_first/{share:g}"] = _share(first[name])
            out[f"pair_named/{share:g}"] = _share(pair[name])


def _share(held: list[bool]) -> float:
    return float(np.mean(held)) if held else 0.0


def _rate(said: list[VerdictKind], kind: VerdictKind) -> float:
    return float(np.mean([s is kind for s in said]))
