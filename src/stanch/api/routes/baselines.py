"""Baselines: set from rows that are sent, or from the lake; shown with their history."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

import pyarrow as pa
from litestar import Request, delete, get, post, put
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, RawBody

from stanch.api.askers import Asker
from stanch.api.asking import TheCaller, TheHouse, needs
from stanch.api.house import House, Lake, Question
from stanch.detect.summaries.fingerprints import Fingerprints
from stanch.engine.baselines import MOST_ROWS, Ask, Whole
from stanch.engine.fingerprints import Stated
from stanch.engine.ingest.rows_of import rows_of
from stanch.engine.leaning import leans
from stanch.engine.unfilled import unfilled
from stanch.prepare.baseline import Golden
from stanch.vocabulary.ids import AssetId, BaselineId, Digest, asset_id
from stanch.vocabulary.kept import BaselineKept
from stanch.vocabulary.people import Caller, Scope
from stanch.vocabulary.trouble import BadInput, CouldNotTell, TooMuchAtOnce

LONGEST_DAYS = 366
MOST_SHOWN = 20
DIGITS = 8
"""Of a hash, in sixteens."""
HASHES = 16**DIGITS
FEWEST = 500
"""Rows that a baseline is learnt from at least, where more are counted."""
SPARE = 0.98
"""So that chance does not bring more rows than are taken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BaselineShown:
    """A baseline, without its counts."""

    id: BaselineId
    asset: AssetId
    version: str
    set: datetime
    by: str
    digest: Digest
    rows: int = 0
    source: str = ""
    override: str = ""
    signature: str = ""
    condition: str = ""
    recognises: tuple[str, ...] = ()
    """The kinds of rows it recognises: training, canaries."""
    leans_on: Mapping[str, float] = field(default_factory=dict)
    """Who made more than a fifth of it, where many ask, and their share: it counts as usual."""
    unfilled: Mapping[str, float] = field(default_factory=dict)
    """Which inputs had no value in more than half of it, and their share: that counts as usual."""


@get("/assets/{asset:str}/baselines", opt=needs(Scope.READ), sync_to_thread=True)
def list_baselines(house: TheHouse, asset: FromPath[str]) -> tuple[BaselineShown, ...]:
    """All baselines of the asset, newest first; what is in them, of the newest twenty."""
    with house.store.look() as tx:
        every = tx.baselines.history(asset_id(asset))
        if not every:
            tx.assets.get(asset_id(asset))
        whole = (tx.baselines.get(one.id) for one in every[:MOST_SHOWN])
        return (*map(_shown, whole), *map(_shown, every[MOST_SHOWN:]))


@post("/assets/{asset:str}/baselines", opt=needs(Scope.RESPOND))
async def set_baseline(  # noqa: PLR0913, PLR0917  each is a named part of the request
    house: TheHouse,
    caller: TheCaller,
    request: Request[Caller, None, State],
    asset: FromPath[str],
    body: RawBody,
    version: FromQuery[str] = "",
    days: FromQuery[float] = 0.0,
    override: FromQuery[str] = "",
    condition: FromQuery[str] = "",
    drawn_from: FromQuery[int] = 0,
) -> BaselineShown:
    """The new baseline: of the rows in the body, or of the last `days` in the lake. Where the body
    is an even draw, `drawn_from` says of how many rows; that is signed with it. Ends when the
    client leaves: then there is no new baseline.
    """
    name = asset_id(asset)
    if not body and not 0 < days <= LONGEST_DAYS:
        raise BadInput(f"Send rows in the body, or say days=1 to {LONGEST_DAYS}.")
    kind = request.headers.get("content-type", "")

    def made(asker: Asker) -> BaselineShown:
        if body:
            rows, whole = rows_of(body, kind, now=house.clock()), None
            source = _sent(rows.num_rows, drawn_from)
        else:
            rows, whole = _recent(house, name, house.clock() - timedelta(days=days), asker)
            source = f"the last {_spelled(days)}"
        ask = Ask(
            asset=name,
            by=caller.name,
            source=source,
            version=version,
            override=override,
            condition=condition,
        )
        return _shown(house.baselines.set(ask, rows, whole, partial(_there, asker)))

    return await house.askers.answer(request.receive, made)


