"""Context from a person's report: which asset, what was seen, how urgent, who and what is named.

In    the report's text, the assets that exist.
Out   a `Context` with short extracts, each cleaned; nothing in it is ever carried out.
Why   a report may quote what an attacker wrote. It is data: words are counted and names matched;
      no word of it sets a severity, closes an incident or chooses an action.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from stanch.vocabulary.asset import Asset
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.ids import AssetId

K = AttackKind
LONGEST = 20_000
"""Characters of a report that are looked at."""
MOST = 20
"""Entities of one sort that are kept."""

URGENT = frozenset(
    [
        *("urgent", "immediately", "emergency", "asap", "critical", "injured", "injury", "hurt"),
        *("death", "died", "leaked", "leak", "stolen", "ransom", "down", "outage", "customers"),
    ]
)

SIGNS: Mapping[AttackKind, tuple[str, ...]] = MappingProxyType(
    {
        K.POISONING: ("poison", "mislabel", "wrong label", "corrupt data", "training data"),
        K.BACKDOOR: ("backdoor", "trigger", "trojan"),
        K.WEIGHT_TAMPERING: ("weights changed", "tampered", "checksum", "digest", "replaced model"),
        K.SUPPLY_CHAIN: ("dependency", "package", "third-party", "downloaded model", "vendor"),
        K.EXTRACTION: ("extract", "copied our model", "clone", "scraping", "model theft", "stolen"),
        K.EVASION: ("bypass", "evade", "adversarial", "fooled", "slipped through"),
        K.THRESHOLD_PROBING: ("threshold", "just under", "just below", "probing"),
        K.MEMBERSHIP_INFERENCE: ("membership", "was in the training", "training record"),
        K.ACCESS: ("password", "login", "credential", "api key", "unauthorised", "unauthorized"),
        K.DENIAL_OF_WALLET: ("bill", "invoice", "cost", "quota", "token usage"),
        K.FAIRNESS_HARM: ("discriminat", "unfair", "bias", "refused because", "women", "race"),
        K.PROMPT_INJECTION: ("prompt", "jailbreak", "ignore previous", "instructions", "chatbot"),
    }
)
"""Beginnings of words that hint at a kind; a hint for a person, never evidence."""

_ENTITIES: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "network": re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}(?:/\d{1,2})?\b"),
        "digest": re.compile(r"\b(?:sha256:)?[0-9a-f]{64}\b"),
        "mail": re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}\b"),
        "key": re.compile(r"\bkey-[A-Za-z0-9_-]{1,60}\b"),
        "version": re.compile(r"\bv\d{1,4}(?:\.\d{1,4}){0,3}\b"),
        "technique": re.compile(r"\bAML\.T\d{4}(?:\.\d{3})?\b"),
        "time": re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d)?\b"),
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What a report says, as far as words can be matched."""

    assets: tuple[AssetId, ...] = ()
    hints: tuple[AttackKind, ...] = ()
    urgency: tuple[str, ...] = ()
    """The urgent words that stand in it."""
    entities: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    addressed_to_machines: bool = False
    """It holds invisible characters or an instruction to a machine; show it with care."""


_ORDERS = re.compile(
    r"ignore (?:all |any |the )?(?:previous|prior|above|rules|instructions)|"
    r"close (?:this|all|every|the) incident|mark (?:it|this) as (?:natural|benign|resolved)|"
    r"you are (?:now )?(?:a|an|the) |system prompt|<\|",
    re.IGNORECASE,
)


def context_of(text: str, assets: Iterable[Asset]) -> Context:
    """What can be matched in a person's words."""
    short = text[:LONGEST]
    plain = clean(short)
    low = plain.lower()
    words = set(re.findall(r"[a-z]+", low))
    return Context(
        assets=tuple(a.id for a in sorted(assets, key=lambda a: a.id) if _named(a, low)),
        hints=_hints(low),
        urgency=tuple(sorted(words & URGENT)),
        entities={
            name: tuple(dict.fromkeys(pattern.findall(plain)))[:MOST]
            for name, pattern in _ENTITIES.items()
            if pattern.search(plain)
        },
        addressed_to_machines=plain != short or bool(_ORDERS.search(plain)),
    )


def clean(text: str) -> str:
    """The text without invisible and control characters; line ends and tabs stay."""
    return "".join(
        c
        for c in text
        if c in "\n\t" or (unicodedata.category(c) not in {"Cf", "Cc", "Co", "Cn"} and not _mark(c))
    )


def _mark(char: str) -> bool:
    return 0xFE00 <= ord(char) <= 0xFE0F or 0xE0100 <= ord(char) <= 0xE01EF  # noqa: PLR2004  variation selectors


def _named(asset: Asset, low: str) -> bool:
    names = {asset.id.lower(), asset.name.lower()}
    return any(
        re.search(rf"(?<![\w-]){re.escape(n)}(?![\w-])", low)
        for n in names
        if len(n) > 2  # noqa: PLR2004  shorter names match anything
    )


def _hints(low: str) -> tuple[AttackKind, ...]:
    counts = {kind: sum(sign in low for sign in signs) for kind, signs in SIGNS.items()}
    found = [k for k in counts if counts[k]]
    return tuple(sorted(found, key=lambda k: (-counts[k], k)))
