"""The chores: what is done again and again for as long as the server runs."""

from stanch.app.parts import Parts
from stanch.app.work import Work
from stanch.detect.warming import warm_up
from stanch.engine.caretaker import Chore
from stanch.engine.clock import utc_now
from stanch.engine.runs.durable import Durable
from stanch.engine.runs.forgetting import forget_ended
from stanch.engine.runs.workers import Workers
from stanch.engine.sealing import enter_sealed, tell_positions
from stanch.engine.watch.watcher import READER as WATCH
from stanch.vocabulary.trouble import Tampered


def chores_of(parts: Parts, work: Work, durable: Durable, workers: Workers) -> list[Chore]:
    """Everything that is to be kept going."""
    edge = [Chore(name="edge", work=work.edge.turn, every=2.0)] if work.edge is not None else []
    return [
        *edge,
        Chore(name="watch", work=work.lifecycle.turn, every=0.25),
        Chore(name="playbooks", work=work.runner.tick, every=0.25),
        Chore(name="takeover", work=lambda: workers.turn(durable), every=2.0),
        Chore(name="approvals", work=work.approvals.remind, every=5.0),
        Chore(name="notices", work=work.others.notices.turn, every=1.0),
        Chore(name="following", work=work.others.following.turn, every=5.0),
        Chore(name="runs that ended", work=lambda: _forget(parts, durable), every=3600.0),
        Chore(name="deadlines", work=work.deadlines.tick, every=5.0),
        Chore(name="policies", work=work.policies.expire, every=1.0),
        Chore(name="warm-up", work=lambda: _warm(parts), every=30.0),
        Chore(name="record", work=parts.recorder.drain, every=0.25, at_end=True),
        Chore(name="checkpoint", work=parts.log.checkpoint, every=5.0, at_end=True),
        Chore(name="witnesses", work=work.witnesses.ask, every=10.0),
        Chore(name="roll-up", work=lambda: parts.lake.roll_up(utc_now()), every=30.0),
        Chore(name="sealing", work=lambda: _seal(parts), every=60.0, at_end=True),
        Chore(name="compaction", work=lambda: parts.lake.compact(utc_now()), every=3600.0),
        Chore(name="keys used", work=parts.access.keys.flush, every=30.0),
        Chore(name="scrub", work=lambda: _scrub(parts), every=86_400.0),
    ]


def _warm(parts: Parts) -> None:
    """Compile the hot loops, once there is a baseline to count on; numpy counts until then."""
    with parts.store.look() as tx:
        watched = any(tx.baselines.current(a.id) for a in tx.assets.page(limit=200).items)
    if watched:
        warm_up()


def _forget(parts: Parts, durable: Durable) -> int:
    return forget_ended(parts.store, durable, utc_now())


def _seal(parts: Parts) -> None:
    """Enter the sealed segments; the spool may then drop what every reader has passed."""
    enter_sealed(parts.store, parts.spool, at=utc_now())
    tell_positions(parts.store, parts.spool, (WATCH,))


def _scrub(parts: Parts) -> None:
    damaged = [one for one in parts.desk().scrub("stanch") if one.damage]
    if damaged:
        raise Tampered(f"vault item {damaged[0].digest}: {damaged[0].damage}")
