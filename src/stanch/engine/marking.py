"""Marking: the key of an incident's marks, what marking touches, and whether a copy carries them.

In    an incident; the rows of its asset; what a suspect model answers to some of their inputs.
Out   a key, made once; the share of each caller's answers that it would swap; the inputs to ask a
      suspect model; one sentence with the chance that it says so by accident.
Why   the key must be there before the act is shown, or people would say yes to something else. It
      is kept beside the incident and stands in the policy, to whose digest the log is bound.
"""

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from stanch.contain.marks import Told, drawn, named, near, told, written
from stanch.engine.clock import Clock
from stanch.engine.ordinary import Rows
from stanch.engine.placed import Placed, in_force, placed
from stanch.engine.ports import Store, Transaction
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.ids import AssetId, IncidentId, PrincipalId, digest_of
from stanch.vocabulary.playbook import Argument
from stanch.vocabulary.policy import Mark
from stanch.vocabulary.span import Span
from stanch.vocabulary.spelling import folded, spellings
from stanch.vocabulary.trouble import BadInput, CouldNotTell

ACT = "mark_answers"
DAY = timedelta(days=1)
MOST_ROWS = 50_000
MOST_ASKED = 5_000
"""Inputs that a suspect model is asked at most."""
_ANSWER = str(EventKind.INFERENCE)
_COLUMNS = ("kind", "principal", "features", "scores", "prediction")
WITHIN, SHARE = Mark(key="").within, Mark(key="").share
_ALL = ""
"""Stands for everybody who had no answer that could be looked at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """The key of an incident, and what it would have touched when it was made."""

    key: str
    found: Mapping[str, float] = field(default_factory=dict)
    """The share of each principal's answers that lie near; under no name that of all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """Who gets marked answers, or got them."""

    principals: tuple[PrincipalId, ...]
    since: datetime
    share: float
    within: float
    stands: bool
    """Whether it is in force now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """One input to ask a suspect model."""

    id: str
    features: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Near:
    """An answer near a boundary that a marked caller got."""

    features: tuple[float, ...]
    marked: bool
    second: str
    """What was told if it is marked, and what it is not if it is plain."""


_KEPT = msgspec.json.Decoder(Kept)


def key_of(tx: Transaction, incident: IncidentId) -> str:
    """The key of this incident; empty before there is one."""
    kept = kept_of(tx, incident)
    return kept.key if kept is not None else ""


def kept_of(tx: Transaction, incident: IncidentId) -> Kept | None:
    """What is kept for this incident; None where nobody asked for marks yet."""
    text = tx.settings.get(_name(incident))
    return _KEPT.decode(text) if text else None


def found_of(
    tx: Transaction, incident: IncidentId, args: Mapping[str, Argument]
) -> Mapping[str, Mapping[str, float]]:
    """What this incident's mark touches of whom, as a blast radius asks for it."""
    kept = kept_of(tx, incident)
    if kept is None or not kept.found or float(str(args.get("within", WITHIN))) != WITHIN:
        return {}
    share = float(str(args.get("share", SHARE)))
    return {named(Mark(key=kept.key)): {who: share * part for who, part in kept.found.items()}}


def make_once(store: Store, rows: Rows, incident: IncidentId, at: datetime) -> None:
    """Makes the incident's key and looks what it would touch, unless that was done."""
    with store.look() as tx:
        seen = tx.incidents.get(incident)
        if kept_of(tx, incident) is not None:
            return
    answers, close = Counter[str](), Counter[str]()
    for row in _answers(rows, seen.asset, Span(start=at - DAY, end=at)):
        for who in {str(row["principal"] or _ALL), _ALL}:
            answers[who] += 1
            close[who] += near(row["scores"], WITHIN) is not None
    found = {who: close[who] / n for who, n in answers.items()}
    made = Kept(key=secrets.token_hex(32), found=found)
    with store.begin() as tx:
        if kept_of(tx, incident) is None:
            tx.settings.put(_name(incident), msgspec.json.encode(made).decode())


