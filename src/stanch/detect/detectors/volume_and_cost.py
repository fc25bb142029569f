"""Volume and cost: who asks far more, or far dearer, than they used to and than others do.

In    a Window: rows, cost and tokens by principal now, and in the baseline; minutes of both.
Out   a Finding on principals, one on the whole asset; Blind when rates cannot be compared, and to
      cost where none is told.
Why   denial of wallet, harvesting of answers and stolen keys are first of all much.
Math  For each of rows, cost and tokens a minute, the baseline's principals give a log-normal
      habit: mean and standard deviation of ln(rate), the deviation raised by
      sqrt((P - 1) / chi-square(P - 1, 5 %)) and the mean by 1.645 / sqrt(P) of it; the largest
      rate in twenty is left out when it lies 6 deviations from the others. A principal is named
      when its rate is rarer than the bar (`habits.bar`) and `grown` times its own history, or when
      it is `burst` times its own history and among the largest twentieth of the others'. A rate is
      that of the newest minute or of the whole window, whichever is more. One who alone asks
      `surge` times as much as everybody together used to is an attack on the purse, however new,
      and surely the one who does it; so is one at that pace over five seconds who has already asked
      for two such minutes. The
      whole asset is named at `surge` times its rate. Minutes are counted by a sketch (3 %).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from stanch.detect import examples
from stanch.detect.detector import Detector
from stanch.detect.habits.bar import bar
from stanch.detect.habits.judge import SURE, Accused, suspects_of
from stanch.detect.habits.people import LONG, People, people, unable
from stanch.detect.habits.shares import ERRORS
from stanch.detect.habits.tails import chi_square_low, normal
from stanch.detect.summaries.arrays import Floats
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import BLOCK_TICKS, UNIT, Block, Peak
from stanch.detect.summaries.summary import Summary
from stanch.detect.window import Baseline, Window
from stanch.detect.wording import listed
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind, Finding, Lifecycle
from stanch.vocabulary.ids import DetectorId

ID = DetectorId("volume_and_cost")
KINDS = {Block.ROWS: "answers", Block.COST: "cost", Block.TOKENS: "tokens"}
NO_COST = (
    "the baseline's answers tell no cost: only how many there are is watched; "
    "send cost or tokens with each, then set the baseline again"
)
FAR = 6.0
PLAIN = 1000
"""An amount from here on is written without its fraction."""
BULK = 2.0
"""Minutes of everybody's usual answers that one must have asked for before a pace is believed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    enough: int = 100
    """Rows of a principal in the window."""
    grown: float = 3.0
    """A principal with a history has to exceed it by this factor."""
    burst: float = 20.0
    """By this factor, its own history alone is enough."""
    surge: float = 5.0
    """The factor for the whole asset, whoever asks."""
    rate: float = 0.001
    """The share of windows that may name a benign principal."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Rates:
    """One kind of rate a minute, now and then."""

    kind: str
    now: Floats
    own: Floats
    """(P,) each principal's own in the baseline; 0 for who was not there."""
    middle: float
    """exp of the mean logarithm, raised."""
    width: float
    """Standard deviation of the logarithm, raised."""
    high: float
    """The rate that one principal in twenty of the baseline exceeded."""
    alone: Floats
    """(P,) each one's rate in that of everybody together in the baseline."""

    def rarity(self, place: int) -> float:
        """Log10 of the chance that a principal of the baseline has so large a rate."""
        if self.now[place] <= self.middle:
            return 0.0
        return normal(math.log(self.now[place] / self.middle) / self.width)


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for principals, one for the asset."""
    base, ledger, now = window.baseline, window.ledger, window.now
    why = unable(window, 1)
    if why or base is None or ledger is None or base.habits is None or now is None:
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    if not any(base.habits.everybody(block).any() for block in (Block.COST, Block.TOKENS)):
        yield Blind(detector=ID, asset=window.asset.id, why=NO_COST, version=window.version)
    who = people(ledger, limits.enough)
    rates = [r for block in KINDS if (r := _rates(block, base, who, window)) is not None]
    found = _accused(who, rates, limits)
    if found:
        yield _finding(window, found, alone=_alone(found, rates) >= limits.surge)
    whole = _surge(base, ledger, now)
    if whole and max(whole.values()) >= limits.surge and window.n >= limits.enough:
        yield _asset(window, whole)


def minutes(summary: Summary) -> float:
    """About how many minutes had answers, at least one."""
    return max(summary.different(Peak.MINUTES), 1.0)


def _span(base: Baseline, habits: Ledger) -> float:
    """The minutes in which the habits came; fewer where these hours of the week are busier."""
    here, rows = minutes(base.golden), float(habits.everybody(Block.ROWS)[0])
    return min(base.minutes or here, here * rows / max(base.golden.n, 1))


def _rates(block: Block, base: Baseline, who: People, window: Window) -> Rates | None:
    if base.habits is None or window.now is None:
        return None
    then, span = people(base.habits, LONG), _span(base, base.habits)
    usual = then.count(block) / span
    usual = usual[usual > 0]
    if len(usual) < len(then.names) / 2:
        return None
    logs = np.sort(np.log(usual))
    for _ in range(max(1, len(logs) // 20)):
        rest = logs[:-1]
        if logs[-1] - rest.mean() <= FAR * max(float(rest.std()), 0.1):
            break
        logs = rest
    size = len(logs)
    width = max(float(logs.std()), 0.1) * math.sqrt((size - 1) / chi_square_low(size - 1))
    own = dict(zip(then.names, then.count(block) / span, strict=True))
    now = np.maximum(who.count(block) / minutes(window.now), _newest(who, window.minute, block))
    whole = float(base.habits.everybody(block)[0]) / span
    pace = np.maximum(now, _pace(who, window.minute, whole) if block is Block.ROWS else 0.0)
    return Rates(
        kind=KINDS[block],
        now=now,
        own=np.array([own.get(name, 0.0) for name in who.names]),
        middle=math.exp(float(logs.mean()) + ERRORS * width / math.sqrt(size)),
        width=width,
        high=math.exp(float(np.quantile(logs, 0.95))),
        alone=pace / max(whole, 1e-9),
    )


def _newest(who: People, minute: Ledger | None, block: Block) -> Floats:
    """(P,) the counts of the newest minute."""
    if minute is None or not minute.names:
        return np.zeros(len(who.names))
    counts = dict(zip(minute.names, minute.block(block)[:, 0], strict=True))
    return np.array([float(counts.get(name, 0)) for name in who.names])


def _pace(who: People, minute: Ledger | None, whole: float) -> Floats:
    """(P,) the pace over the busiest five seconds, of those who asked for minutes of everybody."""
    if minute is None or not minute.names:
        return np.zeros(len(who.names))
    ticks = minute.block(Block.TICKS)
    busiest = dict(zip(minute.names, ticks.max(axis=1) * BLOCK_TICKS, strict=True))
    asked = _newest(who, minute, Block.ROWS)
    pace = np.array([float(busiest.get(name, 0)) for name in who.names])
    return np.where(asked >= BULK * whole, pace, 0.0)


def _accused(who: People, rates: list[Rates], limits: Limits) -> tuple[Accused, ...]:
    found: dict[str, Accused] = {}
    for one in rates:
        for place, name in enumerate(who.names):
            own, now = float(one.own[place]), float(one.now[place])
            factor = now / own if own > 0 else math.inf
            rarity = one.rarity(place)
            limit = bar(limits.rate, len(who.names), len(KINDS), limits.enough, limits.enough)
            flood = float(one.alone[place]) >= limits.surge
            rare = (rarity <= limit and factor >= limits.grown) or flood
            sudden = limits.burst <= factor < math.inf and now >= one.high
            if not rare and not sudden:
                continue
            accused = Accused(
                place=place,
                name=name,
                way=one.kind,
                shown=now,
                usual=own if own > 0 else one.middle,
                rows=int(who.rows[place]),
                rarity=min(rarity, limit) if sudden or flood else rarity,
                over=max(limit - rarity, SURE if flood else 0.0),
            )
            if name not in found or found[name].over < accused.over:
                found[name] = accused
    return tuple(sorted(found.values(), key=lambda a: (-a.over, a.name)))


def spelled(kind: str, rate: float) -> str:
    """The rate as people write it."""
    amount = rate / UNIT if kind == KINDS[Block.COST] else rate
    return f"{amount:,.0f}" if amount >= PLAIN else f"{amount:.4g}"


def _alone(found: tuple[Accused, ...], rates: list[Rates]) -> float:
    """How many times what everybody used to ask, the most demanding of the accused asks."""
    return max(float(rate.alone[one.place]) for one in found for rate in rates)


def _finding(window: Window, found: tuple[Accused, ...], *, alone: bool) -> Finding:
    first = found[0]
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"Far more was asked than ever by {listed([a.name for a in found])}: "
        f"{spelled(first.way, first.shown)} {first.way} a minute, "
        f"{spelled(first.way, first.usual)} is usual.",
        measured={
            "principals": float(len(found)),
            **{
                f"times the usual {a.way}: {a.name}": round(a.shown / max(a.usual, 1e-9), 2)
                for a in found[:10]
            },
        },
        because=window.cites,
        strength=round(min(-first.rarity, 300.0), 2),
        suspects=suspects_of(found),
        topic="more than everybody" if alone else "",
        points_to={
            AttackKind.DENIAL_OF_WALLET: 0.9 if alone else 0.4,
            AttackKind.EXTRACTION: 0.2,
        },
        atlas=DETECTOR.atlas,
    )


def _surge(base: Baseline, ledger: Ledger, now: Summary) -> dict[str, float]:
    """How many times the usual the whole asset is asked, by kind."""
    if base.habits is None:
        return {}
    span = minutes(now) / _span(base, base.habits)
    out: dict[str, float] = {}
    for block, kind in KINDS.items():
        usual = float(base.habits.everybody(block)[0])
        if usual > 0:
            out[kind] = float(ledger.everybody(block)[0]) / usual / span
    return out


def _asset(window: Window, whole: dict[str, float]) -> Finding:
    most = max(whole, key=lambda kind: whole[kind])
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"The asset is asked far more than in the baseline: {whole[most]:,.1f} times the "
        f"{most} a minute, over {window.n} answers.",
        measured={f"times the usual {kind}": round(factor, 2) for kind, factor in whole.items()},
        because=window.cites,
        strength=3.0,
        points_to={AttackKind.DENIAL_OF_WALLET: 0.4},
        atlas=DETECTOR.atlas,
    )


def _dear(rows: Columns) -> Columns:
    """One principal sends texts a hundred times as long, at a hundred times the cost."""
    mine = rows.principals == examples.ODD_ONE
    cost = np.zeros(rows.n) if rows.cost is None else rows.cost
    tokens = np.zeros(rows.n, np.int64) if rows.tokens is None else rows.tokens
    return replace(
        rows, cost=np.where(mine, cost * 100, cost), tokens=np.where(mine, tokens * 100, tokens)
    )


DETECTOR = Detector(
    id=ID,
    title="Volume and cost",
    reads=(EventKind.INFERENCE,),
    atlas=("AML.T0034", "AML.T0029"),
    lifecycle=Lifecycle.INFERENCE,
    limits=Limits(),
    look=look,
    fires_on=lambda: examples.window(_dear),
    quiet_on=examples.window,
)
