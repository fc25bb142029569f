"""Probes: a question to a guard that only stanch can ask, and an answer that only a guard can give.

In    whom a request would come from, and the key that the server gave the guard.
Out   one header's text; and the guard's answer, proved to be about this very question.
Why   that a guard acknowledged a policy proves nothing; what it would do with a request does.

Without the key the header is ignored, so an outsider learns nothing, not even that probes exist. A
probe never reaches the model and is charged to nobody, so it bypasses nothing. Each carries a nonce
that a guard takes once and names the asset, so that it cannot be replayed, here or elsewhere. No
clock is involved. Shape: base64url(JSON) "." base64url(HMAC-SHA256).
"""

import binascii
import hashlib
import hmac
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.trouble import Tampered

HEADER = "stanch-probe"
ANY = ("serve", "shadow", "fallback", "refuse", "wait")
"""Every outcome: for a proof that rests on a field of the answer instead."""
LONGEST = 65_536


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """A request that shows whether an action took effect: as whom, and what should happen."""

    asset: AssetId
    principal: str = "stanch-probe"
    source: str = ""
    rows: int = 1
    expect: tuple[str, ...] = ("serve",)
    """The outcomes that prove it: serve, shadow, fallback, refuse, wait."""
    version: str = ""
    """The version that should be able to answer; empty does not ask."""
    not_version: str = ""
    """The version that must not be able to answer."""
    field: str = ""
    """A field of the answer that proves it, like `scores` or `hold`, ..."""
    value: str = ""
    """... and what it must be."""
    digest: str = ""
    """The digest of the policy that the guard must run; empty does not ask."""
    about: tuple[str, ...] = ()
    """The fields of the policy that it is to prove; it is not told to the guard."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Probed:
    """What a guard answers: what it would do, under which policy."""

    asset: AssetId
    nonce: str
    policy: int
    digest: str
    outcome: str
    why: str
    versions: tuple[str, ...] = ()
    """The versions that may answer; empty leaves it to the service."""
    closed: bool = False
    mirror: str = ""
    mode: str = ""
    rate: str = ""
    scores: str = ""
    hold: str = ""
    tools: str = ""
    log: str = ""
    filter: str = ""
    """The short names of the filter rules that are looked for."""
    marks: str = ""
    """`on` where this principal's answers carry marks."""
    cannot: tuple[str, ...] = ()
    """What of the policy this guard does not enforce, in sentences."""


def asked(probe: Probe, nonce: str, key: bytes) -> str:
    """The header that asks this."""
    facts = {
        "asset": probe.asset,
        "nonce": nonce,
        "principal": probe.principal,
        "source": probe.source,
        "rows": probe.rows,
    }
    return _sealed(facts, key, b"ask")


def heard(text: str, key: bytes) -> tuple[Probe, str] | None:
    """The question and its nonce, or None when this is not one."""
    facts = _opened(text, key, b"ask")
    if facts is None:
        return None
    probe = Probe(
        asset=AssetId(str(facts["asset"])),
        principal=str(facts["principal"]),
        source=str(facts["source"]),
        rows=int(str(facts["rows"])),
    )
    return probe, str(facts["nonce"])


def answered(probed: Probed, key: bytes) -> str:
    """The answer as it goes over the wire."""
    return _sealed(asdict(probed), key, b"answer")


def read(text: str, nonce: str, key: bytes) -> Probed:
    """The answer to the question with this nonce, or Tampered."""
    facts = _opened(text, key, b"answer")
    if facts is None or facts.get("nonce") != nonce:
        raise Tampered("this is not the guard's answer to the probe")
    known = {n: facts[n] for n in Probed.__dataclass_fields__ if n in facts}
    for name in ("versions", "cannot"):
        given = known.get(name)
        known[name] = tuple(map(str, given)) if isinstance(given, list) else ()
    return Probed(**known)  # pyrefly: ignore[bad-argument-type]  sealed by our own guard


_LADDER = ("serve", "shadow", "fallback", "refuse")
"""Outcomes, each giving less than the one before."""
_ORDERS: Mapping[str, tuple[str, ...]] = {
    "mode": ("serving", "shadow", "safe", "stopped"),
    "scores": ("all", "top1", "none"),
    "log": ("normal", "full"),
}
_SETS = frozenset({"hold", "tools", "filter"})
_RATE = re.compile(r"([0-9.e+]+)/([0-9.e+]*) ?(s|min|hour|day)")
_SECONDS = {"s": 1, "min": 60, "hour": 3600, "day": 86_400}


