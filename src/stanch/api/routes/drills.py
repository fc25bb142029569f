"""Drills: real attacks on real models, started by whoever may respond, and what came of them."""

from litestar import get, post
from litestar.params import FromPath, JSONBody

from stanch.api.asking import TheCaller, TheHouse, TheQuery, needs
from stanch.sandbox.desk import Board, DrillRun, HowToPlay
from stanch.vocabulary.listing import Page
from stanch.vocabulary.people import Scope


@get("/drills", opt=needs(Scope.READ), sync_to_thread=True)
def list_drills(house: TheHouse) -> Board:
    """Every drill with its last run here, the one that is being played, and the demo's."""
    return house.drills.board()


@post("/drills/{name:str}", opt=needs(Scope.RESPOND), sync_to_thread=True, status_code=202)
def start_drill(
    house: TheHouse, caller: TheCaller, name: FromPath[str], data: JSONBody[HowToPlay]
) -> DrillRun:
    """The run that begins: on a server and a model of its own, or `live` on the demo's."""
    return house.drills.start(name, data, caller)


@get("/drill-runs", opt=needs(Scope.READ), sync_to_thread=True)
def list_drill_runs(house: TheHouse, asked: TheQuery) -> Page[DrillRun]:
    """Drills that were played here, newest first."""
    return house.drills.runs(after=asked.after, limit=asked.limit)


@get("/drill-runs/{run:str}", opt=needs(Scope.READ), sync_to_thread=True)
def get_drill_run(house: TheHouse, run: FromPath[str]) -> DrillRun:
    """One run: how far it is, or its score."""
    return house.drills.get(run)


@post("/drill-runs/{run:str}/stop", opt=needs(Scope.RESPOND), sync_to_thread=True)
def stop_drill_run(house: TheHouse, run: FromPath[str]) -> DrillRun:
    """The run, broken off; one that is over stays as it is."""
    return house.drills.stop(run)


ROUTES = (list_drills, start_drill, list_drill_runs, get_drill_run, stop_drill_run)
