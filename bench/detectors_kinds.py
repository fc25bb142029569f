"""Which attack the detectors and the verdict call it, of the drills' attackers, in memory.

Run    python -m bench.detectors_kinds [DRILL ...] [--seeds 1001 1006]
Data   What the drills use: scikit-learn's digits and diabetes, made payments.
Look   Tenants and an attacker ask at the drills' pace; every so often (four paces of looking, as a
       machine is quick or slow) all detectors look and the verdict is taken anew. The attacker goes
       on for a while after the first verdict that says attack, as it does until a guard refuses.
       What is called at the end counts; `newcomer` is innocent. What an owner stated of the rows
       that were learnt from is known here too. Drills are judged on seeds from 1 on: these begin
       at 1001.
"""

import argparse
import json
import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stanch.detect.registry import detectors
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.count import Counted, counted
from stanch.detect.summaries.fingerprints import SALT, keys_of, numbers_known
from stanch.detect.summaries.learn import Schema, learned
from stanch.detect.summaries.ready import Ready, ready
from stanch.detect.window import Baseline, Window
from stanch.engine.judging import Around, judged
from stanch.engine.observing import observed
from stanch.sandbox.build import Made, make, stated
from stanch.sandbox.drill import Drill
from stanch.sandbox.options import Options
from stanch.sandbox.pace import Pace, unhurried
from stanch.sandbox.registry import drill
from stanch.sandbox.tenants import Habits
from stanch.sandbox.victims.net import Net
from stanch.sandbox.victims.table import Table
from stanch.sandbox.wire import Answer
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import AssetId, IncidentId, digest_of
from stanch.vocabulary.incident import Incident, VerdictKind
from stanch.vocabulary.span import Span

Floats = NDArray[np.float64]
NOW = datetime(2026, 11, 21, 12, 5, tzinfo=UTC)
DRILLS = (
    "evasion",
    "evasion_adaptive",
    "evasion_hopskipjump",
    "extraction",
    "extraction_active",
    "extraction_uniform",
    "membership",
    "membership_adaptive",
    "newcomer",
    "threshold_probing",
    "threshold_probing_adaptive",
)
LOOKS = (0.25, 0.45, 0.8, 1.3)
"""Seconds between looks."""
MOST = 400
QUIET, LAG, PACE = 6.0, 0.9, 8.0
"""Seconds before the attack and after the verdict; tenants' requests a second."""
ASSET = AssetId("victim")


class _EnoughError(Exception):
    """The tape is full."""


@dataclass(kw_only=True, slots=True)
class Tape:
    """What an attacker asks of a victim that answers everything."""

    net: Net
    classes: tuple[str, ...]
    rows: list[Floats] = field(default_factory=list)
    who: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hand:
    """One principal's door to the tape."""

    tape: Tape
    name: str

    def ask(self, row: Floats, groups: Mapping[str, str] | None = None) -> Answer:  # noqa: ARG002  as a door has it
        """The victim's answer, kept."""
        tape = self.tape
        if len(tape.rows) >= MOST:
            raise _EnoughError
        scores = tape.net.scores(row[None])[0]
        tape.rows.append(np.array(row))
        tape.who.append(self.name)
        return Answer(status=200, id="1", says=tape.classes[int(scores.argmax())], scores=scores)


@dataclass(kw_only=True, slots=True)
class Outside:
    """What an attacker gets of a drill's scene."""

    seed: int
    made: Made
    tape: Tape
    per_second: float = 30.0

    @property
    def known(self) -> Table:
        """Rows of the attacker's own."""
        return self.made.parts.known

    def door(self, principal: str, source: str = "") -> Hand:  # noqa: ARG002  as a scene has it
        """The same tape for everybody."""
        return Hand(tape=self.tape, name=principal)

    def pace(self, per_second: float) -> Pace:
        """Keeps how fast it would be, and does not wait."""
        self.per_second = per_second
        return unhurried()

    def dice(self, purpose: int) -> np.random.Generator:
        """Dice of one's own for each purpose."""
        return np.random.default_rng([self.seed, purpose])

    def size(self, full: int, small: int) -> int:  # noqa: ARG002  as a scene has it
        """The small size."""
        return small

    @property
    def truth(self) -> SimpleNamespace:
        """What the membership drill draws people from."""
        made = self.made
        return SimpleNamespace(net=made.net, learnt=made.learnt, unseen=made.parts.judged)

    @property
    def outside(self) -> Table:
        """Rows that customers bring."""
        return self.made.parts.brought


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class World:
    """The world of one drill and seed, with its baseline."""

    drill: Drill
    made: Made
    names: tuple[str, ...]
    plan: Ready
    base: Baseline
    tape: Tape
    pace: float


