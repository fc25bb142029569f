"""The factors of severity, each from 0 to 4, and the written anchor of every step.

In    nothing; these are tables.
Out   `Factor`, `ANCHORS`, `Factors`.
Why   two people who read the same anchor give the same number. The page of reference is printed
      from these tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from stanch.vocabulary.trouble import BadInput

TOP = 4


class Factor(StrEnum):
    """What is judged; the value is its name in a vector."""

    HARM = "HP"
    RIGHTS = "RF"
    DATA = "DS"
    SERVICE = "SB"
    INTEGRITY = "MI"
    AUTONOMY = "AU"
    REVERSIBILITY = "RV"
    BLAST = "BR"
    PHASE = "PH"
    ADVERSARY = "AA"


IMPACTS = (Factor.HARM, Factor.RIGHTS, Factor.DATA, Factor.SERVICE, Factor.INTEGRITY)
"""The worst of these sets the level."""
MODIFIERS = (
    Factor.AUTONOMY,
    Factor.REVERSIBILITY,
    Factor.BLAST,
    Factor.PHASE,
    Factor.ADVERSARY,
)
"""These can raise it, together, and order incidents inside a level."""

NAMES: Mapping[Factor, str] = MappingProxyType(
    {
        Factor.HARM: "harm to people",
        Factor.RIGHTS: "fairness to people",
        Factor.DATA: "exposed data",
        Factor.SERVICE: "the service",
        Factor.INTEGRITY: "the model itself",
        Factor.AUTONOMY: "how far it acts by itself",
        Factor.REVERSIBILITY: "how far it can be undone",
        Factor.BLAST: "how far it reaches",
        Factor.PHASE: "where it struck",
        Factor.ADVERSARY: "the attacker",
    }
)
"""What each is about, in words."""

ANCHORS: Mapping[Factor, tuple[str, str, str, str, str]] = MappingProxyType(
    {
        Factor.HARM: (
            "nobody can be hurt by it",
            "annoyance; no lasting effect on anybody",
            "minor injury, distress or loss is possible",
            "serious harm to somebody is possible",
            "death or serious harm happened or is likely, or critical infrastructure is hit",
        ),
        Factor.RIGHTS: (
            "no decisions about people",
            "error rates of groups differ by up to 2 points more than before",
            "groups differ by up to 5 points more, or single decisions about people were wrong",
            (
                "groups differ by up to 10 points more, "
                "or a benefit, a job or a credit was wrongly refused to several"
            ),
            "a protected group is systematically refused, or people were unlawfully singled out",
        ),
        Factor.DATA: (
            "no data exposed",
            "public or internal data, or personal data of at most one person",
            "personal or confidential data of up to a thousand people",
            "personal data of over a thousand people, or special categories of some",
            "special categories of over a thousand, secrets, or all weights of a private model",
        ),
        Factor.SERVICE: (
            "no effect on the service",
            "slower or dearer, within what is promised",
            "a part of the service is down, or costs are double",
            "an important service is down or answers wrongly",
            "a critical service is down or cannot be trusted",
        ),
        Factor.INTEGRITY: (
            "the model and its data are what they were",
            "an attempt that failed, or a loss of accuracy within noise",
            "some of the data is corrupt, or up to 5 points of accuracy are lost",
            "much of the data is corrupt, the architecture or the boundary is exposed",
            "the model is controlled or replaced by somebody else, or copied whole",
        ),
        Factor.AUTONOMY: (
            "a person takes every decision",
            "a person confirms each one",
            "a person can stop it in time",
            "it acts, and people look afterwards",
            "it acts on other systems, unwatched",
        ),
        Factor.REVERSIBILITY: (
            "it only read or answered",
            "undone by us, without a trace",
            "undone by us, with effort",
            "undone only by asking others outside",
            "cannot be undone",
        ),
        Factor.BLAST: (
            "one request",
            "one principal or session",
            "one asset",
            "several assets, or most users of one",
            "other organisations too",
        ),
        Factor.PHASE: (
            "outside the life of a model",
            "data, before training",
            "training or evaluation",
            "deployed, serving",
            "an agent at work",
        ),
        Factor.ADVERSARY: (
            "no adversary: natural change or a fault",
            "an attempt, over",
            "signs of an attack, unproved",
            "an attack that succeeded, not going on now",
            "an attack going on now",
        ),
    }
)
"""What each number means, from 0 to 4."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Factors:
    """A number from 0 to 4 for each factor."""

    values: Mapping[Factor, int]

    def __post_init__(self) -> None:
        for factor in Factor:
            value = self.values.get(factor)
            if value is None or not 0 <= value <= TOP:
                raise BadInput(f"{factor} must be a whole number from 0 to {TOP}, not {value}.")

    def __getitem__(self, factor: Factor) -> int:
        """The number of this factor."""
        return self.values[factor]

    def with_(self, factor: Factor, value: int) -> "Factors":
        """The same, with one number changed."""
        return Factors(values={**self.values, factor: value})


def factors(**values: int) -> Factors:
    """Factors by their short names; those not named are 0: `factors(HP=2, BR=3)`."""
    unknown = set(values) - {f.value for f in Factor}
    if unknown:
        raise BadInput(
            f"No such factor: {', '.join(sorted(unknown))}. There are {', '.join(Factor)}."
        )
    return Factors(values={f: values.get(f.value, 0) for f in Factor})
