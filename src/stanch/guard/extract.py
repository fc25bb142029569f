"""What a request and its answer say about an inference, read from the common wire shapes.

In    the JSON of a request and of its answer.
Out   the columns of one event: features, prediction, scores, rows, messages, output, tokens.
Why   detectors need what was asked and answered; services speak KServe v2, MLflow, OpenAI or their
      own JSON. What is not understood yields nothing, and is never an error.
"""

from collections.abc import Callable
from math import prod
from typing import Any

import msgspec

Found = dict[str, object]
Extract = Callable[[Any, Any], Found | None]
"""From the decoded request and answer to columns, or None when the shape is another."""
_KNOWN = frozenset({"messages", "inputs", "instances", "dataframe_records", "dataframe_split"})
_NUMERIC = frozenset({int, float, bool})
_BATCHES = ("instances", "dataframe_records", "inputs", "rows")


def decoded(body: bytes) -> Any:
    """The JSON value, or None."""
    try:
        return msgspec.json.decode(body) if body else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def rows_of(request: Any) -> int:
    """How many rows a request asks about; the most that any of its parts says, at least 1.

    A server may read another part than we do, and may believe the data rather than their shape; so
    every part counts, and a shape that says less than the data is not believed.
    """
    if isinstance(request, list):
        return max(len(request), 1)
    if not isinstance(request, dict):
        return 1
    lists = [_list(request, name) for name in _BATCHES]
    found = [len(one) for one in lists if not (one and _tensor(one[0]))]
    found += [_rows_of_tensor(one) for one in _list(request, "inputs") if _tensor(one)]
    inputs = request.get("inputs")
    named = inputs.values() if isinstance(inputs, dict) else ()
    found += [len(one) for one in named if isinstance(one, list)]
    split = request.get("dataframe_split")
    found.append(len(_list(split, "data")))
    return max(*found, 1)


def rows_of_csv(body: bytes) -> int:
    """How many rows a table in CSV has at most, its heading not counted."""
    lines = body.count(b"\n") + body.count(b"\r") - body.count(b"\r\n")
    return max(lines + (not body.endswith((b"\n", b"\r"))) - 1, 1)


def _tensor(one: Any) -> bool:
    return isinstance(one, dict) and ("shape" in one or "data" in one)


def _rows_of_tensor(tensor: dict[str, Any]) -> int:
    shape = [n for n in _list(tensor, "shape") if isinstance(n, int) and n > 0]
    data = _list(tensor, "data")
    nested = bool(data) and isinstance(data[0], list)
    told = shape[0] if shape else 1
    held = len(data) if nested or not shape else -(-len(data) // prod(shape[1:]))
    return max(told, held)


def kserve(request: Any, answer: Any) -> Found | None:
    """An event from KServe v2's inference protocol."""
    inputs, outputs = _list(request, "inputs"), _list(answer, "outputs")
    if not inputs or not isinstance(inputs[0], dict) or "data" not in inputs[0]:
        return None
    found: Found = {"features": _numbers(inputs[0].get("data"))}
    for output in outputs:
        data = output.get("data") if isinstance(output, dict) else None
        several = isinstance(data, list) and len(data) > 1
        found["scores" if several else "prediction"] = _numbers(data) if several else _text(data)
    return found


def mlflow(request: Any, answer: Any) -> Found | None:
    """An event from MLflow's scoring protocol."""
    first = _first(request, "dataframe_records", "instances", "inputs")
    split = request.get("dataframe_split") if isinstance(request, dict) else None
    if isinstance(split, dict) and _list(split, "data"):
        first = _list(split, "data")[0]
    predictions = _list(answer, "predictions")
    if first is None or not predictions:
        return None
    scores = _numbers(predictions[0])
    if scores and len(scores) > 1:
        top = max(range(len(scores)), key=scores.__getitem__)
        return {**_inputs(first), "prediction": str(top), "scores": scores}
    return {**_inputs(first), "prediction": _text(predictions[0])}


def openai(request: Any, answer: Any) -> Found | None:
    """An exchange from the OpenAI-compatible protocol."""
    messages, choices = _list(request, "messages"), _list(answer, "choices")
    if not messages:
        return None
    usage = answer.get("usage") if isinstance(answer, dict) else None
    first = choices[0] if choices and isinstance(choices[0], dict) else {}
    message = first.get("message")
    said = message.get("content") if isinstance(message, dict) else first.get("text")
    tokens = usage.get("total_tokens") if isinstance(usage, dict) else None
    return {"kind": "exchange", "messages": messages, "output": said, "tokens": tokens}


def plain(request: Any, answer: Any) -> Found | None:
    """An event from a service's own JSON: features in, prediction and scores out."""
    if not isinstance(request, dict):
        return None
    given = request.get("features", request)
    found = _inputs(given)
    if isinstance(answer, dict):
        said = answer.get("prediction", answer.get("label"))
        scores = answer.get("scores", answer.get("probabilities"))
        scores = list(scores.values()) if isinstance(scores, dict) else scores
        found |= {"prediction": _text(said), "scores": _numbers(scores)}
    return found


def automatic(request: Any, answer: Any) -> Found | None:
    """An event by the first of the shapes that fits."""
    if isinstance(request, dict) and not _KNOWN.isdisjoint(request):
        for extract in (openai, kserve, mlflow):
            found = extract(request, answer)
            if found is not None:
                return {name: value for name, value in found.items() if value is not None}
    found = plain(request, answer)
    return found and {name: value for name, value in found.items() if value is not None}


def _inputs(given: Any) -> Found:
    if isinstance(given, dict):
        values = list(given.values())
        numbers = _numbers(values)
        return {"named": dict(given)} if numbers is None else {"features": numbers}
    return {"features": _numbers(given if isinstance(given, list) else [given])}


def _first(value: Any, *names: str) -> Any:
    return next((_list(value, n)[0] for n in names if _list(value, n)), None)


def _list(value: Any, name: str) -> list[Any]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def _numbers(value: Any) -> list[float] | None:
    if not isinstance(value, list):
        return None
    try:
        return list(map(float, value)) if _NUMERIC.issuperset(map(type, value)) else None
    except OverflowError:
        return None


def _text(value: Any) -> str | None:
    one = value[0] if isinstance(value, list) and value else value
    return None if one is None else str(one)
