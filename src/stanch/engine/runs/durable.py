"""The durable engine: DBOS, behind a seam small enough to be read at once.

In    a database, the name of this worker, what a hop does.
Out   hops that are carried out once in effect, whatever is killed when. The engine keeps which hops
      there are and who carries them; what each step came to is kept by the runner, in the commit of
      the step's line in the evidence log, and nowhere else.
Why   (1) WAL is set here: DBOS leaves SQLite as it comes. (2) Values are JSON: its own default is
      pickle. (3) The version is pinned: by default it is a hash of the code, and a run would wait
      for ever for the code it began with. (4) Its log is silenced below warnings: it invites to a
      console outside. (5) Only a hop at work has a thread: waiting is a row of our own, no thread
      and no memory. (6) The library is one per process, so this is too. (7) From Python 3.12 on
      it asks SQLite for parts of a second, which SQLite gives from 3.42 on; older ones are taught.
      (8) A hop begins at once where there is room in this process; only what must wait stands in
      the queue, which others look into too. So the queue is looked into seldom while nobody waits.
"""

import json
import logging
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, Queue, Serializer, SetWorkflowID

from stanch.engine.clock import monotonic, utc_now
from stanch.engine.runs.memory import Hop, Record, at_once
from stanch.vocabulary.ids import RunId
from stanch.vocabulary.trouble import AlreadyThere, Trouble

NAME = "stanch"
VERSION = "1"
"""Of how hops are recorded; raise it when a hop's steps change their order."""
QUEUE = "playbooks"
AT_ONCE = 8
"""Hops that begin here at once in one process, and as many out of the queue."""
LOOK_EVERY = 1.0
"""Seconds between two looks into the queue, for what dead workers left."""
LOOK_SOON = 0.1
"""The same while hops wait there, and for a while after."""
WHILE = 5.0
PATIENCE = 5
"""Seconds that hops at work get to come to an end when the server stops."""
REMEMBERED = 1000
_SUBSECONDS = (3, 42, 0)


Carry = Callable[[Hop, Record], None]


class Plain(Serializer):
    """JSON, and an error as its sentence."""

    def serialize(self, data: Any) -> str:
        """The text that is kept."""
        return json.dumps(data, default=repr)

    def deserialize(self, serialized_data: str) -> Any:
        """What was kept."""
        return json.loads(serialized_data)

    def name(self) -> str:
        """How rows written so are marked."""
        return "stanch_json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where hops are recorded, and by whom."""

    url: str
    """`sqlite:///PATH` or `postgresql://...`."""
    worker: str = "local"
    engine: Callable[[sa.URL], sa.Engine] = sa.create_engine
    """What opens a PostgreSQL, with limits of its own on how long anything waits there."""
    trouble: Callable[[sa.exc.DBAPIError], Trouble] = lambda error: Trouble(error.orig)
    """The word of the house for what the database said."""


_carry: Carry | None = None
_one = threading.Lock()
_working: set[str] = set()
"""The hops that are at work in this process now."""
_over: OrderedDict[str, None] = OrderedDict()
"""The hops that ended in this process, the latest `REMEMBERED` of them."""


@DBOS.workflow(name="stanch.hop")
def _hop(run: str, number: int) -> str:
    if _carry is None:
        raise RuntimeError("the durable engine was closed")
    hop = Hop(run=RunId(run), number=number)
    _working.add(_id(hop))
    try:
        _carry(hop, at_once)
    finally:
        _over[_id(hop)] = None
        _working.discard(_id(hop))
        if len(_over) > REMEMBERED:
            _over.popitem(last=False)
    return "done"


