"""Extraction: somebody asks the model like one who wants to copy it.

In    a Window: blocks of principals now, the habits of principals in the baseline.
Out   a Finding that names who asks about inputs that do not occur, or about the boundary; another
      one for a crowd of principals who do so together; Blind when principals cannot be compared.
Why   a copy needs answers where the model's users have no questions: off the manifold, all over the
      space, or close to the boundary.
Math  Ways of being odd: rows off the manifold; rows with values out of range, and with several
      (`Plan.straying`): of very many numbers one strays in every other row; rows close to the
      boundary (shares, `habits.shares`); one step taken again and again from different inputs, as
      a copy by the signs of a surrogate's gradient takes it (`habits.pairs`), or steps that go as
      far in every number, whatever their signs (`habits.strides`); inputs that each
      lie close to an older one (`habits.touching`); rows with a number between the places of its
      grid (`summaries.grid`), which steps and mixtures do not keep; the mean wave (the
      MMD of a Gaussian kernel) and the centre along the main axes, in their own standard
      deviations (`habits.distances`); and several of these signs at once, none of which is a proof,
      with how many of the inputs lie around one of them (`habits.several`). The bar
      (`habits.bar`) shares `rate` among principals, ways and looks, so at most `rate` of windows,
      and far fewer than .1 % of benign principals, alarm. Crowds: `habits.crowds`. Whose inputs lie
      around one place, along lines across the boundary (`habits.shapes`), or a little around each
      of many records (`habits.records`), is as odd as a copier and makes no copy: it speaks for
      what the shape tells.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from stanch.detect import examples
from stanch.detect.detector import Detector
from stanch.detect.habits.apart import centre_way, mix_way
from stanch.detect.habits.clusters import cluster_way, clusters_of
from stanch.detect.habits.crowds import Crowd, crowd_of
from stanch.detect.habits.customs import with_customs
from stanch.detect.habits.judge import Accused, Way, accused, rarest, share_way, suspects_of
from stanch.detect.habits.pairs import steps_way
from stanch.detect.habits.people import (
    FEW_PEERS,
    LONG,
    Ground,
    People,
    ground,
    peers,
    people,
    unable,
)
from stanch.detect.habits.records import around_records
from stanch.detect.habits.several import ODD, several_way
from stanch.detect.habits.shapes import Shape, shape_of
from stanch.detect.habits.strides import stride_way
from stanch.detect.habits.touching import touch_way
from stanch.detect.summaries.arrays import Floats
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.parts import Block
from stanch.detect.window import Baseline, Window
from stanch.detect.wording import listed
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind, Finding, Lifecycle, Suspect
from stanch.vocabulary.ids import DetectorId, PrincipalId

ID = DetectorId("extraction")
OFF, RANGE, STRAYED, NEAR, JOINT, CENTRE, STEPS, STRIDES, TOUCH, BETWEEN = (
    "inputs that do not occur together",
    "inputs out of range",
    "inputs with several numbers out of range",
    "answers close to the boundary",
    "the mix of inputs",
    "the centre of the inputs",
    "one step taken again and again from different inputs",
    "a step as long in every number, up or down, taken again from different inputs",
    "inputs close to an older one of the same principal",
    "inputs with a number between those that occur",
)
AROUND = "inputs around one of them"
SEVERAL = "the number of signs at once, each rarer than one in ten,"
SIGNS = (
    frozenset({RANGE, STRAYED}),
    frozenset({OFF, BETWEEN}),
    frozenset({NEAR}),
    frozenset({JOINT, CENTRE}),
    frozenset({STEPS, STRIDES, TOUCH}),
    frozenset({AROUND}),
)
"""Ways that one thing shows in are one sign."""
WORTH = {
    OFF: 0.8,
    STEPS: 0.8,
    STRIDES: 0.8,
    TOUCH: 0.6,
    SEVERAL: 0.6,
    BETWEEN: 0.5,
    RANGE: 0.5,
    STRAYED: 0.5,
    NEAR: 0.5,
    JOINT: 0.4,
    CENTRE: 0.3,
}
"""How far each way speaks for extraction; a new kind of customer shows in the last two as well."""
SHARES = (OFF, RANGE, STRAYED, NEAR, STEPS, STRIDES, TOUCH, BETWEEN)
GROWTH = (STEPS, STRIDES, TOUCH)
"""How a copy asks that grows from a few inputs."""
NO_COPY: Mapping[Shape, AttackKind] = MappingProxyType(
    {
        Shape.PLACE: AttackKind.EVASION,
        Shape.LINE: AttackKind.EVASION,
        Shape.LINES: AttackKind.THRESHOLD_PROBING,
        Shape.RECORDS: AttackKind.MEMBERSHIP_INFERENCE,
    }
)
"""What a shape that makes no copy is for."""
LITTLE = 0.4
"""How far such inputs still speak for a copy; a copy spreads in the end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    enough: int = 10
    """Rows of a principal in the window."""
    few: int = 4
    """Rows that make a principal a candidate for a crowd."""
    crowd: int = 3
    """Members of a crowd."""
    rate: float = 0.001
    """The share of windows that may name a benign principal."""


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for principals who are odd alone, one for a crowd."""
    base, ledger = window.baseline, window.ledger
    why = unable(window, limits.few)
    if why or base is None or ledger is None or base.habits is None:
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    who = people(ledger, limits.few, base.habits)
    ways = with_customs(ways_of, base, who)
    crowd = crowd_of(rarest(ways), _directions(ground(base), who), who.known)
    sure = crowd.strength >= -np.log10(limits.rate / 2) and _minority(who, crowd)
    ways = _with_several(base, who, ways)
    alone = _alone(who, ways, limits)
    together = sure and len({*crowd.members} - {a.place for a in alone}) >= limits.crowd
    if sure and not together and len(crowd.members) >= limits.crowd:
        alone = _alone(who, ways, limits, frozenset(crowd.members))
    if alone:
        around = around_records(base, who)
        told: dict[Shape, list[Accused]] = {}
        for one in alone:
            shape = shape_of(base, ledger, int(who.places[one.place]))
            if shape not in NO_COPY:
                records = around[one.place] and one.way not in GROWTH
                shape = Shape.RECORDS if records else Shape.SPREAD
            told.setdefault(shape, []).append(one)
        for shape, several in told.items():
            kinds = _points_to(_worth(several, ways), shape)
            yield _finding(window, tuple(several), kinds, shape, _signs(several[0], ways))
    if together:
        yield _together(window, who, crowd)


def _alone(
    who: People, ways: Sequence[Way], limits: Limits, company: frozenset[int] = frozenset()
) -> tuple[Accused, ...]:
    """Who is odd enough without anybody else; who is in a company is one of so many."""
    found = accused(who, ways, rate=limits.rate / 2, enough=limits.enough, company=company)
    return tuple(a for a in found if a.rows >= limits.enough)


def _minority(who: People, crowd: Crowd) -> bool:
    """Whether the others are at least as many: of those who were there before, if it is a few."""
    judged = who.known if who.known.sum() >= FEW_PEERS else np.ones(len(who.names), np.bool_)
    return 2 * int(judged[crowd.members].sum()) <= int(judged.sum())


def ways_of(base: Baseline, who: People) -> list[Way]:
    """How rare each principal is, in each way that this asset's baseline allows."""
    if base.habits is None:
        return []
    known, habit = ground(base), people(base.habits, LONG)
    shares = [(RANGE, Block.ODD, known.outside)]
    if len(base.plan.numbers) >= base.plan.straying:
        shares.append((STRAYED, Block.STRAYED, known.strayed))
    if base.plan.manifold.tells:
        shares.append((OFF, Block.OFF, known.off))
    if base.plan.near > 0:
        shares.append((NEAR, Block.NEAR, 0.0))
    if base.plan.grid.any():
        shares.append((BETWEEN, Block.BETWEEN, 0.0))
    found = [share_way(name, habit, who, block, least) for name, block, least in shares]
    found.append(mix_way(JOINT, base, habit, who))
    found.append(centre_way(CENTRE, base, habit, who))
    found += [steps_way(STEPS, base, who), stride_way(STRIDES, base, who)]
    found.append(touch_way(TOUCH, base, who))
    return [way for way in found if way is not None]


