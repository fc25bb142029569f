"""Held: whether an incident is contained, what holds it, and by when it must be.

In    an incident; its asset's policy; what was done for it and its kin; which versions answer.
Out   one sentence, how loud it is, the titles of what is in force, and when containment is due.
Why   who is woken at three asks this first; the console, the command line and the API say the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from stanch.contain.diff import names
from stanch.engine.answering import answering
from stanch.engine.containment_clock import times
from stanch.engine.kin import done_for, kin, loose_since
from stanch.engine.placed import Placed, where
from stanch.engine.policies import standing_from
from stanch.engine.ports import Transaction
from stanch.engine.runs.library import act_title
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.incident import Incident, Phase, VerdictKind
from stanch.vocabulary.standing import Demand
from stanch.vocabulary.words import short, spell

_HARMLESS = (VerdictKind.NATURAL, VerdictKind.FAULT)
_FIRST: Mapping[VerdictKind, tuple[str, str]] = MappingProxyType(
    {
        VerdictKind.NATURAL: ("calm", "Nothing to contain, as it looks: natural change"),
        VerdictKind.FAULT: ("calm", "No attack, as it looks: a fault of our own"),
        VerdictKind.UNDECIDED: ("odd", "Not contained; not known yet whether it is an attack"),
        VerdictKind.ATTACK: ("bad", "Not contained"),
    }
)
"""Before anything held it, by what it is taken for."""
_LOOKED_AT = (Phase.DETECTED, Phase.CONTAINED)
"""The phases of what is held in which a version that answers again is told of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """How it stands with containment."""

    tone: str
    """`bad`, `odd`, `good` or `calm`."""
    says: str
    acts: tuple[str, ...] = ()
    """What is in force because of it, by its title."""
    due: datetime | None = None
    """When containment is due; nothing once it is contained, or where there is nothing to."""
    bare: bool = False
    """Whether what once contained it is in force no more."""
    took: str = ""
    """How long it took until the proof, in a sentence; nothing before there is one."""


def held(tx: Transaction, one: Incident, asset: Asset | None) -> Held:
    """How it stands with the containment of this incident."""
    kept, ours = tx.policies.now(one.asset), kin(tx, one.id)
    demands = [d for d in standing_from(kept).demands if d.incident in ours] if kept else []
    done = done_for(tx, one.id)
    acts = _acts(tx, one, demands, done)
    bare = _bare(one, demands, done)
    tone, says = _told(one, bare=bare, acts=acts, answers=answering(tx, one))
    due, took = _due(tx, one, asset), "" if bare else _took(tx, one, asset)
    return Held(tone=tone, says=says, acts=acts, due=due, bare=bare, took=took)


def _acts(
    tx: Transaction, one: Incident, demands: Sequence[Demand], done: Sequence[Placed]
) -> tuple[str, ...]:
    asked = [act_title(d.action or "a_change_of_policy") for d in demands]
    left = [act for act in done if act.undone is None]
    standing = where(tx, left)
    elsewhere = [_titled(a, one, standing[a.key]) for a in left if a.key in standing]
    return tuple(dict.fromkeys([*asked, *elsewhere]))


def _titled(act: Placed, one: Incident, assets: Sequence[AssetId]) -> str:
    """What the act is called, with where it holds when that is not where the incident is."""
    title = act_title(act.act)
    return title if one.asset in assets else f"{title} on {names(sorted(set(assets)))}"


def _bare(one: Incident, demands: Sequence[Demand], done: Sequence[Placed]) -> bool:
    if one.held_at is None or one.phase is Phase.CLOSED or demands:
        return False
    return any(asset == one.asset for act in done for asset, _ in act.demands)


def _took(tx: Transaction, one: Incident, asset: Asset | None) -> str:
    if one.held_at is None:
        return ""
    found = times(one, asset, one.held_at, loose_since(tx, one))
    since = "it was seen again" if one.loose_at is not None else "it was opened"
    seen = "" if one.loose_at is not None else f" ({_spelt(found.to_open)} after its first event)"
    part = f"{found.percent} %" if found.percent else "less than 1 %"
    whole = spell(found.allowed.total_seconds())
    return f"It took {_spelt(found.used)} since {since}{seen}: {part} of the {whole} it may have."


def _spelt(time: timedelta) -> str:
    return short(time.total_seconds())


def _due(tx: Transaction, one: Incident, asset: Asset | None) -> datetime | None:
    if one.held_at is not None or one.phase is Phase.CLOSED or asset is None:
        return None
    if one.verdict.kind in _HARMLESS:
        return None
    return loose_since(tx, one) + timedelta(minutes=asset.deadline_minutes)


def _told(
    one: Incident, *, bare: bool, acts: Sequence[str], answers: Sequence[str]
) -> tuple[str, str]:
    """How loud it is, and the sentence."""
    if one.phase is Phase.CLOSED:
        return "calm", "Closed"
    if bare:
        return "odd", "It was contained; nothing holds it now"
    if answers and (one.held_at is None or one.phase in _LOOKED_AT):
        return "bad", _while_it_answers(one, answers)
    if one.held_at is not None or one.loose_at is not None:
        return _once_more(one)
    if one.verdict.kind is VerdictKind.ATTACK and acts:
        return "bad", "Not proved to be contained yet"
    return _FIRST[one.verdict.kind]


def _while_it_answers(one: Incident, versions: Sequence[str]) -> str:
    which, under, verb = names(list(versions)), "are", "answer"
    if len(versions) == 1:
        under, verb = "is", "answers"
    if one.held_at is not None:
        return f"It was contained; {which}, which {under} under suspicion, {verb}"
    return f"Not contained while {which}, which {under} under suspicion, {verb}"


def _once_more(one: Incident) -> tuple[str, str]:
    """The same of what was contained at least once."""
    if one.held_at is None:
        return "bad", "Seen again, and not contained yet this time"
    says = "Contained" if one.loose_at is None else "Contained once more"
    open_ = one.verdict.kind is VerdictKind.UNDECIDED
    return "good", f"{says}; not known yet whether it is an attack" if open_ else says
