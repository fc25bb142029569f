"""The inventory: assets to and from YAML.

In    YAML that people write: one asset a document, or a list of them.
Out   assets; or `BadFile` with every complaint at once, each with its line and what to write.
Why   stanch can only protect what it knows of, so writing it down must be easy to get right.

Law: `parse(dump(assets)) == assets`.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from enum import Enum
from math import inf
from types import MappingProxyType
from typing import TypeGuard

import yaml

from stanch.prepare.lineage import cycles, unknown
from stanch.prepare.reading import Complaint, Reader
from stanch.prepare.yaml_text import Node, documents
from stanch.vocabulary.asset import (
    LEAST_DAYS,
    MOST_CONDITIONS,
    MOST_DAYS,
    MOST_ONE_IN,
    OTHER,
    Asset,
    AssetKind,
    Conditions,
    Criticality,
    Fails,
    Feature,
    FeatureType,
    GuardChoice,
    Lineage,
    Oversight,
    Scalar,
    WrongNames,
)
from stanch.vocabulary.event import COLUMNS
from stanch.vocabulary.ids import AssetId, Digest, asset_id, parse_digest
from stanch.vocabulary.people import Duty
from stanch.vocabulary.trouble import BadFile, BadName

REQUIRED = ("id", "kind", "name", "owner")
_BREAKS = set("\x85\u2028\u2029\ufeff")
"""Characters that some YAML readers take for the end of a line; their files are escaped."""
LONGEST_DEADLINE = 60 * 24 * 365
MOST_PEOPLE = 10**10
FEWEST_ALARMS, MOST_ALARMS = 0.001, 1_000
"""False alarms a year that can be asked for."""
LONGEST_CONDITION = 64
KEY_BYTES = 32
BODIES = ("asked", "answered")
"""Fields in which a guard that logs all tells what somebody sent."""


def parse(text: str, file: str = "inventory", known: Iterable[Asset] = ()) -> tuple[Asset, ...]:
    """The assets of the text, with links checked against each other and the assets `known`."""
    reader = Reader()
    found = [
        (node, _asset(one, reader))
        for node in documents(text, file)
        for one in reader.items(node)
        for node in (one,)
    ]
    there = {asset.id: node for node, asset in found if asset.id}
    if len(there) < sum(1 for _, asset in found if asset.id):
        _twice(found, reader)
    assets = tuple(asset for _, asset in found)
    if not reader.complaints:
        older = tuple(asset for asset in known if asset.id not in there)
        _links(assets, older, there, reader)
    if reader.complaints:
        raise BadFile(file, _said(reader.complaints, file))
    return assets


def dump(assets: Iterable[Asset]) -> str:
    """The assets as YAML, one document each, without what is the default anyway."""
    plain = [_plain(asset) for asset in assets]
    text = _yaml(plain, readable=True)
    return _yaml(plain, readable=False) if set(text) & _BREAKS else text


def _yaml(plain: list[dict[str, object]], *, readable: bool) -> str:
    return yaml.safe_dump_all(
        plain, sort_keys=False, allow_unicode=readable, explicit_start=True, width=10**9
    )


def _said(complaints: list[Complaint], file: str) -> str:
    return "".join(f"\n  {file}:{one.line}: {one.says}" for one in sorted(set(complaints)))


def _twice(found: list[tuple[Node, Asset]], reader: Reader) -> None:
    first: dict[AssetId, Node] = {}
    for node, asset in found:
        if asset.id in first:
            line = first[asset.id].line
            reader.wrong(node, f"{asset.id!r} stands already on line {line}. Keep one of them.")
        elif asset.id:
            first[asset.id] = node


def _links(
    assets: tuple[Asset, ...],
    older: tuple[Asset, ...],
    there: Mapping[AssetId, Node],
    reader: Reader,
) -> None:
    together = (*assets, *older)
    for one, kind, target in unknown(together):
        if one in there:
            reader.wrong(
                there[one],
                f"{one!r} names {target!r} in {kind}, which is no asset. Add it, or mend the id.",
            )
    for ring in cycles(together):
        if here := [one for one in ring if one in there]:
            path = " -> ".join((*ring, ring[0]))
            reader.wrong(there[here[0]], f"{path}: nothing can come from itself. Cut one link.")


def _asset(node: Node, reader: Reader) -> Asset:
    says = reader.mapping(node, "an asset", FIELDS)
    for name in REQUIRED:
        if name not in says:
            reader.wrong(node, f"an asset needs {name!r}. Add a line `{name}: ...`.")
    given = {name: FIELDS[name](value, reader) for name, value in says.items()}
    blank = {"id": AssetId(""), "kind": AssetKind.MODEL, "name": "", "owner": ""}
    return Asset(**(blank | given))  # pyrefly: ignore[bad-argument-type]  # FIELDS reads each by its type


def _text(what: str) -> Callable[[Node, Reader], str]:
    return lambda node, reader: reader.text(node, what)


def _needed(what: str) -> Callable[[Node, Reader], str]:
    def read(node: Node, reader: Reader) -> str:
        text = reader.text(node, what)
        if node.value is not None and not text.strip():
            reader.wrong(node, f"{what} is empty. Write who or what it is.")
        return text

    return read


def _texts(what: str) -> Callable[[Node, Reader], tuple[str, ...]]:
    return lambda node, reader: reader.texts(node, what)


def _id(node: Node, reader: Reader) -> AssetId:
    def check(text: str) -> AssetId:
        try:
            return asset_id(text)
        except BadName as error:
            raise ValueError(str(error)) from error

    return reader.checked(node, "an id", check, AssetId(""))


def _digest(node: Node, reader: Reader) -> Digest | None:
    def check(text: str) -> Digest | None:
        try:
            return parse_digest(text)
        except BadName as error:
            raise ValueError("a digest is `sha256:` and 64 hexadecimal digits.") from error

    return None if node.value is None else reader.checked(node, "digest", check, None)


def _whole(what: str, least: int, most: int) -> Callable[[Node, Reader], int]:
    def read(node: Node, reader: Reader) -> int:
        whole = isinstance(node.value, int) and not isinstance(node.value, bool)
        if isinstance(node.value, int) and whole and least <= node.value <= most:
            return node.value
        reader.wrong(node, f"{what} must be a whole number from {least} to {most}.")
        return least

    return read


def _amount(what: str) -> Callable[[Node, Reader], float]:
    def read(node: Node, reader: Reader) -> float:
        given = node.value
        if isinstance(given, int | float) and not isinstance(given, bool) and 0 <= given < inf:
            return float(given)
        reader.wrong(node, f"{what} must be a number from 0 on.")
        return 0.0

    return read


def _alarms(node: Node, reader: Reader) -> float | None:
    given = node.value
    plain = isinstance(given, int | float) and not isinstance(given, bool)
    if isinstance(given, int | float) and plain and FEWEST_ALARMS <= given <= MOST_ALARMS:
        return float(given)
    told = f"false_alarms_per_year must be a number from {FEWEST_ALARMS:g} to {MOST_ALARMS:g}."
    reader.wrong(node, f"{told} Without this line it is as the server has it.")
    return None


def _wrong_names(node: Node, reader: Reader) -> WrongNames | None:
    says = reader.mapping(node, "wrong_names", ("one_in", "within_days"))
    given = {name: one.value for name, one in says.items()}
    one_in, days = given.get("one_in"), given.get("within_days", 1)
    if _within(one_in, 1, MOST_ONE_IN) and _within(days, LEAST_DAYS, MOST_DAYS):
        return WrongNames(one_in=float(one_in), within_days=float(days))
    told = "wrong_names is `{one_in: 1000, within_days: 7}`: one_in from 1 on, within_days "
    reader.wrong(node, f"{told}{LEAST_DAYS:g} to {MOST_DAYS:g}, 1 without it.")
    return None


def _within(given: object, least: float, most: float) -> TypeGuard[int | float]:
    plain = isinstance(given, int | float) and not isinstance(given, bool)
    return isinstance(given, int | float) and plain and least <= given <= most


def _signers(node: Node, reader: Reader) -> Mapping[str, str]:
    says = reader.mapping(node, "signers")
    return {
        name: reader.checked(key, f"the key of {name}", _public_key, "")
        for name, key in says.items()
    }


def _public_key(text: str) -> str:
    try:
        whole = len(base64.b64decode(text, validate=True)) == KEY_BYTES
    except binascii.Error:
        whole = False
    if not whole:
        raise ValueError("a signer's key is an Ed25519 public key: 32 bytes in base64.")
    return text


def _criticality(node: Node, reader: Reader) -> Criticality:
    for one in Criticality:
        if node.raw.lower() == one.name.lower():
            return one
    return Criticality(_whole("criticality", 1, 4)(node, reader))


def _roles(node: Node, reader: Reader) -> Mapping[Duty, str]:
    says = reader.mapping(node, "roles", [duty.value for duty in Duty])
    return {Duty(name): reader.text(who, f"the {name}") for name, who in says.items()}


def _lineage(node: Node, reader: Reader) -> Lineage:
    says = reader.mapping(node, "lineage", [f.name for f in fields(Lineage)])
    return Lineage(
        **{name: tuple(_id(one, reader) for one in reader.items(v)) for name, v in says.items()}
    )


def _features(node: Node, reader: Reader) -> tuple[Feature, ...]:
    return tuple(_feature(one, reader) for one in reader.items(node))


def _feature(node: Node, reader: Reader) -> Feature:
    if not isinstance(node.value, dict):
        return Feature(name=reader.text(node, "a feature"))
    says = reader.mapping(node, "a feature", ("name", "type"))
    if "name" not in says:
        reader.wrong(node, "a feature needs 'name'. Write `{name: ..., type: ...}`.")
        return Feature(name="")
    name = reader.text(says["name"], "a feature's name")
    if "type" not in says:
        return Feature(name=name)
    return Feature(name=name, type=reader.one_of(says["type"], "type", FeatureType))


def _settings(node: Node, reader: Reader) -> Mapping[str, Scalar]:
    found: dict[str, Scalar] = {}
    for name, one in reader.mapping(node, "hyper_parameters").items():
        if isinstance(one.value, str | int | float | bool):
            found[name] = one.value
        else:
            reader.wrong(one, f"{name!r} must be text, a number, true or false.")
    return found


def _guard(node: Node, reader: Reader) -> GuardChoice:
    says = reader.mapping(node, "guard", ("fail",))
    return GuardChoice(**{k: reader.one_of(v, "fail", Fails) for k, v in says.items()})


def _conditions(node: Node, reader: Reader) -> Conditions | None:
    if node.value is None:
        return None
    says = reader.mapping(node, "conditions", ("field", "values"))
    if len(says) < len(fields(Conditions)):
        reader.wrong(node, "conditions need a field and its values. Write both below it.")
        return None
    field = reader.checked(says["field"], "the field of conditions", _own_field, "")
    values = tuple(
        reader.checked(one, "a condition", _condition, "") for one in reader.items(says["values"])
    )
    if len(set(values)) < len(values):
        reader.wrong(says["values"], "a condition stands there twice. Keep one of them.")
    if not 0 < len(values) <= MOST_CONDITIONS:
        told = f"conditions have 1 to {MOST_CONDITIONS} values; these are {len(values)}."
        reader.wrong(says["values"], f"{told} What none of them names is counted as {OTHER!r}.")
    return Conditions(field=field, values=values)


def _own_field(text: str) -> str:
    if text in {*BODIES, *(column.name for column in COLUMNS)}:
        raise ValueError(
            f"{text!r} has a meaning of its own in every event. Name a field that your service "
            "sends beside it, like region."
        )
    return _short(text)


def _condition(text: str) -> str:
    if text == OTHER or "/" in text:
        raise ValueError(
            f"a condition is not called {OTHER!r}, which is all the rest, and has no /."
        )
    return _short(text)


def _short(text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > LONGEST_CONDITION:
        raise ValueError(f"write a short name, of {LONGEST_CONDITION} characters at most.")
    return text


def _kind(node: Node, reader: Reader) -> AssetKind:
    return reader.one_of(node, "kind", AssetKind)


def _oversight(node: Node, reader: Reader) -> Oversight:
    return reader.one_of(node, "oversight", Oversight)


FIELDS: Mapping[str, Callable[[Node, Reader], object]] = MappingProxyType(
    {
        "id": _id,
        "kind": _kind,
        "name": _needed("name"),
        "owner": _needed("owner"),
        "roles": _roles,
        "criticality": _criticality,
        "data_classes": _texts("data_classes"),
        "jurisdictions": _texts("jurisdictions"),
        "domain": _text("domain"),
        "version": _text("version"),
        "digest": _digest,
        "lineage": _lineage,
        "features": _features,
        "classes": _texts("classes"),
        "hyper_parameters": _settings,
        "access_log": _text("access_log"),
        "fallback": _text("fallback"),
        "deadline_minutes": _whole("deadline_minutes", 1, LONGEST_DEADLINE),
        "people": _whole("people", 0, MOST_PEOPLE),
        "decision_cost": _amount("decision_cost"),
        "currency": _text("currency"),
        "oversight": _oversight,
        "signers": _signers,
        "guard": _guard,
        "conditions": _conditions,
        "false_alarms_per_year": _alarms,
        "wrong_names": _wrong_names,
    }
)
"""How each field of an asset is read; a test holds it to the fields of `Asset`."""


def _plain(asset: Asset) -> dict[str, object]:
    """The asset as plain values, in the order of its fields."""
    blank = Asset(id=asset.id, kind=asset.kind, name=asset.name, owner=asset.owner)
    return {
        f.name: _value(getattr(asset, f.name))
        for f in fields(Asset)
        if f.name in REQUIRED or getattr(asset, f.name) != getattr(blank, f.name)
    }


def _value(value: object) -> object:
    match value:
        case Enum():
            return value.value
        case Mapping():
            return {_value(k): _value(v) for k, v in value.items()}
        case tuple():
            return [_value(one) for one in value]
        case Lineage() | Feature() | GuardChoice() | Conditions() | WrongNames():
            named = {f.name: getattr(value, f.name) for f in fields(value)}
            return {name: _value(one) for name, one in named.items() if one != ()}
        case _:
            return value
