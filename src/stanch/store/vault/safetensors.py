"""safetensors: eight bytes of length, a JSON header, then the tensors back to back.

In    a source.
Out   where each tensor lies; None when it is another format; `Hostile` when the header lies.
"""

from typing import Any

import msgspec

from stanch.store.vault.source import Source
from stanch.store.vault.spans import MAX_HEADER, MAX_PARTS, Hostile, Named

FORMAT = "safetensors"


def tensors(source: Source) -> list[Named] | None:
    """Where each tensor lies, by its header's `data_offsets`."""
    head = source.read(0, 9)
    if len(head) < 9 or head[8:] != b"{":  # noqa: PLR2004  the length and the opening brace
        return None
    length = int.from_bytes(head[:8], "little")
    if not 2 <= length <= min(MAX_HEADER, source.size - 8):  # noqa: PLR2004  `{}` is the least
        return None
    try:
        header = msgspec.json.decode(source.read(8, length), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Hostile("the header is not JSON") from error
    base = 8 + length
    found = [_one(k, v, base, source.size) for k, v in header.items() if k != "__metadata__"]
    if len(found) > MAX_PARTS:
        raise Hostile("too many tensors")
    return found


def _one(name: str, says: object, base: int, size: int) -> Named:
    offsets = says.get("data_offsets") if isinstance(says, dict) else None
    match offsets:
        case [int(start), int(end)] if 0 <= start <= end <= size - base:
            return Named(name=name, start=base + start, end=base + end)
        case _:
            raise Hostile(f"tensor {name[:64]!r} has no place")
