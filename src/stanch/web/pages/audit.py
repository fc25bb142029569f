"""Audit: was anything rewritten, who decided what, and which clocks run?

In    the evidence log as a whole; the clocks of all incidents.
Out   one page, and what people decided as a spreadsheet.
Why   the person who must answer to a regulator asks three things and knows no command.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from stanch.engine.desk import Checked, Logged, Verified
from stanch.vocabulary.clock import ClockState
from stanch.vocabulary.ids import UserId
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Scope
from stanch.vocabulary.record import Deed
from stanch.vocabulary.words import absolute
from stanch.web.address import query_of
from stanch.web.inert import cell
from stanch.web.paper import page
from stanch.web.told import told
from stanch.web.visit import Answer, Page, Visit

PAGE = 30
MOST_ROWS = 5_000
"""Rows of the spreadsheet."""
_CLOCKS = 12
KINDS: Mapping[str, tuple[str, Sequence[Deed]]] = MappingProxyType(
    {
        "answers": ("Answers to questions", (Deed.APPROVAL_GIVEN,)),
        "incidents": ("Incidents", (Deed.INCIDENT_CHANGED, Deed.INCIDENT_MOVED)),
        "policy": ("Policy", (Deed.POLICY_CHANGED,)),
        "evidence": (
            "Evidence and data",
            (
                Deed.EVIDENCE_READ,
                Deed.EVIDENCE_EXPORTED,
                Deed.PERSONAL_DATA_SHREDDED,
                Deed.RETENTION_SET,
                Deed.BACKUP_MADE,
                Deed.SCRUBBED,
            ),
        ),
        "house": (
            "People, keys and set-up",
            (
                Deed.ACCESS_CHANGED,
                Deed.CONNECTORS_CHANGED,
                Deed.PLAYBOOK_CHANGED,
                Deed.RULE_CHANGED,
                Deed.ASSET_CHANGED,
                Deed.BASELINE_SET,
                Deed.ALARMS_SET,
                Deed.FINGERPRINTS_CHANGED,
            ),
        ),
    }
)
"""What people decide, by what it is about."""
REFUSED = "refused"
"""Who tried to come in: nobody decides that, so it is no part of everything."""


def show(visit: Visit) -> Answer:
    """All three answers."""
    return _page(visit)


def check(visit: Visit) -> Answer:
    """The page, after the whole log and every item of the vault were read back."""
    return _page(visit, checked=visit.console.desk.verify())


def compare(visit: Visit) -> Answer:
    """The page, after the log was held against a checkpoint that somebody kept."""
    kept = visit.given("checkpoint")
    return _page(visit, continued=visit.console.desk.continues(kept), typed=kept)


def file(visit: Visit) -> Answer:
    """What people decided, as a spreadsheet; no cell of it is a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["When", "Who", "What", "About", "Incident", "Entry of the log"])
    before: int | None = None
    written = 0
    while written < MOST_ROWS:
        found, before = _decided(visit, before, limit=500)
        names = _names(visit, found)
        for one in found:
            writer.writerow([cell(text) for text in _row(one, names)])
        written += len(found)
        if before is None:
            break
    return Answer(
        body=out.getvalue().encode("utf-8", "replace"),
        kind="text/csv",
        headers={
            "content-disposition": 'attachment; filename="stanch-decisions.csv"',
            "cache-control": "no-store",
        },
    )


def _row(logged: Logged, names: Mapping[str, str]) -> tuple[str, ...]:
    line, one = told(logged, names), logged.entry
    return (absolute(line.at), line.by, line.says, one.about, one.incident or "", str(line.place))


def _page(
    visit: Visit,
    *,
    checked: Verified | None = None,
    continued: Checked | None = None,
    typed: str = "",
) -> Answer:
    asked = visit.asked("before")
    start = int(asked) if asked.isdecimal() and len(asked) < 16 else None  # noqa: PLR2004  a place
    found, onward = _decided(visit, start, limit=PAGE)
    names = _names(visit, found)
    with visit.console.store.look() as tx:
        clocks = tx.clocks.page(_in(ClockState.RUNNING), limit=_CLOCKS).items
        by_state = {state: tx.clocks.count(_in(state)) for state in ClockState}
        titles = {i.id: i.title for i in tx.incidents.many({c.incident for c in clocks})}
    desk = visit.console.desk
    return page(
        visit,
        "audit.html",
        entries=desk.size,
        keys=desk.keys(),
        scrub=desk.last_scrub(),
        checked=checked,
        continued=continued,
        typed=typed,
        lines=[(told(one, names), one.entry) for one in found],
        kinds=[(name, title, _link(visit, of=name)) for name, title in _titles()],
        every=_link(visit, of=""),
        of=visit.asked("of"),
        by=visit.asked("by"),
        whose={one.entry.actor: _link(visit, by=_person(one)) for one in found},
        next=_link(visit, before=str(onward)) if onward is not None else "",
        file=_link(visit, "/audit.csv"),
        clocks=clocks,
        by_state=by_state,
        titles=titles,
    )


def _decided(
    visit: Visit, before: int | None, *, limit: int
) -> tuple[tuple[Logged, ...], int | None]:
    if visit.asked("of") == REFUSED:
        return visit.console.custody.refused(before=before, limit=limit)
    picked = KINDS.get(visit.asked("of"))
    deeds = picked[1] if picked else tuple(d for _, all_ in KINDS.values() for d in all_)
    by = visit.asked("by").strip()
    return visit.console.custody.by_people(deeds, by=by, before=before, limit=limit)


def _titles() -> Iterator[tuple[str, str]]:
    yield from ((name, title) for name, (title, _) in KINDS.items())
    yield REFUSED, "Refused at the door"


def _person(one: Logged) -> str:
    """Who did it; nobody here did what was refused."""
    return "" if one.entry.deed is Deed.ACCESS_REFUSED else one.entry.actor


def _names(visit: Visit, found: Sequence[Logged]) -> Mapping[str, str]:
    """The names of those who were let in, by their ids."""
    keys = {one.entry.about for one in found if one.entry.deed is Deed.ACCESS_CHANGED}
    with visit.console.store.look() as tx:
        return {key: user.name for key in keys if (user := tx.users.find(UserId(key)))}


def _in(state: ClockState) -> Wanted:
    return Wanted(state=(state.value,))


def _link(visit: Visit, to: str = "/audit", **change: str) -> str:
    kept = {name: visit.asked(name) for name in ("of", "by")} | change
    asked = query_of((k, v) for k, v in kept.items() if v)
    return f"{to}?{asked}" if asked else to


PAGES = (
    Page(path="/audit", show=show),
    Page(path="/audit/check", show=check, needs=Scope.READ, method="POST"),
    Page(path="/audit/compare", show=compare, needs=Scope.READ, method="POST"),
    Page(path="/audit.csv", show=file),
)
