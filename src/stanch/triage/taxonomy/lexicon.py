"""The lexicon: which techniques the words of a report speak of.

In    free text in anybody's words.
Out   for each technique how many of its concepts stand close together; nothing where none do.
Why   the vectors of the mapper know the prose of ATLAS; people write "somebody clones our model".
      A line of `words.yaml` names the concepts that make a technique: each alone is said of much
      else, together they are not. So it is silent on what is no attack, and can say by which words.
Look  A window of three sentences at a time, so that a long text does not say everything at once.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from stanch.vocabulary.trouble import BadInput

WINDOW = 3
LONGEST = 400
SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
SPACES = re.compile(r"\s+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """Concepts that together tell a technique."""

    technique: str
    concepts: frozenset[str]
    weight: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Lexicon:
    """The words of each concept as one pattern, and the lines of the techniques."""

    concepts: Mapping[str, re.Pattern[str]]
    lines: tuple[Line, ...]

    def told(self, text: str) -> dict[str, int]:
        """The techniques that the text speaks of, each with the weight of its heaviest line."""
        out: dict[str, int] = {}
        for part in windows(text):
            held = {name for name, words in self.concepts.items() if words.search(part)}
            for line in self.lines:
                if line.concepts <= held:
                    out[line.technique] = max(line.weight, out.get(line.technique, 0))
        return out


def windows(text: str) -> Iterator[str]:
    """Each run of a few sentences, in small letters; a sentence without an end is cut by length."""
    plain = [SPACES.sub(" ", s).strip().lower() for s in SENTENCE.split(text)]
    short = [s[at : at + LONGEST] for s in plain for at in range(0, len(s), LONGEST)]
    for first in range(max(1, len(short) - WINDOW + 1)):
        yield " ".join(short[first : first + WINDOW])


def lexicon_from(raw: Mapping[str, Mapping[str, list[str]]]) -> Lexicon:
    """The lexicon of a file; a line with a concept that is none is refused."""
    concepts = {name: _pattern(words) for name, words in raw["concepts"].items()}
    lines = []
    for technique, written in raw["techniques"].items():
        for line in written:
            names = frozenset(part.strip() for part in line.rstrip("!").split("+"))
            unknown = names - concepts.keys()
            if unknown:
                raise BadInput(f"{technique}: no concept {', '.join(sorted(unknown))}")
            weight = len(names) + line.endswith("!")
            lines.append(Line(technique=technique, concepts=names, weight=weight))
    return Lexicon(concepts=concepts, lines=tuple(lines))


def _pattern(words: list[str]) -> re.Pattern[str]:
    each = (re.escape(w).replace(r"\*", r"\w*") for w in words)
    return re.compile(r"(?<!\w)(?:" + "|".join(each) + r")(?!\w)")


@cache
def packaged_lexicon() -> Lexicon:
    """The lexicon that ships with stanch."""
    text = files("stanch.triage.taxonomy").joinpath("words.yaml").read_text("utf-8")
    return lexicon_from(yaml.load(text, Loader=yaml.CSafeLoader))
