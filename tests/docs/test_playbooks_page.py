"""The reference of playbooks says what the code says."""

import importlib.util
import re
from pathlib import Path

from stanch.contain.playbook.check import checked
from stanch.engine.runs.library import every_act

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_playbooks_is_current() -> None:
    spec = importlib.util.spec_from_file_location(
        "reference_playbooks", ROOT / "scripts/reference_playbooks.py"
    )
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    page: str = script.page()
    assert (ROOT / "docs/reference/playbooks.md").read_text("utf-8") == page


def test_the_example_that_people_copy_may_run() -> None:
    text = (ROOT / "docs/how-to/write-a-playbook.md").read_text("utf-8")
    example = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert example is not None
    assert checked(example[1], "scraping.yaml", every_act()).playbook.id == "scraping"
