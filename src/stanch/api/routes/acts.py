"""Acts by hand: what there is, what one would change, and the run that does it."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields

from litestar import get, post
from litestar.params import FromPath, JSONBody

from stanch.api.asking import TheCaller, TheHouse, needs
from stanch.engine.by_hand import Wanted, takes_many
from stanch.engine.runs.deeds import Shown
from stanch.engine.runs.library import actions, narrower_than
from stanch.vocabulary.ids import ActionId, IncidentId
from stanch.vocabulary.people import Scope
from stanch.vocabulary.playbook import Argument
from stanch.vocabulary.run import Run


@dataclass(frozen=True, kw_only=True, slots=True)
class Needed:
    """One argument of an act."""

    name: str
    needed: bool
    many: bool
    """Whether it is a list of names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """One thing that can be done, the narrowest first."""

    id: ActionId
    title: str
    says: str
    rank: int
    args: tuple[Needed, ...]
    narrower: tuple[ActionId, ...]
    """Acts to try before this one: they hit fewer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """An act that somebody wants to see, or to have done."""

    act: str
    args: Mapping[str, Argument] = field(default_factory=dict)
    why: str = ""
    lasts: int | None = None
    """Seconds; without it, until it is taken back."""
    digest: str = ""
    """Of what was shown; only that is done."""


@get("/acts", opt=needs(Scope.READ), sync_to_thread=True)
def list_acts() -> tuple[Act, ...]:
    """What can be done by hand, the narrowest first."""
    every = sorted(actions().values(), key=lambda one: (one.rank, one.title))
    return tuple(
        Act(
            id=one.id,
            title=one.title,
            says=one.says,
            rank=one.rank,
            args=tuple(
                Needed(name=a.name, needed=a.default is MISSING, many=takes_many(a))
                for a in fields(one.args)
            ),
            narrower=narrower_than(one.id),
        )
        for one in every
    )


@post(
    "/incidents/{incident:str}/acts/preview",
    opt=needs(Scope.RESPOND),
    status_code=200,
    sync_to_thread=True,
)
def preview_act(
    house: TheHouse, caller: TheCaller, incident: FromPath[str], data: JSONBody[Asked]
) -> Shown:
    """What the act would change, whom it hits and whose yes it needs; nothing is changed."""
    return house.by_hand.show(_wanted(incident, data), caller)


@post("/incidents/{incident:str}/acts", opt=needs(Scope.RESPOND), sync_to_thread=True)
def do_act(
    house: TheHouse, caller: TheCaller, incident: FromPath[str], data: JSONBody[Asked]
) -> Run:
    """The run that does it, asking others first where it needs a yes; `stale` when something
    else was shown.
    """
    return house.by_hand.do(_wanted(incident, data), data.digest, caller)


def _wanted(incident: str, asked: Asked) -> Wanted:
    return Wanted(
        incident=IncidentId(incident),
        act=asked.act,
        args=asked.args,
        why=asked.why,
        lasts=asked.lasts,
    )


ROUTES = (list_acts, preview_act, do_act)
