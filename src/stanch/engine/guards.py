"""Guards: who enforces each policy, which version each runs, and the probe that proves an effect.

In    reports of guards; a probe and the version that it should prove.
Out   what is known of each guard; a `Proof` that names what was seen.
Why   that a guard acknowledged a policy proves nothing; what it does with a request does. So every
      change ends with the acknowledgement and a probe through the guard, and the log has both.
"""

import http.client
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from stanch.engine.clock import Clock, monotonic
from stanch.engine.ports import Store, Transaction
from stanch.engine.tallies import Tallies
from stanch.vocabulary.ids import AssetId, Digest, IncidentId
from stanch.vocabulary.probe import ANY, HEADER, Probe, Probed, asked, lacking, proves, read
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadInput, Tampered

ALIVE = timedelta(seconds=90)
"""A guard that reported longer ago than this is not counted on."""
FORGOTTEN = timedelta(days=7)
"""A guard that was silent for so long is gone: replicas have a new name with each start."""
MOST_GUARDS = 2000
"""Guards that one key tells of, about all assets."""
LONGEST_NAME = 256
"""Letters of a version or a network that is said in a sentence."""
MOST_LETTERS = 100_000
"""Letters in all of a report."""
_HEARD = "guard/"
PROBE_SECONDS = 2.0
PROBE_KEY = "_probe/"
"""The setting under which an asset's probe key is kept; the underscore hides it from lists."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What a guard says of itself."""

    guard: str
    asset: AssetId
    version: int
    digest: str = ""
    address: str = ""
    """Where a probe can be sent through it; empty when nobody told it."""
    cannot: tuple[str, ...] = ()
    """What of the policy it does not enforce, in sentences."""
    proxies: tuple[str, ...] = ()
    """Networks of the proxies that its callers come through."""
    among: int = 1
    """Among how many guards of its sort a limit is counted, with itself."""
    versions: tuple[str, ...] = ()
    """The versions that it can send requests to; empty where it leaves that to the service."""
    troubles: tuple[str, ...] = ()
    """What is wrong with it now, in sentences; such a guard still does what its version says."""
    counts: Mapping[str, int] = field(default_factory=dict)
    leaving: bool = False
    """Whether it ends on purpose: its word is not waited for any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GuardState:
    """What is known of one guard."""

    report: Report
    seen: datetime
    key: str = ""
    """The key that it was told with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """Whether a policy is in effect, by which guards, and how that is known."""

    holds: bool | None
    """None: nobody could be asked."""
    says: str
    seconds: float = 0.0
    guards: tuple[str, ...] = ()
    probed: tuple[Probed, ...] = ()
    cannot: tuple[str, ...] = ()
    """What of it a guard says it does not enforce: no later probe will show it."""
    nobody: bool = False
    """Whether no guard was ever heard of, by a server that would have heard of one by now."""


def _most(report: Report) -> int:
    """How much the longest of its lists holds."""
    lists = (report.counts, report.proxies, report.versions, report.troubles, report.cannot)
    return max(map(len, lists))


def _longest(report: Report) -> int:
    """How many letters the longest of its names has."""
    return max(map(len, (*report.versions, *report.proxies, *report.counts)), default=0)


def _letters(report: Report) -> int:
    """How many letters all of it has."""
    lists = (report.counts, report.proxies, report.versions, report.troubles, report.cannot)
    return (
        len(report.address) + len(report.digest) + sum(len(one) for some in lists for one in some)
    )


