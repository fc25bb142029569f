"""What was wrong with the arguments, in words of ours: what is taken there, and an example of it.

In    what the library that reads arguments raised.
Out   one sentence that names the option, an example, and whose help says more.
Why   "Input should be a valid integer" says neither which one nor what to write instead.
"""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import typer

from stanch.cli.examples import EXAMPLES
from stanch.cli.table import COMMANDS

_ONE_OF = re.compile(r"(?:Value error, )?'(.*)' is not one of (.*?)\.?", re.DOTALL)
_TOO_MANY = re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", re.DOTALL)
_MOST = 60
"""Letters of what was typed."""


def misread(error: typer.TyperException, arguments: Sequence[str]) -> str:
    """The sentence."""
    at = getattr(error, "ctx", None)
    named = [one for one in arguments[:1] if one in COMMANDS]
    path = at.command_path if at is not None else " ".join(("stanch", *named))
    return f"{_wrong(error, path.removeprefix('stanch '))} See: {path} --help"


def _wrong(error: typer.TyperException, command: str) -> str:
    said = " ".join(error.format_message().split())
    param, option = getattr(error, "param", None), getattr(error, "option_name", "")
    match type(error).__name__:
        case "MissingParameter" if param is not None:
            return _missing(param, command, said)
        case "BadParameter" if param is not None:
            return _not_taken(error, param, command)
        case "NoSuchOption":
            return _no_such(error, option)
        case "BadOptionUsage":
            alone = "not take a value" in said
            wants = f"{option} wants a value behind it.{_example(option, command)}"
            return f"{option} takes no value. Write it alone: {option}" if alone else wants
        case _:
            return _otherwise(said)


def _otherwise(said: str) -> str:
    if found := _TOO_MANY.fullmatch(said.rstrip(".")):
        more = f"{_short(found[1])} is more than this command takes."
        return f"{more} Put words that belong together in quotes."
    said = said.replace("No such command", "There is no command")
    return said if said.endswith("?") else said.rstrip(".") + "."


def _missing(param: Any, command: str, said: str) -> str:
    choices = said.partition("Choose from: ")[2].rstrip(".")
    help_ = (getattr(param, "help", "") or "").partition(". ")[0].rstrip(".")
    means = f": {help_[:1].lower()}{help_[1:]}" if help_ else ""
    which = f" ({choices})" if choices else ""
    return f"{_name(param)} is missing{means}{which}.{_example(_name(param), command)}"


def _no_such(error: Any, option: str) -> str:
    there = [one for at in (error.ctx.command.params if error.ctx else ()) for one in at.opts]
    near = get_close_matches(option, there, cutoff=0.7)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return f"There is no option {_short(option)}.{hint}"


def _not_taken(error: Any, param: Any, command: str) -> str:
    name, text = _name(param), error.message
    example = _example(name, command)
    if found := _ONE_OF.fullmatch(text):
        choices = [one.strip().strip("'") for one in found[2].split("',")]
        example = example or f" For example `{name} {choices[0]}`."
        return f"{name} takes {_or(choices)}, not {_short(found[1])}.{example}"
    if "Input should be" not in text:
        return f"{name}: {text.rstrip('.')}.{example}"
    typed = next((str(one.get("input", "")) for one in _causes(error)), "")
    given = f", not {_short(typed)}" if typed else ""
    return f"{name} takes {_number(param)}{given}.{example or _by_itself(param)}"


def _causes(error: BaseException) -> list[dict[str, Any]]:
    """What the library that reads values says of them."""
    told = getattr(error.__cause__, "errors", None)
    return list(told()) if told is not None else []


def _number(param: Any) -> str:
    """What kind of number, and from where to where."""
    described = getattr(getattr(param, "type_descriptor", None), "annotation", int)
    kind = "a number" if "float" in str(described) else "a whole number"
    match getattr(param, "min", None), getattr(param, "max", None):
        case None, None:
            return kind
        case least, None:
            return f"{kind} from {least} on"
        case None, most:
            return f"{kind} up to {most}"
        case least, most:
            return f"{kind} from {least} to {most}"


def _name(param: Any) -> str:
    """An option as it is typed, an argument as the help writes it."""
    if param.param_type_name == "option":
        return max(param.opts, key=len)
    return str(param.metavar or param.name.upper())


def _example(name: str, command: str) -> str:
    """A line of the command's own examples that has this option in it, else the first."""
    lines = EXAMPLES.get(command, ())
    option = name.startswith("-")
    best = [line for line in lines if not option or name in line.split()]
    return f" For example `stanch {best[0]}`." if best else ""


def _by_itself(param: Any) -> str:
    given = param.default if isinstance(param.default, int | float) else None
    number = given if given is not None else getattr(param, "min", None)
    return f" For example `{_name(param)} {1 if number is None else number:g}`."


def _or(choices: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(choices[:-1]), choices[-1])))


def _short(text: str) -> str:
    return repr(text if len(text) <= _MOST else text[: _MOST - 1] + "\N{HORIZONTAL ELLIPSIS}")
