"""Automatic containment: how much may happen without a person's yes, by severity and blast radius.

In    the setting's text: `narrow` (the default), `ask`, or shares like `low=0, high=0.02`.
Out   the consent that an incident's acts are judged under.
Why   a narrow and reversible act runs at once, a wide one asks. By default narrow means: it can hit
      nobody but suspects. Who wants more to run unasked says for each severity which share of the
      last hour's requests, of others than suspects, an act may hit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stanch.contain.action import Consent
from stanch.vocabulary.incident import Incident, Level
from stanch.vocabulary.trouble import BadInput

SURE = 0.8
"""The confidence from which a suspect is blocked without a person's look."""
CROWDS: Mapping[Level, int] = {Level.LOW: 20, Level.MEDIUM: 50, Level.HIGH: 200}
"""So many principals an act may name unasked, by how bad the incident is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Automatic:
    """How much may happen without asking."""

    widest: Mapping[Level, float] = field(default_factory=dict)
    """The largest share of requests, of others than suspects, that an act may hit unasked."""
    crowds: Mapping[Level, int] = field(default_factory=lambda: dict(CROWDS))
    ask_always: bool = False
    """Whether people are asked before anything that changes a policy."""

    def consent(self, incident: Incident) -> Consent:
        """What may happen unasked for this incident."""
        level = incident.severity.level
        sure = (s.principal for s in incident.suspects if s.confidence >= SURE)
        return Consent(
            suspects=frozenset(sure),
            widest=self.widest.get(level, 0.0),
            crowd=self.crowds.get(level, 0),
        )


def automatic_in(text: str) -> Automatic:
    """The setting that this text states, or `BadInput`."""
    word = text.strip().lower()
    if word in {"", "narrow"}:
        return Automatic()
    if word == "ask":
        return Automatic(ask_always=True)
    return Automatic(widest=dict(_share(part) for part in word.split(",")))


def _share(part: str) -> tuple[Level, float]:
    name, _, number = part.partition("=")
    try:
        level, share = Level[name.strip().upper()], float(number)
    except (KeyError, ValueError):
        level, share = Level.LOW, -1.0
    if not 0 <= share <= 1:
        wanted = "`narrow`, `ask`, or shares up to 1 like `low=0, medium=0.01, high=0.05`"
        raise BadInput(f"STANCH_AUTOMATIC is {wanted}, not {part.strip()[:40]!r}.")
    return level, share
