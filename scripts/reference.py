"""Writes docs/reference/{cli,http,errors,settings}.md from the program itself.

`python scripts/reference.py` writes them; a test calls `pages()` and compares.
"""

import ast
import contextlib
import importlib
import inspect
import io
import itertools
import os
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from stanch.api.framework import build
from stanch.api.house import described
from stanch.api.openapi import RouteLine, routes_of
from stanch.cli.root import run
from stanch.cli.table import COMMANDS
from stanch.settings import Settings
from stanch.vocabulary.trouble import Trouble

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
MADE = "This page is written by `scripts/reference.py`; change the program, then run it.\n"


def pages() -> dict[str, str]:
    """Each page by its file name."""
    return {
        "cli.md": _cli(),
        "http.md": _http(),
        "errors.md": _errors(),
        "settings.md": _settings(),
    }


def _cli() -> str:
    parts = ["# The command line\n", MADE, _help()]
    for name in COMMANDS:
        parts.append(f"## stanch {name}\n")
        parts.append(_help(name))
        app = importlib.import_module(f"stanch.cli.{name}").app
        ways = [one.name or one.callback.__name__ for one in app.registered_commands]
        parts += [_help(name, way) for way in ways if len(ways) > 1]
    return "\n".join(parts)


def _help(*names: str) -> str:
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        run([*names, "--help"])
    return f"```text\n{told.getvalue().strip()}\n```\n"


def _http() -> str:
    lines = sorted(_routes(), key=lambda one: (one.path, one.method))
    rows = [f"| {one.method} | `{one.path}` | {one.scope or 'open'} |" for one in lines]
    return "\n".join(
        [
            "# The routes\n",
            MADE,
            "Every route asks for one scope; `admin` opens all. The whole description, with every",
            "body and answer, is the OpenAPI document that the server gives at `/openapi.json`.",
            "What goes wrong is a problem document, see [errors](errors.md).\n",
            "| method | path | scope |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _routes() -> Iterator[RouteLine]:
    return routes_of(build(described()))


def _errors() -> str:
    rows = [
        f"| `{leaf.named()}` | {leaf.http_status} | {leaf.exit_code} | {_sentence(leaf)} |"
        for leaf in _leaves(Trouble)
    ]
    head = "| type | HTTP | exit | what it says |\n|---|---|---|---|"
    return "\n".join(["# What can go wrong\n", MADE, head, *rows, ""])


def _leaves(root: type[Trouble]) -> Iterator[type[Trouble]]:
    yield root
    for leaf in root.__subclasses__():
        if leaf.__module__ == Trouble.__module__:
            yield from _leaves(leaf)


def _sentence(leaf: type[Trouble]) -> str:
    text = (leaf.__doc__ or "").replace("|", "\\|")
    return "its own words" if text == "{}" else text.replace("{!r}", "…").replace("{}", "…")


def _settings() -> str:
    default, says = Settings(), _meanings()
    rows = [
        f"| `STANCH_{one.name.upper()}` | {_shown(getattr(default, one.name))} "
        f"| {says.get(one.name, '')} |"
        for one in fields(Settings)
    ]
    head = "| variable | default | what it is |\n|---|---|---|"
    return "\n".join(["# Settings\n", MADE, head, *rows, ""])


def _shown(value: object) -> str:
    return f"`{value}`" if str(value) else ""


def _meanings() -> dict[str, str]:
    """The sentence under each setting, read from its source: fields have no docstring."""
    (described,) = ast.parse(inspect.getsource(Settings)).body
    found: dict[str, str] = {}
    for one, following in itertools.pairwise(getattr(described, "body", ())):
        match one, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(
                value=ast.Constant(value=str(s))
            ):
                found[name] = " ".join(s.split()).replace("|", "\\|")
            case _:
                pass
    return found


def main() -> None:
    """Write every page, at the width that the test reads them with."""
    os.environ["COLUMNS"] = "100"
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(FOLDER / name)


if __name__ == "__main__":
    main()
