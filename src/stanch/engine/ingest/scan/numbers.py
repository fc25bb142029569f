"""Numbers in JSON, compiled: read where they stand, rounded as the careful way would.

In    the bytes, with zeros behind them as `words` wants them, and the place where one begins.
Out   the place after it and its value, or its bits where only those are known; -1 for no number.
How   a mantissa and a power of ten that a double holds exactly are multiplied, others go through
      128 bits of the power; what that cannot decide is no number here.
"""

import numpy as np

from stanch.detect.summaries.arrays import Octets
from stanch.engine.ingest.scan.powers import HIGH, LOW, REACH
from stanch.engine.ingest.scan.words import compiled, is_at, run_of_digits, signed, zeros_before

_PLUS = ord("+")
_MINUS = ord("-")
_POINT = ord(".")
_ZERO = ord("0")
_LARGE_E = ord("E")
_SMALL_E = ord("e")
_U = np.uint64
_HALF, _ONES = _U(0xFFFFFFFF), _U(0xFFFFFFFFFFFFFFFF)
_EXACT, _FRACTION, _HIDDEN = _U(2**53), _U(2**52 - 1), _U(2**52)
_SIGN = _U(1 << 63)
_NINE = _U(9)
_TENS = 10.0 ** np.arange(23)
_DIGITS = 19
"""As many always fit 64 bits."""


@compiled
def _product(a: np.uint64, b: np.uint64) -> tuple[np.uint64, np.uint64]:
    """The high and the low half of the product."""
    low = (a & _HALF) * (b & _HALF)
    cross = (a >> _U(32)) * (b & _HALF) + (low >> _U(32))
    other = (a & _HALF) * (b >> _U(32)) + (cross & _HALF)
    high = (a >> _U(32)) * (b >> _U(32)) + (cross >> _U(32)) + (other >> _U(32))
    return high, (other << _U(32)) | (low & _HALF)


@compiled
def _double(mantissa: np.uint64, power: int) -> np.uint64:
    """The bits of the double nearest to mantissa * 10**power; all ones where it is undecided."""
    if power < -REACH or power > REACH:
        return _ONES
    zeros = zeros_before(mantissa)
    whole = mantissa << zeros
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
    exponent = ((217706 * power) >> 16) + 63 + upper - signed(zeros) + 1023
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


@compiled
def _power(body: Octets, at: int) -> tuple[int, int]:
    """The exponent that is written here, and where it ends."""
    down = is_at(body, at, _MINUS)
    if down or is_at(body, at, _PLUS):
        at += 1
    last, power = run_of_digits(body, at, _U(0))
    if not 1 <= last - at <= 4:
        return 0, -1
    return (-signed(power) if down else signed(power)), last


@compiled
def number(body: Octets, at: int) -> tuple[int, float, np.uint64]:
    """The number that begins here; its bits where they are known and the number is not."""
    negative = is_at(body, at, _MINUS)
    if negative:
        at += 1
    first, mantissa = at, _U(0)
    digit = body[_U(at)] - _U(_ZERO)
    while digit <= _NINE:
        mantissa = mantissa * _U(10) + digit
        at += 1
        digit = body[_U(at)] - _U(_ZERO)
    digits, power = at - first, 0
    if digits == 0 or (digits > 1 and is_at(body, first, _ZERO)):
        return -1, 0.0, _U(0)
    if is_at(body, at, _POINT):
        point = at + 1
        at = point
        while mantissa == _U(0) and is_at(body, at, _ZERO):
            at += 1
        digits -= at
        at, mantissa = run_of_digits(body, at, mantissa)
        digits += at
        power = point - at
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


@compiled
def whole_number(body: Octets, at: int) -> tuple[int, int]:
    """The whole number that begins here."""
    negative = is_at(body, at, _MINUS)
    if negative:
        at += 1
    last, value = run_of_digits(body, at, _U(0))
    digits = last - at
    if not 0 < digits < _DIGITS or (is_at(body, at, _ZERO) and (digits > 1 or negative)):
        return -1, 0
    if is_at(body, last, _POINT) or is_at(body, last, _SMALL_E) or is_at(body, last, _LARGE_E):
        return -1, 0
    return last, (-signed(value) if negative else signed(value))
