"""The house rules: format, lint, types, contracts; so that one command is the whole bar."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "rule",
    [
        ("ruff", "format", "--check", "."),
        ("ruff", "check", "."),
        ("pyrefly", "check", "--python-interpreter-path", sys.executable),
        ("lint-imports",),
    ],
    ids=lambda rule: " ".join(rule[:2]),
)
def test_the_house_rule_holds(rule: tuple[str, ...]) -> None:
    done = subprocess.run(
        [str(BIN / rule[0]), *rule[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
