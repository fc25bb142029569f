"""ATLAS: its tactics and techniques as facts (ids, names, links), in either of its two formats.

In    an ATLAS file as parsed YAML: the older one (`matrices`, up to 5.6) or the newer one
      (`format-version: 6`, dictionaries by id and `relationships`).
Out   a `Matrix` with its version, the same for both. A packaged one (5.6.0) needs no file.
Why   ids are renamed and retired between versions, so a label without its version is worth little.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from stanch.vocabulary.trouble import BadInput

MOVED: Mapping[str, str] = MappingProxyType(
    {
        "AML.T0019": "AML.T0115.000",
        "AML.T0058": "AML.T0115.001",
        "AML.T0104": "AML.T0115.002",
    }
)
"""Ids of 5.6 that were retired by 2026.09, and what took their place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Technique:
    """One technique: its id, its name, its tactics (a sub-technique has its parent's)."""

    id: str
    name: str
    tactics: tuple[str, ...] = ()
    parent: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Matrix:
    """One version of ATLAS."""

    version: str
    tactics: Mapping[str, str] = field(default_factory=dict)
    techniques: Mapping[str, Technique] = field(default_factory=dict)

    def label(self, technique: str) -> str:
        """The id with its version, as it is stored: `AML.T0051@5.6.0`."""
        known = self.current(technique)
        return f"{known}@{self.version}"

    def current(self, technique: str) -> str:
        """The id in this version, following retirements; an unknown one is refused."""
        if found := self.find(technique):
            return found
        bare = technique.partition("@")[0]
        raise BadInput(f"ATLAS {self.version} has no technique {bare[:40]!r}.")

    def find(self, technique: str) -> str:
        """The id in this version; empty when it has no such technique."""
        bare = technique.partition("@")[0]
        back = next((old for old, new in MOVED.items() if new == bare), "")
        every = (bare, MOVED.get(bare, ""), back)
        return next((one for one in every if one in self.techniques), "")


def matrix_from(raw: Mapping[str, object]) -> Matrix:
    """The matrix that this file holds, whichever of the two formats it has."""
    if str(raw.get("format-version", "")).startswith("6"):
        return _from_six(raw)
    if "matrices" in raw:
        return _from_five(raw)
    raise BadInput("This is no ATLAS file: it has neither `matrices` nor `format-version: 6`.")


def _from_five(raw: Mapping[str, object]) -> Matrix:
    matrices = raw["matrices"]
    first = matrices[0] if isinstance(matrices, list) and matrices else {}
    tactics = {str(t["id"]): str(t["name"]) for t in _list(first, "tactics")}
    own = {
        str(t["id"]): Technique(
            id=str(t["id"]),
            name=str(t["name"]),
            tactics=tuple(str(x) for x in _list(t, "tactics")),
            parent=str(t.get("subtechnique-of", "")),
        )
        for t in _list(first, "techniques")
    }
    return Matrix(version=str(raw["version"]), tactics=tactics, techniques=_inherit(own))


def _from_six(raw: Mapping[str, object]) -> Matrix:
    collection = _dict(raw, "collection")
    links = _dict(raw, "relationships")
    achieves = _dict(links, "achieves")
    specializes = _dict(links, "specializes")
    own = {
        name: Technique(
            id=name,
            name=str(_dict(_dict(raw, "techniques"), name).get("name", name)),
            tactics=_ids(achieves.get(name)),
            parent=next(iter(_ids(specializes.get(name))), ""),
        )
        for name in _dict(raw, "techniques")
    }
    tactics = {
        name: str(_dict(_dict(raw, "tactics"), name).get("name", name))
        for name in _dict(raw, "tactics")
    }
    version = str(collection.get("version", raw.get("version", "unknown")))
    return Matrix(version=version, tactics=tactics, techniques=_inherit(own))


def _inherit(own: Mapping[str, Technique]) -> dict[str, Technique]:
    out: dict[str, Technique] = {}
    for name, one in sorted(own.items()):
        above = own.get(one.parent)
        tactics = one.tactics or (above.tactics if above else ())
        out[name] = Technique(id=name, name=one.name, tactics=tactics, parent=one.parent)
    return out


def _ids(value: object) -> tuple[str, ...]:
    """Ids from a string, a list, a dictionary by id, or a list of objects with a target."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Mapping):
        return tuple(str(k) for k in value)
    if isinstance(value, list):
        return tuple(
            str(v.get("target", v.get("id", ""))) if isinstance(v, Mapping) else str(v)
            for v in value
        )
    return ()


def _list(raw: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    value = raw.get(key, [])
    return value if isinstance(value, list) else []


def _dict(raw: Mapping[str, object], key: str) -> Mapping[str, Mapping[str, object]]:
    value = raw.get(key, {})
    return value if isinstance(value, Mapping) else {}


@cache
def packaged() -> Matrix:
    """ATLAS 5.6.0: ids, names and links, as facts."""
    text = files("stanch.triage.taxonomy").joinpath("atlas-5.6.0.json").read_text("utf-8")
    raw = json.loads(text)
    return Matrix(
        version=raw["version"],
        tactics=raw["tactics"],
        techniques={
            name: Technique(id=name, name=label, tactics=tuple(tactics), parent=parent)
            for name, label, tactics, parent in raw["techniques"]
        },
    )
