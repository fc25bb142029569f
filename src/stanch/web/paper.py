"""Paper: templates become pages.

In    a template's name and the values in it.
Out   HTML in which every text that was put in is escaped and inert.
Why   safety that each template must remember is forgotten once; here it is how printing works.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from stanch.contain.playbook.condition_words import awaited, text_in_words
from stanch.engine.filling import plainly
from stanch.engine.runs.library import act_title
from stanch.vocabulary import words
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.names import typed
from stanch.vocabulary.people import Scope
from stanch.web.address import event_at, principal_at, segment
from stanch.web.counts import waiting
from stanch.web.inert import clipped, inert
from stanch.web.markdown import ticked
from stanch.web.query import valued
from stanch.web.tour import MARK, here
from stanch.web.visit import Answer, Visit

_HERE = Path(__file__).parent
LATER = Markup("<!--later-->")
"""Where a page is cut in two: no text that is put in can say it, since that is escaped."""
STATIC = _HERE / "static"


@cache
def stamp() -> str:
    """A name for the static files as they are now: it changes when one of them does."""
    seen = hashlib.sha256()
    for path in sorted(STATIC.iterdir()):
        seen.update(path.name.encode() + b"\0" + path.read_bytes())
    return seen.hexdigest()[:12]


def _print(value: object) -> object:
    if isinstance(value, Markup):
        return value
    return inert(value) if isinstance(value, str) else value


def moment(at: datetime, now: datetime) -> Markup:
    """A moment as it was or will be, relative to now; in full when pointed at."""
    return _time(at, "data-rel", words.ago(at, now))


def stand(at: datetime) -> Markup:
    """A moment by day and minute."""
    return _time(at, "data-abs", words.clock_time(at))


def second(at: datetime) -> Markup:
    """A moment by day and second, where much happens in one minute."""
    return _time(at, 'data-abs="s"', words.clock_second(at))


def exact(at: datetime) -> Markup:
    """A moment in full with its zone, for what is kept or printed: no choice of looks moves it."""
    says = words.absolute(at)
    return Markup(f'<time datetime="{at.isoformat()}">{says}</time>')  # noqa: S704  numbers


def _time(at: datetime, kind: str, says: str) -> Markup:
    title = words.absolute(at)
    return Markup(  # noqa: S704  numbers and our own words
        f'<time datetime="{at.isoformat()}" title="{title}" {kind}>{says}</time>'
    )


@cache
def _paper() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_print,
        auto_reload=False,
    )
    filters: dict[str, Any] = {
        "capitalize": words.begun,
        "clip": clipped,
        "word": words.word,
        "size": words.size,
        "asks": text_in_words,
        "awaited": awaited,
        "counted": words.counted,
        "exact": exact,
        "odds": words.odds,
        "number": words.number,
        "stand": stand,
        "second": second,
        "spell": words.spell,
        "plainly": plainly,
        "short": words.short,
        "ticked": ticked,
        "typed": typed,
        "urlencode": segment,
        "valued": valued,
        "titled": act_title,
    }
    made.filters.update(filters)
    tools: dict[str, Any] = {
        "event_at": event_at,
        "left": words.left,
        "moment": moment,
        "principal_at": principal_at,
        "used": words.used,
    }
    made.globals.update(tools)
    return made


def render(template: str, values: Mapping[str, object]) -> str:
    """The template with these values."""
    return _paper().get_template(template).render(values)


def in_two(whole: Answer, later: Callable[[], str]) -> Answer:
    """The page in two: what takes longer is made while the browser paints what stands before it."""
    body, _, end = whole.body.partition(LATER.encode())
    return replace(whole, body=body, later=lambda: later().encode("utf-8", "replace"), end=end)


def page(visit: Visit, template: str, *, status: int = 200, **values: object) -> Answer:
    """A whole page for this visit."""
    known = visit.known
    csrf = visit.console.access.sessions.csrf(visit.cookie) if known and visit.cookie else ""
    common: dict[str, object] = {
        "visit": visit,
        "me": known,
        "now": visit.at,
        "look": visit.look,
        "static": f"/static/{stamp()}",
        "csrf": Markup('<input type="hidden" name="csrf" value="{}">').format(csrf),
        "csrf_token": csrf,
        "may_respond": known is not None and known.may(Scope.RESPOND),
        "may_approve": known is not None and known.may(Scope.APPROVE),
        "may_admin": known is not None and known.may(Scope.ADMIN),
        "attacks": tuple(AttackKind),
        "counts": waiting(visit) if known else {},
        "tour": here(visit.asked(MARK)) if known else None,
    }
    body = render(template, common | values).encode("utf-8", "replace")
    return Answer(status=status, body=body, headers={"cache-control": "no-store"})
