"""The compiled pass over a body of rows in JSON: where each text stands, and what each number is.

In    the bytes, the names and kinds of the columns, room for what is found.
Out   how many rows there are; -1 where something asks for the careful way.
How   an escape ends the pass, as do a field that comes twice or is not known, a value in a value,
      a number that `numbers` leaves undecided, and any fault whatever.
Note  imported only by `quick.warm`, so that numba costs nothing to those who do not use it. Every
      function gives the place after what it read, or -1.
"""

import numpy as np

from stanch.detect.summaries.arrays import Codes, Floats, Hashes, Ints, Octets
from stanch.engine.ingest.scan.numbers import number, whole_number
from stanch.engine.ingest.scan.room import COUNT, LIST, LOOSE, NUMBER, OBJECT, Room
from stanch.engine.ingest.scan.words import BEYOND, QUOTE, compiled, eight, is_at, text_end

_TAB = 9
_NEWLINE = 10
_RETURN = 13
_SPACE = ord(" ")
_COMMA = ord(",")
_COLON = ord(":")
_BEGIN = ord("[")
_END = ord("]")
_SMALL_A = ord("a")
_SMALL_N = ord("n")
_OPEN = ord("{")
_SHUT = ord("}")
_U = np.uint64


@compiled
def _blank(body: Octets, at: int) -> int:
    byte = body[_U(at)]
    while byte <= _SPACE and (byte in (_SPACE, _RETURN) or _TAB <= byte <= _NEWLINE):
        at += 1
        byte = body[_U(at)]
    return at


@compiled
def _word(body: Octets, at: int, word: bytes) -> int:
    for k in range(len(word)):
        if body[_U(at + k)] != word[k]:
            return -1
    return at + len(word)


@compiled
def _yes_or_no(body: Octets, at: int) -> int:
    after = _word(body, at, b"true")
    return after if after > 0 else _word(body, at, b"false")


@compiled
def _next(body: Octets, at: int, close: int) -> tuple[int, bool]:
    """The begin of the next member, or the place after the end of all, and whether it is that."""
    at = _blank(body, at)
    if is_at(body, at, _COMMA):
        return _blank(body, at + 1), False
    return (at + 1 if is_at(body, at, close) else -1), True


@compiled
def _after_colon(body: Octets, at: int) -> int:
    """The value of the member whose name ends here."""
    at = _blank(body, at)
    return _blank(body, at + 1) if is_at(body, at, _COLON) else -1


@compiled
def _object(body: Octets, at: int) -> int:
    """An object of texts, numbers and words."""
    at = _blank(body, at + 1)
    if is_at(body, at, _SHUT):
        return at + 1
    last = False
    while not last:
        at = text_end(body, at + 1) if is_at(body, at, QUOTE) else -1
        at = _after_colon(body, at + 1) if at > 0 else -1
        if at < 0:
            return -1
        if is_at(body, at, QUOTE):
            at = text_end(body, at + 1)
            at = at + 1 if at > 0 else -1
        elif is_at(body, at, _SMALL_N):
            at = _word(body, at, b"null")
        elif body[_U(at)] >= _SMALL_A:
            at = _yes_or_no(body, at)
        else:
            at, _, _ = number(body, at)
        if at < 0:
            return -1
        at, last = _next(body, at, _SHUT)
    return at


@compiled
def _list(
    body: Octets, at: int, floats: Floats, bits: Hashes, column: int, here: int
) -> tuple[int, int]:
    """A list of numbers, in which null is told by NaN; and how many there are now."""
    at = _blank(body, at + 1)
    last = is_at(body, at, _END)
    if last:
        at += 1
    while not last:
        if is_at(body, at, _SMALL_N):
            floats[column, here] = np.nan
            at = _word(body, at, b"null")
        else:
            at, value, known = number(body, at)
            if known:
                bits[column, here] = known
            else:
                floats[column, here] = value
        if at < 0:
            return -1, 0
        here += 1
        at, last = _next(body, at, _END)
    return at, here


@compiled
def _named(body: Octets, at: int, names: Hashes, guess: int) -> int:
    """Which column has the name that begins here; the guess is looked at first."""
    one, two = eight(body, at), eight(body, at + 8)
    for turn in range(len(names)):
        column = guess + turn
        if column >= len(names):
            column -= len(names)
        name = names[_U(column)]
        if not ((one ^ name[0]) & name[1] | (two ^ name[2]) & name[3]):
            return column
    return -1


