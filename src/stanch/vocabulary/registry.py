"""Extensions, found by looking: one module, one constant.

In    a package to scan, the constant's name and its type, an entry-point group.
Out   the constants by id, in the order of their ids.
Why   nothing registers itself on import and nothing is listed twice; an extension that is missing
      its constant, has the wrong type, or takes an id already taken stops the start.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from importlib.metadata import entry_points
from types import MappingProxyType, ModuleType
from typing import Protocol, TypeVar

from stanch.vocabulary.trouble import BadInput


class Extension(Protocol):
    """Anything that has an id."""

    @property
    def id(self) -> str:
        """Its name in the registry; the same as its module's."""
        ...


E = TypeVar("E", bound=Extension)


def extensions(package: ModuleType, constant: str, kind: type[E]) -> Mapping[str, E]:
    """Every extension of this kind, from the package's folder and from installed entry points."""
    found: dict[str, E] = {}
    for info in pkgutil.iter_modules(package.__path__):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        one = getattr(module, constant, None)
        _keep(found, one, kind, f"{module.__name__}.{constant}")
        if getattr(one, "id", None) != info.name:
            raise BadInput(f"{module.__name__}.{constant} must have the id {info.name!r}.")
    for point in entry_points(group=package.__name__):
        _keep(found, point.load(), kind, point.value)
    return MappingProxyType(dict(sorted(found.items())))


def _keep(found: dict[str, E], one: object, kind: type[E], where: str) -> None:
    if not isinstance(one, kind):
        raise BadInput(f"{where} must be a {kind.__name__}, not {type(one).__name__}.")
    if one.id in found:
        raise BadInput(f"{where}: the id {one.id!r} is taken by another extension.")
    found[one.id] = one
