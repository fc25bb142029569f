"""Strict: what was sent has no part that nobody reads, and what is wrong with it is said in words.

In    the query string or the JSON body of a request, and what its route takes.
Out   nothing; `BadInput` that names the part, what it must be, and what there is.
Why   `principal` for `principals` would be passed over, and a report would name nobody.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from litestar import Litestar, Request
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from msgspec import inspect

from stanch.api.asking import SCOPE
from stanch.vocabulary.choice import no_such, words_of
from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import BadInput

Look = Callable[[Any, object, str], Iterator[str]]
_LONGEST = 60
_MACHINES = frozenset({Scope.GUARD, Scope.INGEST})
"""Who may be of another version: what their routes do not know of it, they leave."""


def queries_of(app: Litestar) -> Mapping[HTTPRouteHandler, frozenset[str]]:
    """The names that the query string of each route may have, where it takes no list's filters."""
    return {
        handler: frozenset(one.field_alias for one in model.expected_query_params)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler, model in route.route_handler_map.values()
        if "asked" not in handler.parsed_fn_signature.parameters
    }


def check_query(names: Iterable[str], known: frozenset[str]) -> None:
    """Refuse a name that the route does not read."""
    for name in names:
        if name not in known:
            said = no_such(name, "part of this query", sorted(known))
            raise BadInput(said if known else f"{said} There is none.")


async def check_body(request: Request[Any, Any, Any], handler: HTTPRouteHandler) -> None:
    """Refuse a JSON body that its route does not take as it is."""
    taken = handler.parsed_data_field
    if taken is None or handler.opt[SCOPE] in _MACHINES or not isinstance(taken.annotation, type):
        return
    body = await request.body()
    try:
        sent = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"The body is no JSON: {str(error).rstrip('.')}.") from error
    for says in faults(inspect.type_info(taken.annotation), sent, ""):
        raise BadInput(says)


def faults(kind: inspect.Type, sent: object, at: str) -> Iterator[str]:
    """What is wrong with a value that should be of this kind, each in a sentence."""
    for one, look in _LOOKS.items():
        if isinstance(kind, one):
            yield from look(kind, sent, at)


def _of_object(kind: Any, sent: object, at: str) -> Iterator[str]:
    if not isinstance(sent, dict):
        yield f"{at or 'The body'} must be an object, not {_said(sent)}."
        return
    inside = f"{at}." if at else ""
    known = {one.encode_name: one for one in kind.fields}
    for name in sent:
        if name not in known:
            where = f"{at}: " if at else ""
            yield where + no_such(str(name), "field here", known)
    for name, one in known.items():
        if name in sent:
            yield from faults(one.type, sent[name], f"{inside}{name}")
        elif one.required:
            yield f"{inside}{name} is missing."


def _of_several(kind: Any, sent: object, at: str) -> Iterator[str]:
    """Of several kinds the value must be one; only one of them can be what was meant."""
    meant = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
    if sent is None and len(meant) < len(kind.types):
        return
    found = [next(faults(one, sent, at), "") for one in meant]
    if all(found):
        yield found[0]


def _of_list(kind: Any, sent: object, at: str) -> Iterator[str]:
    if not isinstance(sent, list):
        yield f"{at} must be a list, not {_said(sent)}."
        return
    for place, one in enumerate(sent):
        yield from faults(kind.item_type, one, f"{at}[{place}]")


def _of_mapping(kind: Any, sent: object, at: str) -> Iterator[str]:
    if not isinstance(sent, dict):
        yield f"{at} must be an object, not {_said(sent)}."
        return
    for name, one in sent.items():
        yield from faults(kind.value_type, one, f"{at}.{str(name)[:_LONGEST]}")


def _of_choice(kind: Any, sent: object, at: str) -> Iterator[str]:
    if sent not in [member.value for member in kind.cls]:
        word = at.rpartition(".")[2].partition("[")[0].replace("_", " ")
        where = f"{at}: " if at != word else ""
        yield where + no_such(str(sent), word, words_of(kind.cls))


def _plain(made: type, words: str) -> Look:
    def look(_kind: Any, sent: object, at: str) -> Iterator[str]:
        try:
            msgspec.convert(sent, made, strict=False)
        except msgspec.ValidationError:
            yield f"{at} must be {words}, not {_said(sent)}."

    return look


def _said(sent: object) -> str:
    match sent:
        case None:
            return "null"
        case bool():
            return str(sent).lower()
        case dict():
            return "an object"
        case list():
            return "a list"
        case _:
            return repr(sent)[:_LONGEST]


_LOOKS: Mapping[type[inspect.Type], Look] = {
    inspect.DataclassType: _of_object,
    inspect.UnionType: _of_several,
    inspect.EnumType: _of_choice,
    inspect.VarTupleType: _of_list,
    inspect.ListType: _of_list,
    inspect.DictType: _of_mapping,
    inspect.BoolType: _plain(bool, "true or false"),
    inspect.IntType: _plain(int, "a whole number"),
    inspect.FloatType: _plain(float, "a number"),
    inspect.StrType: _plain(str, "text"),
    inspect.DateTimeType: _plain(datetime, "a moment with its zone, like 2026-11-21T08:00Z"),
}
"""What is looked at for each kind; of any other kind, any value is taken."""
