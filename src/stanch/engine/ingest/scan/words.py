"""Eight bytes at a time, compiled: where a text ends, how many digits there are, what they say.

In    the bytes, behind which at least `BEYOND` zeros stand, and a place.
Out   places and values. Every loop ends at a zero, so that none asks where the bytes end.
How   in a word the byte that comes first is the lowest, so of the bytes that are looked for the
      first one has the lowest of their top bits; eight digits are added up in three steps.
"""

import numba
import numpy as np
from numba.cpython.unsafe.numbers import leading_zeros, trailing_zeros

from stanch.detect.summaries.arrays import Octets

BEYOND = 16
QUOTE = ord('"')
_U = np.uint64
"""Places are unsigned where bytes are read: a signed one might count from the end, and to ask each
time whether it does takes a tenth of the pass."""
_EACH = _U(0x0101010101010101)
_TOPS = _EACH << _U(7)
_LOW = _TOPS - _EACH
_QUOTES, _BACKSLASHES, _SPACES, _ZEROS = (_EACH * _U(ord(sign)) for sign in '"\\ 0')
_PAST_NINE = _EACH * _U(0x80 - 10)
_PAIRS = _U(0x000000FF000000FF)
_LOW_HALF = _U(0xFFFFFFFF)
_TENS = np.array([10**k for k in range(9)], np.uint64)

compiled = numba.njit(cache=True, nogil=True, _nrt=False)  # type: ignore[call-overload]  # its own
"""For loops that make no array. Nobody counts here who holds one: numba would count with a locked
instruction at each call of a helper, which took four fifths of the pass."""


@compiled
def is_at(body: Octets, at: int, byte: int) -> bool:
    """Whether this byte stands here."""
    return body[_U(at)] == byte


@compiled
def signed(number: np.uint64) -> int:
    """A number that may stand below zero later on."""
    return np.int64(number)  # type: ignore[return-value]  # an int of numba's


@compiled
def zeros_before(word: np.uint64) -> np.uint64:
    """How many zeros stand before its highest bit."""
    return _U(leading_zeros(word))  # type: ignore[call-arg]  # numba gives the first


@compiled
def _bytes_below(word: np.uint64) -> np.uint64:
    """How many whole bytes of zeros stand below its lowest bit."""
    return _U(trailing_zeros(word)) >> _U(3)  # type: ignore[call-arg]  # numba gives the first


@compiled
def eight(body: Octets, at: int) -> np.uint64:
    """The eight bytes from here on; the compiler makes one load of them."""
    word = _U(0)
    for k in range(8):
        word |= _U(body[_U(at + k)]) << _U(8 * k)
    return word


@compiled
def text_end(body: Octets, at: int) -> int:
    """The closing quote of the text that begins here; -1 for an escape or a control character."""
    while True:
        word = eight(body, at)
        quotes, backslashes = word ^ _QUOTES, word ^ _BACKSLASHES
        flags = (quotes - _EACH) & ~quotes
        flags |= (backslashes - _EACH) & ~backslashes
        flags |= (word - _SPACES) & ~word
        flags &= _TOPS
        if flags:
            end = at + signed(_bytes_below(flags))
            return end if is_at(body, end, QUOTE) else -1
        at += 8


@compiled
def _said(digits: np.uint64) -> np.uint64:
    """What eight digits say, each of them a byte from 0 to 9."""
    pairs = digits * _U(10) + (digits >> _U(8))
    high = (pairs & _PAIRS) * _U(100 + (1_000_000 << 32))
    low = ((pairs >> _U(16)) & _PAIRS) * _U(1 + (10_000 << 32))
    return ((high + low) >> _U(32)) & _LOW_HALF


@compiled
def run_of_digits(body: Octets, at: int, before: np.uint64) -> tuple[int, np.uint64]:
    """The place after the digits from here on, and the number with these behind it.

    It is right for up to nineteen digits in all; who calls counts them.
    """
    while True:
        word = eight(body, at) ^ _ZEROS
        flags = (((word & _LOW) + _PAST_NINE) | word) & _TOPS
        if flags:
            count = _bytes_below(flags)
            if count:
                before = before * _TENS[count] + _said(word << (_U(64) - _U(8) * count))
            return at + signed(count), before
        before = before * _TENS[8] + _said(word)
        at += 8
