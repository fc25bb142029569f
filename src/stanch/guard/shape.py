"""Shaping answers: what an answer gives away is cut before it leaves.

In    the JSON body of an answer and the policy's Shape.
Out   the body with scores cut, noised and rounded; None when there was nothing to shape.
Why   scores to sixteen places are what extraction, evasion and membership inference live on.

Scores are numbers under a name of `NAMES`, the `data` of a KServe v2 output with such a name, and
mappings of class to number there; rows of several numbers under `predictions` or `outputs` are
scores too, as MLflow and TensorFlow Serving answer them. Order: noise
(Laplace of scale 1/epsilon, then jitter), rounding, then cutting. Jitter leaves the top class on
top; Laplace noise does not promise that, its promise is privacy: which score is the highest is
asked of the noised ones, since the true ones would tell what the noise hides.

Jitter falls alike for the same scores, by a secret key: whoever asks the same again learns nothing
by averaging. Privacy wants new noise for each answer; jitter beside it is made of the noised scores
alone, so that it takes nothing from epsilon. And epsilon is of scores between 0 and 1: what lies
beyond (logits do) is held to that.
"""

import hashlib
import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import msgspec

from stanch.vocabulary.policy import Scores, Shape

NAMES = frozenset(
    {
        *("score", "scores", "confidence", "confidences", "logit", "logits"),
        *("prob", "probs", "proba", "probability", "probabilities", "class_probabilities"),
        *("logprob", "logprobs", "top_logprobs"),
    }
)
_ROWS = frozenset({"predictions", "outputs"})
Dice = Callable[[], float]
"""A number from 0 up to 1; from the system's own source, so that it cannot be foreseen."""
_WIDE = 8
_USE = b"stanch-jitter-v1\n"
JSON = dict[str, "JSON"] | list["JSON"] | str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Luck:
    """Where noise comes from."""

    dice: Dice
    """New for each answer."""
    key: bytes
    """The secret by which jitter falls alike for the same scores."""

    def again(self, given: Sequence[float]) -> list[float]:
        """A number from 0 up to 1 for each of these scores: the same ones for the same scores."""
        seen = struct.pack(f"<{len(given)}d", *given)
        drawn = hashlib.shake_256(_USE + self.key + seen).digest(_WIDE * len(given))
        return [whole / 2**64 for whole in struct.unpack(f"<{len(given)}Q", drawn)]


def shapes(shape: Shape) -> bool:
    """Whether this shape changes any answer."""
    return replace(shape, marks=()) != Shape()


def shaped(body: bytes, shape: Shape, luck: Luck) -> bytes | None:
    """The body with its scores shaped, or None when it is not JSON."""
    try:
        found: JSON = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return msgspec.json.encode(_walk(found, shape, luck))


def numbers(given: Sequence[float], shape: Shape, luck: Luck) -> list[float]:
    """These scores with noise and rounding; with jitter alone the greatest stays the greatest."""
    return _rounded(_all_noised(given, shape, luck), shape)


def _rounded(noised: list[float], shape: Shape) -> list[float]:
    return noised if shape.round is None else [round(x, shape.round) for x in noised]


def _all_noised(given: Sequence[float], shape: Shape, luck: Luck) -> list[float]:
    if shape.epsilon is not None:
        given = [_private(x, shape.epsilon, luck.dice) for x in given]
    if not shape.jitter:
        return list(given)
    draws = luck.again(given)
    noised = [x + (2 * at - 1) * shape.jitter for x, at in zip(given, draws, strict=True)]
    if shape.epsilon is not None:
        return noised
    top, ahead = _highest(given), _highest(noised)
    noised[top], noised[ahead] = noised[ahead], noised[top]
    return noised


def _highest(scores: Sequence[float]) -> int:
    return max(range(len(scores)), key=scores.__getitem__)


def _private(value: float, epsilon: float, dice: Dice) -> float:
    """The score with noise: between 0 and 1 before it, as its epsilon is of that range."""
    return min(max(value, 0.0), 1.0) + _laplace(1 / epsilon, dice)


def _laplace(scale: float, dice: Dice) -> float:
    away = dice() - 0.5
    return -scale * math.copysign(math.log(max(1 - 2 * abs(away), 5e-324)), away)


def _walk(value: JSON, shape: Shape, luck: Luck) -> JSON:
    if isinstance(value, list):
        return [_walk(one, shape, luck) for one in value]
    if not isinstance(value, dict):
        return value
    kserve = str(value.get("name", "")).lower() in NAMES and "data" in value
    found: dict[str, JSON] = {}
    for name, one in value.items():
        rows = name.lower() in _ROWS and _score_rows(one)
        if name.lower() in NAMES or rows or (kserve and name == "data"):
            if shape.scores is not Scores.NONE:
                found[name] = _scores(one, shape, luck)
        else:
            found[name] = _walk(one, shape, luck)
    return found


def _score_rows(value: JSON) -> bool:
    """Whether this is a list of rows with several numbers each: nothing but scores looks so."""
    rows = value if isinstance(value, list) else []
    return any(isinstance(r, list) and len(r) > 1 and all(map(_number, r)) for r in rows)


def _scores(value: JSON, shape: Shape, luck: Luck) -> JSON:
    if isinstance(value, dict):
        keys = [k for k, x in value.items() if _number(x)]
        cut = _cut([_float(value[k]) for k in keys], shape, luck)
        return {k: x for k, x in zip(keys, cut, strict=True) if x is not None}
    if isinstance(value, list):
        if value and all(_number(x) for x in value):
            return list(_cut([_float(x) for x in value], shape, luck))
        return [_scores(one, shape, luck) for one in value]
    if _number(value):
        return numbers([_float(value)], shape, luck)[0]
    return value


def _cut(given: list[float], shape: Shape, luck: Luck) -> list[float | None]:
    if not given:
        return []
    noised = _all_noised(given, shape, luck)
    made = _rounded(noised, shape)
    if shape.scores is Scores.ALL:
        return list(made)
    top = _highest(noised)
    return [x if n == top else None for n, x in enumerate(made)]


def _number(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _float(value: JSON) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
