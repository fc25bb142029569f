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
_PARTS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TENSORS = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_ROWS = msgspec.json.Decoder(list[msgspec.Raw])
_NUMBERS = msgspec.json.Decoder(list[float])
_WIDEST = 32
"""Bytes that a number may take where it is told as it was written."""
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
    return {"features": _numbers(inputs[0].get("data")), **_of_outputs(outputs)}


def mlflow(request: Any, answer: Any) -> Found | None:
    """An event from MLflow's scoring protocol."""
    first = _first(request, "dataframe_records", "instances", "inputs")
    split = request.get("dataframe_split") if isinstance(request, dict) else None
    if isinstance(split, dict) and _list(split, "data"):
        first = _list(split, "data")[0]
    said = _of_predictions(_list(answer, "predictions"))
    return None if first is None or said is None else {**_inputs(first), **said}


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
    return {**_inputs(given), **_plainly(answer)}


def automatic(request: Any, answer: Any) -> Found | None:
    """An event by the first of the shapes that fits."""
    if isinstance(request, dict) and not _KNOWN.isdisjoint(request):
        for extract in (openai, kserve, mlflow):
            found = extract(request, answer)
            if found is not None:
                return _known(found)
    found = plain(request, answer)
    return found and _known(found)


def quickly(asked: bytes, answered: bytes) -> Found | None:
    """What `automatic` finds, where the inputs are plain numbers: told on as they were written.

    Most requests are one long row of numbers, and making objects of them only to write them again
    is most of what telling costs. They are read as numbers all the same: None where they are not.
    """
    try:
        parts = _PARTS.decode(asked)
        known = _KNOWN.intersection(parts)
        if not known:
            said = _plainly(decoded(answered)) if "features" in parts else None
            row = parts.get("features")
        elif known == {"inputs"}:
            row = _TENSORS.decode(parts["inputs"])[0]["data"]
            said = _of_outputs(_list(decoded(answered), "outputs"))
        elif known == {"instances"}:
            row = _ROWS.decode(parts["instances"])[0]
            said = _of_predictions(_list(decoded(answered), "predictions"))
        else:
            return None
        if row is None or said is None:
            return None
        numbers = _NUMBERS.decode(row)
    except (msgspec.MsgspecError, UnicodeDecodeError, LookupError, RecursionError):
        return None
    narrow = len(memoryview(row)) <= _WIDEST * (len(numbers) + 1)
    return {"features": row if narrow else numbers, **_known(said)}


def _known(found: Found) -> Found:
    return {name: value for name, value in found.items() if value is not None}


def _plainly(answer: Any) -> Found:
    if not isinstance(answer, dict):
        return {}
    said = answer.get("prediction", answer.get("label"))
    scores = answer.get("scores", answer.get("probabilities"))
    scores = list(scores.values()) if isinstance(scores, dict) else scores
    return {"prediction": _text(said), "scores": _numbers(scores)}


def _of_outputs(outputs: list[Any]) -> Found:
    found: Found = {}
    for output in outputs:
        data = output.get("data") if isinstance(output, dict) else None
        several = isinstance(data, list) and len(data) > 1
        found["scores" if several else "prediction"] = _numbers(data) if several else _text(data)
    return found


def _of_predictions(predictions: list[Any]) -> Found | None:
    if not predictions:
        return None
    scores = _numbers(predictions[0])
    if scores and len(scores) > 1:
        top = max(range(len(scores)), key=scores.__getitem__)
        return {"prediction": str(top), "scores": scores}
    return {"prediction": _text(predictions[0])}


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
