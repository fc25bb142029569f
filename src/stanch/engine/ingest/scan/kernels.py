"""The compiled pass over a body of rows in JSON: where each text stands, and what each number is.

In    the bytes, the names and kinds of the columns, room for what is found.
Out   how many rows there are; -1 where something asks for the careful way.
How   no number is rounded otherwise than the careful way would: a mantissa and a power that a
      double holds exactly are multiplied, others go through 128 bits of the power. What that
      cannot decide ends the pass, as do an escape, a field that comes twice or is not known, a
      value in a value, and any fault whatever.
Note  imported only by `quick.warm`, so that numba costs nothing to those who do not use it. Every
      function gives the place after what it read, or -1.
"""

import numba
import numpy as np

from stanch.detect.summaries.arrays import Codes, Floats, Hashes, Ints, Octets
from stanch.engine.ingest.scan.powers import HIGH, LOW, REACH
from stanch.engine.ingest.scan.room import COUNT, LIST, LOOSE, NUMBER, OBJECT, Room

_TAB = 9
_NEWLINE = 10
_RETURN = 13
_SPACE = ord(" ")
_QUOTE = ord('"')
_PLUS = ord("+")
_COMMA = ord(",")
_MINUS = ord("-")
_POINT = ord(".")
_ZERO = ord("0")
_NINE = ord("9")
_COLON = ord(":")
_LARGE_E = ord("E")
_BEGIN = ord("[")
_BACKSLASH = 92
_END = ord("]")
_SMALL_A = ord("a")
_SMALL_E = ord("e")
_SMALL_N = ord("n")
_OPEN = ord("{")
_SHUT = ord("}")
_U = np.uint64
_HALF, _ONES = _U(0xFFFFFFFF), _U(0xFFFFFFFFFFFFFFFF)
_EXACT, _FRACTION, _HIDDEN = _U(2**53), _U(2**52 - 1), _U(2**52)
_SIGN = _U(1 << 63)
_TENS = 10.0 ** np.arange(23)
_DIGITS = 19
"""As many always fit 64 bits."""


@numba.njit(cache=True, nogil=True)
def _blank(body: Octets, at: int) -> int:
    while at < len(body) and (
        body[at] == _SPACE or _TAB <= body[at] <= _NEWLINE or body[at] == _RETURN
    ):
        at += 1
    return at


@numba.njit(cache=True, nogil=True)
def _is(body: Octets, at: int, byte: int) -> bool:
    return at < len(body) and body[at] == byte


@numba.njit(cache=True, nogil=True)
def _digit(body: Octets, at: int) -> bool:
    return at < len(body) and _ZERO <= body[at] <= _NINE


@numba.njit(cache=True, nogil=True)
def _text(body: Octets, at: int) -> int:
    """The closing quote of the text whose opening quote is here."""
    at += 1
    while at < len(body):
        byte = body[at]
        if byte == _QUOTE:
            return at
        if byte == _BACKSLASH or byte < _SPACE:
            return -1
        at += 1
    return -1


@numba.njit(cache=True, nogil=True)
def _word(body: Octets, at: int, word: bytes) -> int:
    if at + len(word) > len(body):
        return -1
    for k in range(len(word)):
        if body[at + k] != word[k]:
            return -1
    return at + len(word)


@numba.njit(cache=True, nogil=True)
def _yes_or_no(body: Octets, at: int) -> int:
    after = _word(body, at, b"true")
    return after if after > 0 else _word(body, at, b"false")


@numba.njit(cache=True, nogil=True)
def _product(a: np.uint64, b: np.uint64) -> tuple[np.uint64, np.uint64]:
    """The high and the low half of the product."""
    low = (a & _HALF) * (b & _HALF)
    cross = (a >> _U(32)) * (b & _HALF) + (low >> _U(32))
    other = (a & _HALF) * (b >> _U(32)) + (cross & _HALF)
    high = (a >> _U(32)) * (b >> _U(32)) + (cross >> _U(32)) + (other >> _U(32))
    return high, (other << _U(32)) | (low & _HALF)


@numba.njit(cache=True, nogil=True)
def _leading(value: np.uint64) -> int:
    """How many zeros stand before the first one."""
    zeros, step = 0, 32
    while step:
        if value >> _U(64 - step) == _U(0):
            zeros += step
            value = value << _U(step)
        step //= 2
    return zeros


