"""Health: how the server is, and a remedy for each thing that is not well.

In    the store, the caretaker, the guards, the witnesses; what the other parts measure.
Out   why it cannot serve now; measures; a list of checks, each with its remedy.
Why   whoever is woken up at night needs the sentence that says what to do next.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from stanch.engine.aside import Unjudged, set_aside, told_aside
from stanch.engine.backups import age_told, last_backup
from stanch.engine.blindness import blind_now
from stanch.engine.caretaker import Caretaker
from stanch.engine.clock import Clock
from stanch.engine.guards import Guards
from stanch.engine.ports import Store, Transaction
from stanch.engine.sites import STALE, Site
from stanch.engine.unheard import unheard
from stanch.engine.witnesses import Witnesses
from stanch.prepare.readiness import ANSWERING
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.ids import AssetId, BaselineId
from stanch.vocabulary.trouble import Trouble
from stanch.vocabulary.words import counted, when, word

Measure = tuple[str, str, float]
_MOST = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkup:
    """One thing that was looked at."""

    name: str
    good: bool | None
    """None: it does not matter here, or could not be told."""
    says: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What is looked at."""

    store: Store
    keeper: Caretaker
    guards: Guards
    witnesses: Witnesses
    clock: Clock
    genuine: Callable[[bytes, str], bool]
    """Whether this signature is ours over the bytes of a baseline."""
    measures: tuple[Callable[[], Iterable[Measure]], ...] = ()
    sites: Callable[[], Iterable[Site]] = tuple
    """The edge sites."""
    left: Callable[[], int] | None = None
    """Where this is an edge: how many minutes were too old to be sent."""
    room: Callable[[], None] = lambda: None
    """Nothing, or `NoSpace` when events cannot be kept."""


