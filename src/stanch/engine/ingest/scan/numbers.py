"""Numbers in JSON, compiled: read where they stand, rounded as the careful way would.

In    the bytes, of which the last is no part of a number, and the place where one begins.
Out   the place after it and its value, or its bits where only those are known; -1 for no number.
How   a mantissa and a power of ten that a double holds exactly are multiplied, others go through
      128 bits of the power; what that cannot decide is no number here.
"""

import numba
import numpy as np

from stanch.detect.summaries.arrays import Octets
from stanch.engine.ingest.scan.powers import HIGH, LOW, REACH

_PLUS = ord("+")
_MINUS = ord("-")
_POINT = ord(".")
_ZERO = ord("0")
_NINE = ord("9")
_LARGE_E = ord("E")
_SMALL_E = ord("e")
_U = np.uint64
"""Where bytes are read again and again their place is unsigned: a signed one may count from the
end, and to ask each time whether it does takes a tenth of the pass."""
_HALF, _ONES = _U(0xFFFFFFFF), _U(0xFFFFFFFFFFFFFFFF)
_EXACT, _FRACTION, _HIDDEN = _U(2**53), _U(2**52 - 1), _U(2**52)
_SIGN = _U(1 << 63)
_TENS = 10.0 ** np.arange(23)
_TOP = 9
_FEW = 15
"""A double holds every whole number of so many digits."""
_DIGITS = 19
"""As many always fit 64 bits."""


@numba.njit(cache=True, nogil=True)
def is_at(body: Octets, at: int, byte: int) -> bool:
    """Whether this byte stands here."""
    return at < len(body) and body[_U(at)] == byte


@numba.njit(cache=True, nogil=True)
def _digit(body: Octets, at: int) -> bool:
    return at < len(body) and _ZERO <= body[at] <= _NINE


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
    down = is_at(body, at, _MINUS)
    if down or is_at(body, at, _PLUS):
        at += 1
    first, power = at, 0
    while _digit(body, at) and at - first < 4:
        power = power * 10 + int(body[at]) - _ZERO
        at += 1
    if at == first or _digit(body, at):
        return 0, -1
    return (-power if down else power), at


@numba.njit(cache=True, nogil=True)
def _any_number(body: Octets, at: int) -> tuple[int, float, np.uint64]:
    """The number that begins here, however it is written."""
    negative = is_at(body, at, _MINUS)
    if negative:
        at += 1
    first, mantissa = at, _U(0)
    while _digit(body, at):
        mantissa = mantissa * _U(10) + _U(body[at] - _ZERO)
        at += 1
    digits, power = at - first, 0
    if digits == 0 or (digits > 1 and body[first] == _ZERO):
        return -1, 0.0, _U(0)
    if is_at(body, at, _POINT):
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
    if is_at(body, at, _SMALL_E) or is_at(body, at, _LARGE_E):
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
def number(body: Octets, at: int) -> tuple[int, float, np.uint64]:
    """The number that begins here; its bits where they are known and the number is not.

    Most have few digits and no exponent. The last byte of the body is none of a
    number's, so digits end before it.
    """
    if at >= len(body):
        return -1, 0.0, _U(0)
    negative = body[at] == _MINUS
    first = at + 1 if negative else at
    last, mantissa, power = first, 0, 0
    digit = int(body[_U(last)]) - _ZERO
    while 0 <= digit <= _TOP:
        mantissa = mantissa * 10 + digit
        last += 1
        digit = int(body[_U(last)]) - _ZERO
    plain = last - first == 1 or (last > first and body[first] != _ZERO)
    digits = last - first
    if digit == _POINT - _ZERO:
        point = last
        last += 1
        digit = int(body[_U(last)]) - _ZERO
        while 0 <= digit <= _TOP:
            mantissa = mantissa * 10 + digit
            last += 1
            digit = int(body[_U(last)]) - _ZERO
        power = last - point - 1
        digits += power
        plain = plain and power > 0
    plain = plain and digits <= _FEW and digit != _SMALL_E - _ZERO and digit != _LARGE_E - _ZERO
    if not plain or (negative and mantissa == 0):
        return _any_number(body, at)
    value = float(mantissa) / _TENS[power]
    return last, (-value if negative else value), _U(0)


@numba.njit(cache=True, nogil=True)
def whole_number(body: Octets, at: int) -> tuple[int, int]:
    """The whole number that begins here."""
    negative = is_at(body, at, _MINUS)
    if negative:
        at += 1
    first, value = at, 0
    while _digit(body, at) and at - first < _DIGITS:
        value = value * 10 + int(body[at]) - _ZERO
        at += 1
    digits = at - first
    if digits == 0 or digits == _DIGITS or (body[first] == _ZERO and (digits > 1 or negative)):
        return -1, 0
    if is_at(body, at, _POINT) or is_at(body, at, _SMALL_E) or is_at(body, at, _LARGE_E):
        return -1, 0
    return at, (-value if negative else value)