def given(tx: Transaction, incident: IncidentId) -> tuple[Given, ...]:
    """Whose answers were marked for this incident, oldest first; nothing of the key."""
    lines = _marking(tx, incident)
    standing = in_force(tx, lines)
    return tuple(
        Given(
            principals=tuple(sorted(mark.principals)),
            since=line.at,
            share=mark.share,
            within=mark.within,
            stands=line.key in standing,
        )
        for line, mark in ((one, _mark("", one.args)) for one in lines)
    )


def _marking(tx: Transaction, incident: IncidentId) -> list[Placed]:
    return [line for line in placed(tx, incident) if line.act == ACT and line.demands]


class Marking:
    """Looks for an incident's marks in a suspect model."""

    def __init__(self, store: Store, rows: Rows, clock: Clock) -> None:
        self._store = store
        self._rows = rows
        self._clock = clock

    def inputs(self, incident: IncidentId) -> tuple[Input, ...]:
        """What to ask the suspect model: marked inputs and plain ones, and not which is which."""
        found = sorted(self._near(incident).items())[:MOST_ASKED]
        if not found:
            raise CouldNotTell(
                "none of these callers was answered near a boundary since their answers are marked"
            )
        return tuple(Input(id=key, features=one.features) for key, one in found)

    def judged(self, incident: IncidentId, answers: Mapping[str, str]) -> Told:
        """Whether the model that gave these answers carries the marks, or why it cannot be told."""
        known = self._near(incident)
        if not answers.keys() & known.keys():
            raise BadInput("None of these inputs is one of the incident's. Write them out again.")
        found = told(
            (known[key].marked, answer == known[key].second)
            for key, answer in sorted(answers.items())
            if key in known
        )
        if not found.enough:
            raise CouldNotTell(found.says.removeprefix("It cannot be told: ").rstrip("."))
        return found

    def _near(self, incident: IncidentId) -> dict[str, _Near]:
        """Each near input of a marked caller, once, by its id."""
        now = self._clock()
        with self._store.look() as tx:
            asset = tx.incidents.get(incident).asset
            lines = _marking(tx, incident)
            kept = kept_of(tx, incident)
            classes = tx.assets.get(asset).classes
        if not lines or kept is None:
            raise BadInput(
                "No answers were marked for this incident, so nothing can be looked for."
            )
        found: dict[str, _Near] = {}
        for line in lines:
            mark = _mark(kept.key, line.args)
            span = Span(start=line.at, end=line.undone or now)
            every = _answers(self._rows, asset, span)
            marked = spellings(mark.principals)
            theirs = (row for row in every if folded(row["principal"] or "") in marked)
            found.update(_near_of(mark, theirs, classes))
        return found


def _mark(key: str, args: Mapping[str, Argument]) -> Mark:
    """The mark that these arguments of the act came to."""
    who = args["callers"]
    return Mark(
        key=key,
        principals=frozenset(map(PrincipalId, who if isinstance(who, tuple) else (str(who),))),
        within=float(str(args.get("within", WITHIN))),
        share=float(str(args.get("share", SHARE))),
    )


def _near_of(
    mark: Mark, rows: Iterable[dict[str, Any]], classes: tuple[str, ...]
) -> Iterator[tuple[str, _Near]]:
    for row in rows:
        pair = near(row["scores"], mark.within)
        if pair is None or not row["features"]:
            continue
        best, second = pair
        width = len(row["scores"])
        names = classes if len(classes) == width else tuple(map(str, range(width)))
        if row["prediction"] not in (None, names[best]):
            continue
        features = tuple(row["features"])
        one = _Near(features=features, marked=drawn(mark, features), second=names[second])
        yield digest_of(written(features)).removeprefix("sha256:")[:16], one


def _answers(rows: Rows, asset: AssetId, span: Span) -> Iterator[dict[str, Any]]:
    """The answers of the span whose inputs and scores are known."""
    table = rows.between(asset, span, MOST_ROWS)
    if not {*_COLUMNS} <= set(table.column_names):
        return
    for row in table.select(_COLUMNS).to_pylist():
        whole = row["features"] and row["scores"] and None not in row["features"]
        if row["kind"] == _ANSWER and whole and None not in row["scores"]:
            yield row


def _name(incident: IncidentId) -> str:
    return f"marks/{incident}"