class Guards:
    """The guards that this server hears of."""

    def __init__(self, store: Store, clock: Clock, *, shared: bool = False) -> None:
        """`shared`: other processes on the store hear of guards too, and tell each other."""
        self._shared = shared
        self._store = store
        self._clock = clock
        self._begun = clock()
        self._known: dict[tuple[AssetId, str], GuardState] = {}
        self._heard = threading.Condition()
        self.tallies = Tallies(store, shared=shared)

    def report(self, report: Report, key: str = "") -> None:
        """Takes in what a guard says of itself, told with this key."""
        too_many = len(report.guard) > 200 or _most(report) > 200  # noqa: PLR2004  far above any honest report
        if too_many or _longest(report) > LONGEST_NAME or _letters(report) > MOST_LETTERS:
            raise BadInput("This report is too long for a guard's. Update the guard.")
        state = GuardState(report=report, seen=self._clock(), key=key)
        with self._heard:
            before = self._known.get((report.asset, report.guard))
            gone = () if before else self._make_room(state)
            self._known[report.asset, report.guard] = state
            self._heard.notify_all()
        is_news = before is None or before.report.version != report.version
        if is_news or self._shared:
            with self._store.begin() as tx:
                if self._shared:
                    for one in gone:
                        tx.settings.forget(_row(one))
                    tx.settings.put(_row(state), msgspec.json.encode(state).decode())
                if is_news:
                    tx.announce("guard", report.asset)

    def _make_room(self, new: GuardState) -> tuple[GuardState, ...]:
        """Those that are forgotten for this one: silent for long, or where its key has too many."""
        since = new.seen - FORGOTTEN
        gone = [s for s in self._known.values() if s.seen < since]
        same = sorted(
            (s for s in self._known.values() if s.key == new.key and s.seen >= since),
            key=lambda s: s.seen,
        )
        if len(same) >= MOST_GUARDS:
            if same[0].seen >= new.seen - ALIVE and not same[0].report.leaving:
                raise BadInput(
                    f"This key tells of {MOST_GUARDS:,} guards already. Give each service a key "
                    "of its own: stanch key create --scope guard."
                )
            gone.append(same[0])
        for one in gone:
            del self._known[one.report.asset, one.report.guard]
        return tuple(gone)

    def of(self, asset: AssetId) -> tuple[GuardState, ...]:
        """The guards of an asset, by name; not those that ended on purpose."""
        return tuple(s for s in self._all(asset) if not s.report.leaving)

    def _all(self, asset: AssetId) -> tuple[GuardState, ...]:
        self._hear_others(asset)
        with self._heard:
            own = [s for (a, _), s in self._known.items() if a == asset]
        return tuple(sorted(own, key=lambda s: s.report.guard))

    def _hear_others(self, asset: AssetId) -> None:
        """Takes in what guards told other processes."""
        if not self._shared:
            return
        with self._store.look() as tx:
            told = tx.settings.all(f"{_HEARD}{asset}/").values()
        states = [msgspec.json.decode(text, type=GuardState) for text in told]
        since = self._clock() - FORGOTTEN
        gone = [state for state in states if state.seen < since]
        if gone:
            with self._store.begin() as tx:
                for one in gone:
                    tx.settings.forget(_row(one))
        with self._heard:
            for state in states:
                if state.seen < since:
                    continue
                known = self._known.get((asset, state.report.guard))
                if known is None or known.seen < state.seen:
                    self._known[asset, state.report.guard] = state

    def alive(self, asset: AssetId) -> tuple[GuardState, ...]:
        """Those heard of lately."""
        since = self._clock() - ALIVE
        return tuple(s for s in self.of(asset) if s.seen >= since)

    def runs(self, asset: AssetId, version: int) -> bool:
        """Whether a guard that was heard of lately runs this version or a later one."""
        return any(s.report.version >= version for s in self.alive(asset))

    def probe_key(self, asset: AssetId) -> bytes:
        """The key that probes of this asset are sealed with; made when first asked for."""
        with self._store.look() as tx:
            kept = tx.settings.get(PROBE_KEY + asset)
        if kept is None:
            with self._store.begin() as tx:
                kept = tx.settings.get(PROBE_KEY + asset) or secrets.token_hex(32)
                tx.settings.put(PROBE_KEY + asset, kept)
        return bytes.fromhex(kept)

    def acknowledged(self, asset: AssetId, version: int, seconds: float) -> tuple[str, ...]:
        """The guards that run this version or a later one, once all alive do or time is up."""
        end = monotonic() + seconds
        with self._heard:
            while True:
                self._hear_others(asset)
                since = self._clock() - ALIVE
                here = [s for (a, _), s in self._known.items() if a == asset and s.seen >= since]
                own = [s for s in here if not s.report.leaving]
                done = [s for s in own if s.report.version >= version]
                left = end - monotonic()
                if (own and len(done) == len(own)) or left <= 0:
                    return tuple(sorted(s.report.guard for s in done))
                self._heard.wait(min(left, 0.5))

    def ask(
        self, asset: AssetId, version: int, probes: Sequence[Probe], seconds: float = 5.0
    ) -> Proof:
        """Whether every guard of the asset has this version in effect, shown by these probes."""
        start = monotonic()
        if not self.alive(asset):
            proof = self._unheard(asset)
        else:
            done = self.acknowledged(asset, version, seconds)
            proof = self._judge(asset, probes, done)
        return replace(proof, seconds=round(monotonic() - start, 4))

    def _unheard(self, asset: AssetId) -> Proof:
        """That nobody can be asked, and whether anybody may be back in a moment."""
        if self._all(asset) or self._clock() - self._begun < ALIVE:
            return Proof(holds=None, says=f"No guard of {asset} has been heard of lately.")
        says = f"No guard of {asset} was heard of since the start. Put one before it, or start it."
        return Proof(holds=None, says=says, nobody=True)

    def prove(
        self,
        probe: Probe,
        version: int,
        *,
        digest: Digest,
        incident: IncidentId | None = None,
        seconds: float = 5.0,
    ) -> Proof:
        """The same by one probe, entered in the log."""
        proof = self.ask(probe.asset, version, (probe,), seconds)
        with self._store.begin() as tx:
            entered(tx, probe.asset, version, proof, Entering(self._clock(), digest, incident))
        return proof

    def shown(self, asset: AssetId, version: int, probe: Probe | None) -> Proof:
        """What the guards show of this version of the policy."""
        with self._store.look() as tx:
            kept = tx.policies.at(asset, version)
        asked_for = probe or Probe(asset=asset, expect=ANY)
        return self.prove(asked_for, version, digest=kept.digest, incident=kept.incident)

    def _judge(self, asset: AssetId, probes: Sequence[Probe], done: tuple[str, ...]) -> Proof:
        guards = self.alive(asset)
        late = sorted({s.report.guard for s in guards} - set(done))
        if late:
            return Proof(holds=False, says=f"Not acknowledged by {', '.join(late)}.", guards=done)
        asked_of = [s.report for s in guards if s.report.address]
        if not asked_of:
            says = f"Acknowledged by {', '.join(done)}; no guard told an address to probe."
            return Proof(holds=None, says=says, guards=done)
        answers = [(r.guard, p, self._ask(p, r.address)) for r in asked_of for p in probes]
        seen = tuple(one for _, _, one in answers if one is not None)
        cannot = _cannot(probes, guards, seen)
        bad = [(name, p) for name, p, one in answers if one is None or not proves(p, one)]
        if bad or cannot:
            says = " ".join(cannot) or _unshown(bad)
            return Proof(holds=False, says=says, guards=done, probed=seen, cannot=cannot)
        says = f"Acknowledged by {', '.join(done)} and shown by a probe."
        return Proof(holds=True, says=says, guards=done, probed=seen)

    def _ask(self, probe: Probe, address: str) -> Probed | None:
        """What the guard at this address would do; None when it cannot be asked."""
        key, nonce = self.probe_key(probe.asset), secrets.token_hex(16)
        link, path = _line(address)
        if link is None:
            return None
        try:
            link.request("GET", path, headers={HEADER: asked(probe, nonce, key)})
            body = link.getresponse().read(1 << 20)
            return read(body.decode("ascii"), nonce, key)
        except (OSError, http.client.HTTPException, UnicodeDecodeError, Tampered, ValueError):
            return None
        finally:
            link.close()


