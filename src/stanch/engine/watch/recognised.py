"""Recognised: which rows of a batch are rows of the training set, or canaries.

In    Arrow rows of one asset, the names of its inputs by place, the fingerprints of its baseline.
Out   for each kind of fingerprints, which rows are among them.
Why   inputs come by place or by name, and a language model's as text; the key of a row does not
      depend on which. Who planted a word as a canary finds it in what was asked and answered.

Nothing is hashed for an asset without fingerprints.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from stanch.detect.summaries.arrays import Flags, Hashes
from stanch.detect.summaries.fingerprints import (
    EDGES,
    SHORTEST,
    Fingerprints,
    Known,
    keys_of,
    numbers_known,
    values_known,
    word_keys,
)
from stanch.engine.watch.named import object_of, value_of

LONGEST = 65_536
"""Characters that are looked through in one text."""


def recognised(
    rows: pa.Table, order: Sequence[str], prints: Sequence[Fingerprints]
) -> Mapping[Known, Flags]:
    """Which rows are known, by what kind of rows they are."""
    found: dict[Known, Flags] = {}
    for one in prints:
        flags = _words(rows, one) if one.of_words else _rows(rows, order, one)
        found[one.known] = found[one.known] | flags if one.known in found else flags
    return found


def _rows(rows: pa.Table, order: Sequence[str], prints: Fingerprints) -> Flags:
    """Which rows have inputs that are among these."""
    found = np.zeros(rows.num_rows, np.bool_)
    for at, values in (*_by_place(rows, order, prints), *_by_name(rows, prints)):
        found[at] = prints.among(keys_of(values, prints.columns, prints.salt))
    return found


def _by_place(
    rows: pa.Table, order: Sequence[str], prints: Fingerprints
) -> Iterator[tuple[np.ndarray, Mapping[str, Hashes]]]:
    lists = rows["features"].combine_chunks()
    places = {name: i for i, name in enumerate(order)}
    if lists.null_count == len(lists) or not set(prints.columns) <= set(places):
        return
    lengths = np.diff(lists.offsets.to_numpy())
    there = ~lists.is_null().to_numpy(zero_copy_only=False)
    fit = np.flatnonzero(there & (lengths == len(order)))
    flat = lists.take(pa.array(fit)).flatten().to_numpy(zero_copy_only=False)
    matrix = flat.astype(np.float64, copy=False).reshape(fit.size, len(order))
    yield fit, {name: numbers_known(matrix[:, places[name]]) for name in prints.columns}


def _by_name(
    rows: pa.Table, prints: Fingerprints
) -> Iterator[tuple[np.ndarray, Mapping[str, Hashes]]]:
    texts = rows["named"].combine_chunks()
    if texts.null_count == len(texts):
        return
    at = np.flatnonzero(texts.is_valid().to_numpy(zero_copy_only=False))
    objects = [object_of(t) for t in texts.drop_null().to_pylist()]
    told = np.array([any(name in one for name in prints.columns) for one in objects], np.bool_)
    some = [one for one, there in zip(objects, told, strict=True) if there]
    yield (
        at[told],
        {
            name: values_known([one.get(name) for one in some], prints.salt)
            for name in prints.columns
        },
    )


def _words(rows: pa.Table, prints: Fingerprints) -> Flags:
    """Which rows ask or answer with a word that is among these."""
    said = zip(rows["messages"].to_pylist(), rows["output"].to_pylist(), strict=True)
    found = [sorted({*_words_of(asked), *_words_in(answer or "")}) for asked, answer in said]
    every = sorted({word for words in found for word in words})
    known = {w for w, there in zip(every, prints.among(_keys(every, prints)), strict=True) if there}
    return np.array([not known.isdisjoint(words) for words in found], np.bool_)


def _keys(words: Sequence[str], prints: Fingerprints) -> Hashes:
    return word_keys(words, prints.salt) if words else np.zeros(0, np.uint64)


def _words_of(messages: str | None) -> Iterator[str]:
    for text in _texts(value_of(messages)) if messages else ():
        yield from _words_in(text)


def _texts(value: object) -> Iterator[str]:
    """Every text in this piece of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _words_in(text: str) -> Iterator[str]:
    for piece in text[:LONGEST].split():
        word = piece.strip(EDGES)
        if len(word) >= SHORTEST:
            yield word