def _with_several(base: Baseline, who: People, ways: list[Way]) -> list[Way]:
    """These ways, and several of their signs at once."""
    clusters = clusters_of(base, who)
    every = ways if clusters is None else [*ways, cluster_way(AROUND, clusters)]
    signs = [[way for way in every if way.name in sign] for sign in SIGNS]
    several = several_way(SEVERAL, signs, who)
    return ways if several is None else [*ways, several]


def _directions(known: Ground, who: People) -> Floats:
    """(P, 65) in which direction each principal is odd.

    Of who was there before by the mix alone: what does not occur makes it odd already, and two such
    questions of five would make it as alike as well.
    """
    waves, off = who.waves(), who.count(Block.OFF) / who.rows
    middle = peers(who, waves)
    apart = waves - (known.waves if middle is None else middle)
    odd = np.where(who.known, 0.0, 2 * (off - known.off))
    return np.concatenate([apart, odd[:, None]], axis=1)


def _points_to(worth: float, shape: Shape) -> dict[AttackKind, float]:
    other = NO_COPY.get(shape)
    if other is None:
        return {AttackKind.EXTRACTION: worth}
    return {AttackKind.EXTRACTION: min(worth, LITTLE), other: worth}


def _worth(found: Sequence[Accused], ways: list[Way]) -> float:
    """How far all the ways together speak for extraction in which somebody is beyond the bar."""
    shared = float(np.log10(len(ways)))
    return max(
        WORTH[way.name]
        for one in found
        for way in ways
        if way.name == one.way or way.rarity[one.place] <= one.over + one.rarity - shared
    )


