"""What a policy depends on inside of bodies: rows, tokens, filters and tools.

In    a policy, compiled once; then bodies of requests and answers with their headers.
Out   what a request asks for, whether it is refused, what the host gets instead; the answer as it
      may be shown, or None when it must be withheld; sentences on what this guard cannot enforce.
Why   bodies are read only where the policy needs it. A body that cannot be read for certain is
      refused (`unreadable`), or a batch limit would be a wish that a compressed body never hears.

`input` normal refuses what a rule finds; strict refuses also where nobody can read. `output` normal
takes out what a rule finds; strict withholds the whole answer. Rules look, as normal, where no
strictness is stated.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from stanch.contain.alike import Likeness, is_alike, likeness
from stanch.contain.alike import named as rule_name
from stanch.guard.extract import rows_of, rows_of_csv
from stanch.guard.facts import Why
from stanch.guard.inputs import Rows, rows_in, rows_in_csv
from stanch.guard.rules import Rule, is_rule, rule
from stanch.guard.shape import shapes
from stanch.guard.strict import UNREADABLE, strictly
from stanch.guard.tokens import asks, is_prompt, texts
from stanch.guard.tools import called, forced, held, offered
from stanch.vocabulary.asset import Fails
from stanch.vocabulary.policy import Mark, Policy, Strictness
from stanch.vocabulary.spelling import folded, spellings
from stanch.vocabulary.trouble import BadInput

if TYPE_CHECKING:
    from stanch.contain.company import Memory

Headers = Iterable[tuple[bytes, bytes]]
Memories = dict[str, "Memory"]
_PLAIN = (b"", b"identity")
MOST_COMPARED = 256
MOST_NUMBERS = 65_536
"""Inputs of one request that are compared with those before, and their numbers; more are too many,
or one request would hold the others up."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a request's body says."""

    rows: int = 1
    tokens: int = 0
    why: Why | None = None
    """Why it is refused; None when nothing in it is."""
    instead: bytes | None = None
    """What the host gets in its place."""
    inputs: tuple["Asked", ...] = ()
    """The inputs that it asks about, where a rule wants them compared with those before."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Inputs of one request, and what remembers those before."""

    memory: "Memory"
    rows: Rows

    def refused(self) -> bool:
        """Whether one of them is too much alike; all are remembered."""
        return self.memory.refuses(self.rows)


