"""Access anomaly: logins that fail, doors that are tried, rights that are widened, newcomers.

In    a Window: the accesses of the window (`record`) and of the week before (`before`); who was
      ever here (`known`).
Out   a Finding for each kind of anomaly, with who did it; Blind when no access was ever told, and
      on newcomers while too few were.
Why   unauthorised access to a registry or an endpoint comes before most other harm.
Math  Failed logins and refused requests are shares of the tries. A principal's custom is its own
      share of the week before, at the upper end that chance allows (`rates.highest`), never below
      `floor`; the bet of `rates.excess` is averaged over all who tried, and needs `rates.BAR`.
      An address that fails as many different principals counts each principal once.
      Whoever is new here and touches what matters, or gives orders, is told, and so is who changes
      rights for the first time, where that is rare enough (`summaries.acquaintances`).
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from stanch.detect import examples
from stanch.detect.alarms.bounds import highest
from stanch.detect.alarms.rates import BAR, excess
from stanch.detect.detector import Detector
from stanch.detect.summaries.acquaintances import (
    ACQUAINTED,
    BAD,
    MATTERS,
    ORDERS,
    RIGHTS,
    TAKES,
    is_like,
    is_new,
    met,
    new_since,
    since_when,
    used_to_orders,
    used_to_them,
)
from stanch.detect.summaries.acquaintances import Known as Acquaintances
from stanch.detect.summaries.record import Deed, Record, record_of
from stanch.detect.window import Window
from stanch.detect.wording import listed, shown, spoken
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
from stanch.vocabulary.ids import DetectorId, PrincipalId
from stanch.vocabulary.words import counted

ID = DetectorId("access_anomaly")
LOGIN = ("login*", "auth*", "signin*", "token*")
Counts = Mapping[str, tuple[int, int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    floor: float = 0.1
    """The share of failures that is custom everywhere: people mistype."""
    fails: int = 8
    """Failures under which nothing is said."""
    different: int = 12
    """Different resources, or principals, that are tried before it is probing or spraying."""
    known: int = 50
    """Accesses of the week before that make a custom."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """One kind of anomaly: what was seen, and who did it with how much of it."""

    topic: str
    says: str
    measured: Mapping[str, float]
    strength: float
    who: Mapping[str, float]
    points_to: Mapping[AttackKind, float]
    source: str = ""


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for each kind of anomaly."""
    now, before = _accesses(window.record), _accesses(window.before)
    if not now and not before:
        why = "no access was ever told"
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    for sights in (_failed, _sprayed, _probed):
        for sight in sights(now, before, limits):
            yield _finding(window, sight)
    why = _unacquainted(before, window, limits)
    if why:
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
    if sum(before.values()) >= limits.known:
        for new in (_strangers, _rights):
            for sight in new(now, before, window):
                yield _finding(window, sight)


def _unacquainted(before: Mapping[Deed, int], window: Window, limits: Limits) -> str:
    """Why newcomers cannot be told from others; empty when they can."""
    past = sum(before.values())
    if past < limits.known:
        had = counted(past, "access", "accesses")
        return f"who is new here: {had} in the week before, {limits.known} needed"
    memory = since_when(window.known, window.span.start)
    if memory > ACQUAINTED:
        return ""
    had = counted(memory.days, "day")
    return f"orders by newcomers: {had} of memory, more than {ACQUAINTED.days} needed"


def _accesses(record: Record) -> Mapping[Deed, int]:
    return {deed: n for deed, n in record.deeds.items() if deed.kind is EventKind.ACCESS}


def _tries(deeds: Mapping[Deed, int], whom: Callable[[Deed], str], *, login: bool) -> Counts:
    """For each: how many tries, and how many of them went wrong."""
    counts: dict[str, tuple[int, int]] = {}
    for deed, n in deeds.items():
        if whom(deed) and is_like(deed.action, LOGIN) == login:
            tried, failed = counts.get(whom(deed), (0, 0))
            counts[whom(deed)] = (tried + n, failed + n * is_like(deed.outcome, BAD))
    return counts


def _beyond_custom(now: Counts, before: Counts, limits: Limits) -> Mapping[str, float]:
    """Log10 of the evidence against each whose share of failures is beyond its custom."""
    names = sorted(name for name, (_, failed) in now.items() if failed >= limits.fails)
    past = np.array([before.get(name, (0, 0)) for name in names], np.int64).reshape(-1, 2)
    custom = np.where(past[:, 0] > 0, highest(past[:, 1], past[:, 0]), limits.floor)
    spread = math.log10(max(len(now), 1))
    found: dict[str, float] = {}
    for name, most in zip(names, custom, strict=True):
        tried, failed = now[name]
        share = min(max(float(most), limits.floor), 0.9)
        strength = excess(tried, failed, share) - spread
        if strength >= BAR:
            found[name] = strength
    return found


