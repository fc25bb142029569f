"""The tour: one real incident, place by place, with a sentence at each.

In    the incident, and how far somebody is.
Out   where the next place is, and what to look at there.
Why   who sees a console for the first time in the night it is needed has no time for a manual. The
      places are those that they will need, shown on something that happened.
"""

from dataclasses import dataclass

from stanch.vocabulary.ids import IncidentId
from stanch.web.address import segment

MARK = "tour"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """One place of the tour."""

    path: str
    title: str
    says: str


STOPS = (
    Stop(
        path="/incidents/{}",
        title="What happened",
        says="The title, the verdict with each reason for and against it, and what to ask before "
        "you believe it. The head above stays in sight: how bad, who commands, how long is left.",
    ),
    Stop(
        path="/incidents/{}/findings",
        title="Who, and how we know",
        says="Who carries the oddness, and each single thing a detector saw. Open one to see the "
        "numbers now against the baseline.",
    ),
    Stop(
        path="/incidents/{}/evidence",
        title="What was kept before anything changed",
        says="The policy, the counts and the events as they were, each with its digest in a log "
        "that nobody can rewrite. Open one and verify it.",
    ),
    Stop(
        path="/incidents/{}/actions",
        title="What was done",
        says="Each change of the policy in words, who is hit by it, the proof that a guard really "
        "obeys, and the button that takes it back.",
    ),
    Stop(
        path="/incidents/{}/runs",
        title="What goes on by itself, and what waits for you",
        says="The playbook at work, step by step. Narrow and reversible acts run at once; wide "
        "ones wait for a person.",
    ),
    Stop(
        path="/approvals",
        title="Where you are asked",
        says="Each question says what, why, who is hit and what happens if you say no. Silence "
        "takes the safe way.",
    ),
    Stop(
        path="/incidents/{}/timeline",
        title="How it went, second by second",
        says="Attack, system, people and law on one axis. This picture is what others will ask "
        "you for.",
    ),
    Stop(
        path="/drills",
        title="Now try it",
        says="Every kind of attack can be played on a model that is trained for it. Nothing of "
        "yours is touched, and the scores stay.",
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Here:
    """Where somebody is on the tour."""

    number: int
    count: int
    stop: Stop
    back: str
    onward: str
    """Where the next place is; empty at the last."""


def place(number: int, incident: IncidentId) -> str:
    """The address of this place of the tour, counted from 1."""
    path = STOPS[number - 1].path.format(segment(incident))
    return f"{path}?{MARK}={number}.{segment(incident)}"


def here(asked: str) -> Here | None:
    """Where this mark of an address is on the tour; nothing when it is no such mark."""
    number, _, incident = asked.partition(".")
    if not (number.isascii() and number.isdecimal() and incident and len(asked) < 100):  # noqa: PLR2004  an id
        return None
    at = int(number)
    if not 1 <= at <= len(STOPS):
        return None
    key = IncidentId(incident)
    return Here(
        number=at,
        count=len(STOPS),
        stop=STOPS[at - 1],
        back=place(at - 1, key) if at > 1 else "",
        onward=place(at + 1, key) if at < len(STOPS) else "",
    )
