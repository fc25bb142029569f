"""Passwords: kept as scrypt hashes, compared in constant time.

In    a password and the hash that is kept.
Out   a hash with its parameters in it, or whether the two belong together.
Why   scrypt with N=2^15, r=8, p=3 takes 32 MiB and some tenths of a second for each guess. The
      parameters stand in the hash, so that they can grow without locking anybody out.
"""

import base64
import hashlib
import hmac
import os

from stanch.vocabulary.trouble import BadInput

_LOG_N, _R, _P = 15, 8, 3
_MEMORY = 128 * 1024 * 1024
SHORTEST = 12
LONGEST = 1024


def hash_password(password: str) -> str:
    """The hash to keep; `BadInput` for a password too short to withstand guessing."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadInput(f"A password has {SHORTEST} to {LONGEST} characters. Choose another one.")
    salt = os.urandom(16)
    made = _scrypt(password, salt, _LOG_N, _R, _P)
    return "$".join(("scrypt", str(_LOG_N), str(_R), str(_P), _text(salt), _text(made)))


def matches(password: str, kept: str) -> bool:
    """Whether the hash was made from this password."""
    _, log_n, r, p, salt, made = kept.split("$")
    if len(password) > LONGEST:
        return False
    again = _scrypt(password, base64.b64decode(salt), int(log_n), int(r), int(p))
    return hmac.compare_digest(again, base64.b64decode(made))


def outdated(kept: str) -> bool:
    """Whether the hash was made with weaker parameters than those of today."""
    return kept.split("$")[1:4] != [str(_LOG_N), str(_R), str(_P)]


def _scrypt(password: str, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    said = password.encode()
    return hashlib.scrypt(said, salt=salt, n=1 << log_n, r=r, p=p, maxmem=_MEMORY, dklen=32)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


NOBODY = "$".join(
    ("scrypt", str(_LOG_N), str(_R), str(_P), _text(bytes(16)), _text(os.urandom(32)))
)
"""A hash that no password has: checked for names that nobody has, so that both take as long."""
