"""The page on rules says what the code does."""

import re
from pathlib import Path

from stanch.detect.rules.bounded import LARGEST
from stanch.detect.rules.load import MOST_BACK
from stanch.detect.rules.own import MOST_PARTS, MOST_PATTERNS, own_rule
from stanch.engine.rulebook import MOST
from stanch.engine.watch.memory import MOST_CELLS

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/write-a-rule.md"


def test_the_example_that_people_copy_can_be_used() -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert example is not None
    assert own_rule(example[1], "keys.yaml").rule.id == "keys_then_export"


def test_the_limits_that_are_named_are_those_that_hold() -> None:
    page = " ".join(PAGE.read_text("utf-8").split())
    assert f"{MOST_BACK.days}d at most" in page
    assert f"the {MOST_CELLS} counters" in page
    assert f"At most {MOST} rules, of {LARGEST:,} characters, {MOST_PARTS} lines" in page
    assert f"{MOST_PATTERNS} patterns each" in page
