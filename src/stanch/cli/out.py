"""What a command shows: a document for programs on stdout, or text for people.

With `--json` one JSON document goes to stdout and nothing else; sentences and progress always go to
stderr, so that a pipe never has to tell them apart. Colour only on a terminal.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from types import MappingProxyType
from typing import Any

import msgspec

from stanch.cli.fitting import laid_out, room
from stanch.vocabulary.trouble import Trouble
from stanch.vocabulary.words import size, when

_WORD, _SENTENCE = 80, 400
"""Characters of a cell; what is cut ends in an ellipsis."""
_NAMES = frozenset({"principal"})
"""Columns of names that others chose, whose end says as much as their beginning."""
_SENTENCES = frozenset({"says", "why", "sealed", "detectors", "question"})
"""Columns of sentences, whose end says as much as their beginning."""


def _plain(value: object) -> object:
    if isinstance(value, MappingProxyType):
        return dict(value)
    return str(value)


class Out:
    """Where a command's results go."""

    def __init__(self, *, json: bool) -> None:
        self.json = json

    def show(self, document: object, text: str = "") -> None:
        """The result: the document with `--json`, else the text."""
        if self.json:
            encoded = msgspec.json.encode(document, enc_hook=_plain)
            sys.stdout.write(msgspec.json.format(encoded, indent=2).decode() + "\n")
        elif text:
            sys.stdout.write(harmless(text.rstrip("\n")) + "\n")
        sys.stdout.flush()

    def table(
        self,
        document: object,
        columns: Sequence[str],
        rows: Iterable[Mapping[str, Any]],
        *,
        empty: str = "Nothing to show.",
    ) -> None:
        """The document with `--json`, else its rows; with none, what that means and what to do."""
        if self.json:
            self.show(document)
            return
        kept = [[cell(name, row.get(name)) for name in columns] for row in rows]
        if not kept:
            self.say(empty)
            return
        heads = [name.upper().replace("_", " ") for name in columns]
        for line in laid_out((heads, *kept), room()):
            sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def say(self, sentence: str) -> None:
        """A sentence for people."""
        _said(harmless(sentence))

    def trouble(self, trouble: Trouble) -> int:
        """The exit code of the trouble, after telling it in one sentence."""
        if self.json:
            facts = [str(fact) for fact in trouble.facts]
            self.show({"type": trouble.code, "detail": str(trouble), "facts": facts})
        mark = "\033[31mstanch:\033[0m" if sys.stderr.isatty() else "stanch:"
        _said(f"{mark} {harmless(str(trouble))}")
        return trouble.exit_code

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Any]:
        """A function that moves a bar on stderr; on a pipe it moves nothing."""
        if not sys.stderr.isatty():
            yield _still
            return
        from rich.console import Console  # noqa: PLC0415  only a terminal pays for rich
        from rich.progress import Progress  # noqa: PLC0415  heavy

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield partial(bar.advance, task)

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """Shows on a terminal what is waited for, and since when."""
        if not sys.stderr.isatty():
            yield
            return
        from rich import progress as rich  # noqa: PLC0415  heavy
        from rich.console import Console  # noqa: PLC0415  only a terminal pays for rich

        told = rich.TextColumn("{task.description}")
        columns = rich.SpinnerColumn(), told, rich.TimeElapsedColumn()
        with rich.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            bar.add_task(what, total=None)
            yield


def harmless(text: str) -> str:
    """The lines of the text, with what a terminal would obey, or would not show, taken out."""
    return "\n".join(map(in_line, text.expandtabs(2).split("\n")))


def in_line(text: str) -> str:
    """The same of a name or value, which also begins no line of its own."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _said(text: str) -> None:
    with suppress(OSError):  # nobody is left who could be told
        sys.stderr.write(text.rstrip("\n") + "\n")
        sys.stderr.flush()


def _still(_step: float = 1) -> None:
    """No bar, nothing to move."""


def cell(name: str, value: Any) -> str:
    """One value as people read it, with what a terminal would obey taken out."""
    match value:
        case None | "":
            text = "-"
        case bool():
            text = "yes" if value else "no"
        case int() if name == "size":
            text = size(value)
        case list() | tuple():
            text = ", ".join(map(str, value)) or "-"
        case _:
            text = str(value) if name in _NAMES else when(str(value))
    plain = in_line(text)
    room_ = _SENTENCE if name in _SENTENCES else _WORD
    if name in _NAMES and len(plain) > room_:
        half = room_ // 2
        return f"{plain[:half]}\N{HORIZONTAL ELLIPSIS}{plain[1 - half :]}"
    return plain if len(plain) <= room_ else plain[: room_ - 1] + "\N{HORIZONTAL ELLIPSIS}"
