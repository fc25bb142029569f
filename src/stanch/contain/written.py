"""Policies as YAML, the way people write and review them.

In    YAML text and the name of its file.
Out   a Policy, or BadFile with `file:line` and what to write instead; and back to YAML.
Why   a policy is reviewed by people before it stops their service; a typing error must name its
      line, never be ignored.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TypeVar

import msgspec
import yaml

from stanch.contain.policy import decoded, normal
from stanch.contain.rate import in_words, rate
from stanch.vocabulary.ids import AssetId, PrincipalId, asset_id
from stanch.vocabulary.network import network
from stanch.vocabulary.policy import (
    Deny,
    Filter,
    Hold,
    Limits,
    LogLevel,
    Mark,
    Mode,
    Policy,
    Scores,
    Shape,
    Strictness,
    Tools,
)
from stanch.vocabulary.trouble import BadFile, BadInput, Trouble

T = TypeVar("T")
_BLANK = "A principal's name is blank. Blank is nobody's name: leave it out."
LARGEST = 4_000_000
"""Characters; a policy of 100,000 denied principals is about half of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """One value of the YAML, with the file it stands in."""

    node: yaml.Node
    file: str

    def wrong(self, says: str) -> BadFile:
        """The error that names this place."""
        return BadFile(f"{self.file}:{self.node.start_mark.line + 1}", says)


def read(text: str, file: str = "policy.yaml") -> Policy:
    """The policy that this YAML states."""
    if len(text) > LARGEST:
        raise BadFile(file, f"a policy has at most {LARGEST} characters.")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        why = getattr(error, "problem", None) or "nested too deeply"
        raise BadFile(f"{file}{line}", f"this is not YAML: {why}.") from error
    if node is None:
        raise BadFile(f"{file}:1", "the policy is empty. Begin with `asset: NAME`.")
    top = _Place(node=node, file=file)
    fields = _fields(top, _TOP)
    if "asset" not in fields:
        raise top.wrong("the policy names no asset. Add `asset: NAME`.")
    try:
        return normal(_with(Policy(asset=AssetId("")), fields))
    except BadInput as error:
        raise top.wrong(str(error)) from error