@compiled
def _value(body: Octets, at: int, kind: int) -> tuple[int, int, int, float, np.uint64, int]:
    """A text's place and size, or a number; the first is where it ends."""
    first = body[_U(at)]
    if first == QUOTE:
        end = text_end(body, at + 1) if kind <= LOOSE else -1
        return (end + 1 if end > 0 else -1), at + 1, end - at - 1, 0.0, _U(0), 0
    if kind == NUMBER:
        end, value, bits = number(body, at)
        return end, at, 0, value, bits, 0
    if kind == COUNT:
        end, whole = whole_number(body, at)
        return end, at, 0, 0.0, _U(0), whole
    end = -1
    if kind == OBJECT and first == _OPEN:
        end = _object(body, at)
    elif kind == LOOSE and first >= _SMALL_A:
        end = _yes_or_no(body, at)
    elif kind == LOOSE:
        end, _ = whole_number(body, at)
    return end, at, end - at, 0.0, _U(0), 0


@compiled
def _line_end(body: Octets, at: int, size: int) -> tuple[int, bool]:
    """The begin of the next line that has something, and whether there is none."""
    while is_at(body, at, _SPACE) or is_at(body, at, _RETURN) or is_at(body, at, _TAB):
        at += 1
    if at < size and not is_at(body, at, _NEWLINE):
        return -1, True
    at = _blank(body, at)
    return at, at == size


@compiled
def scan(body: Octets, between: int, names: Hashes, stops: Ints, kinds: Octets, room: Room) -> int:
    """How many rows the body has, all of them written to the room."""
    starts, sizes, floats, bits, counts = room[:5]
    lists, list_bits, ends, used, seen, follows = room[5:]
    whole = len(body) - BEYOND
    at = _blank(body, 0)
    if between == _COMMA:
        if not is_at(body, at, _BEGIN):
            return -1
        at = _blank(body, at + 1)
    row, done = 0, False
    while not done:
        if row == sizes.shape[1] or not is_at(body, at, _OPEN):
            return -1
        at = _blank(body, at + 1)
        column, last = -1, is_at(body, at, _SHUT)
        if last:
            at += 1
        while not last:
            before = column + 1
            column = _named(body, at + 1, names, follows[before]) if is_at(body, at, QUOTE) else -1
            if column < 0 or seen[column] == row + 1:
                return -1
            follows[before], seen[column] = column, row + 1
            at = _after_colon(body, at + 2 + stops[column + 1] - stops[column])
            if at < 0:
                return -1
            kind = kinds[column]
            if is_at(body, at, _SMALL_N):
                at = _word(body, at, b"null")
            elif kind == LIST:
                if not is_at(body, at, _BEGIN):
                    return -1
                at, used[column] = _list(body, at, lists, list_bits, column, used[column])
                sizes[column, row] = 0
            else:
                at, start, size, value, known, count = _value(body, at, kind)
                starts[column, row], sizes[column, row] = start, size
                if kind == COUNT:
                    counts[column, row] = count
                elif known:
                    bits[column, row] = known
                elif kind == NUMBER:
                    floats[column, row] = value
            if at < 0:
                return -1
            at, last = _next(body, at, _SHUT)
            if at < 0:
                return -1
        row += 1
        for one in range(len(used)):
            ends[one, row] = used[one]
        at, done = _line_end(body, at, whole) if between == _NEWLINE else _next(body, at, _END)
        if at < 0:
            return -1
    return row if _blank(body, at) == whole else -1


@compiled
def opened(body: Octets) -> int:
    """How many objects the body can have at the most."""
    found = 0
    for byte in body:
        found += byte == _OPEN
    return found


@compiled
def weighed(sizes: Codes, seen: Ints, rows: int, known: Ints, letters: Ints) -> None:
    """How many cells of each column have a value, and the bytes of all its texts."""
    for column in range(len(seen)):
        if seen[column]:
            cells, total = 0, 0
            for row in range(rows):
                size = sizes[column, row]
                cells += size >= 0
                total += max(size, 0)
            known[column], letters[column] = cells, total


@compiled
def copied(body: Octets, starts: Codes, sizes: Codes, ends: Codes, texts: Octets) -> None:
    """The bytes of each text to `texts`, one after the other, and where each ends."""
    here = 0
    ends[0] = 0
    for row in range(len(ends) - 1):
        start = starts[row]
        for k in range(sizes[row]):
            texts[_U(here + k)] = body[_U(start + k)]
        here += max(sizes[row], 0)
        ends[row + 1] = here
