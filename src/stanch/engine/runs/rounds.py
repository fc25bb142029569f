"""Rounds: whether an incident that a playbook has answered must be answered by it once more.

In    an incident, the newest run of its playbook on it, what holds it.
Out   why another round begins, in words; empty when none does.
Why   one run for one incident stops an attacker once. Who comes back after the containment was
      taken back, or under another name, must be met again; one deed that goes on must not.
How   (1) A run that a person holds is let be.
      (2) Seen again since some of the containment ended is a reason, once for each end: the round
          that was begun for it is the answer. A run from before the end gives way: its question
          is withdrawn, and asked anew beside what is done at once.
      (3) Who is surely suspected and named by nothing in force is a reason, once the run is over.
      (4) Seen again since a run ended with nothing in force is one (people said no, nobody
          answered, it failed); after each such round the pause is doubled.
"""

from collections.abc import Sequence
from datetime import timedelta

from stanch.detect.wording import ordinal
from stanch.engine.automatic import SURE
from stanch.engine.ports import Transaction
from stanch.engine.runs.held import Hold, hold_of
from stanch.engine.runs.memory import is_over
from stanch.vocabulary.incident import Incident, VerdictKind
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.playbook import Playbook
from stanch.vocabulary.run import Run, RunState, Wish
from stanch.vocabulary.spoken import listed

FIRST, LONGEST = timedelta(minutes=1), timedelta(hours=4)
"""The pause after people said no for the first time, and the longest there is."""
MOST_NAMED = 5


def another(tx: Transaction, incident: Incident, runs: Sequence[Run]) -> str:
    """Why the playbook of these runs, newest first, is begun once more; empty when it is not."""
    last = runs[0]
    if incident.verdict.kind is not VerdictKind.ATTACK or _in_hand(last):
        return ""
    hold = hold_of(tx, incident.id)
    if hold.ended is not None:
        seen = incident.again_at is not None and incident.again_at > max(hold.ended, last.started)
        return "seen again, after what contained it had ended" if seen else ""
    if not is_over(last):
        return ""
    if hold.lines:
        gone = _at_large(incident, hold)
        return f"{listed(gone, MOST_NAMED)} is named now, and refused nowhere" if gone else ""
    return _after_nothing(incident, runs)


def rounds_of(tx: Transaction, incident: Incident, book: Playbook) -> list[Run]:
    """The runs of this playbook on it that gave way to none, newest first."""
    page = tx.runs.page(Wanted(incident=(incident.id,), kind=(book.id,)), limit=50)
    mine = [r for r in page.items if r.heir is None]
    return sorted(mine, key=lambda r: (r.started, r.id), reverse=True)


def begins(run: Run) -> str:
    """What the timeline says when it begins."""
    if not run.because:
        return f"begins: {run.says}"
    return f"begins for the {ordinal(run.round)} time ({run.because}): {run.says}"


def _in_hand(run: Run) -> bool:
    """Whether a person holds the run."""
    return not is_over(run) and (run.wish is not Wish.GO or run.state is RunState.PAUSED)


def _at_large(incident: Incident, hold: Hold) -> list[str]:
    """The sure suspects whom nothing in force names, where people were named at all."""
    if hold.named is None:
        return []
    sure = sorted(str(s.principal) for s in incident.suspects if s.confidence >= SURE)
    return [name for name in sure if name not in hold.named]


def _after_nothing(incident: Incident, runs: Sequence[Run]) -> str:
    ended = runs[0].ended
    if incident.again_at is None or ended is None:
        return ""
    pause = min(LONGEST, FIRST * 2 ** min(runs[0].round - 1, 10))
    if incident.again_at < ended + pause:
        return ""
    return "seen again, and nothing is in force against it"