@get("/assets/{asset:str}/fingerprints", opt=needs(Scope.READ), sync_to_thread=True)
def list_fingerprints(house: TheHouse, asset: FromPath[str]) -> tuple[Stated, ...]:
    """Which rows of training and which canaries are stated of the asset; never their keys."""
    return house.printed.of(asset_id(asset))


@put("/assets/{asset:str}/fingerprints", opt=needs(Scope.RESPOND), sync_to_thread=True)
def state_fingerprints(
    house: TheHouse, caller: TheCaller, asset: FromPath[str], body: RawBody
) -> Stated:
    """What is stated now, in place of what was stated of the same kind; the next baseline to be set
    counts with it. The body is what `stanch baseline fingerprints` wrote.
    """
    return house.printed.state(asset_id(asset), body, caller.name)


@delete(
    "/assets/{asset:str}/fingerprints/{known:str}",
    opt=needs(Scope.RESPOND),
    status_code=200,
    sync_to_thread=True,
)
def forget_fingerprints(
    house: TheHouse, caller: TheCaller, asset: FromPath[str], known: FromPath[str]
) -> tuple[Stated, ...]:
    """What is still stated, once `training` or `canaries` were taken back."""
    return house.printed.forget(asset_id(asset), known, caller.name)


def _sent(rows: int, drawn_from: int) -> str:
    """Where rows come from that were sent: all there were, or a draw of them."""
    if drawn_from <= rows:
        return "rows that were sent"
    return f"{rows} rows, drawn evenly from {drawn_from} by whoever sent them"


def _spelled(days: float) -> str:
    hours = days * 24
    told, one = (days, "day") if days >= 2 else (hours, "hour")  # noqa: PLR2004  two days
    return one if f"{told:.3g}" == "1" else f"{told:.3g} {one}s"


def _there(asker: Asker) -> None:
    """Raises once who asked is gone."""
    if asker.left:
        raise CouldNotTell("whoever asked for it left")


def _recent(
    house: House, asset: AssetId, since: datetime, asker: Asker
) -> tuple[pa.Table, Whole | None]:
    """The rows since then, and where they all are when these are only some of them."""
    kinds = "kind IN ('inference', 'exchange', 'label')"
    question = Question(asset=asset, where=kinds, since=since, limit=MOST_ROWS)
    taken, rows = _as_many_as_fit(house.lake, question, asker)
    if taken is question:
        return rows, None
    return rows, Whole(pieces=house.lake.pieces(question), since=since)


def _as_many_as_fit(lake: Lake, question: Question, asker: Asker) -> tuple[Question, pa.Table]:
    """The rows, and what was asked for them: half as many, and half of those, where rows are so
    wide that they do not fit into memory together.
    """
    taken, limit = evenly(lake, question, asker), question.limit
    while True:
        try:
            return taken, lake.table(taken, asker)
        except TooMuchAtOnce:
            limit = min(limit, lake.hunt_count(taken, asker)) // 2
            if limit < FEWEST:
                raise
            taken = evenly(lake, replace(question, limit=limit), asker)


def evenly(lake: Lake, question: Question, asker: Asker) -> Question:
    """The question, thinned when more rows match than it takes: of the whole time, not of its end.

    By the hash of the id, so that who asks again gets the same rows; a label goes with its answer.
    """
    many = lake.hunt_count(question, asker)
    if many <= question.limit:
        return question
    bar = int(SPARE * question.limit / many * HASHES)
    thin = f"left(md5(coalesce(\"of\", id)), {DIGITS}) < '{bar:0{DIGITS}x}'"
    return replace(question, where=f"({question.where or 'true'}) AND {thin}")


def _shown(kept: BaselineKept) -> BaselineShown:
    golden = Golden.from_bytes(kept.body) if kept.body else None
    return BaselineShown(
        id=kept.id,
        asset=kept.asset,
        version=kept.version,
        set=kept.set,
        by=kept.by,
        digest=kept.digest,
        rows=golden.rows if golden else 0,
        source=golden.setting.source if golden else "",
        override=golden.override.why if golden and golden.override else "",
        signature=kept.signature,
        condition=kept.condition,
        recognises=tuple(Fingerprints.from_bytes(p).known for p in golden.prints) if golden else (),
        leans_on=leans(golden) if golden else {},
        unfilled=unfilled(golden) if golden else {},
    )


ROUTES = (
    list_baselines,
    set_baseline,
    list_fingerprints,
    state_fingerprints,
    forget_fingerprints,
)
