"""The drills there are, found by looking in their folder."""

from collections.abc import Mapping
from functools import cache

import stanch.sandbox.drills
from stanch.sandbox.drill import Drill
from stanch.vocabulary.registry import extensions
from stanch.vocabulary.trouble import BadInput


@cache
def drills() -> Mapping[str, Drill]:
    """Every drill by id."""
    return extensions(stanch.sandbox.drills, "DRILL", Drill)


def drill(name: str) -> Drill:
    """The drill of this name."""
    found = drills().get(name)
    if found is None:
        raise BadInput(f"There is no drill {name!r}; there are {', '.join(drills())}.")
    return found
