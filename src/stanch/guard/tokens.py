"""Tokens: what a request to a language model may cost, known before it is asked.

In    the JSON of a request, and the most tokens that one request may use.
Out   what it asks for; the request with a limit written into it where it states none.
Why   an answer without a limit is how a bill grows. A prompt counts a token for each four bytes,
      which no tokenizer is needed for and common ones stay near; what may be answered counts as
      the request says, for each of the answers that it wants.
"""

from collections.abc import Iterator, Mapping
from typing import Any

_PROMPTS = ("messages", "prompt", "input", "system", "instructions")
_MOST = ("max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens")
_ANSWERS = ("n", "best_of")
_BYTES = 4


def is_prompt(request: Any) -> bool:
    """Whether this asks a language model."""
    return isinstance(request, Mapping) and any(name in request for name in _PROMPTS[:3])


def asks(request: Mapping[str, Any], most: int) -> tuple[int, dict[str, Any] | None]:
    """The tokens it asks for (beyond `most`: too many), and the request with a limit if new."""
    parts = [request.get(name) for name in _PROMPTS]
    prompt = -(-sum(len(text.encode()) for one in parts for text in texts(one)) // _BYTES)
    stated = [request[name] for name in _MOST if request.get(name) is not None]
    times = [request[name] for name in _ANSWERS if request.get(name) is not None]
    if not all(_count(one) for one in (*stated, *times)):
        return most + 1, None
    answers = max([1, *times])
    if stated:
        return prompt + answers * max(stated), None
    left = (most - prompt) // answers
    if left < 1:
        return most + 1, None
    name = "max_output_tokens" if "input" in request else "max_tokens"
    return prompt + answers * left, {**request, name: left}


def texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value, names too, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield str(name)
            yield from texts(one)


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