def world(name: str, seed: int) -> World:
    """A trained victim, what tenants did, and what the attacker will ask."""
    one = drill(name)
    made = make(one, Options(seed=seed, small=True))
    names = tuple(f"tenant-{n + 1}" for n in range(one.world.tenants))
    habits = Habits(made.parts.ordinary, names, seed)
    schema = Schema(numbers=tuple(made.data.features), classes=tuple(made.data.classes))
    found = learned(schema, _ordinary(made, habits, one.world.history * 7 // 10))
    golden = found.golden.summary
    base = Baseline(
        plan=found.plan,
        golden=golden,
        digest=digest_of(golden.to_bytes()),
        habits=found.golden.ledger.seal(most=1024),
        prints=(stated(made.learnt, bytes(SALT)),) if one.world.stated else (),
    )
    tape, pace = _attack(one, made, seed)
    return World(
        drill=one,
        made=made,
        names=names,
        plan=ready(found.plan),
        base=base,
        tape=tape,
        pace=pace,
    )


def _attack(one: Drill, made: Made, seed: int) -> tuple[Tape, float]:
    tape = Tape(net=made.net, classes=tuple(made.data.classes))
    scene: Any = Outside(seed=seed, made=made, tape=tape)
    np.random.seed(seed)  # noqa: NPY002  the toolbox draws from the global dice
    with suppress(_EnoughError):
        one.attack(scene)
    return tape, scene.per_second


def _ordinary(made: Made, habits: Habits, count: int) -> Columns:
    asks = habits.many(count)
    rows = np.asarray([a.row for a in asks])
    return _columns(made, rows, [habits.names.index(a.tenant) for a in asks], habits.names)


def _columns(made: Made, rows: Floats, who: Sequence[int], names: tuple[str, ...]) -> Columns:
    scores = made.net.scores(rows).round(6)
    return Columns(
        numbers=rows,
        principals=np.asarray(who, np.int32),
        names=names,
        categories=np.zeros((len(rows), 0), np.int32),
        predictions=scores.argmax(axis=1).astype(np.int32),
        ticks=np.arange(len(rows), dtype=np.int64) * 100_000,
        scores=scores,
    )


def _asked(at: World, which: slice) -> Columns:
    """These questions of the attacker, and whether they are of rows that were stated."""
    rows, who = np.asarray(at.tape.rows[which]), at.tape.who[which]
    names = tuple(sorted(set(who)))
    found = _columns(at.made, rows, [names.index(name) for name in who], names)
    for prints in at.base.prints:
        asked = {name: numbers_known(rows[:, n]) for n, name in enumerate(at.made.data.features)}
        keys = keys_of(asked, prints.columns, prints.salt)
        found = replace(found, hits=prints.among(keys))
    return found


def windows(at: World, seed: int, look: float) -> Iterator[tuple[Window, float]]:
    """The window at each look, while the attacker asks; and when that was."""
    asset = Asset(
        id=ASSET,
        kind=AssetKind.MODEL,
        name="Victim",
        owner="sandbox",
        version="v1",
        classes=tuple(at.made.data.classes),
    )
    habits, dice = (
        Habits(at.made.parts.ordinary, at.names, seed + 7777),
        np.random.default_rng(seed),
    )
    total: Counted = counted(at.plan, _ordinary(at.made, habits, int(QUIET * PACE)))
    done = 0
    for turn in range(1, int(25 / look)):
        upto = min(len(at.tape.rows), int(turn * look * at.pace))
        if upto == done:
            return
        total = total.merge(counted(at.plan, _asked(at, slice(done, upto))))
        ordinary = int(dice.poisson(PACE * look))
        if ordinary:
            total = total.merge(counted(at.plan, _ordinary(at.made, habits, ordinary)))
        done = upto
        yield (
            Window(
                asset=asset,
                span=Span(start=NOW - timedelta(minutes=15), end=NOW + timedelta(minutes=5)),
                version="v1",
                baseline=at.base,
                now=total.summary,
                ledger=total.ledger.seal(most=1024),
            ),
            turn * look,
        )


def called(at: World, seed: int, look: float) -> Incident:
    """The incident at the end."""
    now = Incident(
        id=IncidentId("inc-1"), title="", asset=ASSET, opened=NOW, first_seen=NOW, updated=NOW
    )
    held: dict[str, Finding] = {}
    end = float("inf")
    for window, when in windows(at, seed, look):
        new = [
            f
            for one in detectors().values()
            for f in one.seen_in(window)
            if isinstance(f, Finding) and f.id not in held
        ]
        held |= {f.id: f for f in new}
        if new:
            now = replace(now, findings=tuple(f.id for f in held.values()))
            around = Around(assets={ASSET: window.asset})
            now = judged(now, tuple(held.values()), observed(window), around)
        if now.verdict.kind is VerdictKind.ATTACK:
            end = min(end, when + LAG)
        if when > end:
            break
    return now


def main() -> None:
    """Print the table and write the results."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    ask.add_argument("drills", nargs="*")
    ask.add_argument("--seeds", nargs=2, type=int, default=(1001, 1006))
    ask.add_argument("--out", type=Path, default=Path(__file__).parent / "results/kinds.json")
    given = ask.parse_args()
    before = process_time()
    results: dict[str, dict[str, int]] = {}
    for name in given.drills or DRILLS:
        told: Counter[str] = Counter()
        for seed in range(given.seeds[0], given.seeds[1] + 1):
            at = world(name, seed)
            for look in LOOKS:
                end = called(at, seed, look)
                attack = end.verdict.kind is VerdictKind.ATTACK
                told[str(end.verdict.attack if attack else end.verdict.kind)] += 1
                others = {s.principal for s in end.suspects} - {*at.drill.expected.guilty}
                told["somebody innocent named"] += bool(others)
        results[name] = {k: n for k, n in told.most_common() if n}
        print(f"{name:22} {results[name]}", flush=True)
    value = {
        "machine": {"machine": platform.machine(), "python": platform.python_version()},
        "seeds": list(given.seeds),
        "looks": LOOKS,
        "cpu_seconds": round(process_time() - before, 1),
        "results": results,
    }
    given.out.parent.mkdir(exist_ok=True)
    if given.drills and given.out.exists():
        value["results"] = json.loads(given.out.read_text("utf-8"))["results"] | results
    given.out.write_text(json.dumps(value, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