def _failed(now: Mapping[Deed, int], before: Mapping[Deed, int], limits: Limits) -> Iterator[Sight]:
    """Logins that fail far beyond custom, by principal."""
    tries = _tries(now, lambda d: d.principal, login=True)
    found = _beyond_custom(tries, _tries(before, lambda d: d.principal, login=True), limits)
    if not found:
        return
    failed = sum(tries[name][1] for name in found)
    names = sorted(found, key=lambda name: (-tries[name][1], name))
    yield Sight(
        topic="failed logins",
        says=f"{failed} logins failed of {sum(tries[n][0] for n in found)} by {listed(names)}",
        measured={
            "failed logins": float(failed),
            "got_through": float(sum(tries[name][0] for name in found) - failed),
            "principals": float(len(found)),
        },
        strength=max(found.values()),
        who={name: tries[name][1] / failed for name in names},
        points_to={AttackKind.ACCESS: 0.7},
    )


def _sprayed(
    now: Mapping[Deed, int], before: Mapping[Deed, int], limits: Limits
) -> Iterator[Sight]:
    """One address that fails to log in as many different principals: these are its victims."""
    past = {d.source for d in before if is_like(d.action, LOGIN) and not is_like(d.outcome, BAD)}
    tried: dict[str, dict[str, bool]] = {}
    for deed in now:
        if deed.source and deed.principal and is_like(deed.action, LOGIN):
            names = tried.setdefault(deed.source, {})
            bad = is_like(deed.outcome, BAD)
            names[deed.principal] = names.get(deed.principal, True) and bad
    for source, names in sorted(tried.items()):
        failed = sum(names.values())
        custom = 0.5 if source in past else limits.floor
        strength = excess(len(names), failed, custom) - math.log10(len(tried))
        if failed >= limits.different and strength >= BAR:
            yield Sight(
                topic=f"sprayed logins {source}",
                says=f"The address {shown(source)} failed to log in as {failed} different "
                f"principals of {len(names)} it tried",
                measured={
                    "principals tried": float(len(names)),
                    "failed": float(failed),
                    "got_through": float(len(names) - failed),
                },
                strength=strength,
                who={},
                points_to={AttackKind.ACCESS: 0.8},
                source=source,
            )


def _probed(now: Mapping[Deed, int], before: Mapping[Deed, int], limits: Limits) -> Iterator[Sight]:
    """Somebody whose requests for many different things are refused."""
    by_name = _tries(now, lambda d: d.principal or d.source, login=False)
    custom = _tries(before, lambda d: d.principal or d.source, login=False)
    wide: dict[str, set[str]] = {}
    for deed in now:
        if not is_like(deed.action, LOGIN) and is_like(deed.outcome, BAD):
            wide.setdefault(deed.principal or deed.source, set()).add(deed.resource)
    many = {n for n, things in wide.items() if n and len(things) >= limits.different}
    for name, strength in _beyond_custom(by_name, custom, limits).items():
        if name in many:
            named = {d.principal for d in now}
            yield Sight(
                topic=f"probing {name}",
                says=f"{spoken(name)} was refused at {len(wide[name])} different resources "
                f"({by_name[name][1]} of {by_name[name][0]} requests)",
                measured={
                    "resources refused": float(len(wide[name])),
                    "requests refused": float(by_name[name][1]),
                    "got_through": float(by_name[name][0] - by_name[name][1]),
                },
                strength=strength,
                who={name: 1.0} if name in named else {},
                points_to={AttackKind.ACCESS: 0.7},
                source="" if name in named else name,
            )


