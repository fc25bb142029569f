"""Filling: the words of a playbook, like `$principals`, become what they stand for.

In    arguments as a playbook has them; what each word stands for now.
Out   the same arguments with names and numbers in them, or BadInput where one is not known.
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
    made: dict[str, Argument] = {}
    for name, value in args.items():
        if not isinstance(value, str) or "$" not in value:
            made[name] = value
        elif (word := value[1:]) in VARIABLES and value.startswith("$"):
            if word not in words:
                meant = f"{value} ({VARIABLES[word]})"
                raise BadInput(f"Nothing is known for {meant}, which {name} needs.")
            made[name] = words[word]
        else:
            made[name] = WORD.sub(lambda found: _within(found[1], words), value)
    return made


def _within(word: str, words: Mapping[str, Argument]) -> str:
    """What the word stands for, in a sentence."""
    value = words.get(word, "(not known)")
    return names(list(value)) if isinstance(value, tuple) else str(value)
