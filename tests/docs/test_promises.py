"""Each page that says by which test a promise is shown names tests that exist."""

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from stanch.detect.registry import detectors
from stanch.engine.runs.library import actions
from stanch.vocabulary.policy import Policy

ROOT = Path(__file__).parents[2]
PAGES = {page.stem: page for page in sorted((ROOT / "docs" / "explanation").glob("*.md"))}


def _promises(page: Path) -> Iterator[str]:
    """The rows of the tables whose last column is `shown by`."""
    inside = False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.endswith("| shown by |"):
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not line.startswith("|-"):
            yield line


PROMISES = {name: rows for name, page in PAGES.items() if (rows := list(_promises(page)))}


def test_the_pages_of_promises_are_there() -> None:
    assert {
        *("bad-days", "bad-input", "console", "containment-promises", "house"),
    } <= PROMISES.keys()


@pytest.mark.parametrize("page", PROMISES)
def test_every_row_names_tests_that_exist(page: str) -> None:
    for row in PROMISES[page]:
        cited = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert cited, row
        for file, name in cited:
            tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
            assert name in {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}, name


def test_every_field_of_a_policy_and_every_action_stands_among_the_promises() -> None:
    promised = set(re.findall(r"`([\w.]+)`", "\n".join(PROMISES["containment-promises"])))
    fields = {f.name: f for f in dataclasses.fields(Policy) if f.name not in ("asset", "version")}
    inner = {
        f"{name}.{part.name}"
        for name, field in fields.items()
        if dataclasses.is_dataclass(field.type) and isinstance(field.type, type)
        for part in dataclasses.fields(field.type)
    }
    outer = {name for name in fields if not any(one.startswith(f"{name}.") for one in inner)}
    assert len(inner) > len(outer) > 5
    assert inner | outer | set(actions()) <= promised


def test_every_detector_stands_among_the_promises() -> None:
    rows = [row for row in PROMISES["watching-promises"] if row.count("|") == 4]
    promised = {found[1] for row in rows if (found := re.match(r"\| `(\w+)` \|", row))}
    assert promised == {str(one) for one in detectors()}
