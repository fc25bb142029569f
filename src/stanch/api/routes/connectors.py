"""Connectors: the systems outside and how people are reached, as one file that admins change."""

from dataclasses import dataclass

from litestar import get, post, put
from litestar.params import FromPath, FromQuery, RawBody

from stanch.api.asking import TheCaller, TheHouse, needs, takes_text, text_of
from stanch.engine.neighbours import Answered, Neighbour, Reached
from stanch.engine.switchboard import Wiring
from stanch.vocabulary.people import Scope


@dataclass(frozen=True, kw_only=True, slots=True)
class Outside:
    """What is set up, and the file that says so."""

    systems: tuple[Neighbour, ...]
    people: tuple[Reached, ...]
    text: str
    """The file, without the passwords that its addresses hold."""
    digest: str
    """What a change names as `seen`, so that it writes over nothing that came since."""
    fault: str
    """Why what stands in the file now is not in force, when it is not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedFile:
    """What a file would set up."""

    systems: tuple[str, ...]


@get("/connectors", opt=needs(Scope.ADMIN), sync_to_thread=True)
def show_connectors(house: TheHouse) -> Outside:
    """The systems outside, how people are reached, and the file that says so."""
    shown = house.switchboard.shown()
    return Outside(
        systems=house.neighbours.all(),
        people=house.neighbours.people(),
        text=shown.text,
        digest=shown.digest,
        fault=shown.fault,
    )


@post("/connectors/check", opt=takes_text(Scope.ADMIN), sync_to_thread=True)
def check_connectors(house: TheHouse, body: RawBody) -> CheckedFile:
    """The systems that the file would set up; `bad-file` with the line of its first mistake."""
    return CheckedFile(systems=tuple(house.switchboard.check(text_of(body, "file")).systems))


@put("/connectors", opt=takes_text(Scope.ADMIN), sync_to_thread=True)
def put_connectors(
    house: TheHouse, caller: TheCaller, body: RawBody, seen: FromQuery[str] = ""
) -> Wiring:
    """The new version, in force at once; `stale` when the file is not as it was `seen`."""
    return house.switchboard.put(text_of(body, "file"), by=caller.name, seen=seen or None)


@get("/connectors/versions", opt=needs(Scope.ADMIN), sync_to_thread=True)
def connectors_versions(house: TheHouse) -> tuple[Wiring, ...]:
    """Every version of the file that was in force, newest first."""
    return house.switchboard.versions()


@post(
    "/connectors/versions/{version:str}",
    opt=needs(Scope.ADMIN),
    status_code=200,
    sync_to_thread=True,
)
def restore_connectors(
    house: TheHouse, caller: TheCaller, version: FromPath[str], seen: FromQuery[str] = ""
) -> Wiring:
    """The file as this version had it, in force again."""
    return house.switchboard.restore(version, by=caller.name, seen=seen or None)


@post("/connectors/{system:str}/test", opt=needs(Scope.ADMIN), status_code=200, sync_to_thread=True)
def test_connector(house: TheHouse, system: FromPath[str]) -> Answered:
    """Whether the system answers now; nothing is changed there."""
    return house.neighbours.call_on(system)


@post("/connectors/people/{who:str}", opt=needs(Scope.ADMIN), status_code=200, sync_to_thread=True)
def try_person(house: TheHouse, caller: TheCaller, who: FromPath[str]) -> tuple[Answered, ...]:
    """What came of a trial notice by each channel of this person; `*` is everybody else."""
    return house.neighbours.trial(who, caller.name)


ROUTES = (
    show_connectors,
    check_connectors,
    put_connectors,
    connectors_versions,
    restore_connectors,
    test_connector,
    try_person,
)
