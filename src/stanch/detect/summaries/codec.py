"""Canonical bytes of named arrays: the same content gives the same bytes, on every machine.

In    a kind, a small header of text and numbers, and arrays by name.
Out   `stanch:KIND:VERSION`, the header as sorted JSON, then the arrays in the order of their names.
Why   summaries are hashed, signed and compared bit for bit, and they come from edge sites, so a
      damaged or hostile one must be refused with a reason and never half read.

An array of integers is written in the narrowest width that holds it, dense, or as places and
values when that is shorter (dense when equal). Floats are eight bytes, little-endian. No
compression: its output depends on the library's version.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stanch.vocabulary.trouble import BadFile

FORMAT = 1
_WIDTHS = ("i1", "<i2", "<i4", "<i8", "u1")
_OCTETS = 4
"""The place of the width of whole octets."""
_TYPES = {"i8": np.int64, "i4": np.int32, "i2": np.int16, "u1": np.uint8, "f8": np.float64}
_LARGEST = 1 << 27
Array = NDArray[Any]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Packed:
    """What was read: the header and the arrays."""

    header: Mapping[str, Any]
    arrays: Mapping[str, Array]


def packed(kind: str, header: Mapping[str, Any], arrays: Mapping[str, Array]) -> bytes:
    """The canonical bytes of this header and these arrays."""
    parts: list[bytes] = []
    index: list[list[object]] = []
    for name in sorted(arrays):
        how, body = _written(arrays[name])
        index.append([name, _type_name(arrays[name]), list(arrays[name].shape), how, len(body)])
        parts.append(body)
    head = json.dumps(
        {"arrays": index, "header": header}, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()
    lead = f"stanch:{kind}:{FORMAT}\n".encode()
    return b"".join((lead, len(head).to_bytes(4, "little"), head, *parts))


def unpacked(kind: str, data: bytes) -> Packed:
    """What these bytes hold, or `BadFile` when they are not exactly one canonical value."""
    try:
        read = _read(kind, data)
        whole = packed(kind, read.header, read.arrays) == data
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError) as error:
        raise BadFile(kind, f"not readable ({type(error).__name__}: {error})") from None
    if not whole:
        raise BadFile(kind, "not in its canonical form")
    return read


def _read(kind: str, data: bytes) -> Packed:
    lead = f"stanch:{kind}:{FORMAT}\n".encode()
    if not data.startswith(lead):
        raise ValueError(f"does not start with {lead.decode().strip()!r}")
    at = len(lead)
    size = int.from_bytes(data[at : at + 4], "little")
    at += 4
    head = json.loads(data[at : at + size])
    at += size
    arrays: dict[str, Array] = {}
    for name, type_name, shape, how, length in head["arrays"]:
        body = data[at : at + length]
        at += length
        arrays[name] = _array(body, type_name, shape, how)
    if at != len(data):
        raise ValueError(f"{len(data) - at} bytes left over")
    return Packed(header=head["header"], arrays=arrays)


def _type_name(array: Array) -> str:
    return array.dtype.kind + str(array.dtype.itemsize)


def _written(array: Array) -> tuple[str, bytes]:
    """How it is written (d3 dense in 8 bytes, s1 sparse in 2, f floats) and the bytes."""
    if array.dtype.kind == "f":
        return "f", np.ascontiguousarray(array, "<f8").tobytes()
    flat = array.reshape(-1)
    width = _width(flat)
    places = np.flatnonzero(flat)
    step = _place_type(flat.size)
    size = np.dtype(_WIDTHS[width]).itemsize
    if places.size * (step.itemsize + size) < flat.size * size:
        values = flat[places].astype(_WIDTHS[width]).tobytes()
        return f"s{width}", places.astype(step).tobytes() + values
    return f"d{width}", flat.astype(_WIDTHS[width]).tobytes()


def _place_type(size: int) -> np.dtype[Any]:
    return np.dtype("<u2" if size < 1 << 16 else "<u4")


def _width(flat: Array) -> int:
    """The place of the narrowest width that holds every value."""
    if not flat.size:
        return 0
    if flat.dtype == np.uint8:
        return _OCTETS
    low, high = int(flat.min()), int(flat.max())
    return next(
        w for w, bits in enumerate((7, 15, 31, 63)) if -(1 << bits) <= low and high < 1 << bits
    )


def _array(body: bytes, type_name: str, shape: list[int], how: str) -> Array:
    if any(not isinstance(side, int) or side < 0 for side in shape):
        raise ValueError(f"shape {shape}")
    count = math.prod(shape)
    if count > _LARGEST:
        raise ValueError(f"array of {count} values")
    target = _TYPES[type_name]
    if how == "f":
        return np.frombuffer(body, "<f8").reshape(shape).astype(target)
    width = _WIDTHS[int(how[1:])]
    if how[0] == "d":
        return np.frombuffer(body, width).reshape(shape).astype(target)
    step = _place_type(count)
    entries, left = divmod(len(body), step.itemsize + np.dtype(width).itemsize)
    if left:
        raise ValueError("places and values do not match")
    places = np.frombuffer(body[: entries * step.itemsize], step)
    flat = np.zeros(count, target)
    flat[places] = np.frombuffer(body[entries * step.itemsize :], width)
    return flat.reshape(shape)
