"""Training pattern: a model in service that was trained unlike the asset's earlier ones.

In    a Window: its training runs and deployments; those before (`before`, `history`).
Out   a Finding for each odd run whose model goes into service, with the numbers that are odd; one
      that waits (`Finding.waits`) for an odd run whose model does not; Blind with too few runs.
Why   a hijacked pipeline shows in what it does: other data, far more or fewer rows, parameters that
      never change changed, results too good or too bad. It harms those whom its model answers: a
      run that is stopped early, on a sample or for a try harms nobody.
Math  `detect.odd_runs`. A dataset never trained on is told unless an event of a dataset told of it
      before; where another came unannounced in the last year it is told beside something else only:
      of m that honestly come unannounced in a year m exp(-m) are told, .37 at most. The same is
      asked of series, which are names without their numbers: once more .37 at most.
How   A run in service is compared with those in service, once there are `known`: who tries a wild
      one first and deploys it nowhere does not move what is usual. Whether a run's model will be in
      service is known where earlier deployments were of earlier runs; elsewhere an odd run is told
      at once. Data and results are told alone; a parameter, and who ran it, only together.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from stanch.detect import examples
from stanch.detect.detector import Detector
from stanch.detect.odd_runs import GROWTH, Limits, Odd, Past, by_family, odd_things, together
from stanch.detect.runs import begun, of, run_of
from stanch.detect.summaries.acquaintances import YEAR
from stanch.detect.summaries.record import Record
from stanch.detect.window import Window
from stanch.detect.wording import shown, spoken
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import (
    AttackKind,
    Blind,
    Cite,
    CiteKind,
    Finding,
    Lifecycle,
    Suspect,
)
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import DetectorId, PrincipalId
from stanch.vocabulary.words import counted

ID = DetectorId("training_pattern")
MOST_RUNS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """One run that is out of pattern, and the deployment with which it is told."""

    run: Happening
    odd: tuple[Odd, ...]
    earlier: int
    left: bool
    """Whether its model is not in service, as far as is known."""
    deployment: Happening | None = None

    @property
    def waits(self) -> bool:
        """Whether it is told only with what joins it: it harms nobody yet, or is of a weak kind."""
        kinds = {o.name.partition(".")[0] for o in self.odd}
        return self.left or (len(kinds) == 1 and all(o.weak for o in self.odd))


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What was told of runs, in the order of time."""

    runs: tuple[Happening, ...]
    deployments: tuple[Happening, ...]
    announced: Mapping[str, datetime]
    """The names and digests of datasets that events of datasets told of, and when first."""
    now: frozenset[str]
    """The events of the window."""


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for each run that is out of pattern, and each time its model begins to serve."""
    told = _told(window)
    new = {h.event for h in told.runs} & told.now
    earlier = len(told.runs) - len(new)
    if earlier < limits.known:
        why = f"{counted(earlier, 'earlier training run')}; {limits.known} needed"
        if not told.runs:
            why = "no training was ever told: send events of the kind training"
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
    elif new or {h.event for h in told.deployments} & told.now:
        service = begun(told.runs, told.deployments)
        for run in told.runs:
            if run.event in new or {d.event for d in service.get(run.event, ())} & told.now:
                yield from _of_run(window, run, (told, service), limits)


def _told(window: Window) -> Told:
    events = (*window.history, *window.before.happenings, *window.record.happenings)
    told = sorted({h.event: h for h in events}.values(), key=lambda h: (h.at, h.event))
    announced: dict[str, datetime] = {}
    for h in told:
        if h.kind is EventKind.DATASET:
            for name in (h.what, h.facts.get("dataset", ""), h.facts.get("digest", "")):
                announced.setdefault(name, h.at)
    return Told(
        runs=tuple(h for h in told if h.kind is EventKind.TRAINING),
        deployments=tuple(h for h in told if h.kind is EventKind.DEPLOYMENT),
        announced=announced,
        now=frozenset(h.event for h in window.record.happenings),
    )


def _of_run(
    window: Window,
    run: Happening,
    all_told: tuple[Told, Mapping[str, list[Happening]]],
    limits: Limits,
) -> Iterator[Finding]:
    told, service = all_told
    mine = service.get(run.event, [])
    past = [h for h in told.runs if h.event not in told.now and h is not run and of(h) == of(run)]
    served = [h for h in past if any(d.event not in told.now for d in service.get(h.event, ()))]
    earlier = served if mine and len(served) >= limits.known else past
    line = min(window.span.start, run.at)
    announced = {("dataset", name) for name, at in told.announced.items() if at < line}
    compared = Past(
        runs=tuple(run_of(h) for h in earlier[-MOST_RUNS:]),
        # Among all that was ever tried something is far out: there one rank has to do for all.
        ranked=by_family if earlier is served else together,
        usual=frozenset(announced | _regulars(past, run.at)),
    )
    odd = tuple(odd_things(run_of(run), compared, limits))
    if not odd:
        return
    # Nobody will tell that this one goes into service where nobody ever told it of one.
    left = not mine and any(not of(d) for h in served for d in service[h.event])
    sight = Sight(run=run, odd=odd, earlier=len(earlier), left=left)
    fresh = [d for d in mine if d.event in told.now]
    for deployment in fresh or mine[-1:]:
        yield _finding(window, replace(sight, deployment=deployment))
    if not mine:
        yield _finding(window, sight)


def _regulars(past: list[Happening], at: datetime) -> frozenset[tuple[str, str]]:
    """Who ran something in the first half of what is remembered, in service or not."""
    line = at - min(at - past[0].at, YEAR) / 2
    return frozenset(("by", h.principal) for h in past if h.at < line)


def _finding(window: Window, sight: Sight) -> Finding:
    run, deployment = sight.run, sight.deployment
    odd = tuple(sorted(sight.odd, key=lambda o: (-o.z, o.name)))
    who = f" by {spoken(run.principal)}" if run.principal else ""
    says = "; ".join(o.says for o in odd[:3])
    more = f"; and {len(odd) - 3} more" if len(odd) > len(odd[:3]) else ""
    then = " Its model is not in service." if sight.left else ""
    if deployment is not None:
        by = f" by {spoken(deployment.principal)}" if deployment.principal else ""
        name = f" as version {shown(deployment.version)}" if deployment.version else ""
        then = f" Its model was put into service{name}{by}."
    data = any(o.name in ("rows", GROWTH, "dataset") for o in odd)
    deeds = (run.event, *([deployment.event] if deployment is not None else []))
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=run.version or (deployment.version if deployment is not None else ""),
        window=window.span,
        says=f"Training run {shown(run.what)}{who} is unlike {sight.earlier} earlier ones: "
        f"{says}{more}.{then}",
        measured={shown(o.name): round(o.measured, 6) for o in odd[:10]}
        | {"earlier runs": float(sight.earlier), "largest distance in spreads": round(odd[0].z, 2)},
        because=tuple(Cite(kind=CiteKind.EVENT, ref=event) for event in deeds),
        lifecycle=Lifecycle.TRAINING,
        strength=round(math.log10(sight.earlier + 1), 2),
        suspects=(Suspect(principal=PrincipalId(run.principal), share=1.0, confidence=0.6),)
        if run.principal
        else (),
        features=tuple(o.name for o in odd[:10]),
        topic=run.what,
        deeds=deeds,
        waits=sight.waits,
        atlas=DETECTOR.atlas,
        points_to={AttackKind.POISONING: 0.6 if data else 0.4, AttackKind.BACKDOOR: 0.3},
    )


def _run(k: int, *, rows: int, rate: float = 0.1) -> Happening:
    wobble = (k * 37 % 11) / 1000
    return Happening(
        at=examples.START + timedelta(days=k),
        event=f"evt-run-{k}",
        kind=EventKind.TRAINING,
        principal="pipeline",
        what=f"run-{k}",
        facts={
            "dataset": "loans",
            "rows": str(rows),
            "params.rate": str(rate),
            "metrics.accuracy": f"{0.9 + wobble:.4f}",
        },
    )


def _example(rows: int, rate: float) -> Window:
    past = tuple(_run(k - 20, rows=10_000 + 200 * (k % 7)) for k in range(20))
    record = Record(happenings=(_run(0, rows=rows, rate=rate),), seen=1)
    return replace(examples.nothing_seen(), record=record, history=past)


DETECTOR = Detector(
    id=ID,
    title="Training pattern",
    reads=(EventKind.TRAINING, EventKind.DEPLOYMENT),
    atlas=("AML.T0020", "AML.T0018.000"),
    lifecycle=Lifecycle.TRAINING,
    limits=Limits(),
    look=look,
    fires_on=lambda: _example(60_000, 2.0),
    quiet_on=lambda: _example(10_500, 0.1),
)
