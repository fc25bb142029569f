"""A worker that kills itself where it is told to: driven by test_playbook_crashes.py.

In    one JSON command a line: where the databases are, who the worker is, and where to die.
Out   one JSON line for each: how the forked worker ended.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from stanch.contain.playbook.written import read
from stanch.engine.approvals import Approvals
from stanch.engine.clock import utc_now
from stanch.engine.deeds import Hands, RealDeeds
from stanch.engine.policies import Policies
from stanch.engine.runs.durable import Durable, Place
from stanch.engine.runs.hops import Carrier
from stanch.engine.runs.library import actions, by_id
from stanch.engine.runs.memory import Hop
from stanch.engine.runs.performer import World
from stanch.engine.runs.runner import Runner
from stanch.engine.runs.workers import Workers
from stanch.store.sql.store import open_store
from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.run import OVER, Run

SIX_STEPS = """
playbook: six
title: Six steps
answers: [extraction]
steps:
  - do: freeze
  - id: block
    do: block_principal
    with: {principals: [key-91]}
    lasts: 1h
  - id: ask-nobody
    decide: verdict = attack
    no: end
  - id: slow
    do: throttle
    with: {rate: 20/min, principals: [key-91]}
    lasts: 1h
  - id: a-moment
    wait: 1s
  - id: say
    do: note
    with: {text: done by the book}
"""


class Freezer:
    def freeze(self, incident: Incident) -> None:
        return None


class Killer:
    """Dies at the n-th thing that is recorded: before it, inside it, after it."""

    def __init__(self, at: int, where: str) -> None:
        self.left, self.where = at, where

    def wrap(self, record: Callable[..., str]) -> Callable[..., str]:
        def recorded(name: str, work: Callable[[], str]) -> str:
            self.left -= 1
            now = self.left == 0
            if now and self.where == "before":
                die()

            def working() -> str:
                done = work()
                if now and self.where == "inside":
                    die()
                return done

            done = record(name, working)
            if now and self.where == "after":
                die()
            return done

        return recorded


class DyingDeeds(RealDeeds):
    """Dies in the middle of an act: after its effect, before anybody knows of it."""

    killer: Killer | None = None

    def perform(self, order: Any) -> Any:
        done = super().perform(order)
        if self.killer is not None and self.killer.left == 0 and self.killer.where == "effect":
            die()
        return done


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def work(command: dict[str, Any]) -> None:
    store = open_store(command["store"], clock=utc_now)
    approvals = Approvals(store, utc_now)
    deeds = DyingDeeds(
        Hands(store=store, policies=Policies(store, utc_now), keeper=Freezer(), clock=utc_now)
    )
    world = World(store=store, deeds=deeds, approvals=approvals, clock=utc_now)
    runner = Runner(world, by_id([read(SIX_STEPS, "six.yaml")]))
    killer = Killer(command["at"], command["where"]) if command["at"] else None
    deeds.killer = killer

    def carry(hop: Hop, record: Callable[..., str]) -> None:
        Carrier(world).carry(hop, killer.wrap(record) if killer else record)

    durable = Durable(Place(url=command["runs"], worker=command["worker"]), carry)
    workers = Workers(store, utc_now, command["worker"], lease=timedelta(seconds=1))
    workers.beat()
    durable.start()
    runner.begin(durable)
    if command["start"]:
        with store.look() as tx:
            incident = tx.incidents.get(IncidentId("inc-1"))
        runner.answer(incident)
        runner.answer(incident)
    end, parent = time.monotonic() + command["seconds"], os.getppid()
    while time.monotonic() < end and os.getppid() == parent:
        workers.turn(durable)
        runner.tick()
        with store.look() as tx:
            runs: tuple[Run, ...] = tx.runs.page(Wanted(asset=(AssetId("fraud"),))).items
        if runs and all(r.state in OVER for r in runs):
            break
        time.sleep(0.05)
    durable.stop()
    store.close()


def main() -> None:
    actions()
    children: dict[int, str] = {}
    for line in sys.stdin:
        command = json.loads(line)
        if command.get("wait"):
            ends = {}
            while children:
                pid, status = os.wait()
                ends[children.pop(pid)] = status
            sys.stdout.write(json.dumps(ends) + "\n")
            sys.stdout.flush()
            continue
        pid = os.fork()
        if pid == 0:
            code = 0
            try:
                work(command)
            except BaseException:  # noqa: BLE001  the border of a child: its trace is the report
                import traceback  # noqa: PLC0415

                traceback.print_exc()
                code = 3
            os._exit(code)
        children[pid] = command["worker"]
        sys.stdout.write(json.dumps({"pid": pid}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
