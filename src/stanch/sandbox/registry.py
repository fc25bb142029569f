"""The drills there are, found by looking in their folder, and what each needs to be played."""

import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache

import stanch.sandbox.drills
from stanch.sandbox.drill import Drill
from stanch.sandbox.options import Options, Registries, Through
from stanch.sandbox.victims.data import PACKAGES, SETS
from stanch.vocabulary.registry import extensions
from stanch.vocabulary.trouble import BadInput, Missing


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


def optional(one: Drill) -> str:
    """The extra that this drill alone needs and that is not installed; empty when all is there."""
    return next((extra for module, extra in one.packages if not _there(module)), "")


def on(one: Drill, data: str) -> Drill:
    """The same drill on another victim; itself when none is named."""
    if not data:
        return one
    if data not in SETS:
        raise BadInput(f"There is no data set {data!r}; there are {', '.join(SETS)}.")
    if not one.anywhere:
        free = ", ".join(name for name, other in drills().items() if other.anywhere)
        raise BadInput(f"The drill {one.id} is bound to its data. These are not: {free}.")
    return replace(one, world=replace(one.world, data=data))


def ready(one: Drill, options: Options) -> None:
    """Nothing, when all that this needs is installed; else `Missing`, with the remedy."""
    for module, extra in _needs(one, options):
        if not _there(module):
            raise Missing(f"The drill {one.id}", extra, extra)


def _needs(one: Drill, options: Options) -> Iterator[tuple[str, str]]:
    yield "sklearn", "drills"
    if one.world.data in PACKAGES:
        yield PACKAGES[one.world.data]
    yield from one.packages
    if options.through is Through.ENVOY:
        yield "envoy", "envoy"
    if options.registry is Registries.MLFLOW:
        yield "mlflow", "mlflow"


def _there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
