"""Asking: what a route declares about itself, and what it reads from a request.

In    the scope a route asks for; the query string of a list.
Out   options the gate reads; a `Wanted` with its cursor and limit, or `BadInput`.
Why   every list takes the same filters, by the same names, wherever it is asked.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from stanch.api.house import House
from stanch.api.uploads import Uploads
from stanch.engine.wanting import wanted_of
from stanch.vocabulary.choice import no_such
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Caller, Scope
from stanch.vocabulary.trouble import BadInput

TheHouse = NamedDependency[SkipValidation[House]]
"""What a route may ask, as it is given it."""
TheCaller = NamedDependency[SkipValidation[Caller]]
"""Who asks."""

TheUploads = NamedDependency[SkipValidation[Uploads]]
"""What takes bodies of any size."""

OPEN = "open"
"""The option of a route that anybody may ask."""
SCOPE = "scope"
PEOPLE = "people"
"""The option with the scope that people need, where it is another one than that of keys."""
LONGEST_PAGE = 500


def needs(scope: Scope, *filters: str) -> dict[str, object]:
    """The options of a route that asks for this scope, and takes these filters when it lists."""
    return {SCOPE: scope, "filters": filters}


def answered_by() -> dict[str, object]:
    """The options of a route for questions: a key needs `approve`; of a person, whoever may respond
    gets as far as the question, which says itself whose it is.
    """
    return {**needs(Scope.APPROVE), PEOPLE: Scope.RESPOND}


def anybody() -> dict[str, object]:
    """The options of a route that everybody may ask, known or not."""
    return {SCOPE: OPEN, "filters": ()}


def takes_text(scope: Scope) -> dict[str, object]:
    """The options of a route that asks for this scope, and takes YAML as its author wrote it."""
    return {**needs(scope), "takes": {"application/yaml": "Text", "text/plain": "Text"}}


def text_of(body: bytes, what: str) -> str:
    """The body as text, or `BadInput` that says what it should have been."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"The {what} is not UTF-8 text.") from error


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """Which part of a list is asked for."""

    wanted: Wanted = field(default_factory=Wanted)
    after: str = ""
    limit: int = 50


TheQuery = NamedDependency[SkipValidation[Query]]
"""What a list is asked for."""


def query_of(pairs: Iterable[tuple[str, str]], filters: Iterable[str], noun: str) -> Query:
    """The query string as a query to this list, or `BadInput` that names what is not known here."""
    allowed = {*filters, "after", "limit"}
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in allowed:
            raise BadInput(no_such(name, "filter of this list", sorted(allowed)))
        given.setdefault(name, []).append(value)
    after = given.pop("after", [""])[-1]
    limit = given.pop("limit", ["50"])[-1]
    if not (limit.isascii() and limit.isdecimal() and 1 <= int(limit[:9]) <= LONGEST_PAGE):
        raise BadInput(f"limit is a whole number from 1 to {LONGEST_PAGE}.")
    return Query(wanted=wanted_of(given, noun), after=after, limit=int(limit))