@numba.njit(cache=True, nogil=True)
def _double(mantissa: np.uint64, power: int) -> np.uint64:
    """The bits of the double nearest to mantissa * 10**power; all ones where it is undecided."""
    if power < -REACH or power > REACH:
        return _ONES
    zeros = _leading(mantissa)
    whole = mantissa << _U(zeros)
    high, low = _product(whole, HIGH[power + REACH])
    if high & _U(0x1FF) == _U(0x1FF):
        more, _ = _product(whole, LOW[power + REACH])
        low = low + more
        if low < more:
            high = high + _U(1)
    if low == _ONES and (power < -27 or power > 55):
        return _ONES
    upper = 1 if high >> _U(63) else 0
    shift = _U(upper + 9)
    found = high >> shift
    exponent = ((217706 * power) >> 16) + 63 + upper - zeros + 1023
    if exponent <= 0 or exponent >= 2046:
        return _ONES
    half = low <= _U(1) and -4 <= power <= 23 and found & _U(3) == _U(1)
    if half and found << shift == high:
        found = found ^ _U(1)
    found = (found + (found & _U(1))) >> _U(1)
    if found >= _EXACT:
        found = _HIDDEN
        exponent += 1
    return (found & _FRACTION) | (_U(exponent) << _U(52))


@numba.njit(cache=True, nogil=True)
def _power(body: Octets, at: int) -> tuple[int, int]:
    """The exponent that is written here, and where it ends."""
    down = _is(body, at, _MINUS)
    if down or _is(body, at, _PLUS):
        at += 1
    first, power = at, 0
    while _digit(body, at) and at - first < 4:
        power = power * 10 + int(body[at]) - _ZERO
        at += 1
    if at == first or _digit(body, at):
        return 0, -1
    return (-power if down else power), at


@numba.njit(cache=True, nogil=True)
def _number(body: Octets, at: int) -> tuple[int, float, np.uint64]:
    """The number that begins here; its bits where they are known and the number is not."""
    negative = _is(body, at, _MINUS)
    if negative:
        at += 1
    first, mantissa = at, _U(0)
    while _digit(body, at):
        mantissa = mantissa * _U(10) + _U(body[at] - _ZERO)
        at += 1
    digits, power = at - first, 0
    if digits == 0 or (digits > 1 and body[first] == _ZERO):
        return -1, 0.0, _U(0)
    if _is(body, at, _POINT):
        point = at + 1
        at = point
        while _digit(body, at):
            mantissa = mantissa * _U(10) + _U(body[at] - _ZERO)
            at += 1
        power = point - at
        digits -= power
        if power == 0:
            return -1, 0.0, _U(0)
    if digits > _DIGITS:
        return -1, 0.0, _U(0)
    if _is(body, at, _SMALL_E) or _is(body, at, _LARGE_E):
        more, at = _power(body, at + 1)
        power += more
    if mantissa <= _EXACT and -22 <= power <= 22:
        value = float(mantissa)
        value = value * _TENS[power] if power >= 0 else value / _TENS[-power]
        if negative:
            return (at if mantissa > _U(0) else -1), -value, _U(0)
        return at, value, _U(0)
    if mantissa == _U(0):
        return (-1 if negative else at), 0.0, _U(0)
    found = _double(mantissa, power)
    if found == _ONES:
        return -1, 0.0, _U(0)
    return at, 0.0, (found | _SIGN if negative else found)


@numba.njit(cache=True, nogil=True)
def _whole(body: Octets, at: int) -> tuple[int, int]:
    """The whole number that begins here."""
    negative = _is(body, at, _MINUS)
    if negative:
        at += 1
    first, value = at, 0
    while _digit(body, at) and at - first < _DIGITS:
        value = value * 10 + int(body[at]) - _ZERO
        at += 1
    digits = at - first
    if digits == 0 or digits == _DIGITS or (body[first] == _ZERO and (digits > 1 or negative)):
        return -1, 0
    if _is(body, at, _POINT) or _is(body, at, _SMALL_E) or _is(body, at, _LARGE_E):
        return -1, 0
    return at, (-value if negative else value)


@numba.njit(cache=True, nogil=True)
def _next(body: Octets, at: int, close: int) -> tuple[int, bool]:
    """The begin of the next member, or the place after the end of all, and whether it is that."""
    at = _blank(body, at)
    if _is(body, at, _COMMA):
        return _blank(body, at + 1), False
    return (at + 1 if _is(body, at, close) else -1), True


@numba.njit(cache=True, nogil=True)
def _after_colon(body: Octets, at: int) -> int:
    """The value of the member whose name ends here."""
    at = _blank(body, at)
    if not _is(body, at, _COLON):
        return -1
    at = _blank(body, at + 1)
    return at if at < len(body) else -1


@numba.njit(cache=True, nogil=True)
def _object(body: Octets, at: int) -> int:
    """An object of texts, numbers and words."""
    at = _blank(body, at + 1)
    if _is(body, at, _SHUT):
        return at + 1
    last = False
    while not last:
        at = _text(body, at) if _is(body, at, _QUOTE) else -1
        at = _after_colon(body, at + 1) if at > 0 else -1
        if at < 0:
            return -1
        if body[at] == _QUOTE:
            at = _text(body, at)
            at = at + 1 if at > 0 else -1
        elif body[at] == _SMALL_N:
            at = _word(body, at, b"null")
        elif body[at] >= _SMALL_A:
            at = _yes_or_no(body, at)
        else:
            at, _, _ = _number(body, at)
        if at < 0:
            return -1
        at, last = _next(body, at, _SHUT)
    return at


