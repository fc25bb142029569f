"""What another system would do, told to a person who does it by hand.

In    a step of a CACAO document that is none of ours, with the definitions it names.
Out   a question with all that the step says: its commands, whose they are, on what, with which
      values.
Why   nothing foreign runs here, and who does it by hand must not have to look elsewhere.
"""

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

from stanch.contain.playbook.cacao_check import VARIABLE
from stanch.contain.playbook.cacao_reading import (
    AGENTS,
    BY_HAND,
    TARGETS,
    VARIABLES,
    Reading,
    goes_on,
    led,
    listed,
    shown,
)
from stanch.contain.playbook.period import sayable
from stanch.vocabulary.people import Role
from stanch.vocabulary.playbook import Ask

_MANUAL = "manual"
_SECOND = 1000


def by_hand(reading: Reading, step: Mapping[str, Any], name: str) -> Ask:
    """What another system would do: asked of a person, who does it and says so."""
    kind = str(step.get("type"))
    given = step.get("commands")
    if kind not in ("action", "playbook-action"):
        reading.repaired(
            name, f"CACAO has no step of type {kind[:40]!r} like this; a person is asked"
        )
    elif kind == "action" and not listed(given):
        reading.repaired(name, "it had no command; a person is asked to do what its name says")
    else:
        reading.repaired(name, "foreign commands do not run here; a person is asked to do it")
    if isinstance(given, list):
        reading.carries(name, "commands")
    told = [_command(one) for one in listed(given)]
    if "playbook_id" in step:
        version = step.get("playbook_version")
        in_version = f" in version {plain(version)}" if version is not None else ""
        told.append(f"run the playbook {plain(step['playbook_id'])}{in_version}")
        reading.carries(name, "playbook_id", "playbook_version")
    about = (*_whose(reading, step, name), *_values(reading, step, name, told))
    says = sentences(
        title_of(reading, step, name) or name, *(f"By hand: {t}" for t in told), *about
    )
    after = goes_on(reading, step, name)
    return Ask(
        id=name,
        says=sentences(reading.in_full(name, says), "Is it done?"),
        role=Role.RESPONDER,
        within=_time(reading, step, name),
        yes=after,
        no=led(reading, step, "on_failure", name) if "on_failure" in step else after,
    )


def title_of(reading: Reading, step: Mapping[str, Any], name: str) -> str:
    """The step in words; nothing where it has none."""
    reading.carries(name, "name", "description")
    told = (shown(plain(step[n])) for n in ("name", "description") if step.get(n) is not None)
    return reading.in_full(name, ": ".join(t for t in dict.fromkeys(told) if t))


def sentences(*parts: str) -> str:
    """The parts that say something, one sentence after the other."""
    told = (part.strip() for part in parts if part.strip())
    return " ".join(part if part[-1] in ".?!:" else f"{part}." for part in told)


def plain(value: object) -> str:
    """A value of a document as text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _command(one: Any) -> str:
    """A command with all that belongs to it."""
    if not isinstance(one, Mapping):
        return plain(one)
    rest = {n: v for n, v in one.items() if n not in ("command", "command_b64")}
    if rest.get("type") in (None, _MANUAL):
        rest.pop("type", None)
    given = "command" if "command" in one else "command_b64"
    text = plain(one[given]) if given in one else ""
    decoded = _decoded(text) if given == "command_b64" else text
    with_ = "; ".join(f"{name} {plain(value)}" for name, value in rest.items())
    both = "command_b64" if "command_b64" in one and given == "command" else ""
    also = f"{both} {plain(one[both])}" if both else ""
    return "; ".join(part for part in (decoded, with_, also) if part)


def _decoded(text: str) -> str:
    """What this base64 says, where it is text; else itself."""
    try:
        found = b64decode(text, validate=True).decode("utf-8")
    except ValueError:
        return text
    return found if shown(found) == found else text


def _whose(reading: Reading, step: Mapping[str, Any], name: str) -> Iterator[str]:
    """Who would do it, and on what."""
    for field, word, kind in (
        ("agent", "Meant for", AGENTS),
        ("targets", "On", TARGETS),
    ):
        given = step.get(field)
        keys = given if isinstance(given, list) else [given] if given is not None else []
        if keys:
            reading.carries(name, field)
            yield f"{word} {', '.join(_named(reading, kind, plain(key)) for key in keys)}"


def _named(reading: Reading, kind: str, key: str) -> str:
    """The agent or target with this id by its name and address; where it has none, by its id."""
    known = reading.document.get(kind)
    found = known.get(key) if isinstance(known, Mapping) else None
    if not isinstance(found, Mapping):
        return key
    reading.carries(f"@{key}", "type", *(n for n in ("name", "address") if n in found))
    places = [plain(one) for one in _addresses(found.get("address"))]
    name = plain(found["name"]) if "name" in found else key
    return f"{name} ({', '.join([plain(found.get('type', 'of no type')), *places])})"


def _addresses(given: Any) -> Iterator[Any]:
    """Each address of one who has several, by several ways."""
    for way in given.values() if isinstance(given, Mapping) else (given,):
        yield from way if isinstance(way, list) else () if way is None else (way,)


def _values(reading: Reading, step: Mapping[str, Any], name: str, told: list[str]) -> Iterator[str]:
    """What goes in, what comes out, and what the variables among it are."""
    used = " ".join(told)
    for field, word in (("in_args", "It takes"), ("out_args", "It gives")):
        if isinstance(given := step.get(field), list):
            reading.carries(name, field)
            used += " " + " ".join(map(plain, given))
            if given:
                yield f"{word} {', '.join(map(plain, given))}"
    own = step.get("step_variables")
    own = own if isinstance(own, Mapping) else {}
    shared = reading.document.get(VARIABLES)
    shared = shared if isinstance(shared, Mapping) else {}
    for one in dict.fromkeys([*VARIABLE.findall(used), *own]):
        for place, known in ((name, own), (f"@{VARIABLES}", shared)):
            if one in known:
                reading.carries(place, one if place != name else "step_variables")
                yield f"{one} is {_value(known[one])}"
                break


def _value(given: Any) -> str:
    if not isinstance(given, Mapping):
        return plain(given)
    return "; ".join(f"{n} {plain(v)}" if n != "value" else plain(v) for n, v in given.items())


def _time(reading: Reading, step: Mapping[str, Any], name: str) -> int:
    """The seconds that a person has for it."""
    given = step.get("timeout")
    if isinstance(given, bool) or not isinstance(given, int) or given < _SECOND:
        return BY_HAND
    found = sayable(given // _SECOND)
    if found * _SECOND == given:
        reading.carries(name, "timeout")
    return found
