"""The types of arrays that the algebra is made of."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
Singles = NDArray[np.float32]
Shorts = NDArray[np.int16]
Octets = NDArray[np.uint8]
Marks = NDArray[np.uint16]
Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]

N = TypeVar("N", bound=np.generic)
LINE = 64
"""Bytes that a processor fetches together."""


def own(array: NDArray[np.generic], kind: type[N]) -> NDArray[N]:
    """The same values as an array that can be written to, in one piece.

    Compiled code is made for one kind of array: another kind would be compiled for when it comes.
    """
    plain = array.flags.c_contiguous and array.flags.writeable
    if plain and array.dtype == kind:
        return array  # type: ignore[return-value]  # the type is the one just compared
    return np.array(array, kind, order="C")


def aligned(array: NDArray[N]) -> NDArray[N]:
    """The same values, beginning where a processor's lines begin: no step reads two lines."""
    room = np.zeros(array.nbytes + LINE, np.uint8)
    begin = -room.ctypes.data % LINE
    same = room[begin : begin + array.nbytes].view(array.dtype).reshape(array.shape)
    same[...] = array
    return same
