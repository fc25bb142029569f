"""The lexicon: which techniques the words of a report speak of.

In    free text in anybody's words.
Out   for each technique how many of its concepts stand close together; nothing where none do.
Why   the vectors of the mapper know the prose of ATLAS; people write "somebody clones our model".
      A line of `words.yaml` names the concepts that make a technique: each alone is said of much
      else, together they are not. So it is silent on what is no attack, and can say by which words.
Look  A window of three sentences at a time, so that a long text does not say everything at once.
Tired Words are read as they are meant (`spelling`).
Apart Words of some concepts mean something else inside those of another: "ignore its rules" is an
      order to the one who has them, and in "told it to ignore its rules" nobody told the rules.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from stanch.triage.taxonomy.spelling import Spelling, words_of
from stanch.vocabulary.trouble import BadInput

WINDOW = 3
LONGEST = 400
SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
SPACES = re.compile(r"\s+")
GAP = r"(?:\ [^\s;.!?]+){0,3}?\ "
"""Three words at most, of one sentence."""


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
    apart: Mapping[str, str] = field(default_factory=dict)
    """Concepts that are not looked for inside the words of another one."""
    spelling: Spelling = field(default_factory=Spelling)

    def told(self, text: str) -> dict[str, int]:
        """The techniques that the text speaks of, each with the weight of its heaviest line."""
        out: dict[str, int] = {}
        for part in windows(text):
            held = self._held(self.spelling.meant(part))
            for line in self.lines:
                if line.concepts <= held:
                    out[line.technique] = max(line.weight, out.get(line.technique, 0))
        return out

    def _held(self, text: str) -> set[str]:
        """The concepts that stand in this text."""
        return {
            name
            for name, words in self.concepts.items()
            if words.search(self._outside(text, self.apart.get(name, "")))
        }

    def _outside(self, text: str, concept: str) -> str:
        """The text without the words of this concept."""
        return self.concepts[concept].sub(" ; ", text) if concept else text


def windows(text: str) -> Iterator[str]:
    """Each run of a few sentences, in small letters; a sentence without an end is cut by length."""
    plain = [SPACES.sub(" ", s).strip().lower() for s in SENTENCE.split(text)]
    short = [s[at : at + LONGEST] for s in plain for at in range(0, len(s), LONGEST)]
    for first in range(max(1, len(short) - WINDOW + 1)):
        yield " ".join(short[first : first + WINDOW])


def lexicon_from(raw: Mapping[str, Any]) -> Lexicon:
    """The lexicon of a file; a line with a concept that is none is refused."""
    concepts = {name: _pattern(words) for name, words in raw["concepts"].items()}
    apart: dict[str, str] = raw.get("apart", {})
    if missing := {*apart, *apart.values()} - concepts.keys():
        raise BadInput(f"apart: no concept {', '.join(sorted(missing))}")
    lines = []
    for technique, written in raw["techniques"].items():
        for line in written:
            names = frozenset(part.strip() for part in line.rstrip("!").split("+"))
            unknown = names - concepts.keys()
            if unknown:
                raise BadInput(f"{technique}: no concept {', '.join(sorted(unknown))}")
            weight = len(names) + line.endswith("!")
            lines.append(Line(technique=technique, concepts=names, weight=weight))
    known = words_of(word for words in raw["concepts"].values() for word in words)
    right = frozenset(raw.get("right", ()))
    spelling = Spelling(short=raw.get("short", {}), known=known, right=right)
    return Lexicon(concepts=concepts, lines=tuple(lines), apart=apart, spelling=spelling)


def _pattern(words: list[str]) -> re.Pattern[str]:
    """Any of these words.

    `*` stands for an ending, ` ... ` for three words at most, `(a|b)` for either.
    """
    each = []
    for word in words:
        written = re.escape(word).replace(r"\ \.\.\.\ ", GAP).replace(r"\*", r"\w*")
        each.append(written.replace(r"\(", "(?:").replace(r"\|", "|").replace(r"\)", ")"))
    return re.compile(r"(?<!\w)(?:" + "|".join(each) + r")(?!\w)")


@cache
def packaged_lexicon() -> Lexicon:
    """The lexicon that ships with stanch."""
    text = files("stanch.triage.taxonomy").joinpath("words.yaml").read_text("utf-8")
    return lexicon_from(yaml.load(text, Loader=yaml.CSafeLoader))
