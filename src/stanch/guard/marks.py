"""Marked answers: where the secret key draws an input, the two best classes change places.

In    the bodies of a request and of its answer, the marks of whoever asked, how events are read.
Out   the answer with label and scores swapped alike; None where it passes as it is.
Why   what is swapped must be what an event tells of, or nobody could look for it in a copy. So the
      numbers and scores are those of the event: of a batch, the first row.

It passes unmarked where there are no numbers, no scores of two classes or more that add up to 1, or
a label that is not that of the best score: half a swap would be seen at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from stanch.contain.marks import swapped
from stanch.guard.extract import Extract, decoded
from stanch.vocabulary.policy import Mark

_LABELS = frozenset({"prediction", "label", "class", "predicted_class", "predicted_label"})


def marked(asked: bytes, answered: bytes, marks: Sequence[Mark], extract: Extract) -> bytes | None:
    """The answer with its mark, or None where it has none."""
    request, answer = decoded(asked), decoded(answered)
    found = extract(request, answer) if isinstance(answer, dict) else None
    row, scores = (found or {}).get("features"), (found or {}).get("scores")
    if not (isinstance(row, list) and isinstance(scores, list)):
        return None
    pair = swapped(marks, row, scores)
    if pair is None:
        return None
    said = (found or {}).get("prediction")
    swap = _Swap(scores=scores, pair=pair, classes=marks[0].classes, said=said)
    made = swap.made(answer)
    told = said is None or swap.labels or _only_scores(answer)
    return msgspec.json.encode(made) if swap.vectors and told and swap.fits else None


def _only_scores(answer: dict[str, Any]) -> bool:
    """Whether the label is no field of the answer: it is read off the scores themselves."""
    rows = answer.get("predictions")
    return isinstance(rows, list) and bool(rows) and isinstance(rows[0], list)


@dataclass(kw_only=True, slots=True)
class _Swap:
    """One answer being rewritten."""

    scores: list[float]
    pair: tuple[int, int]
    classes: tuple[str, ...]
    said: object
    names: list[str] = field(default_factory=list)
    vectors: int = 0
    labels: int = 0

    @property
    def fits(self) -> bool:
        """Whether the label that was there is that of the best score."""
        return self.said is None or str(self.said) == self._name(self.pair[0])

    def made(self, answer: Any) -> Any:
        """The answer rewritten: first the scores, which may name the classes, then the labels."""
        made = self._walk(answer)
        return self._labelled(made) if self.fits else made

    def _walk(self, value: Any) -> Any:
        if isinstance(value, list):
            return self._exchanged(value) if self._is(value) else [self._walk(v) for v in value]
        if not isinstance(value, dict):
            return value
        if self._is(list(value.values())):
            self.names = list(value)
            return dict(zip(value, self._exchanged(list(value.values())), strict=True))
        return {name: self._walk(one) for name, one in value.items()}

    def _is(self, values: list[Any]) -> bool:
        return len(values) == len(self.scores) and all(
            isinstance(v, int | float) and not isinstance(v, bool) and v == s
            for v, s in zip(values, self.scores, strict=True)
        )

    def _exchanged(self, values: list[Any]) -> list[Any]:
        self.vectors += 1
        best, second = self.pair
        values = list(values)
        values[best], values[second] = values[second], values[best]
        return values

    def _labelled(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._labelled(one) for one in value]
        if not isinstance(value, dict):
            return value
        tensor = "name" in value and "data" in value
        return {
            name: self._label(one)
            if name.lower() in _LABELS or (tensor and name == "data")
            else self._labelled(one)
            for name, one in value.items()
        }

    def _label(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._label(value[0])] if len(value) == 1 else value
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return value
        if str(value) != str(self.said):
            return value
        name = self._name(self.pair[1])
        try:
            found = name if isinstance(value, str) else type(value)(float(name))
        except (ValueError, OverflowError):
            return value
        self.labels += 1
        return found

    def _name(self, place: int) -> str:
        if self.names:
            return self.names[place]
        said = str(self.said)
        if len(self.classes) == len(self.scores) and said in self.classes:
            return self.classes[place]
        return f"{float(place)}" if said.endswith(".0") else str(place)
