"""Reasons that speak for a fault of the pipeline.

In    observations.
Out   reasons with their log-odds.
Why   a wrong unit or a broken join hits everybody alike, at once, at the moment somebody changed
      something. An attacker is somebody; a fault is everybody.
"""

from collections.abc import Iterator
from datetime import timedelta

from stanch.triage.verdict.observations import Happening, Observations
from stanch.vocabulary.incident import Reason

NEAR = timedelta(minutes=30)
"""A step this close to a happening may be its doing."""
EXACT = 0.05
"""A constant factor fits when half of the quantiles are within this of it."""
STEP_FIT, STEP_LEAD = 0.7, 0.1
"""A step explains this share of the movement, and this much more of it than a line does."""
MOVED = 0.1
"""A distance that is movement, not noise."""
MOST, ALL = 0.5, 0.9
"""Fewer principals than this moved alike: no fault. More than that: everybody."""
THEIRS = 0.8
"""When so much of what is odd is of a few who are not as the rest, it is theirs."""
LOST, STILL = 0.2, 0.3
"""More rows of one input than this are lost, and no other input moved farther than that."""


def fault_reasons(seen: Observations) -> tuple[Reason, ...]:
    """The reasons for a fault; none when single principals moved and others did not."""
    if _single(seen):
        return ()
    return (*_scale(seen), *_broken(seen), *_step(seen), *_alike(seen))


def _single(seen: Observations) -> bool:
    """Whether some principals moved and most others did not, as far as that can be told.

    Where the others sent too few rows to compare, what moved is of those who stand out from them,
    or of strangers who send most of the rows. Where one sends most of them, it is that one's,
    unless all the others moved with it.
    """
    if feed_broke(seen):
        return False
    theirs = seen.largest is not None and seen.largest > MOST
    if seen.alike is None:
        strangers = seen.newcomers is not None and seen.newcomers > MOST
        return theirs or strangers or sum(s.share for s in seen.suspects) >= THEIRS
    return seen.alike < (ALL if theirs else MOST)


def feed_broke(seen: Observations) -> bool:
    """Whether one input is out of all range, or absent, in many rows of everybody."""
    lost = seen.broken
    if lost is None or lost.share - lost.before < LOST or lost.others > STILL:
        return False
    return lost.alike is None or lost.alike >= ALL


def _broken(seen: Observations) -> Iterator[Reason]:
    lost = seen.broken
    if lost is None or not feed_broke(seen):
        return
    how = "absent" if lost.absent else "out of all that the baseline saw"
    who = f" of {lost.alike:.0%} of the principals alike" if lost.alike is not None else ""
    says = f"{lost.feature} is {how} in {lost.share:.0%} of the rows{who}, and little else moved."
    yield Reason(name="broken_feed", says=says, weight=3.0 if lost.alike is not None else 1.0)


def _scale(seen: Observations) -> Iterator[Reason]:
    fit = seen.scale
    if fit is not None and fit.misfit <= EXACT:
        says = f"{fit.feature} looks multiplied by {fit.factor:.4g}: a wrong unit does that."
        yield Reason(name="constant_factor", says=says, weight=3.0)


def _step(seen: Observations) -> Iterator[Reason]:
    step = seen.step
    if step is None or step.step_fit < max(STEP_FIT, step.ramp_fit + STEP_LEAD):
        return
    yield Reason(name="sudden", says="The change came in one step.", weight=0.5)
    near = _nearest(seen) if step.at else None
    if near is not None:
        says = f"The step is at {near.what} ({near.at.isoformat()})."
        yield Reason(name="at_a_happening", says=says, weight=1.5)


def _nearest(seen: Observations) -> Happening | None:
    step = seen.step
    if step is None or step.at is None:
        return None
    at = step.at
    close = [h for h in seen.happenings if abs(h.at - at) <= NEAR]
    return min(close, key=lambda h: (abs(h.at - at), h.what), default=None)


def _alike(seen: Observations) -> Iterator[Reason]:
    moved = seen.drift is not None and seen.drift >= MOVED
    if moved and seen.alike is not None and seen.alike >= ALL:
        says = f"{seen.alike:.0%} of the principals moved the same way."
        yield Reason(name="everybody_alike", says=says, weight=0.5)


def explains_inputs(seen: Observations) -> bool:
    """Whether a fault that is everybody's accounts for whatever is odd about the inputs."""
    if feed_broke(seen) and seen.broken is not None and seen.broken.alike is not None:
        return True
    fit = seen.scale
    exact = fit is not None and fit.misfit <= EXACT
    return exact and not _single(seen)