def proves(probe: Probe, found: Probed) -> bool:
    """Whether the answer shows what the probe expected, or what is stricter than that.

    Where several incidents want something of one asset the strictest of it is in force, and each of
    them has what it wanted.
    """
    may = found.versions
    return (
        (found.outcome in probe.expect or _gives_less(probe, found.outcome))
        and (not probe.digest or probe.digest == found.digest)
        and (not probe.version or probe.version in may or (found.closed and not may))
        and (not probe.not_version or probe.not_version not in may)
        and (not probe.field or _at_least(probe, str(getattr(found, probe.field, ""))))
    )


def _gives_less(probe: Probe, outcome: str) -> bool:
    """Whether the outcome is stricter than one that proves it, and the proof rests on more."""
    wanted = [_LADDER.index(one) for one in probe.expect if one in _LADDER]
    rests = bool(probe.field or probe.version)
    return rests and outcome in _LADDER and bool(wanted) and _LADDER.index(outcome) > min(wanted)


def _at_least(probe: Probe, shown: str) -> bool:
    """Whether the field shows the value, or what is stricter."""
    wanted, order = probe.value, _ORDERS.get(probe.field, ())
    if probe.field in _SETS:
        return set(wanted.split(",")) <= set(shown.split(","))
    if wanted in order and shown in order:
        return order.index(shown) >= order.index(wanted)
    slow, most = _per_second(shown), _per_second(wanted)
    if probe.field == "rate" and slow is not None and most is not None:
        return slow <= most
    return shown == wanted


def _per_second(text: str) -> float | None:
    """The requests a second that a rate in words allows; None for what is no rate."""
    found = _RATE.match(text)
    if found is None:
        return None
    count, periods, unit = found.groups()
    try:
        return float(count) / (float(periods or 1) * _SECONDS[unit])
    except (ValueError, ZeroDivisionError):
        return None


_CONCERNS: Mapping[str, tuple[str, ...]] = {
    "mode": ("shadow",),
    "route": ("upstream for v", "upstream for ", "version"),
    "mirror": ("mirror", "copied"),
    "deny": ("principal", "network", "address"),
    "limit": ("limit", "rows", "tokens", "rate", "cost"),
    "shape": ("shape", "scores", "marks"),
    "filter": ("filter", "rule"),
    "tools": ("tool",),
    "log": ("`log:",),
}
"""Words by which a guard's sentence on what it cannot do says which field of a policy it means."""


def lacking(probe: Probe, cannot: tuple[str, ...]) -> tuple[str, ...]:
    """What of this probe's act the guard says it does not enforce.

    A sentence in which no field is recognised is taken to be about every act.
    """
    about = {path.partition(".")[0] for path in probe.about}
    return tuple(one for one in cannot if not (told := _fields(one)) or told & about)


def _fields(sentence: str) -> set[str]:
    """The fields that a guard's sentence is about."""
    low = sentence.lower()
    found = {name for name, words in _CONCERNS.items() if any(word in low for word in words)}
    # "no upstream for the mirror" is about the mirror, not about the route.
    return found - {"route"} if "mirror" in found else found


def _mac(content: bytes, key: bytes, use: bytes) -> bytes:
    return hmac.digest(key, b"stanch-probe-v1 " + use + b"\n" + content, hashlib.sha256)


def _sealed(facts: object, key: bytes, use: bytes) -> str:
    content = urlsafe_b64encode(json.dumps(facts, separators=(",", ":")).encode())
    return (content + b"." + urlsafe_b64encode(_mac(content, key, use))).decode()


def _opened(text: str, key: bytes, use: bytes) -> dict[str, object] | None:
    if len(text) > LONGEST or not text.isascii():
        return None
    content, _, mac = text.encode().partition(b".")
    try:
        given = urlsafe_b64decode(mac)
    except (binascii.Error, ValueError):
        return None
    if not hmac.compare_digest(given, _mac(content, key, use)):
        return None
    found = json.loads(urlsafe_b64decode(content))
    return found if isinstance(found, dict) else None
