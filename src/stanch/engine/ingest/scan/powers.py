"""Powers of five to 128 bits, by which a decimal number becomes the nearest double.

In    nothing. Out  `HIGH` and `LOW`, the halves of 5**q for q from `-REACH` to `REACH`.
Why   a product with 128 bits of the power decides the rounding in all but a few cases (Lemire,
      "Number parsing at a gigabyte per second", 2021); the few are left to the careful way.
"""

import numpy as np

REACH = 300
"""Powers of ten beyond this are left to the careful way."""
_BITS = 128
_HALVES_FROM = -27
"""From this power on a number can lie in the middle of two doubles, which is seen only where the
last of the 128 bits is the one rounded up."""


def _normal(power: int) -> int:
    """The first 128 bits of 5**power, cut off above one and rounded up below."""
    if power >= 0:
        value = 5**power
        length = value.bit_length()
        return value >> (length - _BITS) if length > _BITS else value << (_BITS - length)
    divisor = 5**-power
    if power >= _HALVES_FROM:
        return (1 << (divisor.bit_length() + _BITS - 1)) // divisor + 1
    value = (1 << (2 * divisor.bit_length() + _BITS)) // divisor + 1
    return value >> (value.bit_length() - _BITS)


_EVERY = [_normal(q) for q in range(-REACH, REACH + 1)]
HIGH = np.array([value >> 64 for value in _EVERY], np.uint64)
LOW = np.array([value & (2**64 - 1) for value in _EVERY], np.uint64)
