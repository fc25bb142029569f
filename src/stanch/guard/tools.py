"""Tools of language models and agents: definitions taken out, calls held back.

In    the JSON of a request or an answer; the names that are denied and that must be asked for.
Out   the same JSON without what is denied, and the names of what was taken out.
Why   a tool that is denied must be neither offered to the model nor called in its answer. One that
      must be asked for stays offered; its call is held back, and the answer says so.

The shapes of OpenAI's two protocols, of Anthropic's messages and of MCP's `tools/call` are known.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from stanch.vocabulary.spelling import folded

_CALLS = frozenset({"function", "tool_use", "function_call", "custom", "custom_tool_call"})
_LISTS = ("tools", "functions")


def forced(request: Any, names: frozenset[str]) -> bool:
    """Whether the request itself calls one of these tools, or makes the model call it."""
    if not isinstance(request, Mapping):
        return isinstance(request, list) and any(forced(one, names) for one in request)
    params = request.get("params")
    if request.get("method") == "tools/call" and isinstance(params, Mapping):
        return _named(params) in names
    chosen = [request.get(name) for name in ("tool_choice", "function_call")]
    return any(isinstance(one, Mapping) and _named(one) in names for one in chosen)


def offered(request: Any, denied: frozenset[str]) -> dict[str, Any] | None:
    """The request without definitions of denied tools; None when there was none."""
    if not isinstance(request, Mapping):
        return None
    found, changed = dict(request), False
    for name in _LISTS:
        given = request.get(name)
        if not isinstance(given, list):
            continue
        kept = [one for one in given if _named(one) not in denied]
        changed = changed or len(kept) < len(given)
        found[name] = kept
        if not kept:
            for gone in (name, "tool_choice", "function_call", "parallel_tool_calls"):
                found.pop(gone, None)
    return found if changed else None


def held(answer: Any, names: frozenset[str]) -> tuple[Any, list[str]]:
    """The answer without calls to these tools, and their names as the answer spelled them."""
    taken: list[str] = []
    kept = _without(answer, names, taken)
    if taken and isinstance(kept, dict):
        for choice in kept.get("choices") or ():
            _closed(choice, taken)
    return kept, taken


def called(value: Any) -> Iterator[str]:
    """The name of every tool that is called anywhere in this."""
    if isinstance(value, list):
        for one in value:
            yield from called(one)
    elif isinstance(value, Mapping):
        if _is_call(value):
            yield _named(value)
        for one in value.values():
            yield from called(one)


def _without(value: Any, names: frozenset[str], taken: list[str]) -> Any:
    if isinstance(value, list):
        return [_without(one, names, taken) for one in value if not _hits(one, names, taken)]
    if not isinstance(value, Mapping):
        return value
    found = {}
    for name, one in value.items():
        if name == "function_call" and _hits(one, names, taken, legacy=True):
            continue
        found[name] = _without(one, names, taken)
        if name == "tool_calls" and one and not found[name]:
            del found[name]
    return found


def _hits(one: Any, names: frozenset[str], taken: list[str], *, legacy: bool = False) -> bool:
    if not isinstance(one, Mapping) or not (legacy or _is_call(one)) or _named(one) not in names:
        return False
    taken.append(_named(one))
    return True


def _is_call(value: Mapping[str, Any]) -> bool:
    return value.get("type") in _CALLS or isinstance(value.get("function"), Mapping)


def _closed(choice: Any, taken: list[str]) -> None:
    """Makes it one that a client reads as finished, with a sentence where nothing is left."""
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict) or message.get("tool_calls"):
        return
    choice["finish_reason"] = "stop"
    if not message.get("content"):
        names = ", ".join(dict.fromkeys(taken))
        message["content"] = f"The call of {names} was held back by the policy of this service."


def _named(one: Any) -> str:
    """The name of a tool in a definition, a choice or a call, in the spelling for comparing."""
    if not isinstance(one, Mapping):
        return ""
    inner = one.get("function")
    name = inner.get("name") if isinstance(inner, Mapping) else one.get("name")
    return folded(name) if isinstance(name, str) else ""
