"""Filling: the words of a playbook, like `$principals`, become what they stand for.

In    arguments as a playbook has them; what each word stands for now.
Out   the same arguments with names and numbers in them, or BadInput where one is not known.
Why   a name in a list may hold a `$` itself, and means nothing by it: `a$b` stays as it is, and one
      that is `$suspects` is written `$$suspects` (decision 0402).
"""

from collections.abc import Mapping

from stanch.contain.diff import names
from stanch.contain.playbook.acts import VARIABLES, WORD
from stanch.vocabulary.playbook import Argument
from stanch.vocabulary.trouble import BadInput


def filled(args: Mapping[str, Argument], words: Mapping[str, Argument]) -> dict[str, Argument]:
    """The arguments with each `$word` replaced by what it stands for, or BadInput.

    Within a sentence what is not known is said to be so: a warning goes out without it.
    """
    return {name: _filled(name, value, words) for name, value in args.items()}


def plainly(name: str) -> str:
    """The name as it is written in a list where it must not be taken for a word."""
    return f"${name}" if name.startswith("$") and name.lstrip("$") in VARIABLES else name


def _filled(name: str, value: Argument, words: Mapping[str, Argument]) -> Argument:
    if isinstance(value, tuple):
        return tuple(one for text in value for one in _listed(_in_list(name, text, words)))
    if not isinstance(value, str) or "$" not in value:
        return value
    if not (value.startswith("$") and value[1:] in VARIABLES):
        return WORD.sub(lambda found: _within(found[1], words), value)
    if value[1:] not in words:
        meant = f"{value} ({VARIABLES[value[1:]]})"
        plain = f" A name that is {value} itself is written ${value} in a list."
        raise BadInput(f"Nothing is known for {meant}, which {name} needs.{plain}")
    return words[value[1:]]


def _in_list(name: str, text: str, words: Mapping[str, Argument]) -> Argument:
    """What stands for one of a list: a word alone is what it means, all else is a name."""
    word = text.lstrip("$")
    if word == text or word not in VARIABLES:
        return text
    return _filled(name, text, words) if text == f"${word}" else text[1:]


def _listed(value: Argument) -> tuple[str, ...]:
    """What stands in a list where this stood: a word for several is several."""
    return value if isinstance(value, tuple) else (str(value),)


def _within(word: str, words: Mapping[str, Argument]) -> str:
    """What the word stands for, in a sentence."""
    value = words.get(word, "(not known)")
    return names(list(value)) if isinstance(value, tuple) else str(value)
