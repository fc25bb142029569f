"""The mapper: from a sentence about what somebody did to ATLAS tactics and techniques.

In    free text; optionally the tactic, when it is known.
Out   the likeliest techniques with their scores, or nothing: it abstains when it cannot tell.
Why   people write what they saw, not ids. Two stages, since a tactic narrows 170 techniques down
      to some ten, and a person often knows the tactic.
Words What the lexicon reads in the text is added to the score: LIFT for each concept. The vectors
      know the prose of ATLAS, the lexicon what people say.
Math  Words and pairs of words are hashed into a fixed number of columns and weighed by rarity.
      Each tactic and each technique has a few directions (its labelled neighbours, blended, and
      its name). Score of a tactic: cosine to its nearest direction; of a technique the same, times
      the share of its tactics. What one word alone makes alike counts only where the technique's
      name has it: words share columns by chance. The model holds weights only: no text of
      anybody's is in it, and none can be read from it. It is made and cross-validated by
      `scripts/build_mapper.py`.
"""

import base64
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stanch.triage.taxonomy.atlas import packaged
from stanch.triage.taxonomy.lexicon import Lexicon, packaged_lexicon

Floats = NDArray[np.float64]
COLUMNS = 4096
LIFT = 0.04
"""What one concept is worth; the likeliest cosines of a short report lie about 0.1."""
ALONE = 2 / 3
"""A word that makes more of a cosine than this makes it alone: words share columns by chance."""
WORD = re.compile(r"[a-z][a-z0-9]{2,}")
STOP = frozenset(
    [
        *("the", "and", "that", "with", "was", "were", "for", "are", "this", "from", "their"),
        *("they", "has", "have", "had", "which", "into", "can", "could", "been", "its", "our"),
        *("these", "them", "then", "also", "such", "other", "using", "used", "use"),
    ]
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Guess:
    """One technique, the tactic it would serve, and a score from 0 to 1."""

    technique: str
    tactic: str
    score: float


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Model:
    """The weights: rarity of each column, and the directions of the labels."""

    version: str
    """The version of ATLAS that the labels belong to."""
    rarity: Floats
    tactics: tuple[str, ...]
    tactic_rows: Floats
    techniques: tuple[str, ...]
    technique_rows: Floats
    links: Mapping[str, tuple[str, ...]]
    floor: float
    """Below this score the mapper abstains."""
    lexicon: Lexicon | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    """What each technique is called."""


def columns_of(text: str) -> NDArray[np.int64]:
    """The hashed columns of the words and pairs of words in a text."""
    words = [_stem(w) for w in WORD.findall(text.lower()) if w not in STOP][:400]
    grams = [*words, *(f"{a} {b}" for a, b in pairwise(words))]
    return np.array([zlib.crc32(g.encode()) % COLUMNS for g in grams], dtype=np.int64)


def vector_of(text: str, rarity: Floats) -> Floats:
    """The text as a direction of length one, or zero when it has no words."""
    counts = np.bincount(columns_of(text), minlength=COLUMNS).astype(np.float64)
    weighed: Floats = np.log1p(counts) * rarity
    size = float(np.linalg.norm(weighed))
    return weighed / size if size else weighed


def guess(text: str, model: Model, *, tactic: str = "", top: int = 3) -> tuple[Guess, ...]:
    """The likeliest techniques, best first; none when even the best is too unlike."""
    seen = vector_of(text, model.rarity)
    by_tactic = dict(zip(model.tactics, (model.tactic_rows @ seen).tolist(), strict=True))
    told = model.lexicon.told(text) if model.lexicon else {}
    scores = _cosines(seen, model, told)
    made = [
        Guess(
            technique=t,
            tactic=best,
            score=round(score * 0.7 + by_tactic.get(best, 0.0) * 0.3 + LIFT * told.get(t, 0), 4),
        )
        for t, score in scores.items()
        if (best := _best(model.links.get(t, ()), by_tactic, tactic))
    ]
    made.sort(key=lambda g: (-g.score, g.technique))
    return tuple(made[:top]) if made and made[0].score >= model.floor else ()


def _cosines(seen: Floats, model: Model, told: Mapping[str, int]) -> dict[str, float]:
    """How like each technique the text is; not at all by a single word that is not of its name."""
    parts = model.technique_rows * seen
    found = parts.sum(axis=1)
    alone = parts.max(axis=1) > ALONE * found
    scores: dict[str, float] = {}
    for row, name in enumerate(model.techniques):
        chance = alone[row] and name not in told
        if chance and parts[row].argmax() in columns_of(model.titles.get(name, "")):
            chance = False
        scores[name] = max(scores.get(name, 0.0), 0.0 if chance else float(found[row]))
    return scores


def _best(tactics: tuple[str, ...], by_tactic: Mapping[str, float], given: str) -> str:
    if given:
        return given if given in tactics else ""
    return max(tactics, key=lambda t: (by_tactic.get(t, 0.0), t), default="")


def _stem(word: str) -> str:
    for end in ("ations", "ation", "ings", "ing", "ies", "ed", "es", "s"):
        if word.endswith(end) and len(word) - len(end) >= 4:  # noqa: PLR2004  a stem is four long
            return word[: -len(end)]
    return word


def pack(rows: Floats) -> str:
    """Rows as text: bytes of eight bits, compressed."""
    small = np.clip(np.round(rows * 127), -127, 127).astype(np.int8)
    return base64.b64encode(zlib.compress(small.tobytes(), 9)).decode()


def unpack(text: str, rows: int) -> Floats:
    """The rows again, each of length one."""
    raw = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=np.int8)
    out = raw.reshape(rows, COLUMNS).astype(np.float64)
    sizes = np.linalg.norm(out, axis=1, keepdims=True)
    kept: Floats = out / np.where(sizes == 0, 1.0, sizes)
    return kept


@cache
def packaged_model() -> Model:
    """The model that ships with stanch."""
    raw = json.loads(files("stanch.triage.taxonomy").joinpath("mapper.json").read_text("utf-8"))
    rarity = np.frombuffer(zlib.decompress(base64.b64decode(raw["rarity"])), dtype=np.float16)
    return Model(
        version=raw["version"],
        rarity=rarity.astype(np.float64),
        tactics=tuple(raw["tactics"]),
        tactic_rows=unpack(raw["tactic_rows"], len(raw["tactics"])),
        techniques=tuple(raw["techniques"]),
        technique_rows=unpack(raw["technique_rows"], len(raw["techniques"])),
        links={k: tuple(v) for k, v in raw["links"].items()},
        floor=raw["floor"],
        lexicon=packaged_lexicon(),
        titles={t.id: t.name for t in packaged().techniques.values()},
    )
