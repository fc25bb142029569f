"""Alike: the rule that refuses inputs that are almost what was asked just before, by whomever.

In    text, as a policy states such a rule among its filter rules.
Out   a Likeness: how near is too near, and how many times; back to the same text; or BadInput.
Why   a rule travels to guards of several kinds and is approved by people, so it is a small value
      with one spelling and a sentence. How it is learnt and applied: `company`.
"""

import json
from dataclasses import asdict, dataclass

from stanch.vocabulary.ids import digest_of
from stanch.vocabulary.trouble import BadInput

PREFIX = "in alike:"
"""How a rule of this kind begins, among a policy's filter rules."""
KEPT = 2048
"""The most inputs that are remembered."""
WIDEST = 4096
"""Numbers of an input."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Likeness:
    """What inputs that are too much alike look like."""

    times: int
    within: float
    kept: int
    """How many inputs are remembered: as many as it was learnt from, or likeness means less."""
    units: tuple[float, ...]
    """The spread of each number; 0 leaves it out."""
    middles: tuple[float, ...]
    """Where each number usually lies, so that distances keep their digits."""
    names: tuple[str, ...] = ()
    """The names of the numbers, where a request may give them by name."""

    @property
    def text(self) -> str:
        """The rule as a policy states it; read again it is the same."""
        return f"{PREFIX} {json.dumps(asdict(self), separators=(',', ':'), sort_keys=True)}"

    @property
    def says(self) -> str:
        """The rule in a sentence."""
        return (
            f"An input is refused when {self.times} others of the last {self.kept:,}, asked by "
            f"anybody, are almost the same (nearer than {self.within:.3g}, in the spread of "
            f"{sum(u > 0 for u in self.units)} numbers)."
        )


def is_alike(rule: str) -> bool:
    """Whether this rule is of this kind."""
    return rule.startswith(PREFIX)


def likeness(rule: str) -> Likeness:
    """What this rule states, or BadInput."""
    try:
        found = json.loads(rule.removeprefix(PREFIX))
        made = Likeness(
            times=int(found["times"]),
            within=float(found["within"]),
            kept=int(found["kept"]),
            units=tuple(map(float, found["units"])),
            middles=tuple(map(float, found["middles"])),
            names=tuple(map(str, found.get("names", ()))),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadInput("This is no rule on inputs that are alike.") from error
    sizes = {len(made.units), len(made.middles), len(made.names) or len(made.units)}
    good = all(0 <= u < float("inf") for u in made.units) and any(made.units)
    if not (len(sizes) == 1 and good and len(made.units) <= WIDEST):
        raise BadInput("A rule on inputs that are alike needs a spread for each number.")
    near = 0 < made.within < float("inf")
    if not (near and 1 <= made.times <= made.kept <= KEPT):
        raise BadInput("A rule on inputs that are alike needs a distance and how many times.")
    return made


def named(rule: str) -> str:
    """A short name for a rule, whatever its kind: it tells rules apart."""
    return digest_of(rule.encode()).removeprefix("sha256:")[:12]
