"""Canaries: somebody asks about records that were planted and exist nowhere else.

In    a Window: rows that equal a canary, by principal; how many canaries the baseline knows.
Out   a Finding that names who asks; Blind when no canaries are stated.
Why   a canary was put into the training set, or laid beside it, and nowhere else. Whoever asks
      about one has the set, or reads it out of the model; a language model that says one has learnt
      it by heart, and somebody got it to tell.
Math  An owner promises that a canary cannot be guessed: `BITS` of it at least are chance. Of r rows
      and c canaries one meets another by chance at most r c 2^-BITS times; that is how rare one
      row is, and each further one is as rare again. A baseline whose own rows are canaries is
      refused, so that no habit speaks against this.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from stanch.detect import examples
from stanch.detect.detector import Detector
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.fingerprints import SALT, Fingerprints, Known, fingerprints_of
from stanch.detect.summaries.parts import Block
from stanch.detect.window import Baseline, Window
from stanch.detect.wording import NO_BASELINE, several, spoken
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind, Finding, Lifecycle, Suspect
from stanch.vocabulary.ids import DetectorId, PrincipalId

ID = DetectorId("canaries")
BITS = 40
MOST = 30.0
"""Powers of ten that are told at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    enough: int = 1
    """Answers on canaries in the window."""


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for all who ask about canaries."""
    base, ledger = window.baseline, window.ledger
    why = _blind(base)
    if why or base is None:
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    if ledger is None:
        return
    asked = int(ledger.everybody(Block.CANARIES)[0])
    if asked >= limits.enough:
        each = zip(ledger.names, ledger.block(Block.CANARIES)[:, 0].tolist(), strict=True)
        by = sorted(((n, name) for name, n in each if n), key=lambda one: (-one[0], one[1]))
        yield _finding(window, base, asked, by)


def _blind(base: Baseline | None) -> str:
    if base is None:
        return NO_BASELINE
    stated = base.knows(Known.CANARIES)
    return "" if stated else "the baseline holds no canaries (stanch baseline state)"


def _finding(window: Window, base: Baseline, asked: int, by: list[tuple[int, str]]) -> Finding:
    planted = sum(len(one.keys) for one in base.prints if one.known is Known.CANARIES)
    each = BITS * math.log10(2) - math.log10(max(window.n, 1) * max(planted, 1))
    names = [f"{spoken(name)} ({n})" for n, name in by]
    whose = f" by {several(names)}" if names else ", by nobody that could be named"
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"{asked} of {window.n} answers were on canaries, records that were planted and that "
        f"nobody else knows{whose}.",
        measured={
            "canaries asked": float(asked),
            "canaries stated": float(planted),
            "principals": float(len(by)),
        },
        because=window.cites,
        strength=round(min(max(each, 1.0) * asked, MOST), 2),
        suspects=tuple(
            Suspect(principal=PrincipalId(name), share=round(n / asked, 4), confidence=0.95)
            for n, name in by[:10]
        ),
        topic="more than one" if asked > 1 else "",
        atlas=DETECTOR.atlas,
        points_to={AttackKind.MEMBERSHIP_INFERENCE: 0.9},
    )


def _asking(rows: Columns) -> Columns:
    """One principal asks about three planted records."""
    mine = np.flatnonzero(rows.principals == examples.ODD_ONE)[:3]
    return replace(rows, canaries=np.isin(np.arange(rows.n), mine))


def _planted() -> Fingerprints:
    keys = np.arange(1, 21, dtype=np.uint64)
    return fingerprints_of(Known.CANARIES, examples.SCHEMA.numbers, bytes(SALT), [keys])


def _example(change: examples.Change | None = None) -> Window:
    window = examples.window(change)
    assert window.baseline is not None  # noqa: S101  every example has one
    return replace(window, baseline=replace(window.baseline, prints=(_planted(),)))


DETECTOR = Detector(
    id=ID,
    title="Canaries",
    reads=(EventKind.INFERENCE, EventKind.EXCHANGE),
    atlas=("AML.T0024.000", "AML.T0024.001"),
    lifecycle=Lifecycle.INFERENCE,
    limits=Limits(),
    look=look,
    fires_on=lambda: _example(_asking),
    quiet_on=_example,
)
