"""The scenarios that come with stanch.

In    the YAML files of the package. Out: scenarios by id, each checked like anybody's.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from stanch.engine.runs.library import shipped as shipped_playbooks
from stanch.engine.tabletop.written import Written, read
from stanch.vocabulary.trouble import BadInput, NotFound


@cache
def shipped() -> Mapping[str, Written]:
    """Every scenario that comes with stanch, by id."""
    folder = files("stanch").joinpath("tabletops")
    found = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    made: dict[str, Written] = {}
    for one in found:
        written = read(one.read_text("utf-8"), one.name, shipped_playbooks())
        if written.scenario.id in made:
            raise BadInput(f"{one.name} and {made[written.scenario.id].file} have the same id.")
        made[written.scenario.id] = written
    return MappingProxyType(made)


def scenario(key: str) -> Written:
    """The one that comes with stanch under this id, or `NotFound`."""
    found = shipped().get(key)
    if found is None:
        raise NotFound("tabletop", key[:64], "tabletop list")
    return found
