"""The vector: all factors in one line of text, and back.

In    factors, or a line.
Out   `AISEV:1.0/HP:2/RF:0/.../AA:3`, or the factors.
Why   a severity that is passed on must say what it was made of.
Law   parse(print(f)) == f, and print(parse(v)) == v for a v in the order of the factors.
"""

from stanch.triage.severity.factors import Factor, Factors
from stanch.vocabulary.trouble import BadInput

HEAD = "AISEV:1.0"


def vector_of(found: Factors) -> str:
    """The factors as one line."""
    return "/".join((HEAD, *(f"{f.value}:{found[f]}" for f in Factor)))


def factors_from(line: str) -> Factors:
    """The factors that this line says; each exactly once."""
    head, *parts = line.strip().split("/")
    if head != HEAD:
        raise BadInput(f"A severity vector starts with {HEAD}, not {head[:20]!r}.")
    values: dict[Factor, int] = {}
    for part in parts:
        name, _, number = part.partition(":")
        if name not in set(Factor) or Factor(name) in values or number not in tuple("01234"):
            raise BadInput(f"{part[:20]!r} is not one factor with a number from 0 to 4, once.")
        values[Factor(name)] = int(number)
    return Factors(values=values)
