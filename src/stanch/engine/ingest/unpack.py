"""Content encodings, with a limit that a bomb meets before the memory does.

In    the body as it arrived and its Content-Encoding.
Out   the plain bytes; `TooLarge` past the limits, `UnknownFormat` for an encoding not known
      here, `BadInput` when the stream is torn.
Why   1 MB of gzip can be 1 GB of zeros; so it is unpacked piece by piece against a limit.
"""

import io
import zlib

import zstandard

from stanch.engine.ingest.limits import MIB, Limits
from stanch.vocabulary.trouble import BadInput, TooLarge, UnknownFormat

ENCODINGS = ("identity", "gzip", "zstd")
_GZIP = 16 + zlib.MAX_WBITS
_WINDOW = 128 * MIB
_PIECE = MIB
_ZSTD_PIECE = 1024
"""A block of four bytes can unpack to 128 KiB, so this much input makes 32 MiB at the worst."""


def unpack(body: bytes, encoding: str, limits: Limits) -> bytes:
    """The plain bytes of a body."""
    if len(body) > limits.body_bytes:
        raise TooLarge(limits.body_bytes)
    allowed = min(limits.unpacked_bytes, max(limits.ratio_from, limits.ratio * max(1, len(body))))
    match encoding.strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip":
            return _gunzip(body, allowed)
        case "zstd":
            return _unzstd(body, allowed)
        case other:
            raise UnknownFormat(other[:40], ", ".join(ENCODINGS))


def _gunzip(body: bytes, allowed: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    rest = body
    try:
        while rest:
            stream = zlib.decompressobj(_GZIP)
            while not stream.eof:
                piece = stream.decompress(rest, _PIECE)
                rest = stream.unconsumed_tail
                size += len(piece)
                if size > allowed:
                    raise TooLarge(allowed)
                if not piece and not rest and not stream.eof:
                    raise BadInput("The gzip stream ends before its end. Send the body whole.")
                pieces.append(piece)
            rest = stream.unused_data
    except zlib.error as error:
        raise BadInput(f"The body is not gzip: {error}.") from error
    return b"".join(pieces)


def _unzstd(body: bytes, allowed: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    rest = body
    try:
        while rest:
            stream = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj()
            with io.BytesIO(rest) as source:
                while not stream.eof:
                    taken = source.read(_ZSTD_PIECE)
                    if not taken:
                        raise BadInput("The zstd stream ends before its end. Send the body whole.")
                    piece = stream.decompress(taken)
                    size += len(piece)
                    if size > allowed:
                        raise TooLarge(allowed)
                    pieces.append(piece)
                rest = stream.unused_data + source.read()
    except zstandard.ZstdError as error:
        raise BadInput(f"The body is not zstd: {error}.") from error
    return b"".join(pieces)
