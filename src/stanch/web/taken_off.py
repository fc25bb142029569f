"""Taken off: what an incident had in force and a person, or time, took back.

In    the versions of its asset's policy, newest first.
Out   those after which less of it was in force, and the titles of what was gone; not what its own
      playbook put something else in place of.
Why   "it was contained; nothing holds it now" is asked back at once: who took it off, and why?
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from stanch.engine.judging import MACHINE
from stanch.engine.policies import standing_from
from stanch.engine.runs.library import act_title
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.kept import PolicyVersion


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenOff:
    """One version, and what of the incident's was gone with it."""

    kept: PolicyVersion
    acts: tuple[str, ...]


def taken_off(history: Sequence[PolicyVersion], incident: IncidentId) -> Iterator[TakenOff]:
    """The versions, newest first, by which something of the incident went out of force."""
    for now, before in pairwise(history):
        if now.incident == incident and now.by == MACHINE:
            continue
        left = {d.id for d in standing_from(now).demands}
        gone = [
            act_title(d.action or "a_change_of_policy")
            for d in standing_from(before).demands
            if d.incident == incident and d.id not in left
        ]
        if gone:
            yield TakenOff(kept=now, acts=tuple(dict.fromkeys(gone)))
