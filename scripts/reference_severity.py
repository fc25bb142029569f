"""Write docs/reference/severity.md from the tables of severity, so that what is read is what runs.

Run    python scripts/reference_severity.py
"""

from pathlib import Path

from stanch.triage.severity.factors import ANCHORS, IMPACTS, NAMES, Factor
from stanch.triage.severity.judge import BAND_NAMES, BANDS, GATES
from stanch.triage.severity.vector import HEAD

PAGE = Path(__file__).parents[1] / "docs/reference/severity.md"


def page() -> str:
    """The page of reference, as Markdown."""
    lines = ["# Severity: factors, anchors and gates", ""]
    lines += ["Made by `scripts/reference_severity.py` from the tables that the server runs.", ""]
    lines += [f"A vector looks like `{HEAD}/" + "/".join(f"{f.value}:0" for f in Factor) + "`.", ""]
    lines += ["## Factors", ""]
    for factor in Factor:
        role = "sets the level" if factor in IMPACTS else "can raise the level, and orders"
        lines += [f"### {factor.value}: {NAMES[factor]} ({role})", "", "| | means |", "|---|---|"]
        lines += [f"| {n} | {words} |" for n, words in enumerate(ANCHORS[factor])]
        lines += [""]
    lines += ["## Levels", "", "The worst factor that sets the level gives:", ""]
    lines += ["| worst | level |", "|---|---|"]
    lines += [f"| {n} | {BAND_NAMES[level]} |" for n, level in enumerate(BANDS)]
    lines += ["", "## Gates", "", "Gates raise a level and never lower it.", ""]
    lines += ["| gate | says |", "|---|---|"]
    lines += [f"| `{gate.name}` | {gate.says} |" for gate in GATES]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), "utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
