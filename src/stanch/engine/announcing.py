"""Announcing: whoever responds for an asset hears of its incidents.

In    incidents as they open and change.
Out   a notice when one opens, one more when it turns out to be severe, one when it comes loose.
Why   a containment that nobody heard of surprises the people who have to live with it.
"""

from stanch.engine.telling import Notice, Notifier, Urgency
from stanch.vocabulary.incident import Incident, Level
from stanch.vocabulary.people import Duty

URGENCY = {
    Level.LOW: Urgency.WHEN_YOU_CAN,
    Level.MEDIUM: Urgency.SOON,
    Level.HIGH: Urgency.NOW,
}


class Announcer:
    """Tells who responds."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier

    def opened(self, incident: Incident) -> None:
        """Tells that it is there."""
        back = f". It came back: {incident.came_back} was closed." if incident.came_back else ""
        self._tell(incident, "opened", f"An incident is open: {incident.title}{back}")
        self.changed(incident)

    def changed(self, incident: Incident) -> None:
        """Tells once that it is severe, and each time that it comes loose."""
        if incident.loose_at is not None and incident.loose_at == incident.again_at:
            says = f"Seen again, and nothing in force holds it: {incident.title}"
            self._tell(incident, f"again/{incident.loose_at.isoformat()}", says)
        if incident.severity.level is Level.HIGH:
            self._tell(incident, "severe", f"This incident is severe: {incident.title}")

    def _tell(self, incident: Incident, what: str, says: str) -> None:
        if incident.exercise:
            return
        self._notifier.tell(
            Notice(
                key=f"incident/{incident.id}/{what}",
                to=Duty.RESPONDER,
                says=says,
                urgency=URGENCY[incident.severity.level],
                incident=incident.id,
                asset=incident.asset,
            )
        )