def read_bytes(content: bytes, file: str = "policy.yaml") -> Policy:
    """The policy that a person or a program wrote: JSON, or YAML in any of its styles."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise BadInput(f"The policy is not text: {error}.") from error
    try:
        msgspec.json.decode(content)
    except msgspec.DecodeError:
        return read(text, file)
    found = decoded(content)
    marked = (name for one in found.shape.marks for name in one.principals)
    for name in (*found.deny.principals, *found.limit.principals, *marked):
        _principal(name)
    return found


def written(policy: Policy) -> str:
    """This policy as YAML; read again it is the same policy, also after a terminal showed it."""
    text = _yaml(policy, readable=True)
    seen = all(line.isprintable() for line in text.split("\n"))
    return text if seen else _yaml(policy, readable=False)


def _yaml(policy: Policy, *, readable: bool) -> str:
    return yaml.safe_dump(
        _mapping(normal(policy)), sort_keys=False, default_flow_style=None, allow_unicode=readable
    )


def _with(value: T, fields: Mapping[str, object]) -> T:
    return replace(value, **fields)  # pyrefly: ignore[bad-specialization]  T is one of the policy's dataclasses


def _fields(place: _Place, known: Mapping[str, Callable[[_Place], object]]) -> dict[str, object]:
    """Each field that is given, read by its own reader under its own name."""
    found: dict[str, object] = {}
    for name, value in _pairs(place):
        if name not in known:
            choices = ", ".join(known)
            raise value.wrong(f"there is no field {name[:40]!r} here. Use one of: {choices}.")
        found[_RENAMED.get(name, name)] = known[name](value)
    return found


def _pairs(place: _Place) -> list[tuple[str, _Place]]:
    node = place.node
    if not isinstance(node, yaml.MappingNode):
        raise place.wrong("this must be a mapping of names to values.")
    seen: dict[str, _Place] = {}
    for key, value in node.value:
        name = _text(_Place(node=key, file=place.file))
        if name in seen:
            raise _Place(node=key, file=place.file).wrong(f"{name[:40]!r} stands here twice.")
        seen[name] = _Place(node=value, file=place.file)
    return list(seen.items())


def _text(place: _Place) -> str:
    if not isinstance(place.node, yaml.ScalarNode):
        raise place.wrong("this must be a single value.")
    return str(place.node.value)


def _by(make: Callable[[str], T]) -> Callable[[_Place], T]:
    def reader(place: _Place) -> T:
        text = _text(place)
        try:
            return make(text)
        except Trouble as error:
            raise place.wrong(str(error)) from error

    return reader


def _one_of(kind: type[Mode | Scores | Strictness | LogLevel]) -> Callable[[_Place], object]:
    def word(text: str) -> object:
        if text not in list(kind):
            raise BadInput(f"{text[:40]!r} is not one of: {', '.join(kind)}.")
        return kind(text)

    return _by(word)


def _number(kind: type[int | float], least: float = 0) -> Callable[[_Place], object]:
    def number(text: str) -> object:
        try:
            value = kind(text)
        except ValueError as error:
            raise BadInput(f"{text[:40]!r} is not a number.") from error
        if not least <= value < float("inf"):
            raise BadInput(f"{text[:40]!r} must be {least:g} or more.")
        return value

    return _by(number)


def _yes(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise BadInput(f"{text[:40]!r} must be true or false.")
    return text.lower() == "true"


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text[:40]!r} is not a time. Write 2026-11-21T18:00Z.") from error
    if found.tzinfo is None:
        raise BadInput(f"{text[:40]!r} has no zone. Add Z for UTC.")
    return found.astimezone(UTC)


def _set_of(make: Callable[[str], T]) -> Callable[[_Place], frozenset[T]]:
    def reader(place: _Place) -> frozenset[T]:
        if not isinstance(place.node, yaml.SequenceNode):
            raise place.wrong("this must be a list, like [a, b].")
        return frozenset(_by(make)(_Place(node=n, file=place.file)) for n in place.node.value)

    return reader


def _map_of(read_one: Callable[[_Place], T]) -> Callable[[_Place], dict[str, T]]:
    return lambda place: {name: read_one(value) for name, value in _pairs(place)}


def _part(
    neutral: object, known: Mapping[str, Callable[[_Place], object]]
) -> Callable[[_Place], object]:
    return lambda place: _with(neutral, _fields(place, known))


def _principal(text: str) -> PrincipalId:
    if not text.strip():
        raise BadInput(_BLANK)
    return PrincipalId(text)


def _rates_of(place: _Place) -> dict[str, object]:
    blank = next((value for name, value in _pairs(place) if not name.strip()), None)
    if blank is not None:
        raise blank.wrong(_BLANK)
    return dict(_map_of(_by(rate))(place))


def _list_of(read_one: Callable[[_Place], object]) -> Callable[[_Place], tuple[object, ...]]:
    def reader(place: _Place) -> tuple[object, ...]:
        if not isinstance(place.node, yaml.SequenceNode):
            raise place.wrong("this must be a list.")
        return tuple(read_one(_Place(node=n, file=place.file)) for n in place.node.value)

    return reader


_NAMES = _set_of(str)
_MARK = _part(
    Mark(key=""),
    {
        "key": _text,
        "principals": _set_of(_principal),
        "within": _number(float),
        "share": _number(float),
        "classes": _list_of(_text),
    },
)
_RENAMED = MappingProxyType({"global": "overall", "window_cost": "cost"})
_TOP: Mapping[str, Callable[[_Place], object]] = MappingProxyType(
    {
        "asset": _by(asset_id),
        "version": _number(int),
        "mode": _one_of(Mode),
        "route": _map_of(_number(int)),
        "mirror": _text,
        "deny": _part(Deny(), {"principals": _set_of(_principal), "networks": _set_of(network)}),
        "limit": _part(
            Limits(),
            {
                "per_principal": _by(rate),
                "global": _by(rate),
                "window_cost": _by(rate),
                "max_batch": _number(int),
                "max_tokens": _number(int),
                "principals": _rates_of,
            },
        ),
        "shape": _part(
            Shape(),
            {
                "scores": _one_of(Scores),
                "round": _number(int),
                "jitter": _number(float),
                "epsilon": _number(float),
                "marks": _list_of(_MARK),
            },
        ),
        "filter": _part(
            Filter(),
            {"input": _one_of(Strictness), "output": _one_of(Strictness), "rules": _NAMES},
        ),
        "tools": _part(Tools(), {"deny": _NAMES, "ask": _NAMES}),
        "hold": _part(
            Hold(), {"ingestion": _by(_yes), "training": _by(_yes), "deployment": _by(_yes)}
        ),
        "log": _one_of(LogLevel),
        "fallback": _text,
        "until": _by(_moment),
    }
)


def _mapping(policy: Policy) -> dict[str, object]:
    """Only what differs from the neutral policy, in the order people read it."""
    limit = policy.limit
    rates = {
        "per_principal": limit.per_principal,
        "global": limit.overall,
        "window_cost": limit.cost,
    }
    given: dict[str, object] = {
        "asset": str(policy.asset),
        "version": policy.version,
        "mode": "" if policy.mode is Mode.SERVING else str(policy.mode),
        "route": dict(policy.route),
        "mirror": policy.mirror,
        "deny": _kept(
            principals=sorted(policy.deny.principals), networks=sorted(policy.deny.networks)
        ),
        "limit": _kept(
            **{name: one and in_words(one) for name, one in rates.items()},
            max_batch=limit.max_batch,
            max_tokens=limit.max_tokens,
            principals={str(p): in_words(r) for p, r in sorted(limit.principals.items())},
        ),
        "shape": _kept(
            scores="" if policy.shape.scores is Scores.ALL else str(policy.shape.scores),
            round=policy.shape.round,
            jitter=policy.shape.jitter or None,
            epsilon=policy.shape.epsilon,
            marks=[_mark(one) for one in policy.shape.marks],
        ),
        "filter": _kept(
            input=_unless_off(policy.filter.input),
            output=_unless_off(policy.filter.output),
            rules=sorted(policy.filter.rules),
        ),
        "tools": _kept(deny=sorted(policy.tools.deny), ask=sorted(policy.tools.ask)),
        "hold": _kept(
            ingestion=policy.hold.ingestion or None,
            training=policy.hold.training or None,
            deployment=policy.hold.deployment or None,
        ),
        "log": "" if policy.log is LogLevel.NORMAL else str(policy.log),
        "fallback": policy.fallback,
        "until": policy.until and re.sub(r"\+00:00$", "Z", policy.until.isoformat()),
    }
    return _kept(**{**given, "version": policy.version or None})


def _mark(one: Mark) -> dict[str, object]:
    named = {"principals": sorted(map(str, one.principals)), "classes": list(one.classes)}
    return {"key": one.key, "within": one.within, "share": one.share, **_kept(**named)}


def _kept(**given: object) -> dict[str, object]:
    return {name: value for name, value in given.items() if value not in (None, "", {}, [])}


def _unless_off(one: Strictness) -> str:
    return "" if one is Strictness.OFF else str(one)
