"""Free text to techniques: how often the mapper is right, silent, or wrong when it speaks.

Run    python -m bench.texts [--say] [--steps STEPS.json]
Data   `bench/texts.yaml`: reports in our own words, by family, and as many sentences about nothing
       of the kind. Odd ones are looked at when the mapper is mended, even ones only judge it.
       STEPS.json, if given: labelled steps of case studies ({study, technique, text}).
Count  Among reports: the first guess is right, one of three is, the mapper abstains, the first
       guess is wrong although it speaks. Among the others: it abstains, as it should. `right` in
       the data names every technique that would be a good answer: a family of them where a report
       tells no more.
"""

import argparse
import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from stanch.triage.taxonomy.mapper import Model, guess, packaged_model

HOME = Path(__file__).parent


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A text, what would be a good answer (nothing: silence), and whether it only judges."""

    text: str
    family: str
    right: frozenset[str]
    judges: bool


def texts(path: Path = HOME / "texts.yaml") -> tuple[Said, ...]:
    """Every text of the file."""
    raw = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    groups = [(g["family"], frozenset(g["right"]), g["texts"]) for g in raw["reports"]]
    return tuple(
        Said(text=text, family=family, right=right, judges=place % 2 == 1)
        for family, right, lines in [*groups, ("nothing", frozenset[str](), raw["nothing"])]
        for place, text in enumerate(lines)
    )


def figures(said: Sequence[Said], model: Model) -> dict[str, float]:
    """The rates among these texts."""
    answers = [(s, [g.technique for g in guess(s.text, model)]) for s in said]
    told = [(s, a) for s, a in answers if s.right]
    idle = [a for s, a in answers if not s.right]
    spoke = [(s, a) for s, a in told if a]
    return {
        "reports": len(told),
        "first right": _rate([a[:1] and a[0] in s.right for s, a in told]),
        "one of three right": _rate([bool(s.right & set(a)) for s, a in told]),
        "abstains": _rate([not a for _, a in told]),
        "first wrong when it speaks": _rate([a[0] not in s.right for s, a in spoke]),
        "nothing of the kind": len(idle),
        "silent there": _rate([not a for a in idle]),
    }


def _rate(held: Sequence[object]) -> float:
    return round(sum(map(bool, held)) / len(held), 3) if held else 0.0


def steps(path: Path) -> tuple[Said, ...]:
    """Labelled steps; a technique and the one it is part of are both right."""
    return tuple(
        Said(
            text=s["text"],
            family=s["study"],
            right=frozenset({s["technique"], s["technique"].rpartition(".")[0] or s["technique"]}),
            judges=True,
        )
        for s in json.loads(path.read_text("utf-8"))
    )


def main() -> None:
    """Print the table, keep it."""
    ask = argparse.ArgumentParser()
    ask.add_argument(
        "--say", action="store_true", help="each text that is looked at, with its guesses"
    )
    ask.add_argument("--steps", type=Path, help="labelled steps to judge besides; nothing is kept")
    chosen = ask.parse_args()
    model, all_texts = packaged_model(), texts()
    halves = {
        "looked at": [s for s in all_texts if not s.judges],
        "judged": [s for s in all_texts if s.judges],
    }
    rows = {name: figures(half, model) for name, half in halves.items()}
    if chosen.steps:
        print(json.dumps(figures(steps(chosen.steps), model)))
    for name, row in rows.items():
        print(name, *(f"{k} {v}" for k, v in row.items()), sep=" | ")
    if chosen.say:
        for s in halves["looked at"]:
            found = [f"{g.technique} {g.score:.2f}" for g in guess(s.text, model)]
            good = bool(s.right & {f.split()[0] for f in found[:1]}) if s.right else not found
            print("ok " if good else "BAD", s.family, "|", s.text[:90], "|", ", ".join(found))
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    kept = {"machine": machine, "model": model.version, **rows}
    (HOME / "results/texts.json").write_text(json.dumps(kept, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
