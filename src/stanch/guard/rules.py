"""Filter rules: what is looked for in inputs and outputs, in a small form that cannot run away.

In    a rule's text: where it looks, how, and for what.
      `in words: ignore previous instructions`
      `out regex: sk-[A-Za-z0-9]{20,}`
      `both words: project nightingale`
Out   a Rule that finds and redacts, or BadInput with a sentence.
Why   a rule is written in an emergency and runs on an attacker's text. Words need no library and
      see through case, blanks, invisible characters and compatibility forms. Patterns run on RE2
      alone, whose time is linear; without it a pattern is refused, never run on something slower.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from stanch.vocabulary.trouble import BadInput

REDACTED = "[redacted]"
LONGEST = 1000
_FORM = re.compile(r"(in|out|both)\s+(words|regex)\s*:\s*(.+)", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One thing that is looked for."""

    name: str
    asked: bool
    """Whether it looks at what is asked."""
    answered: bool
    """Whether it looks at what is answered."""
    finds: Callable[[str], bool]
    redacts: Callable[[str], str]
    """The text without what it finds; where it is still found, the text cannot be shown."""


def is_rule(text: str) -> bool:
    """Whether this is a rule's own text and not the name of one."""
    return _FORM.fullmatch(text.strip()) is not None


def rule(name: str, text: str) -> Rule:
    """The rule that this text states, or BadInput."""
    found = _FORM.fullmatch(text.strip())
    if found is None or len(text) > LONGEST:
        raise BadInput(
            f"The rule {name[:60]!r} is none. Write one like `in words: ignore previous "
            "instructions` or `out regex: sk-[a-z0-9]+`."
        )
    where, how, what = found[1], found[2], found[3].strip()
    finds, redacts = _words(what) if how == "words" else _pattern(name, what)
    return Rule(
        name=name,
        asked=where in {"in", "both"},
        answered=where in {"out", "both"},
        finds=finds,
        redacts=redacts,
    )


def folded_text(text: str) -> str:
    """The text in one spelling: no invisible characters, one case, single blanks."""
    plain = unicodedata.normalize("NFKC", text)
    seen = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    return " ".join(seen.casefold().split())


def _words(what: str) -> tuple[Callable[[str], bool], Callable[[str], str]]:
    wanted = folded_text(what)
    if not wanted:
        raise BadInput("A rule of words needs a word.")
    literal = re.compile(r"\s+".join(map(re.escape, what.split())), re.IGNORECASE)
    return (
        lambda text: wanted in folded_text(text),
        lambda text: literal.sub(REDACTED, text),
    )


def _pattern(name: str, what: str) -> tuple[Callable[[str], bool], Callable[[str], str]]:
    try:
        import re2  # noqa: PLC0415  optional, and only where a pattern is used
    except ImportError as error:
        raise BadInput(
            f"The rule {name[:60]!r} is a pattern, and patterns need RE2. Install it with: pip "
            "install google-re2; or write the rule in words."
        ) from error
    options = re2.Options()
    options.log_errors = False
    try:
        pattern = re2.compile(what, options)
    except re2.error as error:
        raise BadInput(f"The pattern of the rule {name[:60]!r} is not one of RE2's.") from error

    def finds(text: str) -> bool:
        plain = unicodedata.normalize("NFKC", text)
        return bool(pattern.search(text) or (plain != text and pattern.search(plain)))

    return finds, lambda text: pattern.sub(REDACTED, text)