def _strangers(
    now: Mapping[Deed, int], before: Mapping[Deed, int], window: Window
) -> Iterator[Sight]:
    """Newcomers who change or take what matters, where newcomers are rare, or who give orders."""
    known, at = window.known, window.span.start
    since, lately = new_since(known, at), {deed.principal for deed in before} - known.keys()
    kinds = ((MATTERS + TAKES, False, used_to_them(known, at, rights=False)),)
    kinds += ((ORDERS, True, used_to_orders(known, at)),)
    touched: dict[str, set[str]] = {}
    orders = False
    for deed in now:
        for actions, ordering, usual in kinds:
            good = not is_like(deed.outcome, BAD) and is_like(deed.action, actions)
            strange = deed.principal and deed.principal not in lately and good and not usual
            if strange and is_new(known, deed.principal, at, since, orders=ordering):
                touched.setdefault(deed.principal, set()).add(deed.action)
                orders = orders or ordering
    if not touched:
        return
    deeds = sorted({action for actions in touched.values() for action in actions})
    yield Sight(
        topic="newcomers",
        says=f"{listed(sorted(touched))}, {_since(known, touched)}, did {listed(deeds)}",
        measured={"newcomers": float(len(touched)), "known before": float(len(known))},
        strength=math.log10(len(known) + 1) + (2 if orders else 1),
        who={name: 1 / len(touched) for name in sorted(touched)},
        points_to={AttackKind.ACCESS: 0.6 if orders else 0.5, AttackKind.SUPPLY_CHAIN: 0.3},
    )


def _since(known: Acquaintances, names: Iterable[str]) -> str:
    """How new they are, in words."""
    came = [known[name].came for name in names if name in known]
    return f"here since {min(came):%Y-%m-%d}" if came else "never seen here before"


def _rights(now: Mapping[Deed, int], before: Mapping[Deed, int], window: Window) -> Iterator[Sight]:
    """Rights that are widened by somebody who never did, or far more often than ever."""
    past = {name: who.most for name, who in window.known.items() if who.ruled is not None}
    for name, n in _changes(before).items():
        past[name] = max(past.get(name, 0), n)
    changes = _changes({d: n for d, n in now.items() if not is_like(d.outcome, BAD)})
    usual = used_to_them(window.known, window.span.start, rights=True)
    odd = {
        name: n
        for name, n in changes.items()
        if (n > max(5, 3 * past[name]) if name in past else not usual)
    }
    if odd:
        total = sum(odd.values())
        yield Sight(
            topic="rights",
            says=f"{listed(sorted(odd))} changed rights {total} times; "
            f"of others, {len(past)} are known to have changed any",
            measured={"changes of rights": float(total), "who did before": float(len(past))},
            strength=3.0,
            who={name: n / total for name, n in sorted(odd.items()) if name},
            points_to={AttackKind.ACCESS: 0.6},
        )


def _changes(deeds: Mapping[Deed, int]) -> Mapping[str, int]:
    """How often each changed rights."""
    found: dict[str, int] = {}
    for deed, n in deeds.items():
        if is_like(deed.action, RIGHTS):
            found[deed.principal] = found.get(deed.principal, 0) + n
    return found


def _finding(window: Window, sight: Sight) -> Finding:
    says = sight.says[0].upper() + sight.says[1:] if sight.source else sight.says
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"On {shown(window.asset.name)}: {says}.",
        measured=sight.measured,
        because=(Cite(kind=CiteKind.ASSET, ref=window.asset.id),),
        lifecycle=Lifecycle.DEPLOYMENT,
        strength=round(sight.strength, 2),
        suspects=tuple(
            Suspect(principal=PrincipalId(name), share=min(share, 1.0), confidence=0.7)
            for name, share in list(sight.who.items())[:10]
        ),
        groups=(f"source={sight.source}",) if sight.source else (),
        topic=sight.topic,
        atlas=DETECTOR.atlas,
        points_to=sight.points_to,
    )


def _custom() -> Record:
    """A week in which forty people log in, and one in thirty logins fails."""
    deeds: list[tuple[Deed, int]] = []
    for k in range(40):
        ok = Deed(EventKind.ACCESS, f"user-{k:02}", "login", "registry", "ok", f"10.0.0.{k}")
        deeds += [(ok, 29), (ok._replace(outcome="failed"), 1)]
    return record_of(deeds)


def _example(fails: int) -> Window:
    good = Deed(EventKind.ACCESS, "user-03", "login", "registry", "ok", "10.0.0.3")
    bad = good._replace(outcome="failed", source="203.0.113.9")
    deeds = [(good, 4), *([(bad, fails)] if fails else [])]
    before, long_ago = _custom(), examples.START - timedelta(days=61)
    known = met(met({}, before, long_ago), before, examples.START - timedelta(days=1))
    return replace(examples.nothing_seen(), record=record_of(deeds), before=before, known=known)


DETECTOR = Detector(
    id=ID,
    title="Access anomaly",
    reads=(EventKind.ACCESS,),
    atlas=("AML.T0012", "AML.T0040"),
    lifecycle=Lifecycle.DEPLOYMENT,
    limits=Limits(),
    look=look,
    fires_on=lambda: _example(60),
    quiet_on=lambda: _example(2),
)
