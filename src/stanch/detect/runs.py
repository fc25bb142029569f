"""Training runs: what each told, and which of them went into service.

In    happenings of training and of deployment.
Out   a run's numbers and texts; the deployments of what it made.
Why   a run harms somebody only when what it made goes into service. Who tries something out does
      not, and is not what a model in service is compared with.
How   A deployment is of a run when the digests are the same; where one of them is not told, when
      the versions are and the run came first.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import plain_digest

MOST_NUMBERS = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What one training run told."""

    event: Happening
    numbers: Mapping[str, float]
    texts: Mapping[str, str]


def run_of(event: Happening) -> Run:
    """The run's numbers and texts; what does not parse is left out."""
    numbers: dict[str, float] = {}
    texts: dict[str, str] = {}
    told = dict(event.facts)
    for group in ("params", "metrics"):
        told |= {f"{group}.{k}": v for k, v in _object(event.facts.get(group, "")).items()}
        told.pop(group, None)
    for name, value in sorted(told.items()):
        if name == "rows" or name.startswith(("params.", "metrics.")):
            number = _number(value)
            if number is not None and len(numbers) < MOST_NUMBERS:
                numbers[name] = number
            elif number is None and name.startswith("params."):
                texts[name] = value
    if event.facts.get("dataset"):
        texts["dataset"] = event.facts["dataset"]
    if event.principal:
        texts["by"] = event.principal
    return Run(event=event, numbers=numbers, texts=texts)


def made(run: Happening, deployment: Happening) -> bool:
    """Whether this deployment is of what the run made."""
    digests = plain_digest(run.facts.get("digest", "")), plain_digest(deployment.what)
    if all(digests):
        return digests[0] == digests[1]
    named = bool(run.version) and run.version == deployment.version
    return named and of(run) == of(deployment) and run.at <= deployment.at


def of(happening: Happening) -> str:
    """The other asset that told it, in a history; nothing for the asset itself."""
    return happening.facts.get("asset", "")


def begun(
    runs: Iterable[Happening], deployments: Iterable[Happening]
) -> Mapping[str, list[Happening]]:
    """For each run, by its event, the deployments with which what it made came into service.

    The deployments are in the order of time. The same told again while it is in service is none.
    """
    made_by: dict[str, list[Happening]] = {}
    for run in runs:
        for name in {plain_digest(run.facts.get("digest", "")), f"{of(run)}/{run.version}"} - {""}:
            made_by.setdefault(name, []).append(run)
    found: dict[str, list[Happening]] = {}
    before: dict[str, frozenset[str]] = {}
    for one in deployments:
        near = [
            r
            for n in (plain_digest(one.what), f"{of(one)}/{one.version}")
            for r in made_by.get(n, ())
        ]
        mine = frozenset(r.event for r in near if made(r, one))
        for event in mine - before.get(of(one), frozenset()):
            found.setdefault(event, []).append(one)
        before[of(one)] = mine
    return found


def _object(text: str) -> Mapping[str, str]:
    """The fields of a JSON object as texts; none when it is cut or no object."""
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
