"""A problem of a playbook: what keeps it from running, and where it stands.

In    a step, or the field of the playbook that is wrong.
Out   a sentence with the way to the place it is about.
"""

from dataclasses import dataclass

from stanch.contain.playbook.place import Way
from stanch.contain.playbook.written import STEPS


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What is wrong, and where."""

    step: str = ""
    """The step; empty is the whole playbook."""
    says: str
    at: Way = ()
    """The way to what is wrong, within the step where there is one."""

    @property
    def way(self) -> Way:
        """The way to it from the top of the file."""
        return (STEPS, self.step, *self.at) if self.step else self.at

    @property
    def told(self) -> str:
        """The sentence, with the step's name before it where it is about one."""
        return f"{self.step}: {self.says}" if self.step else self.says
