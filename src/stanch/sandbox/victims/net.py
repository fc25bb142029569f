"""Nets: small models that are arrays and nothing else.

In    a table to learn from.
Out   a `Net` that answers; its bytes, which hold numbers only and are the same for the same net.
Why   scikit-learn trains; the arrays are taken out of it, so that a registry of files, digests and
      swapped weights are real and nothing is ever unpickled.
"""

import hashlib
import io
import warnings
from dataclasses import dataclass
from typing import Any
from zipfile import BadZipFile

import numpy as np

from stanch.sandbox.victims.table import Floats, Ints, Table
from stanch.vocabulary.trouble import BadFile, Missing

_LARGEST = 60.0
_FLAT = 1e-6
"""A feature that moves less than this is a constant, and is not stretched."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Net:
    """A multi-layer perceptron with ReLU, softmax at the end."""

    middle: Floats
    scale: Floats
    layers: tuple[tuple[Floats, Floats], ...]

    def scores(self, x: Floats) -> Floats:
        """The score of each class, for each row."""
        hidden = (x - self.middle) / self.scale
        for weights, bias in self.layers[:-1]:
            hidden = np.maximum(hidden @ weights + bias, 0.0)
        weights, bias = self.layers[-1]
        out = np.clip(hidden @ weights + bias, -_LARGEST, _LARGEST)
        if out.shape[1] == 1:
            out = np.concatenate([np.zeros_like(out), out], axis=1)
        raised = np.exp(out - out.max(axis=1, keepdims=True))
        found: Floats = raised / raised.sum(axis=1, keepdims=True)
        return found

    def says(self, x: Floats) -> Ints:
        """The class of each row."""
        found: Ints = self.scores(x).argmax(axis=1).astype(np.int64)
        return found

    def right(self, table: Table) -> float:
        """The share of right answers."""
        return float((self.says(table.x) == table.y).mean())

    def to_bytes(self) -> bytes:
        """All arrays, as NumPy writes them."""
        named: dict[str, Any] = {"middle": self.middle, "scale": self.scale}
        for n, (weights, bias) in enumerate(self.layers):
            named |= {f"w{n}": weights, f"b{n}": bias}
        out = io.BytesIO()
        np.savez(out, **named)
        return out.getvalue()

    @property
    def digest(self) -> str:
        """What registries and deployments name it by."""
        return digest_of(self.to_bytes())

    @classmethod
    def from_bytes(cls, body: bytes) -> "Net":
        """The net that these bytes hold, or `BadFile`."""
        try:
            with np.load(io.BytesIO(body), allow_pickle=False) as held:
                count = sum(name.startswith("w") for name in held.files)
                layers = tuple((held[f"w{n}"], held[f"b{n}"]) for n in range(count))
                return cls(middle=held["middle"], scale=held["scale"], layers=layers)
        except (ValueError, KeyError, OSError, EOFError, BadZipFile) as error:
            raise BadFile("weights", f"not readable ({error})") from None


def digest_of(body: bytes) -> str:
    """The digest that registries and deployments name."""
    return "sha256:" + hashlib.sha256(body).hexdigest()


def trained(table: Table, seed: int, hidden: tuple[int, ...] = (32,), rounds: int = 60) -> Net:
    """A net that learnt this table; the same for the same table and seed."""
    try:
        from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415  an extra
        from sklearn.neural_network import MLPClassifier  # noqa: PLC0415  heavy
    except ImportError:
        raise Missing("A drill", "drills", "drills") from None
    middle, scale = table.x.mean(axis=0), _scale(table)
    model: Any = MLPClassifier(hidden, max_iter=rounds, random_state=seed, learning_rate_init=0.005)
    # For good: a block that sets filters back is no block where other threads do the same.
    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    model.fit((table.x - middle) / scale, table.y)
    layers = tuple(zip(model.coefs_, model.intercepts_, strict=True))
    return Net(middle=middle, scale=scale, layers=_every_class(layers, model.classes_, table))


def _scale(table: Table) -> Floats:
    """The unit of each feature: one for all where all are of one kind, as in pictures."""
    if table.whole:
        return np.full(len(table.features), max(float(table.x.std()), _FLAT))
    return np.where(table.spread > _FLAT, table.spread, 1.0)


def _every_class(layers: Any, known: Ints, table: Table) -> Any:
    """The last layer with a place for each class, also for those that were never seen."""
    weights, bias = layers[-1]
    total = len(table.classes)
    if len(known) == total or len(known) < 2:  # noqa: PLR2004  two classes share one column
        return layers
    if weights.shape[1] == 1:
        weights = np.concatenate([np.zeros_like(weights), weights], axis=1)
        bias = np.concatenate([np.zeros_like(bias), bias])
    wide = np.zeros((weights.shape[0], total))
    low = np.full(total, -_LARGEST)
    wide[:, known], low[known] = weights, bias
    return (*layers[:-1], (wide, low))