class Inspection:
    """One policy's interest in bodies."""

    def __init__(
        self,
        policy: Policy,
        known: Mapping[str, str],
        unreadable: Fails = Fails.CLOSED,
        memories: Memories | None = None,
    ) -> None:
        self.cannot: tuple[str, ...] = ()
        wanted = policy.filter
        likes = sorted(one for one in wanted.rules if is_alike(one))
        self._likes = self._remembering(likes, {} if memories is None else memories)
        plain = sorted(one for one in wanted.rules if not is_alike(one))
        rules = [one for name in plain if (one := self._rule(name, known))]
        self.enforced = tuple(
            sorted({*(rule_name(one.name) for one in rules), *map(rule_name, self._likes)})
        )
        """The short names of the rules that are looked for."""
        self._input = [one for one in rules if one.asked]
        self._output = [one for one in rules if one.answered]
        for where, how, own in (
            ("input", wanted.input, self._input),
            ("output", wanted.output, self._output),
        ):
            if how is not Strictness.OFF and not own and not (where == "input" and self._likes):
                self._say(f"The {where} filter is {how} and no rule says what to look for.")
        self._withhold = wanted.output is Strictness.STRICT
        self._limit = policy.limit
        self._denied = frozenset(folded(name) for name in policy.tools.deny)
        self._held = self._denied | {folded(name) for name in policy.tools.ask}
        strict = wanted.input is Strictness.STRICT
        self._closed = unreadable is Fails.CLOSED or (strict and bool(self._input or self._likes))
        limited = policy.limit.max_batch is not None or policy.limit.max_tokens is not None
        self.asks = bool(limited or self._input or self._held or self._likes)
        """Whether bodies of requests must be read."""
        self.answers = bool(self._output or self._held)
        """Whether bodies of answers must be read."""
        self.shape = policy.shape if shapes(policy.shape) else None
        self.treats = self.answers or self.shape is not None
        """Whether answers are held back until they are whole."""
        self.marks = _marks(policy)
        """Whose answers are marked, and how; by names as they are compared."""
        self.plain = not (self.asks or self.treats or self.marks)
        """Whether no body matters at all."""

    def request(self, body: bytes, headers: Headers) -> Seen:
        """What this body asks for."""
        if not body:
            return Seen()
        try:
            value = strictly(body) if _bare(headers) else UNREADABLE
            return self._unread(body, headers) if value is UNREADABLE else self._read(value)
        except RecursionError:
            return Seen(why=Why.UNREADABLE)

    def message(self, body: bytes) -> Seen:
        """What one message of a websocket asks for; it cannot be replaced, only refused."""
        seen = self.request(body, ())
        return Seen(why=Why.TOOL) if seen.instead is not None else seen

    def answer(self, body: bytes, headers: Headers) -> tuple[bytes | None, tuple[str, ...]]:
        """The answer as it may be shown (None: withheld), and the tools whose calls were held."""
        if not self.answers or not body:
            return body, ()
        if not _bare(headers):
            return None, ()
        kind = _value(headers, b"content-type")
        if kind.startswith(b"text/event-stream"):
            return (body if self._stream_is_clean(body) else None), ()
        value = strictly(body)
        if value is not UNREADABLE:
            return self._shown(body, value)
        return self._text(body), ()

    def _read(self, value: Any) -> Seen:
        if self._held and forced(value, self._held):
            return Seen(why=Why.TOOL)
        if any(one.finds(text) for one in self._input for text in _together(value)):
            return Seen(why=Why.FILTER)
        changed = offered(value, self._denied) if self._denied else None
        tokens, most = 0, self._limit.max_tokens
        if most is not None and is_prompt(value):
            tokens, limited = asks(changed or value, most)
            changed = limited or changed
        instead = None if changed is None else msgspec.json.encode(changed)
        seen = Seen(rows_of(value), tokens, None, instead)
        return self._compared(seen, lambda like: rows_in(value, like)) if self._likes else seen

    def _compared(self, seen: Seen, rows: Callable[[Likeness], Rows | None]) -> Seen:
        """The same, with the inputs to compare; or why it cannot be told what they are."""
        asked: list[Asked] = []
        for memory in self._likes.values():
            found = rows(memory.like)
            if found is None and self._closed:
                return Seen(why=Why.UNREADABLE)
            wide = len(memory.like.units)
            if found is not None and len(found) > max(1, min(MOST_COMPARED, MOST_NUMBERS // wide)):
                return Seen(why=Why.BATCH)
            if found is not None:
                asked.append(Asked(memory, found))
        return replace(seen, inputs=tuple(asked))

    def _unread(self, body: bytes, headers: Headers) -> Seen:
        kind = _value(headers, b"content-type")
        text = _utf8(body) if kind.startswith(b"text/") and _bare(headers) else None
        if text is None:
            return Seen(why=Why.UNREADABLE if self._closed else None)
        if any(one.finds(text) for one in self._input):
            return Seen(why=Why.FILTER)
        table = kind.startswith(b"text/csv")
        seen = Seen(rows_of_csv(body) if table else 1)
        if not self._likes:
            return seen
        return self._compared(seen, lambda like: rows_in_csv(text, like) if table else None)

    def _shown(self, body: bytes, value: Any) -> tuple[bytes | None, tuple[str, ...]]:
        found, taken = held(value, self._held) if self._held else (value, [])
        clean = not self._found(found)
        if clean and not taken:
            return body, ()
        if not clean:
            found = found if self._withhold else self._redacted(found)
            if self._found(found):
                return None, tuple(taken)
        return msgspec.json.encode(found), tuple(taken)

    def _text(self, body: bytes) -> bytes | None:
        """An answer that is no JSON: as it is, redacted, or None."""
        if not self._output:
            return body
        text = _utf8(body)
        if text is None:
            return None if self._withhold else body
        if not any(one.finds(text) for one in self._output):
            return body
        kept = text if self._withhold else self._clean(text)
        return None if any(one.finds(kept) for one in self._output) else kept.encode()

    def _stream_is_clean(self, body: bytes) -> bool:
        """Whether a finished stream holds nothing that is denied; it cannot be redacted."""
        lines = [one[5:].strip() for one in body.splitlines() if one.startswith(b"data:")]
        parts = [strictly(one) for one in lines if one and one != b"[DONE]"]
        if any(one is UNREADABLE for one in parts):
            return False
        names = {name for one in parts for name in called(one)}
        said = "".join(text for one in parts for text in _said(one))
        return not names & self._held and not self._found([*parts, said])

    def _found(self, value: Any) -> bool:
        return any(one.finds(text) for one in self._output for text in _together(value))

    def _redacted(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._clean(value)
        if isinstance(value, list):
            return [self._redacted(one) for one in value]
        if isinstance(value, Mapping):
            return {name: self._redacted(one) for name, one in value.items()}
        return value

    def _clean(self, text: str) -> str:
        for one in self._output:
            text = one.redacts(text)
        return text

    def _remembering(self, likes: Iterable[str], memories: Memories) -> Memories:
        """What remembers for each of these rules, kept over a change of policy."""
        made: Memories = {}
        for one in likes:
            from stanch.contain.company import Memory  # noqa: PLC0415  arrays are large, and seldom

            try:
                made[one] = memories.get(one) or Memory(likeness(one))
            except BadInput as trouble:
                self._say(str(trouble))
        memories.clear()
        memories.update(made)
        return made

    def _rule(self, name: str, known: Mapping[str, str]) -> Rule | None:
        text = known.get(name, name if is_rule(name) else "")
        if not text:
            self._say(f"The rule {name[:60]!r} is not known to this guard. Give it its text.")
            return None
        try:
            return rule(name, text)
        except BadInput as trouble:
            self._say(str(trouble))
            return None

    def _say(self, sentence: str) -> None:
        self.cannot = (*self.cannot, sentence)


Known = Callable[[Policy], Inspection]
"""How a keeper makes the inspection of each policy it takes."""


def _marks(policy: Policy) -> dict[str, tuple[Mark, ...]]:
    named = [(one, spellings(one.principals)) for one in policy.shape.marks]
    return {
        who: tuple(one for one, whose in named if who in whose)
        for who in sorted({who for _, whose in named for who in whose})
    }


def _together(value: Any) -> Iterable[str]:
    """The texts of a value one by one, and joined, so that a text in pieces is found too."""
    each = list(texts(value))
    return each if len(each) < 2 else [" ".join(each), *each]  # noqa: PLR2004  one text is its own join


def _said(part: Any) -> Iterable[str]:
    """The piece of text that one part of a stream carries."""
    choices = part.get("choices") if isinstance(part, Mapping) else None
    first = choices[0] if isinstance(choices, list) and choices else part
    delta = first.get("delta", first) if isinstance(first, Mapping) else first
    if isinstance(delta, str):
        yield delta
    elif isinstance(delta, Mapping):
        yield from (one for n in ("content", "text") if isinstance(one := delta.get(n), str))


def _utf8(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _value(headers: Headers, name: bytes) -> bytes:
    return next((v.strip().lower() for n, v in headers if n.lower() == name), b"")


def _bare(headers: Headers) -> bool:
    """Whether the body travels as it is."""
    return all(v.strip().lower() in _PLAIN for n, v in headers if n.lower() == b"content-encoding")
