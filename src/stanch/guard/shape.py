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
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

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
JSON = dict[str, "JSON"] | list["JSON"] | str | int | float | bool | None


def shapes(shape: Shape) -> bool:
    """Whether this shape changes any answer."""
    return replace(shape, marks=()) != Shape()


def shaped(body: bytes, shape: Shape, dice: Dice) -> bytes | None:
    """The body with its scores shaped, or None when it is not JSON."""
    try:
        found: JSON = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return msgspec.json.encode(_walk(found, shape, dice))


def numbers(given: Sequence[float], shape: Shape, dice: Dice) -> list[float]:
    """These scores with noise and rounding; with jitter alone the greatest stays the greatest."""
    return _rounded(_all_noised(given, shape, dice), shape)


def _rounded(noised: list[float], shape: Shape) -> list[float]:
    return noised if shape.round is None else [round(x, shape.round) for x in noised]


def _all_noised(given: Sequence[float], shape: Shape, dice: Dice) -> list[float]:
    noised = [_noised(x, shape, dice) for x in given]
    if shape.jitter and shape.epsilon is None:
        top, ahead = _highest(given), _highest(noised)
        noised[top], noised[ahead] = noised[ahead], noised[top]
    return noised


def _highest(scores: Sequence[float]) -> int:
    return max(range(len(scores)), key=scores.__getitem__)


def _noised(value: float, shape: Shape, dice: Dice) -> float:
    if shape.epsilon is not None:
        value += _laplace(1 / shape.epsilon, dice)
    if shape.jitter:
        value += (2 * dice() - 1) * shape.jitter
    return value


def _laplace(scale: float, dice: Dice) -> float:
    away = dice() - 0.5
    return -scale * math.copysign(math.log(max(1 - 2 * abs(away), 5e-324)), away)


def _walk(value: JSON, shape: Shape, dice: Dice) -> JSON:
    if isinstance(value, list):
        return [_walk(one, shape, dice) for one in value]
    if not isinstance(value, dict):
        return value
    kserve = str(value.get("name", "")).lower() in NAMES and "data" in value
    found: dict[str, JSON] = {}
    for name, one in value.items():
        rows = name.lower() in _ROWS and _score_rows(one)
        if name.lower() in NAMES or rows or (kserve and name == "data"):
            if shape.scores is not Scores.NONE:
                found[name] = _scores(one, shape, dice)
        else:
            found[name] = _walk(one, shape, dice)
    return found


def _score_rows(value: JSON) -> bool:
    """Whether this is a list of rows with several numbers each: nothing but scores looks so."""
    rows = value if isinstance(value, list) else []
    return any(isinstance(r, list) and len(r) > 1 and all(map(_number, r)) for r in rows)


def _scores(value: JSON, shape: Shape, dice: Dice) -> JSON:
    if isinstance(value, dict):
        keys = [k for k, x in value.items() if _number(x)]
        cut = _cut([_float(value[k]) for k in keys], shape, dice)
        return {k: x for k, x in zip(keys, cut, strict=True) if x is not None}
    if isinstance(value, list):
        if value and all(_number(x) for x in value):
            return list(_cut([_float(x) for x in value], shape, dice))
        return [_scores(one, shape, dice) for one in value]
    if _number(value):
        return numbers([_float(value)], shape, dice)[0]
    return value


def _cut(given: list[float], shape: Shape, dice: Dice) -> list[float | None]:
    if not given:
        return []
    noised = _all_noised(given, shape, dice)
    made = _rounded(noised, shape)
    if shape.scores is Scores.ALL:
        return list(made)
    top = _highest(noised)
    return [x if n == top else None for n, x in enumerate(made)]


def _number(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _float(value: JSON) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
