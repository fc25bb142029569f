"""Write docs/reference/playbooks.md from the acts, facts and playbooks there are.

Run    python scripts/reference_playbooks.py
"""

from collections.abc import Iterator
from pathlib import Path

from stanch.contain.playbook.acts import DEEDS, VARIABLES
from stanch.contain.playbook.facts import FACTS, NUMBER, TRUTH
from stanch.contain.playbook.written import written
from stanch.engine.approvals import MOST_OPEN, REMIND_AT
from stanch.engine.runs.library import every_act, shipped
from stanch.vocabulary.playbook import Ask, Do

PAGE = Path(__file__).parents[1] / "docs/reference/playbooks.md"


def page() -> str:
    """The page of reference, as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Playbooks"
    yield ""
    yield "Made by `scripts/reference_playbooks.py` from the tables that the server runs."
    yield from ("", "## Acts", "", "| act | takes | what it does |", "|---|---|---|")
    for act in every_act().values():
        takes = ", ".join(n if n in act.needs else f"[{n}]" for n in sorted(act.takes))
        mark = " **For ever: two people say yes.**" if act.final else ""
        kind = " (of the engine)" if act.id in DEEDS else ""
        yield f"| `{act.id}`{kind} | {takes} | {act.says}{mark} |"
    yield from ("", "Arguments in brackets may be left out.", "", "## Facts for conditions", "")
    yield from ("| fact | values | says |", "|---|---|---|")
    for name, fact in FACTS.items():
        plain = "a number" if fact.values == NUMBER else "so or not" if fact.values == TRUTH else ""
        words = plain or ", ".join(fact.values)
        says = f"{fact.says}: {fact.means}" if fact.means else fact.says
        yield f"| `{name}` | {words} | {says} |"
    yield from ("", "## Words for arguments", "", "| word | stands for |", "|---|---|")
    yield from (f"| `${name}` | {says} |" for name, says in VARIABLES.items())
    yield from ("", "## Questions to people", "")
    marks = ", ".join(f"{m} %" for m in REMIND_AT)
    yield f"At most {MOST_OPEN} questions are open on one asset."
    yield f"Reminders come at {marks} of the time."
    yield from ("", "## The playbooks that are shipped", "")
    yield from ("| playbook | answers | acts | questions |", "|---|---|---|---|")
    for one in shipped().values():
        book = one.playbook
        acts = sum(isinstance(s, Do) for s in book.steps.values())
        asks = sum(isinstance(s, Ask) for s in book.steps.values())
        yield f"| [{book.id}](#{book.id}) | {', '.join(book.answers)} | {acts} | {asks} |"
    for one in shipped().values():
        book = one.playbook
        yield from ("", f"### {book.id}", "", f"{book.title}. {book.says}", "")
        yield from ("```yaml", written(book).rstrip(), "```")


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), "utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
