"""How the plain nouns lie in their tables: those whose list needs no more than a `Label`."""

from typing import Any

from stanch.store.sql import tables
from stanch.store.sql.codec import micros
from stanch.store.sql.shelf import Label, words
from stanch.vocabulary.approval import Approval
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.casework import SavedFilter
from stanch.vocabulary.clock import Clock
from stanch.vocabulary.notice import KeptNotice
from stanch.vocabulary.people import ServiceKey, User
from stanch.vocabulary.record import Evidence
from stanch.vocabulary.run import Run


def _asset(one: Asset) -> dict[str, Any]:
    said = words(one.id, one.name, one.owner, one.domain)
    return {"kind": one.kind, "owner": one.owner, "words": said}


def _approval(one: Approval) -> dict[str, Any]:
    return {
        "asset": one.asset,
        "incident": one.incident,
        "kind": one.action,
        "state": one.answer,
        "at": micros(one.asked),
        "due": micros(one.expires),
    }


def _clock(one: Clock) -> dict[str, Any]:
    return {
        "incident": one.incident,
        "kind": one.law,
        "state": one.state,
        "at": micros(one.due),
    }


def _run(one: Run) -> dict[str, Any]:
    return {
        "asset": one.asset,
        "incident": one.incident,
        "kind": one.playbook,
        "state": one.state,
        "at": micros(one.started),
        "changed": micros(one.updated),
    }


def _notice(one: KeptNotice) -> dict[str, Any]:
    return {
        "incident": one.incident or "",
        "kind": one.urgency.name.lower(),
        "owner": one.to,
        "state": one.state,
        "at": micros(one.at),
        "due": micros(one.due),
    }


def _evidence(one: Evidence) -> dict[str, Any]:
    return {
        "incident": one.incident or "",
        "kind": one.kind,
        "owner": one.by,
        "at": micros(one.taken),
        "words": words(one.name, one.id, one.digest),
    }


def _user(one: User) -> dict[str, Any]:
    folded = one.name.casefold()
    return {"kind": one.role, "folded": folded, "words": words(one.name)}


def _key(one: ServiceKey) -> dict[str, Any]:
    return {"words": words(one.name, one.id)}


def _filter(one: SavedFilter) -> dict[str, Any]:
    return {"owner": one.owner, "shared": int(one.shared), "name": one.name}


ASSET = Label(
    word="asset",
    shown_by="asset list",
    table=tables.assets,
    kind=Asset,
    row=_asset,
    any_of={"kind": "kind", "owner": "owner"},
)
APPROVAL = Label(
    word="approval",
    shown_by="question list",
    table=tables.approvals,
    kind=Approval,
    row=_approval,
    any_of={"asset": "asset", "incident": "incident", "kind": "kind", "state": "state"},
    at="at",
    versioned=True,
)
CLOCK = Label(
    word="clock",
    shown_by="clocks",
    table=tables.clocks,
    kind=Clock,
    row=_clock,
    any_of={"incident": "incident", "kind": "kind", "state": "state"},
    at="at",
    newest_first=False,
)
RUN = Label(
    word="run",
    shown_by="playbook runs",
    table=tables.runs,
    kind=Run,
    row=_run,
    any_of={"asset": "asset", "incident": "incident", "kind": "kind", "state": "state"},
    at="at",
    changed="changed",
    versioned=True,
)
NOTICE = Label(
    word="notice",
    shown_by="incident list",
    table=tables.notices,
    kind=KeptNotice,
    row=_notice,
    any_of={"incident": "incident", "kind": "kind", "owner": "owner", "state": "state"},
    at="at",
)
EVIDENCE = Label(
    word="evidence item",
    shown_by="evidence list",
    table=tables.evidence,
    kind=Evidence,
    row=_evidence,
    any_of={"incident": "incident", "kind": "kind", "owner": "owner"},
    at="at",
)
USER = Label(
    word="user",
    shown_by="user list",
    table=tables.users,
    kind=User,
    row=_user,
    any_of={"kind": "kind"},
)
KEY = Label(word="key", shown_by="key list", table=tables.service_keys, kind=ServiceKey, row=_key)
FILTER = Label(
    word="filter",
    shown_by="filter list",
    table=tables.filters,
    kind=SavedFilter,
    row=_filter,
    any_of={"owner": "owner"},
)