class Durable:
    """Carries out hops, here or on another worker."""

    def __init__(self, place: Place, carry: Carry) -> None:
        self._place = place
        self._carry = carry
        self._engine: sa.Engine | None = None
        self._queue: Queue | None = None
        """Kept, since the library would read it from the database for each hop."""
        self._room = threading.Semaphore(AT_ONCE)
        self._waited = 0.0
        """When a hop was last put into the queue and it was seen to that somebody looks soon."""

    def start(self) -> None:
        """Takes up what was cut off, and begins to look for hops to carry out."""
        global _carry  # noqa: PLW0603  the library has one instance per process
        with _one:
            if _carry is not None:
                raise AlreadyThere("A durable engine", NAME)
            _carry = self._carry
        _quiet()
        self._engine = _engine(self._place)
        config: DBOSConfig = {
            "name": NAME,
            "system_database_url": self._place.url,
            "system_database_engine": self._engine,
            "executor_id": self._place.worker,
            "application_version": VERSION,
            "serializer": Plain(),
            "log_level": "WARNING",
            "console_log_level": "ERROR",
            "notification_listener_polling_interval_sec": 1.0,
            "max_executor_threads": AT_ONCE * 2,
        }
        DBOS(config=config)
        DBOS.launch()
        self._queue = DBOS.register_queue(
            QUEUE, worker_concurrency=AT_ONCE, polling_interval_sec=LOOK_EVERY
        )

    def stop(self) -> int:
        """How many hops were still at work after some seconds; those are taken up later."""
        global _carry  # noqa: PLW0603  the library has one instance per process
        DBOS.destroy(workflow_completion_timeout_sec=PATIENCE)
        left = len(_working)
        with _one:
            _carry = None
        if self._engine is not None:
            self._engine.dispose()
        return left

    def enqueue(self, hop: Hop) -> None:
        """Has the hop carried out, once; the same hop again changes nothing."""
        if self._queue is None:
            raise RuntimeError("the durable engine was not started")
        with self._in_words():
            if self._room.acquire(blocking=False):
                self._begin(hop)
                return
            with SetWorkflowID(_id(hop)):
                self._queue.enqueue(_hop, hop.run, hop.number)
            if monotonic() - self._waited > 1:
                self._waited = monotonic()
                self._queue.set_polling_interval_sec(LOOK_SOON)

    def _begin(self, hop: Hop) -> None:
        """Carries the hop out on a thread of this process, unless it was begun before."""
        try:
            with SetWorkflowID(_id(hop)):
                handle = DBOS.start_workflow(_hop, hop.run, hop.number)
        except BaseException:
            self._room.release()
            raise
        future = getattr(handle, "future", None)
        if future is None:
            self._room.release()
        else:
            future.add_done_callback(self._ended)

    def _ended(self, _: object) -> None:
        """Makes room for the next hop."""
        self._room.release()

    def rest(self) -> None:
        """Looks into the queue seldom again, some while after hops had to wait."""
        if self._queue is not None and self._waited and monotonic() - self._waited > WHILE:
            with self._in_words():
                self._queue.set_polling_interval_sec(LOOK_EVERY)
            self._waited = 0.0

    def take_over(self, workers: Iterable[str]) -> int:
        """How many hops of dead workers now wait to be carried out by a living one."""
        dead = list(workers)
        if not dead:
            return 0
        with self._in_words():
            left = DBOS.list_workflows(
                status="PENDING", executor_id=dead, load_input=False, load_output=False
            )
            for one in left:
                DBOS.resume_workflow(one.workflow_id, queue_name=QUEUE)
        return len(left)

    def at_work(self, hop: Hop) -> bool:
        """Whether this hop is waiting or being carried out, by whomever.

        One that ended here while the database could not take its end stands there as if at work.
        """
        name, here = _id(hop), self._place.worker
        with self._in_words():
            found = DBOS.list_workflows(workflow_ids=[name], load_input=False, load_output=False)
        ended = name in _over and name not in _working
        return any(
            one.status in ("ENQUEUED", "DELAYED")
            or (one.status == "PENDING" and not (ended and one.executor_id == here))
            for one in found
        )

    def forget(self, run: RunId, hops: int) -> None:
        """Lets go of the records of a run that has ended; its line in the log stays."""
        with self._in_words():
            DBOS.delete_workflows([_id(Hop(run=run, number=n)) for n in range(hops)])

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Has what the database refuses told in the words of the house."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise self._place.trouble(error) from error


def _id(hop: Hop) -> str:
    return f"{hop.run}.{hop.number}"


def _quiet() -> None:
    """Sends what the library logs to the house's own log, from warnings up."""
    log = logging.getLogger("dbos")
    log.setLevel(logging.WARNING)
    if not log.handlers:
        log.addHandler(logging.NullHandler())


def _seconds(_how: str) -> float:
    """The seconds since 1970 with their parts, as newer SQLites give them."""
    return utc_now().timestamp()


def _engine(place: Place) -> sa.Engine:
    made = sa.make_url(place.url)
    if made.get_backend_name() != "sqlite":
        return place.engine(made.set(drivername="postgresql+psycopg"))
    engine = sa.create_engine(made, connect_args={"timeout": 30})

    @sa.event.listens_for(engine, "connect")
    def _open(raw: Any, _: Any) -> None:
        raw.isolation_level = "IMMEDIATE"
        if sqlite3.sqlite_version_info < _SUBSECONDS:
            raw.create_function("unixepoch", 1, _seconds)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            raw.execute(f"PRAGMA {pragma}").close()

    return engine