class Health:
    """How the server is, from the parts themselves."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.edge: Callable[[], Iterable[Measure]] = tuple

    def unready(self, *, why: bool = True) -> tuple[str, ...]:
        """What keeps it from serving now, in sentences; `why`: with the cause of each."""
        found = list(self._parts.keeper.unwell(why=why))
        try:
            self._parts.store.latest()
        except Trouble as trouble:
            found.append(f"The database does not answer{f': {trouble}' if why else '.'}")
        try:
            self._parts.room()
        except Trouble as trouble:
            found.append(str(trouble) if why else "There is no space left for events.")
        return tuple(found)

    def away(self, *, why: bool = True) -> tuple[str, ...]:
        """What is wrong outside, and does not keep it from serving, in sentences; likewise."""
        return self._parts.keeper.unwell(outside=True, why=why)

    def aside(self) -> tuple[str, ...]:
        """How much of what was found could not be judged or answered; nothing else waits for it."""
        count = len(self._set_aside())
        what = counted(count, "thing")
        says = f"{what} that was found could not be judged or answered; ask stanch doctor which."
        return (says,) if count else ()

    def unwell(self) -> tuple[str, ...]:
        """What people are told of this server before all else."""
        says = told_aside(self._set_aside())
        return (*self.unready(), *((says,) if says else ()))

    def _set_aside(self) -> Mapping[str, Unjudged]:
        try:
            with self._parts.store.look() as tx:
                return set_aside(tx)
        except Trouble:  # `unready` says so
            return {}

    def measures(self) -> Iterator[Measure]:
        """Each measure: its name, its type, its value."""
        yield "stanch_set_aside", "gauge", len(self._set_aside())
        for some in self._parts.measures:
            yield from some()
        for standing in self._parts.keeper.standings.values():
            labels = f'{{chore="{standing.name}"}}'
            yield f"stanch_chore_failures_in_a_row{labels}", "gauge", standing.failed_in_a_row
        yield from self.edge()

    def checkups(self) -> tuple[Checkup, ...]:
        """Everything the server can say of itself, with a remedy for what is not well."""
        with self._parts.store.look() as tx:
            assets = tx.assets.page(limit=_MOST).items
            return (
                self._chores(),
                self._outside(),
                self._witnessed(),
                self._backed_up(tx),
                _unjudged(tx),
                _blind(tx, assets),
                *self._sites(),
                *self._left(),
                *(self._asset(tx, one) for one in assets),
            )

    def _sites(self) -> Iterator[Checkup]:
        """The edge sites that may send and were not heard of for a while."""
        now = self._parts.clock()
        for site in self._parts.sites():
            if site.revoked is not None or now - (site.heard or site.added) < STALE:
                continue
            last = f"the last one at {when(site.heard.isoformat())}" if site.heard else "none ever"
            yield Checkup(
                name=f"site {site.id}",
                good=None,
                says=f"no minute came of late, {last}",
                remedy="Either nobody asks there, or look at /readyz of the site",
            )

    def _left(self) -> Iterator[Checkup]:
        """What this edge never sent, because it was cut off for too long."""
        if self._parts.left is None:
            return
        left = self._parts.left()
        told = f"{counted(left, 'minute')} {'was' if left == 1 else 'were'} too old to be sent"
        yield Checkup(
            name="edge",
            good=None if left else True,
            says=f"{told}, and stay here" if left else "every minute was sent in time",
            remedy="Let it be cut off for longer, upstream: stanch site away" if left else "",
        )

    def _chores(self) -> Checkup:
        failing, says = self._failing(outside=False)
        return Checkup(
            name="chores",
            good=not failing,
            says=says or "all do their work",
            remedy="They are tried again by themselves; free the cause that each names."
            if failing
            else "",
        )

    def _outside(self) -> Checkup:
        failing, says = self._failing(outside=True)
        return Checkup(
            name="outside",
            good=not failing,
            says=says or "nothing that is set up is away",
            remedy="It serves without it, and tries again by itself; look at that system, or at "
            "what is written down of it: stanch connector list"
            if failing
            else "",
        )

    def _failing(self, *, outside: bool) -> tuple[bool, str]:
        """Whether any of these chores failed the last time, and what of."""
        failing = tuple(self._parts.keeper.failing(1, outside=outside))
        says = "; ".join(
            f"{names} failed: {cause.rstrip('.')}"[:300] for names, cause, _ in failing
        )
        return bool(failing), says

    def _witnessed(self) -> Checkup:
        known = self._parts.witnesses
        if not known.count:
            remedy = "Have the log witnessed by another machine: docs/how-to/witness-a-log."
            return Checkup(name="witnesses", good=None, says="none", remedy=remedy)
        silent = "; ".join(known.silent.values())
        return Checkup(
            name="witnesses",
            good=not silent,
            says=silent or f"{known.count} known",
            remedy="Ask whoever runs the witness; the log goes on meanwhile." if silent else "",
        )

    def _backed_up(self, tx: Transaction) -> Checkup:
        good, says, remedy = age_told(last_backup(tx), self._parts.clock())
        return Checkup(name="backup", good=good, says=says, remedy=remedy)

    def _asset(self, tx: Transaction, asset: Asset) -> Checkup:
        known, alive = self._parts.guards.of(asset.id), self._parts.guards.alive(asset.id)
        lacking: list[str] = []
        remedies: list[str] = []
        if asset.kind in ANSWERING and tx.baselines.current(asset.id) is None:
            lacking.append("has no baseline")
            remedies.append(f"stanch baseline set {asset.id}")
        forged = self._forged(tx, asset.id)
        if forged:
            lacking.append(f"has a baseline that is not what was signed: {forged[0]}")
            remedies.append(f"look who wrote to the database, then stanch baseline set {asset.id}")
        if len(alive) < len(known):
            silent = sorted({s.report.guard for s in known} - {s.report.guard for s in alive})
            lacking.append(f"has silent guards: {', '.join(silent)}")
            remedies.append("start those guards, or let them reach this server")
        elif asset.kind in ANSWERING and not known:
            lacking.append("has no guard, so nothing can be contained")
            remedies.append("put a guard before it: docs/how-to/guard-a-service")
        behind = [s.report for s in alive if s.report.cannot]
        if behind:
            lacking.append(f"has guards that cannot all of its policy: {behind[0].cannot[0]}")
            remedies.append("update the guard")
        bad = bool(forged) or len(alive) < len(known)
        good = False if bad else (None if lacking else True)
        well = f"baseline set, {counted(len(alive), 'guard')} heard of"
        if asset.kind not in ANSWERING:
            well = f"a {word(asset.kind)}: it answers nobody, so it needs no baseline and no guard"
        says = "; ".join(lacking) or well
        return Checkup(
            name=f"asset {asset.id}", good=good, says=says, remedy="; then ".join(remedies)
        )

    def _forged(self, tx: Transaction, asset: AssetId) -> list[BaselineId]:
        """The baselines in force that are not what was signed."""
        lanes = {(one.version, one.condition) for one in tx.baselines.history(asset)}
        found = [tx.baselines.current(asset, *lane) for lane in sorted(lanes)]
        genuine = self._parts.genuine
        return [one.id for one in found if one and not genuine(one.body, one.signature)]


def _unjudged(tx: Transaction) -> Checkup:
    says = told_aside(set_aside(tx))
    return Checkup(
        name="set aside",
        good=not says,
        says=says or "nothing: all that was found was judged and answered",
        remedy="All else goes on. It is tried again by itself, and at once after a restart; look "
        "at the finding, and report the error or install a newer stanch"
        if says
        else "",
    )


def _blind(tx: Transaction, assets: Iterable[Asset]) -> Checkup:
    told = blind_now(tx)
    spots = (*told, *unheard(tx, assets, told))
    if not spots:
        return Checkup(name="blind spots", good=True, says="none")
    first = spots[0].blind
    says = f"{len(spots)}; one: {word(first.detector)} on {first.asset}: {first.why}"[:300]
    return Checkup(
        name="blind spots",
        good=None,
        says=says,
        remedy="Send what each lacks; the console lists them, and so does: stanch finding blind",
    )
