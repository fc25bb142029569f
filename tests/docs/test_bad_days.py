"""The pages of bad days, of bad input and of the console name tests that exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "explanation"


@pytest.mark.parametrize("page", ["bad-days.md", "bad-input.md", "console.md"])
def test_every_row_names_tests_that_exist(page: str) -> None:
    rows = [
        r for r in (PAGES / page).read_text(encoding="utf-8").splitlines() if r.startswith("| ")
    ][1:]
    assert len(rows) > 10
    for row in rows:
        cited = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert cited, row
        for file, name in cited:
            tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
            assert name in {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}, name
