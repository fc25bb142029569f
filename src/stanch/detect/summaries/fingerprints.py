"""Fingerprints: keys of rows that an owner wants recognised, and never the rows.

In    rows of a training set, or planted canaries, in a form in which equal values are equal.
Out   `Fingerprints` with canonical bytes; which rows of a batch are among them.
Why   who asks for rows of the training set, or for a record that was planted and exists nowhere
      else, has seen the set or is reading it out of the model.
Math  A value is 64 bits: a number as its float32 (a row that was stored in half the precision is
      still the row), a text as its keyed hash, an absent one as itself. A row is the BLAKE2b hash,
      64 bits of it, of its values in the order of the columns' names, under a salt of the
      fingerprints. Two different rows meet by chance once in 2^64 / rows. Who holds the file and
      guesses a row can check the guess, so that it is kept like the model, if not like the rows.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from stanch.detect.summaries.arrays import Flags, Floats, Hashes, Ints
from stanch.detect.summaries.codec import packed, unpacked
from stanch.vocabulary.trouble import BadFile, BadInput

MOST = 20_000_000
"""Rows of one file of fingerprints."""
SALT = 16
"""Bytes of a salt."""
WORD = "word"
"""The one column of canaries that are words, looked for in what a language model hears and says."""
SHORTEST = 8
"""Characters of a canary word: shorter ones may be said by chance."""
EDGES = ".,;:!?()[]{}<>\"'`*"
"""What is taken off both ends of a word."""
MISSING = np.uint64(1 << 40)
_TEXT = np.uint64(1 << 63)


class Known(StrEnum):
    """What kind of rows they are."""

    TRAINING = "training"
    CANARIES = "canaries"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Fingerprints:
    """Rows that are to be recognised."""

    known: Known
    columns: tuple[str, ...]
    """The names of the values that make a row, in the order of their text."""
    salt: bytes
    keys: Ints
    """(n,) each once, in their order."""

    @property
    def of_words(self) -> bool:
        """Whether they are words and not rows."""
        return self.columns == (WORD,)

    def to_bytes(self) -> bytes:
        """The canonical bytes; `Fingerprints.from_bytes` gives the same back."""
        header = {"known": self.known, "columns": self.columns, "salt": self.salt.hex()}
        return packed("fingerprints", header, {"keys": self.keys})

    @classmethod
    def from_bytes(cls, data: bytes) -> "Fingerprints":
        """The fingerprints that these bytes hold, or `BadFile`."""
        read = unpacked("fingerprints", data)
        head = read.header
        try:
            found = cls(
                known=Known(head["known"]),
                columns=tuple(str(name) for name in head["columns"]),
                salt=bytes.fromhex(head["salt"]),
                keys=read.arrays["keys"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadFile("fingerprints", f"lacks a part ({error})") from None
        if not _sound(found):
            raise BadFile("fingerprints", "has not the shape of fingerprints")
        return found

    def among(self, keys: Hashes) -> Flags:
        """(n,) which of these rows are among them."""
        if not self.keys.size:
            return np.zeros(len(keys), np.bool_)
        wanted = keys.view(np.int64)
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return np.asarray(self.keys[at] == wanted, np.bool_)


def _sound(found: Fingerprints) -> bool:
    keys, columns = found.keys, found.columns
    named = bool(columns) and list(columns) == sorted(set(columns))
    shaped = keys.ndim == 1 and keys.dtype == np.int64 and len(keys) <= MOST
    return named and shaped and len(found.salt) == SALT and bool((np.diff(keys) > 0).all())


def fingerprints_of(
    known: Known, columns: Sequence[str], salt: bytes, rows: Sequence[Hashes]
) -> Fingerprints:
    """The fingerprints of these rows, whose keys come in pieces; `BadInput` when too many."""
    keys = np.unique(np.concatenate([np.zeros(0, np.uint64), *rows]).view(np.int64))
    if len(keys) > MOST:
        raise BadInput(f"{len(keys)} different rows are more than {MOST}; thin them out.")
    return Fingerprints(known=known, columns=tuple(sorted(columns)), salt=salt, keys=keys)


def keys_of(values: Mapping[str, Hashes], columns: Sequence[str], salt: bytes) -> Hashes:
    """(n,) the keys of rows, of which each column's values are given by name."""
    table = np.stack([values[name] for name in sorted(columns)], axis=1).astype("<u8")
    size, lines = 8 * table.shape[1], np.ascontiguousarray(table).tobytes()
    keys = b"".join(
        hashlib.blake2b(lines[at : at + size], digest_size=8, key=salt).digest()
        for at in range(0, len(lines), size)
    )
    return np.frombuffer(keys, "<u8").astype(np.uint64)


def numbers_known(column: Floats) -> Hashes:
    """(n,) numbers as values."""
    with np.errstate(over="ignore"):
        single = column.astype(np.float32) + np.float32(0)  # minus nought becomes nought
    bits = single.view(np.uint32).astype(np.uint64)
    return np.where(np.isnan(column), MISSING, bits)


def values_known(column: Sequence[object], salt: bytes) -> Hashes:
    """(n,) values of any kind; a text that is a number is that number."""
    seen: dict[object, np.uint64] = {}
    found = np.empty(len(column), np.uint64)
    for row, value in enumerate(column):
        key = (type(value), value)
        if key not in seen:
            seen[key] = _value(value, salt)
        found[row] = seen[key]
    return found


def word_of(text: str) -> str:
    """The canary word that this is, or `BadInput`."""
    word = text.strip().strip(EDGES)
    if len(word) < SHORTEST or len(word.split()) != 1:
        raise BadInput(
            f"{text.strip()[:40]!r} is no canary word: write one word of at least {SHORTEST} "
            "characters that nobody says by chance."
        )
    return word


def word_keys(words: Sequence[str], salt: bytes) -> Hashes:
    """(n,) the keys of single words."""
    return keys_of({WORD: values_known([f"={word}" for word in words], salt)}, (WORD,), salt)


def _value(value: object, salt: bytes) -> np.uint64:
    number = _number(value)
    if number is not None:
        return numbers_known(np.array([number]))[0]
    digest = hashlib.blake2b(str(value).strip().encode(), digest_size=8, key=salt).digest()
    return np.uint64(int.from_bytes(digest, "little")) | _TEXT


def _number(value: object) -> float | None:
    """The number that this is, NaN for nothing at all; None for a text."""
    if value is None or isinstance(value, bool | int | float):
        return float("nan") if value is None else float(value)
    text = str(value).strip()
    if not text or text.lower() in {"true", "false"}:
        return float(text.lower() == "true") if text else float("nan")
    try:
        return float(text)
    except ValueError:
        return None
