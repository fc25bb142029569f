"""The summary of a matrix: each drill over its seeds, and all of them against what must be reached.

In    scores.
Out   a line for each drill; a line for each bar, with what was measured and whether it holds.
Why   a mean over drills would hide the one that is always lost, so each has its own line, and the
      bars are those that were set before anything was measured.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from stanch.sandbox.score import Bundle, Score

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One drill over its seeds."""

    name: str
    seeds: int
    won: int
    right: float
    """The share that was called what it was."""
    named: float
    """The share in which the guilty were named, and nobody else."""
    contained: int
    incident_seconds: float | None
    """The median, over those in which there was an incident."""
    contained_seconds: float | None
    """The median, over those that were contained."""
    slowest_seconds: float | None
    refused: float
    """The largest share of innocent requests refused."""
    contained_wrongly: int
    evidence: int
    """Plays whose evidence held, here and in every bundle for the offline verifier."""
    undone: int
    asked: int
    """Questions to people, over all seeds."""
    notes: tuple[str, ...]
    """Why it was lost, with how often: the commonest first."""
    bundle_entries: float | None = None
    """Entries of the log proved in a bundle, the median."""
    bundle_seconds: float | None = None
    """From asking for a bundle to the verifier's last word, the median."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reached:
    """One bar, and what was measured."""

    says: str
    bar: str
    measured: str
    holds: bool | None
    """None when there was nothing to measure it by."""


def lines(scores: Iterable[Score]) -> tuple[Line, ...]:
    """A line for each drill, in the order of their names."""
    by_name: dict[str, list[Score]] = {}
    for one in scores:
        by_name.setdefault(one.name, []).append(one)
    return tuple(_line(name, own) for name, own in sorted(by_name.items()))


def _line(name: str, own: Sequence[Score]) -> Line:
    took = [s.seconds.contained for s in own if s.seconds.contained is not None]
    found = [s.seconds.incident for s in own if s.seconds.incident is not None]
    return Line(
        name=name,
        seeds=len(own),
        won=sum(s.won for s in own),
        right=_share(own, lambda s: s.right),
        named=_share(own, lambda s: s.principals_right),
        contained=len(took),
        incident_seconds=_middle(found),
        contained_seconds=_middle(took),
        slowest_seconds=max(took, default=None),
        refused=max(s.innocent_refused for s in own),
        contained_wrongly=sum(bool(s.contained_wrongly) for s in own),
        evidence=sum(s.evidence_verified is True for s in own),
        undone=sum(s.undone is True for s in own),
        asked=sum(len(s.answers) for s in own),
        notes=_commonest(own),
        bundle_entries=_middle([float(b.entries) for s in own for b in s.bundles]),
        bundle_seconds=_middle([b.seconds for s in own for b in s.bundles]),
    )


def _commonest(own: Sequence[Score]) -> tuple[str, ...]:
    said: dict[str, list[str]] = {}
    for one in own:
        for plain, why in {_plain(note): note for note in _reasons(one)}.items():
            said.setdefault(plain, []).append(why)
    ranked = sorted(said.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return tuple(
        f"{plain if len(whys) > 1 else whys[0]} ({len(whys)} of {len(own)})"
        for plain, whys in ranked
    )


def _reasons(one: Score) -> tuple[str, ...]:
    said = [] if one.right else [f"It was called {one.got.partition(' by ')[0].partition(',')[0]}."]
    said += [] if one.principals_right else ["The guilty were not named rightly."]
    said += [f"Contained wrongly: {who}." for who in one.contained_wrongly]
    return (*said, *one.notes)


def _plain(note: str) -> str:
    """The note without the numbers that differ from seed to seed; said once, it keeps them."""
    words = (
        "N" if any(c.isdigit() for c in w) and not w.startswith("v") else w for w in note.split()
    )
    return " ".join(words)


RIGHT, NAMED = 0.95, 0.95
CONTAINED_WITHIN = 10.0
REFUSED = 0.01
WORTH_LESS = 0.15
"""The bars, as they were set before anything was measured."""


def reached(scores: Sequence[Score]) -> tuple[Reached, ...]:
    """Every bar, with what these scores say of it."""
    hostile = [s for s in scores if s.attack != "none"]
    innocent = [s for s in scores if s.attack == "none"]
    took = [s.seconds.contained for s in hostile if s.seconds.contained is not None]
    refused = [s.innocent_refused for s in scores]
    bundles = [b for s in scores for b in s.bundles]
    return (
        _share_bar("called what it is", scores, lambda s: s.right, RIGHT),
        _share_bar("the innocent drills called no attack, and left alone", innocent, _alone, 1.0),
        _share_bar(
            "the guilty named, and nobody else", hostile, lambda s: s.principals_right, NAMED
        ),
        _share_bar("attacks contained, and that proved", hostile, _proved, 1.0),
        _most_bar("seconds to proved containment, median", took, median, CONTAINED_WITHIN),
        _most_bar("innocent requests refused, the worst", refused, max, REFUSED),
        _copies(hostile),
        _share_bar("evidence bundles that the offline verifier accepts", bundles, _accepted, 1.0),
    )


def _alone(one: Score) -> bool:
    return one.right and not one.contained_wrongly and not _touched(one)


def _proved(one: Score) -> bool:
    return one.seconds.contained is not None


def _accepted(one: Bundle) -> bool:
    return one.verified is True


def _touched(one: Score) -> bool:
    return any(note.startswith("Nobody attacked") for note in one.notes)


def _share_bar(says: str, of: Sequence[T], good: Callable[[T], bool], bar: float) -> Reached:
    """At least so many of them."""
    share = _share(of, good)
    return Reached(
        says=says,
        bar=f">= {bar:.0%}" if bar < 1 else "all",
        measured=f"{sum(map(good, of))} of {len(of)}",
        holds=share >= bar if of else None,
    )


def _most_bar(
    says: str, of: Sequence[float], which: Callable[[Sequence[float]], float], bar: float
) -> Reached:
    """At most so much."""
    found = which(of) if of else 0.0
    return Reached(
        says=says, bar=f"<= {bar:g}", measured=f"{found:.3g}", holds=found <= bar if of else None
    )


def _copies(hostile: Sequence[Score]) -> Reached:
    """How far a copy that was stopped is under one that was not."""
    known = [s.measured for s in hostile if "uncontained" in s.measured and _proved(s)]
    under = [m["uncontained"] - m["fidelity"] for m in known]
    found = median(under) if under else 0.0
    return Reached(
        says="a copy at containment, under an uncontained one, median",
        bar=f">= {100 * WORTH_LESS:.0f} points",
        measured=f"{100 * found:.1f} points",
        holds=found >= WORTH_LESS if under else None,
    )


def _share(own: Sequence[T], good: Callable[[T], bool]) -> float:
    return sum(map(good, own)) / len(own) if own else 0.0


def _middle(of: Sequence[float]) -> float | None:
    return round(float(median(of)), 3) if of else None
