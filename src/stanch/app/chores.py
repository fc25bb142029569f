"""The chores: what is done again and again for as long as the server runs."""

from collections.abc import Callable
from dataclasses import replace

from stanch.app.parts import Parts
from stanch.app.several import Heir, sealing_of
from stanch.app.work import Work
from stanch.detect.warming import warm_up
from stanch.engine.caretaker import Chore
from stanch.engine.clock import utc_now
from stanch.engine.ingest.scan import quick
from stanch.engine.runs.durable import Durable
from stanch.engine.runs.forgetting import forget_ended
from stanch.engine.runs.workers import Workers
from stanch.engine.sealing import enter_sealed, tell_positions
from stanch.engine.shares import Alone, Shares
from stanch.engine.watch.feed import READER as WATCH
from stanch.engine.watch.feed import counted_upto
from stanch.store import seen
from stanch.vocabulary.trouble import Tampered

EVERYWHERE = frozenset(
    {
        *("watch", "takeover", "warm-up", "record", "roll-up", "sealing", "keys used"),
        *("sign of life", "inheritance", "connectors", "refused at the door"),
    }
)
"""What each of several processes does itself; all else one of them does for all."""


def chores_of(parts: Parts, work: Work, durable: Durable, workers: Workers) -> list[Chore]:
    """Everything that is to be kept going."""
    return [
        _shared(one, parts.split or Alone())
        for one in (*_all(parts, work, durable, workers), *_beside(parts))
    ]


def _shared(chore: Chore, shares: Shares) -> Chore:
    """The chore; of those that one process does for all, only while it is this one's."""
    if chore.name in EVERYWHERE:
        return chore

    def work() -> object:
        return chore.work() if chore.at_end or shares.mine(chore.name) else None

    return replace(chore, work=work)


def _beside(parts: Parts) -> list[Chore]:
    """What there is to do beside other processes."""
    if parts.split is None:
        return []
    heir = Heir(parts.store, parts.lake, parts.split, parts.others)
    return [
        Chore(name="sign of life", work=parts.split.turn, every=2.0),
        Chore(name="inheritance", work=heir.turn, every=10.0),
    ]


def _all(parts: Parts, work: Work, durable: Durable, workers: Workers) -> list[Chore]:
    rows, changes = _news(parts)
    edge = (
        [Chore(name="edge", work=work.edge.turn, every=2.0, outside=True)]
        if work.edge is not None
        else []
    )
    return [
        *edge,
        Chore(name="watch", work=work.lifecycle.turn, every=0.25, news=rows),
        Chore(name="playbooks", work=work.runner.tick, every=0.25, news=changes),
        Chore(name="proofs", work=work.unproved.turn, every=1.0),
        Chore(name="effects", work=work.effects.turn, every=1.0),
        Chore(name="takeover", work=lambda: (workers.turn(durable), durable.rest()), every=2.0),
        Chore(name="approvals", work=work.approvals.remind, every=5.0),
        Chore(name="notices", work=work.others.notices.turn, every=1.0, outside=True),
        Chore(name="connectors", work=work.others.switchboard.turn, every=2.0, outside=True),
        Chore(
            name="following",
            work=work.others.outside.turn,
            every=5.0,
            steady=True,
            outside=True,
        ),
        Chore(name="runs that ended", work=lambda: _forget(parts, durable), every=3600.0),
        Chore(name="tabletops", work=work.tabletops.turn, every=1.0),
        Chore(name="deadlines", work=work.deadlines.tick, every=5.0),
        Chore(name="policies", work=work.policies.expire, every=1.0),
        Chore(name="warm-up", work=lambda: _warm(parts), every=30.0),
        Chore(name="record", work=parts.recorder.drain, every=0.25, at_end=True, news=changes),
        Chore(name="checkpoint", work=parts.log.checkpoint, every=5.0, at_end=True),
        Chore(name="witnesses", work=work.witnesses.ask, every=10.0),
        Chore(name="roll-up", work=lambda: parts.lake.roll_up(utc_now()), every=30.0),
        Chore(name="sealing", work=lambda: _seal(parts), every=60.0, at_end=True),
        Chore(name="retention", work=work.retention.turn, every=3600.0),
        Chore(name="keys used", work=parts.access.keys.flush, every=30.0),
        Chore(name="refused at the door", work=parts.access.refused.turn, every=5.0),
        Chore(name="scrub", work=lambda: _scrub(parts), every=86_400.0),
    ]


def _news(parts: Parts) -> tuple[Callable[[], object], Callable[[], object]] | tuple[None, None]:
    """What tells that rows came and that the database changed; nothing does, of others' doing."""
    if parts.split is not None:
        return None, None
    store, spool = parts.store, parts.spool
    return (lambda: (spool.end, store.changes)), (lambda: store.changes)


def _warm(parts: Parts) -> None:
    """Compile the hot loops, once there is what they are for; plain ones do it until then."""
    quick.warm_if_worth()
    seen.warm_if_worth()
    with parts.store.look() as tx:
        watched = any(tx.baselines.current(a.id) for a in tx.assets.page(limit=200).items)
    if watched:
        warm_up()


def _forget(parts: Parts, durable: Durable) -> int:
    return forget_ended(parts.store, durable, utc_now())


def _seal(parts: Parts) -> None:
    """Enter the sealed segments; the spool may then drop what every reader has passed."""
    node = parts.settings.node
    enter_sealed(parts.store, parts.spool, at=utc_now(), reader=sealing_of(node))
    if parts.split is None:
        tell_positions(parts.store, parts.spool, (WATCH,))
        return
    with parts.store.look() as tx:
        counted = counted_upto(tx, parts.spool)
    parts.spool.passed(WATCH, counted)


def _scrub(parts: Parts) -> None:
    parts.shredding.finish()
    damaged = [one for one in parts.desk().scrub("stanch") if one.damage]
    if damaged:
        raise Tampered(f"vault item {damaged[0].digest}: {damaged[0].damage}")
