"""Writes the generated pages of the docs from the code they describe.

`python scripts/write_docs.py` writes them; with `--check` it only says which are out of date.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
sys.path.insert(0, str(ROOT / "scripts"))


def architecture() -> str:
    """The architecture page with the contracts of pyproject.toml and the incident's table in it."""
    from stanch.vocabulary.incident import MOVES  # noqa: PLC0415  after the path is set

    source = (DOCS / "explanation" / "architecture.md").read_text()
    contracts = (ROOT / "pyproject.toml").read_text().split("[tool.importlinter]", 1)[1]
    contracts = "[tool.importlinter]" + contracts.split("\n[tool.pytest", 1)[0].rstrip()
    lines = ["```mermaid", "stateDiagram-v2", "  [*] --> detected"]
    for move in MOVES:
        needs = [n.value for n in move.needs] + [" or ".join(n.value for n in move.any_of)]
        label = ", ".join(n for n in needs if n)
        lines.append(f"  {move.start} --> {move.to}: {label}")
    lines += ["  closed --> [*]", "```"]
    page = re.sub(
        r"```toml\n.*?```", lambda _: f"```toml\n{contracts}\n```", source, flags=re.DOTALL
    )
    return re.sub(
        r"<!-- moves -->.*",
        lambda _: "<!-- moves -->\n" + "\n".join(lines) + "\n",
        page,
        flags=re.DOTALL,
    )


def detector_table() -> str:
    """Every detector of the house: what it reads, why it exists, its limits and techniques."""
    from dataclasses import fields  # noqa: PLC0415  beside its only use
    from importlib import import_module  # noqa: PLC0415

    from stanch.detect.registry import detectors  # noqa: PLC0415  after the path is set

    lines = [
        "# Detectors",
        "",
        "Generated from the code. What a detector looks at, and how, is in",
        "[how stanch detects](../explanation/detection.md) and",
        "[detectors on traffic](../explanation/detectors.md).",
    ]
    for name, one in sorted(detectors().items()):
        text = import_module(f"stanch.detect.detectors.{name}").__doc__ or ""
        limits = [f"`{f.name}` {getattr(one.limits, f.name)}" for f in fields(one.limits)]  # pyrefly: ignore[bad-argument-type]  limits is a dataclass by contract
        reads = ", ".join(kind.value for kind in one.reads)
        facts = [
            f"Id `{name}`. Reads {reads}. ATLAS: {', '.join(one.atlas) or 'none'}.",
            f"Limits: {', '.join(limits)}.",
        ]
        lines += ["", f"## {one.title}", "", *facts, "", "```text", text.strip(), "```"]
    return "\n".join(lines) + "\n"


def event_table() -> str:
    """What an event can say: every column, and what each kind must have."""
    from stanch.vocabulary.event import COLUMNS, NEEDED_BY_KIND, REQUIRED  # noqa: PLC0415  as above

    lines = ["# Events", "", _EVENTS, "", "| column | type | holds |", "|---|---|---|"]
    lines += [f"| `{c.name}` | {c.type} | {c.holds} |" for c in COLUMNS]
    named = ", ".join(f"`{name}`" for name in REQUIRED)
    lines += ["", "## What a row must say", "", f"Every row: {named}.", ""]
    lines += ["| kind | also |", "|---|---|"]
    for kind, needs in NEEDED_BY_KIND.items():
        lines.append(f"| `{kind}` | {', '.join(f'`{name}`' for name in needs) or '-'} |")
    return "\n".join(lines) + "\n"


_EVENTS = """A row is one thing that a system told. JSON and Arrow use the same names. `text` and
`word` are strings (a word has few distinct values); `number` is a double; `count` a whole number of
64 bits; `time` is ISO 8601 with a zone, or a number since 1970; `numbers` is a list of numbers in
which a null is a missing one; `json` is any JSON. In JSON, `features` may be an object; it is then
kept in `named`. Other fields are kept in `extra`."""


def drill_table() -> str:
    """Every drill: what must happen in it, and what a person is asked."""
    from stanch.sandbox.registry import drills  # noqa: PLC0415  after the path is set

    head = ("drill", "what happens", "must be called", "guilty", "enough", "within", "a person")
    lines = [
        "# Drills",
        "",
        _DRILLS,
        "",
        f"| {' | '.join(head)} |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in drills().values():
        wanted = one.expected
        names = " or ".join(wanted.attacks) or wanted.verdict
        guilty = wanted.guilty[0] if len(wanted.guilty) == 1 else f"{len(wanted.guilty)} callers"
        cells = (
            f"`{one.id}`",
            one.title,
            names.replace("_", " "),
            guilty if wanted.guilty else "nobody",
            wanted.contained.words,
            "-" if one.innocent else f"{wanted.seconds:g} s",
            wanted.person,
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "## What they attack", "", "| drill | data | tenants | a second | needs |"]
    lines.append("|---|---|---|---|---|")
    for one in drills().values():
        needs = ", ".join(f"`stanch[{extra}]`" for _, extra in one.packages) or "-"
        world = one.world
        lines.append(
            f"| `{one.id}` | {world.data} | {world.tenants} | {world.per_second:g} | {needs} |"
        )
    return "\n".join(lines) + "\n"


_DRILLS = """Generated from the code. How a drill goes and when it is won is in
[drills](../explanation/drills.md); what was measured is in
[the scorecard](../benchmarks/drills.md). Seconds are from the first hostile act to the incident and
to proved containment; what a person takes to answer comes on top."""

_LIST = "<!-- pages -->"


def listed(folder: str) -> Callable[[], str]:
    """What makes the index of a folder: its own words, then every page with its title."""

    def page() -> str:
        index = DOCS / folder / "index.md"
        lines = [index.read_text().partition(_LIST)[0].rstrip(), "", _LIST, ""]
        for path in sorted(index.parent.glob("*.md")):
            if path != index:
                title = path.read_text().partition("\n")[0].removeprefix("# ").strip()
                lines.append(f"- [{title}]({path.name})")
        return "\n".join(lines) + "\n"

    return page


PAGES: dict[str, Callable[[], str]] = {
    "how-to/index.md": listed("how-to"),
    "explanation/index.md": listed("explanation"),
    "explanation/decisions/index.md": listed("explanation/decisions"),
    "explanation/architecture.md": architecture,
    "reference/detectors.md": detector_table,
    "reference/events.md": event_table,
    "reference/drills.md": drill_table,
}


def main() -> int:
    """Write every generated page, or with --check say which one is not current."""
    stale = []
    for name, make in PAGES.items():
        page, path = make(), DOCS / name
        if path.exists() and path.read_text() == page:
            continue
        stale.append(name)
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(page)
    if stale:
        print(("out of date: " if "--check" in sys.argv else "written: ") + ", ".join(stale))
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