@numba.njit(cache=True, nogil=True)
def _list(
    body: Octets, at: int, floats: Floats, bits: Hashes, column: int, here: int
) -> tuple[int, int]:
    """A list of numbers, in which null is told by NaN; and how many there are now."""
    at = _blank(body, at + 1)
    last = _is(body, at, _END)
    if last:
        at += 1
    while not last:
        if _is(body, at, _SMALL_N):
            floats[column, here] = np.nan
            at = _word(body, at, b"null")
        else:
            at, value, known = _number(body, at)
            if known:
                bits[column, here] = known
            else:
                floats[column, here] = value
        if at < 0:
            return -1, 0
        here += 1
        at, last = _next(body, at, _END)
    return at, here


@numba.njit(cache=True, nogil=True)
def _named(body: Octets, at: int, names: Octets, stops: Ints, guess: int) -> int:
    """Which column has the name that begins here; the guess is looked at first."""
    for turn in range(len(stops) - 1):
        column = guess + turn
        if column >= len(stops) - 1:
            column -= len(stops) - 1
        start = stops[column]
        size = stops[column + 1] - start
        k = 0
        if _is(body, at + size, _QUOTE):
            while k < size and body[at + k] == names[start + k]:
                k += 1
            if k == size:
                return column
    return -1


@numba.njit(cache=True, nogil=True)
def _value(body: Octets, at: int, kind: int) -> tuple[int, int, int, float, np.uint64, int]:
    """A text's place and size, or a number; the first is where it ends."""
    first = body[at]
    if first == _QUOTE:
        end = _text(body, at) if kind <= LOOSE else -1
        return (end + 1 if end > 0 else -1), at + 1, end - at - 1, 0.0, _U(0), 0
    if kind == NUMBER:
        end, value, bits = _number(body, at)
        return end, at, 0, value, bits, 0
    if kind == COUNT:
        end, whole = _whole(body, at)
        return end, at, 0, 0.0, _U(0), whole
    end = -1
    if kind == OBJECT and first == _OPEN:
        end = _object(body, at)
    elif kind == LOOSE and first >= _SMALL_A:
        end = _yes_or_no(body, at)
    elif kind == LOOSE:
        end, _ = _whole(body, at)
    return end, at, end - at, 0.0, _U(0), 0


@numba.njit(cache=True, nogil=True)
def _line_end(body: Octets, at: int) -> tuple[int, bool]:
    """The begin of the next line that has something, and whether there is none."""
    while at < len(body) and (body[at] == _SPACE or body[at] == _RETURN or body[at] == _TAB):
        at += 1
    if at < len(body) and body[at] != _NEWLINE:
        return -1, True
    at = _blank(body, at)
    return at, at == len(body)


@numba.njit(cache=True, nogil=True)
def scan(body: Octets, between: int, names: Octets, stops: Ints, kinds: Octets, room: Room) -> int:
    """How many rows the body has, all of them written to the room."""
    starts, sizes, floats, bits, counts = room[:5]
    lists, list_bits, ends, used, seen = room[5:]
    follows = np.zeros(len(stops), np.int64)
    at = _blank(body, 0)
    if between == _COMMA:
        if not _is(body, at, _BEGIN):
            return -1
        at = _blank(body, at + 1)
    row, done = 0, False
    while not done:
        if row == sizes.shape[1] or not _is(body, at, _OPEN):
            return -1
        at = _blank(body, at + 1)
        column, last = -1, _is(body, at, _SHUT)
        if last:
            at += 1
        while not last:
            before = column + 1
            column = (
                _named(body, at + 1, names, stops, follows[before]) if _is(body, at, _QUOTE) else -1
            )
            if column < 0 or seen[column] == row + 1:
                return -1
            follows[before], seen[column] = column, row + 1
            at = _after_colon(body, at + 2 + stops[column + 1] - stops[column])
            if at < 0:
                return -1
            kind = kinds[column]
            if body[at] == _SMALL_N:
                at = _word(body, at, b"null")
            elif kind == LIST:
                if body[at] != _BEGIN:
                    return -1
                at, used[column] = _list(body, at, lists, list_bits, column, used[column])
                sizes[column, row] = 0
            else:
                at, start, size, value, known, whole = _value(body, at, kind)
                starts[column, row], sizes[column, row] = start, size
                if kind == COUNT:
                    counts[column, row] = whole
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
        at, done = _line_end(body, at) if between == _NEWLINE else _next(body, at, _END)
        if at < 0:
            return -1
    return row if _blank(body, at) == len(body) else -1


@numba.njit(cache=True, nogil=True)
def copied(body: Octets, starts: Codes, sizes: Codes, ends: Codes, texts: Octets) -> None:
    """The bytes of each text to its place in `texts`."""
    for row in range(len(sizes)):
        here, start = ends[row], starts[row]
        for k in range(sizes[row]):
            texts[here + k] = body[start + k]
