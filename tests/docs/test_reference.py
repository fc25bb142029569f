"""The reference pages say what the program says now."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
NAMES = ("cli.md", "http.md", "errors.md", "settings.md")


def pages() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "scripts" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: dict[str, str] = module.pages()
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_reference_page_is_current(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    made = pages()[name]
    kept = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")
    assert kept == made, "run: python scripts/reference.py"