def _line(address: str) -> tuple[http.client.HTTPConnection | None, str]:
    """The way to this address, and the path there; None to what is no address."""
    try:
        where = urlsplit(address)
        kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        if where.scheme not in kinds or not where.hostname:
            return None, ""
        link = kinds[where.scheme](where.hostname, where.port, timeout=PROBE_SECONDS)
    except (ValueError, http.client.InvalidURL):
        return None, ""
    return link, where.path or "/"


def _row(one: GuardState) -> str:
    """The setting that tells the other processes of it."""
    return f"{_HEARD}{one.report.asset}/{one.report.guard}"


@dataclass(frozen=True, slots=True)
class Entering:
    """What an entry says of a proof besides its outcome."""

    at: datetime
    digest: Digest
    incident: IncidentId | None


def entered(
    tx: Transaction, asset: AssetId, version: int, proof: Proof, entering: Entering
) -> None:
    """Enters in the log what the guards showed."""
    tx.record(
        Entry(
            at=entering.at,
            deed=Deed.POLICY_PROVED,
            actor="stanch",
            about=asset,
            digest=entering.digest,
            incident=entering.incident,
            facts={
                "version": version,
                "holds": "unknown" if proof.holds is None else str(proof.holds).lower(),
                "says": proof.says[:300],
                "seconds": proof.seconds,
            },
        )
    )
    tx.announce("policy", asset)


def _unshown(bad: Sequence[tuple[str, Probe]]) -> str:
    """Which guards did not show it, and what of it."""
    names = ", ".join(dict.fromkeys(name for name, _ in bad))
    fields = ", ".join(dict.fromkeys(path for _, probe in bad for path in probe.about))
    on = f" on {fields}" if fields else ""
    return f"The probe through {names} did not show the effect{on}."


def _cannot(
    probes: Sequence[Probe], guards: tuple[GuardState, ...], seen: tuple[Probed, ...]
) -> tuple[str, ...]:
    """What guards, by their reports or their answers, say they do not enforce of this change."""
    told = (*(s.report.cannot for s in guards), *(p.cannot for p in seen))
    said = dict.fromkeys(one for p in probes for some in told for one in lacking(p, some))
    return tuple(said)
