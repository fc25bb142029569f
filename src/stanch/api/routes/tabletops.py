"""Tabletops: exercises that people play against the clock, and what each showed."""

from dataclasses import dataclass

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, RawBody

from stanch.api.asking import TheCaller, TheHouse, TheQuery, needs, takes_text, text_of
from stanch.engine.tabletop.tables import PlayReport, StartPlay
from stanch.engine.tabletop.views import PlayLine, ScenarioCard, Table
from stanch.learn.tabletop.wishes import Given, Rating, Task
from stanch.vocabulary.listing import Page
from stanch.vocabulary.people import Duty, Scope


@dataclass(frozen=True, kw_only=True, slots=True)
class ScenarioText:
    """A scenario as its author wrote it: it tells what is right."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedScenario:
    """A scenario as it was read."""

    id: str
    title: str
    minutes: int
    injects: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TakePart:
    """A part that somebody takes."""

    duty: Duty
    who: str = ""
    """Whose part it is, when not the caller's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """What somebody noticed."""

    text: str


@get("/tabletops", opt=needs(Scope.READ), sync_to_thread=True)
def show_tabletops(house: TheHouse) -> tuple[ScenarioCard, ...]:
    """The scenarios that come with stanch, without what is right, and each one's last play."""
    return house.tabletops.scenarios()


@get("/tabletops/scenarios/{scenario:str}", opt=needs(Scope.RESPOND), sync_to_thread=True)
def get_tabletop(house: TheHouse, scenario: FromPath[str]) -> ScenarioText:
    """A scenario as its author wrote it; whoever will play it should not look."""
    found = house.tabletops.scenario(scenario)
    return ScenarioText(id=found.scenario.id, title=found.scenario.title, text=found.text)


@post("/tabletops/check", opt=takes_text(Scope.READ), sync_to_thread=True)
def check_tabletop(house: TheHouse, body: RawBody) -> CheckedScenario:
    """The scenario as it was read; `bad-file` with the line of its first mistake."""
    found = house.tabletops.check(text_of(body, "scenario")).scenario
    return CheckedScenario(
        id=found.id, title=found.title, minutes=found.minutes, injects=len(found.injects)
    )


@get("/tabletops/plays", opt=needs(Scope.READ), sync_to_thread=True)
def list_plays(house: TheHouse, asked: TheQuery) -> Page[PlayLine]:
    """Tabletops that were played here, newest first."""
    return house.tabletops.plays(after=asked.after, limit=asked.limit)


@post("/tabletops/plays", opt=needs(Scope.RESPOND), sync_to_thread=True)
def start_play(house: TheHouse, caller: TheCaller, data: JSONBody[StartPlay]) -> Table:
    """The table at which it is played: one that came with stanch, or a text of one's own."""
    return house.tabletops.start(data, caller)


@get("/tabletops/plays/{play:str}", opt=needs(Scope.READ), sync_to_thread=True)
def get_play(house: TheHouse, caller: TheCaller, play: FromPath[str]) -> Table:
    """The play as it is now: what is known, what is asked of whom, who answered what."""
    return house.tabletops.table(play, caller)


@post("/tabletops/plays/{play:str}/next", opt=needs(Scope.RESPOND), sync_to_thread=True)
def next_inject(house: TheHouse, caller: TheCaller, play: FromPath[str]) -> Table:
    """The table after the clock was put forward to the next inject."""
    return house.tabletops.next(play, caller)


@post("/tabletops/plays/{play:str}/pause", opt=needs(Scope.RESPOND), sync_to_thread=True)
def pause_play(house: TheHouse, caller: TheCaller, play: FromPath[str]) -> Table:
    """The table with its clock stopped."""
    return house.tabletops.pause(play, caller)


@post("/tabletops/plays/{play:str}/resume", opt=needs(Scope.RESPOND), sync_to_thread=True)
def resume_play(house: TheHouse, caller: TheCaller, play: FromPath[str]) -> Table:
    """The table with its clock going again."""
    return house.tabletops.resume(play, caller)


@post("/tabletops/plays/{play:str}/stop", opt=needs(Scope.RESPOND), sync_to_thread=True)
def stop_play(house: TheHouse, caller: TheCaller, play: FromPath[str]) -> Table:
    """The table, over, with its score; one that is over stays as it is."""
    return house.tabletops.stop(play, caller)


@post("/tabletops/plays/{play:str}/seats", opt=needs(Scope.RESPOND), sync_to_thread=True)
def take_seat(
    house: TheHouse, caller: TheCaller, play: FromPath[str], data: JSONBody[TakePart]
) -> Table:
    """The table with this person in this part."""
    return house.tabletops.sit(play, data.duty, caller, data.who)


@post("/tabletops/plays/{play:str}/answers", opt=needs(Scope.RESPOND), sync_to_thread=True)
def answer_inject(
    house: TheHouse, caller: TheCaller, play: FromPath[str], data: JSONBody[Given]
) -> Table:
    """The table with this answer; of each person the last one stands, and all are kept."""
    return house.tabletops.answer(play, data, caller)


@post("/tabletops/plays/{play:str}/ratings", opt=needs(Scope.RESPOND), sync_to_thread=True)
def rate_answer(
    house: TheHouse, caller: TheCaller, play: FromPath[str], data: JSONBody[Rating]
) -> Table:
    """The table with an answer in words rated by a person; also when it is over."""
    return house.tabletops.rate(play, data, caller)


@post("/tabletops/plays/{play:str}/remarks", opt=needs(Scope.RESPOND), sync_to_thread=True)
def add_remark(
    house: TheHouse, caller: TheCaller, play: FromPath[str], data: JSONBody[Remark]
) -> Table:
    """The table with what somebody noticed; also when it is over."""
    return house.tabletops.remark(play, data.text, caller)


@post("/tabletops/plays/{play:str}/follow-ups", opt=needs(Scope.RESPOND), sync_to_thread=True)
def add_follow_up(
    house: TheHouse, caller: TheCaller, play: FromPath[str], data: JSONBody[Task]
) -> Table:
    """The table with something to be done, by whom and until which day."""
    return house.tabletops.follow_up(play, data, caller)


@get("/tabletops/plays/{play:str}/report", opt=needs(Scope.READ), sync_to_thread=True)
def get_report(house: TheHouse, caller: TheCaller, play: FromPath[str]) -> PlayReport:
    """What a play that is over showed: timeline, what went well, gaps, what is to be done."""
    return house.tabletops.report(play, caller)


@get(
    "/tabletops/plays/{play:str}/report.md",
    opt=needs(Scope.READ),
    sync_to_thread=True,
    media_type="text/markdown",
)
def get_report_text(house: TheHouse, caller: TheCaller, play: FromPath[str]) -> Response[str]:
    """The same as a page of Markdown."""
    return Response(
        house.tabletops.report(play, caller).markdown,
        media_type="text/markdown",
        headers={"content-disposition": 'attachment; filename="after-action.md"'},
    )


ROUTES = (
    show_tabletops,
    get_tabletop,
    check_tabletop,
    list_plays,
    start_play,
    get_play,
    next_inject,
    pause_play,
    resume_play,
    stop_play,
    take_seat,
    answer_inject,
    rate_answer,
    add_remark,
    add_follow_up,
    get_report,
    get_report_text,
)
