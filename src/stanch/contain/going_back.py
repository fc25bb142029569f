"""Going back: when a version may be put back into use without asking a person first.

In    what is known of the versions and of the last moves; the time.
Out   why a person must be asked; nothing where an automatic return is safe.
Why   an automatic rollback that undoes a rollout, or swings to and fro, is an outage of its own. It
      is never made to a version that is suspect or not vouched for (that is refused, whoever asks),
      never soon after another move, and never while somebody is rolling out a version.
"""

from datetime import datetime, timedelta

from stanch.contain.known import Known

CALM = timedelta(minutes=30)
"""Versions that changed within this time are not changed again unasked."""
ROLLOUT = timedelta(hours=1)
"""A deployment that is no older may be a rollout at work."""


def why_ask(known: Known, at: datetime) -> tuple[str, ...]:
    """Why going back now needs a person's yes, in sentences."""
    found = []
    if known.moved is not None and at - known.moved < CALM:
        found.append(
            f"Versions were last changed at {known.moved:%H:%M} UTC; "
            f"within {CALM.seconds // 60} minutes only a person changes them again."
        )
    if known.rollout is not None and at - known.rollout < ROLLOUT:
        found.append(
            f"A version was deployed at {known.rollout:%H:%M} UTC by somebody who is no suspect: "
            "this may undo a rollout."
        )
    return tuple(found)
