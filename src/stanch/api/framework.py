"""Everything but the hot route, under Litestar.

In    a house, and the routes.
Out   a Litestar application in which each route is guarded by the scope it names, and each
      exception is a problem document.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from litestar import Litestar, Request, Response, Router
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.exceptions import HTTPException, MethodNotAllowedException
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute

from stanch.api.asking import OPEN, PEOPLE, SCOPE, Query, query_of
from stanch.api.gate import asked_by
from stanch.api.house import House
from stanch.api.openapi import CONFIG
from stanch.api.problem import answer_to
from stanch.api.routes import (
    access,
    acts,
    alarms,
    assets,
    backups,
    baselines,
    casework,
    connectors,
    drills,
    evidence,
    hunt,
    incidents,
    lists,
    marks,
    measures,
    oidc,
    playbooks,
    policies,
    rules,
    server,
    sessions,
    sites,
    stream,
    tabletops,
    witness,
)
from stanch.api.strict import check_body, check_query, queries_of
from stanch.api.uploads import Uploads
from stanch.api.wire import GONE, Hangup, source_of
from stanch.engine.access import authorise
from stanch.vocabulary.people import Caller
from stanch.vocabulary.trouble import (
    BadInput,
    Busy,
    NoSuchPage,
    NotLoggedIn,
    TooLarge,
    Trouble,
    UnknownFormat,
    WrongMethod,
)

BASE = "/api/v1"
_UNDER_BASE = (
    *assets.ROUTES,
    *lists.ROUTES,
    *incidents.ROUTES,
    *baselines.ROUTES,
    *casework.ROUTES,
    *marks.ROUTES,
    *policies.ROUTES,
    *playbooks.ROUTES,
    *rules.ROUTES,
    *alarms.ROUTES,
    *connectors.ROUTES,
    *sites.ROUTES,
    *drills.ROUTES,
    *tabletops.ROUTES,
    *measures.ROUTES,
    *backups.ROUTES,
    *evidence.ROUTES,
    *hunt.ROUTES,
    *access.ROUTES,
    *sessions.ROUTES,
    *acts.ROUTES,
    *stream.ROUTES,
)
_AT_ROOT = (*server.ROUTES, *evidence.AT_ROOT, *oidc.AT_ROOT, *witness.AT_ROOT)


def build(house: House, pages: Router | None = None, *, described: bool = False) -> Litestar:
    """The application; `pages` is the console. `described`: it knows its OpenAPI document."""

    def the_house() -> House:
        return house

    uploads = Uploads(house.vault_most)

    def the_uploads() -> Uploads:
        return uploads

    async def guard(connection: Any, handler: BaseRouteHandler) -> None:
        await _let_in(house, connection, handler)

    async def strictly(request: Request[Any, Any, Any]) -> None:
        handler = request.route_handler
        if handler in queries:
            check_query(request.query_params, queries[handler])
        await check_body(request, handler)

    app = Litestar(
        route_handlers=[
            Router(path=BASE, route_handlers=list(_UNDER_BASE), before_request=strictly),
            *_AT_ROOT,
            *([pages] if pages else []),
        ],
        guards=[guard],
        dependencies={
            "house": Provide(the_house, sync_to_thread=False),
            "uploads": Provide(the_uploads, sync_to_thread=False),
            "caller": Provide(_the_caller, sync_to_thread=False),
            "asked": Provide(_the_query, sync_to_thread=False),
            "question": Provide(hunt.question, sync_to_thread=False),
        },
        exception_handlers={Exception: _tell},
        openapi_config=CONFIG if described else None,
        request_max_body_size=house.body_cap,
        type_encoders={MappingProxyType: dict},
        logging_config=None,
        debug=False,
    )
    queries = queries_of(app)
    return app


async def _let_in(
    house: House, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    scope = handler.opt[SCOPE]
    if scope == OPEN:
        return
    method = str(connection.scope.get("method", "GET"))
    headers = {k.lower(): v for k, v in connection.headers.items()}
    source = source_of(connection.scope)
    caller = await asked_by(house.access, method, headers, source)
    asked = scope if caller.role is None else handler.opt.get(PEOPLE, scope)
    connection.scope["user"] = authorise(caller, asked)


def _the_caller(request: Request[Any, Any, Any]) -> Caller:
    caller = request.scope.get("user")
    if not isinstance(caller, Caller):
        raise NotLoggedIn
    return caller


def _the_query(request: Request[Any, Any, Any]) -> Query:
    filters = request.route_handler.opt["filters"]
    noun = request.url.path.rstrip("/").rpartition("/")[2]
    return query_of(request.query_params.multi_items(), filters, noun)


def _tell(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    if isinstance(error, Hangup):
        return Response(b"", status_code=GONE)
    told = answer_to(trouble_of(request, error), request.url.path)
    if isinstance(error, MethodNotAllowedException):
        told.headers["allow"] = ", ".join(sorted(methods_at(request.app, request.url.path)))
    return Response(
        told.body,
        status_code=told.status,
        headers={k: v for k, v in told.headers.items() if k != "content-type"},
        media_type=told.headers["content-type"],
    )


def methods_at(app: Litestar, path: str) -> set[str]:
    """What may be asked of this path."""
    parts = path.strip("/").split("/")
    return {
        str(method)
        for route in app.routes
        if isinstance(route, HTTPRoute) and _leads(route, parts)
        for method in route.methods
    }


def _leads(route: HTTPRoute, parts: list[str]) -> bool:
    """Whether this path is one of the route's."""
    ways = route.path_components
    deep = bool(ways) and not isinstance(ways[-1], str) and ways[-1].type is Path
    return (len(ways) == len(parts) or (deep and len(ways) < len(parts))) and all(
        not isinstance(way, str) or way == part for way, part in zip(ways, parts, strict=False)
    )


def trouble_of(request: Request[Any, Any, Any], error: Exception) -> Exception:
    """The framework's own exceptions in the words of the house; all others as they are."""
    if isinstance(error, Trouble) or not isinstance(error, HTTPException):
        return error
    make = _IN_OUR_WORDS.get(error.status_code)
    if make is not None:
        return make(request)
    return BadInput(_words(error)) if error.status_code < _OURS else error


_OURS = 500
"""From here on a status says that the fault is the server's."""
_IN_OUR_WORDS: Mapping[int, Callable[[Request[Any, Any, Any]], Trouble]] = {
    404: lambda request: NoSuchPage(request.url.path[:200]),
    405: lambda request: WrongMethod(request.url.path[:200], request.method),
    413: lambda request: TooLarge(request.app.request_max_body_size),
    415: lambda request: UnknownFormat(request.headers.get("content-type", "")[:64], "JSON"),
    429: lambda _request: Busy("requests", 1),
}


def _words(error: HTTPException) -> str:
    """What the framework found wrong, without its quoting of what was sent."""
    extra = error.extra
    if isinstance(extra, list):
        found = [
            f"{one.get('key', 'body')}: {one.get('message', 'cannot be read')}"
            for one in extra
            if isinstance(one, dict)
        ]
        return ("What was sent cannot be used: " + "; ".join(found))[:500]
    return "What was sent cannot be read."
