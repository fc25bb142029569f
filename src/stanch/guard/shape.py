"""Shaping answers: what an answer gives away is cut before it leaves.

In    the JSON body of an answer and the policy's Shape.
Out   the body with scores cut, noised and rounded, and what of the shape it had no place for.
Why   scores to sixteen places are what extraction, evasion and membership inference live on.

Scores are numbers under a name of `NAMES`, the `data` of a KServe v2 output with such a name, and
mappings of class to number there; rows of several numbers under `predictions` or `outputs` are
scores too, as MLflow and TensorFlow Serving answer them. One number for each row (there, under
`prediction`, in a plain list, in a tensor of decimals) is a regressor's: it is noised and rounded,
and there is nothing to cut. Whole numbers are classes or counts and stay. Order: noise
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
from dataclasses import dataclass, field, replace
from typing import NamedTuple, cast

import msgspec

from stanch.vocabulary.policy import Scores, Shape

NAMES = frozenset(
    {
        *("score", "scores", "confidence", "confidences", "logit", "logits"),
        *("prob", "probs", "proba", "probability", "probabilities", "class_probabilities"),
        *("logprob", "logprobs", "top_logprobs"),
    }
)
_ROWS = frozenset({"prediction", "predictions", "output", "outputs"})
_FLOATS = frozenset({"FP16", "FP32", "FP64", "BF16"})
_GONE = object()
_NO_SCORES = (
    "Answers here hold one number for each row and no scores, so `scores: {}` of the shape cuts "
    "nothing: round them, or state jitter."
)
_BEYOND = (
    "Answers here hold numbers beyond 0 and 1, of which the epsilon of the shape says nothing: "
    "they pass without privacy noise. Round them, or state jitter."
)
_STRANGE = (
    "Answers here hold numbers under {}, which are no name of scores or predictions: they are not "
    "shaped. Answer them under `scores` or `predictions`, or set the mode to safe."
)
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


class Shaped(NamedTuple):
    """An answer as it may leave."""

    body: bytes
    lacks: tuple[str, ...] = ()
    """What of the shape had nothing to be done to in it, in sentences."""
    unknown: str = ""
    """That it holds numbers of which nobody knows whether they are to be shaped."""


def shaped(body: bytes, shape: Shape, luck: Luck) -> Shaped | None:
    """The body with its scores and numbers shaped, or None when it is not JSON."""
    try:
        found: JSON = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    work = _Work(shape, luck)
    made = work.walk(found)
    return Shaped(msgspec.json.encode(made), work.not_shaped, work.unknown)


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


@dataclass(slots=True)
class _Work:
    """One answer under way."""

    shape: Shape
    luck: Luck
    scores: bool = False
    """Whether it held scores."""
    numbers: bool = False
    """Whether it held a number for a row."""
    wide: bool = False
    """Whether one of them lies beyond 0 and 1, and privacy was asked for."""
    strange: set[str] = field(default_factory=set)
    """Names of other numbers with decimals."""

    def walk(self, value: JSON, name: str = "") -> JSON:
        """The value with what is a score or a row's number shaped."""
        if isinstance(value, list):
            if not name and _is_numbers(value):
                return self.rows(value)
            return [self.walk(one, name) for one in value]
        if isinstance(value, dict):
            return self._object(value)
        if name and isinstance(value, float) and value % 1:
            self.strange.add(name)
        return value

    def _object(self, value: dict[str, JSON]) -> JSON:
        tensor = _tensor(value)
        found: dict[str, JSON] = {}
        for name, one in value.items():
            low = name.lower()
            if tensor and name == "data":
                cut = self._data(value, one)
            elif low in NAMES or (low in _ROWS and _score_rows(one)):
                cut = self._cut_scores(one)
            elif low in _ROWS and (_number(one) or _is_numbers(one)):
                cut = self.rows(one)
            else:
                cut = self.walk(one, name)
            if cut is not _GONE:
                found[name] = cast("JSON", cut)
        return found

    def _cut_scores(self, value: JSON) -> JSON | object:
        self.scores = True
        if self.shape.scores is Scores.NONE:
            return _GONE
        return _scores(value, self.shape, self.luck)

    def _data(self, tensor: dict[str, JSON], data: JSON) -> JSON | object:
        """The data of a tensor: one after the other as its shape says, or lists in lists."""
        wide = _width(tensor, data)
        flat = isinstance(data, list) and all(map(_number, data))
        if not flat or str(tensor.get("name", "")).lower() in NAMES or wide > 1:
            if not (flat and isinstance(data, list)):
                return self._cut_scores(data)
            cut = self._cut_scores(_in_rows(data, wide))
            rows = cut if isinstance(cut, list) else []
            return [x for row in rows if isinstance(row, list) for x in row] if rows else cut
        return self.rows(data)

    def rows(self, value: JSON) -> JSON:
        """One number for each row: rounded and noised; whole ones are classes or counts, and stay.

        Epsilon is of numbers between 0 and 1: what lies beyond would be no answer any more.
        """
        given = _all_of(value)
        if not any(x % 1 for x in given):
            return value
        self.numbers, shape = True, self.shape
        if shape.epsilon is not None and not all(0 <= x <= 1 for x in given):
            self.wide, shape = True, replace(shape, epsilon=None)
        return _each(value, lambda x: numbers([x], shape, self.luck)[0])

    @property
    def not_shaped(self) -> tuple[str, ...]:
        """What of the shape was not done here, in sentences."""
        cuts = self.shape.scores is not Scores.ALL
        found = []
        if self.numbers and not self.scores and cuts:
            found.append(_NO_SCORES.format(self.shape.scores))
        if self.wide:
            found.append(_BEYOND)
        return tuple(found)

    @property
    def unknown(self) -> str:
        """That it held numbers and nothing that is known to be shaped, in a sentence."""
        if self.scores or self.numbers or not self.strange:
            return ""
        return _STRANGE.format(", ".join(repr(one[:40]) for one in sorted(self.strange)[:3]))


def _tensor(value: dict[str, JSON]) -> bool:
    """Whether this is an output of KServe v2 that holds scores or numbers with decimals."""
    named = str(value.get("name", "")).lower() in NAMES
    return "data" in value and (named or str(value.get("datatype", "")) in _FLOATS)


def _width(tensor: dict[str, JSON], data: JSON) -> int:
    """How many numbers of a tensor's data are one row."""
    shape, many = tensor.get("shape"), len(data) if isinstance(data, list) else 0
    last = shape[-1] if isinstance(shape, list) and shape else many
    if isinstance(shape, list) and len(shape) == 1:
        last = many if str(tensor.get("name", "")).lower() in NAMES else 1
    good = isinstance(last, int) and last > 0 and many % last == 0
    return last if good and isinstance(last, int) else max(many, 1)


def _in_rows(data: list[JSON], wide: int) -> list[JSON]:
    return [data[at : at + wide] for at in range(0, len(data), wide)]


def _is_numbers(value: JSON) -> bool:
    """Whether this is one number for each row: by itself or in a list of its own."""
    rows = value if isinstance(value, list) else []
    return bool(rows) and all(
        _number(one) or (isinstance(one, list) and len(one) == 1 and _number(one[0]))
        for one in rows
    )


def _all_of(value: JSON) -> list[float]:
    if isinstance(value, list):
        return [x for one in value for x in _all_of(one)]
    return [_float(value)]


def _each(value: JSON, change: Callable[[float], float]) -> JSON:
    if isinstance(value, list):
        return [_each(one, change) for one in value]
    return change(_float(value))


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
