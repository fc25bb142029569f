"""Make the packaged ATLAS facts and the mapper's weights; cross-validate the mapper by study.

Run    python scripts/build_mapper.py ATLAS.yaml STEPS.json
Data   ATLAS.yaml is MITRE's file in either format; STEPS.json a list of {study, tactic, technique,
       text}. Neither is kept here: only ids, names and links as facts, and weights.
"""

import base64
import json
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from stanch.triage.taxonomy.atlas import Matrix, matrix_from
from stanch.triage.taxonomy.lexicon import packaged_lexicon
from stanch.triage.taxonomy.mapper import COLUMNS, Model, columns_of, guess, pack, vector_of

HOME = Path(__file__).parents[1] / "src/stanch/triage/taxonomy"
Floats = NDArray[np.float64]
Step = dict[str, str]


def model_from(steps: Sequence[Step], matrix: Matrix, descriptions: dict[str, str]) -> Model:
    """The weights from labelled steps, and from what each technique's own page says."""
    texts = [s["text"] for s in steps] + list(descriptions.values())
    seen = np.zeros(COLUMNS)
    for text in texts:
        seen[np.unique(columns_of(text))] += 1
    rarity = np.log((1 + len(texts)) / (1 + seen)).astype(np.float16).astype(np.float64)
    names: list[str] = []
    rows: list[Floats] = []
    for technique in sorted(matrix.techniques):
        own = [vector_of(s["text"], rarity) for s in steps if s["technique"] == technique]
        page = vector_of(descriptions.get(technique, matrix.techniques[technique].name), rarity)
        names.append(technique)
        rows.append(page)
        if own:
            names.append(technique)
            rows.append(_unit(np.sum(own, axis=0)))
    tactic_rows = []
    for tactic in matrix.tactics:
        own = [vector_of(s["text"], rarity) for s in steps if s["tactic"] == tactic]
        page = vector_of(descriptions.get(tactic, matrix.tactics[tactic]), rarity)
        tactic_rows.append(_unit(np.sum([*own, page], axis=0)))
    links: dict[str, tuple[str, ...]] = {t.id: t.tactics for t in matrix.techniques.values()}
    for step in steps:
        held = links.get(step["technique"], ())
        if step["technique"] in links and step["tactic"] not in held:
            links[step["technique"]] = (*held, step["tactic"])
    return Model(
        version=matrix.version,
        rarity=rarity,
        tactics=tuple(matrix.tactics),
        tactic_rows=np.array(tactic_rows),
        techniques=tuple(names),
        technique_rows=np.array(rows),
        links=links,
        floor=0.0,
        lexicon=packaged_lexicon(),
    )


def _unit(row: Floats) -> Floats:
    size = float(np.linalg.norm(row))
    return row / size if size else row


def validate(steps: Sequence[Step], matrix: Matrix, pages: dict[str, str]) -> dict[str, float]:
    """Rates of hits when each study is left out in turn, and the floor that abstains well."""
    hits: dict[str, list[float]] = {}
    scored: list[tuple[float, bool]] = []
    for study in sorted({s["study"] for s in steps}):
        model = model_from([s for s in steps if s["study"] != study], matrix, pages)
        for step in (s for s in steps if s["study"] == study):
            for way, tactic in (("text", ""), ("text and tactic", step["tactic"])):
                found = [g.technique for g in guess(step["text"], model, tactic=tactic)]
                hits.setdefault(f"{way}: top 1", []).append(step["technique"] in found[:1])
                hits.setdefault(f"{way}: top 3", []).append(step["technique"] in found)
            best = guess(step["text"], model, top=1)
            scored.append((best[0].score, best[0].technique == step["technique"]))
    out = {name: float(np.mean(values)) for name, values in hits.items()}
    scores = np.array([s for s, _ in scored])
    right = np.array([r for _, r in scored])
    out["floor"] = float(np.round(np.quantile(scores, 0.25), 3))
    kept = scores >= out["floor"]
    out["top 1 where it does not abstain"] = float(right[kept].mean())
    out["top 1 where it abstains"] = float(right[~kept].mean())
    return out


def main() -> None:
    """Write `atlas-5.6.0.json` and `mapper.json`, print the figures."""
    raw = yaml.load(Path(sys.argv[1]).read_text("utf-8"), Loader=yaml.CSafeLoader)
    steps: list[Step] = json.loads(Path(sys.argv[2]).read_text("utf-8"))
    matrix = matrix_from(raw)
    first = raw["matrices"][0]
    pages = {x["id"]: f"{x['name']} {x['name']} {x['description']}" for x in first["techniques"]}
    pages |= {x["id"]: f"{x['name']} {x['description']}" for x in first["tactics"]}
    figures = validate(steps, matrix, pages)
    for name, value in figures.items():
        print(f"{name:36} {value:.3f}")
    facts = {
        "version": matrix.version,
        "tactics": dict(matrix.tactics),
        "techniques": [[t.id, t.name, t.tactics, t.parent] for t in matrix.techniques.values()],
    }
    (HOME / f"atlas-{matrix.version}.json").write_text(json.dumps(facts, indent=0) + "\n", "utf-8")
    model = model_from(steps, matrix, pages)
    rarity = base64.b64encode(zlib.compress(model.rarity.astype(np.float16).tobytes(), 9)).decode()
    value = {
        "version": model.version,
        "floor": figures["floor"],
        "figures": figures,
        "steps": len(steps),
        "rarity": rarity,
        "tactics": model.tactics,
        "tactic_rows": pack(model.tactic_rows),
        "techniques": model.techniques,
        "technique_rows": pack(model.technique_rows),
        "links": model.links,
    }
    (HOME / "mapper.json").write_text(json.dumps(value) + "\n", "utf-8")


if __name__ == "__main__":
    main()