def _signs(one: Accused, ways: Sequence[Way]) -> list[str]:
    """The ways in which somebody is rarer than one in ten, the rarest first."""
    rare = {w.name: float(w.rarity[one.place]) for w in ways if w.name != SEVERAL}
    return sorted((name for name in rare if rare[name] <= ODD), key=lambda name: rare[name])


def _finding(
    window: Window,
    found: tuple[Accused, ...],
    points_to: dict[AttackKind, float],
    shape: Shape,
    signs: Sequence[str],
) -> Finding:
    first = found[0]
    names = listed([a.name for a in found])
    shown = f"{first.shown:.0%}" if first.way in SHARES else f"{first.shown:.2f}"
    usual = f"{first.usual:.1%}" if first.way in SHARES else f"{first.usual:.2f}"
    where = f" Its inputs lie {shape}." if shape in NO_COPY else ""
    if first.way == SEVERAL:
        shown, where = f"{first.shown:.0f}", f" Among them: {', '.join(signs)}.{where}"
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"The model is asked as if to copy it, by {names}: {first.way} came to {shown} "
        f"over {first.rows} answers, {usual} is usual.{where}",
        measured={
            "principals": float(len(found)),
            "answers": float(sum(a.rows for a in found)),
            **{f"{a.way}: {a.name}": round(a.shown, 4) for a in found[:10]},
        },
        because=window.cites,
        strength=round(-first.rarity, 2),
        suspects=suspects_of(found),
        topic=shape.name.lower() if shape in NO_COPY else "",
        points_to=points_to,
        atlas=DETECTOR.atlas,
    )


def _together(window: Window, who: People, crowd: Crowd) -> Finding:
    names = [who.names[i] for i in crowd.members]
    rows = who.rows[crowd.members]
    share = {name: int(n) / int(rows.sum()) for name, n in zip(names, rows, strict=True)}
    sure = round(min(1.0, 0.5 + crowd.strength / 20), 4)
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"The model is asked as if to copy it by {len(names)} principals who are alike and "
        f"unlike everybody else: {listed(names)}, {int(rows.sum())} answers in all, at most "
        f"{int(rows.max())} each.",
        measured={
            "principals": float(len(names)),
            "answers": float(rows.sum()),
            "most answers of one": float(rows.max()),
            "likeness": round(crowd.alike, 4),
        },
        because=window.cites,
        strength=round(crowd.strength, 2),
        suspects=tuple(
            Suspect(principal=PrincipalId(n), share=round(share[n], 4), confidence=sure)
            for n in sorted(names)
        ),
        points_to={AttackKind.EXTRACTION: 0.7},
        atlas=DETECTOR.atlas,
    )


def _copied(rows: Columns) -> Columns:
    """One principal of twenty asks with every column shuffled on its own."""
    mine = np.flatnonzero(rows.principals == examples.ODD_ONE)
    asked = rows.numbers.copy()
    for column in range(asked.shape[1]):
        asked[mine, column] = np.roll(asked[mine, column], 3 * column)
    return replace(rows, numbers=asked)


DETECTOR = Detector(
    id=ID,
    title="Model extraction",
    reads=(EventKind.INFERENCE,),
    atlas=("AML.T0024.002", "AML.T0040"),
    lifecycle=Lifecycle.INFERENCE,
    limits=Limits(),
    look=look,
    fires_on=lambda: examples.window(_copied),
    quiet_on=examples.window,
)
