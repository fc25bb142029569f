"""The console: every page, as one router beside the API's.

In    a `Console`: what the pages may ask.
Out   a Litestar router; `app/` hands it to the API, which serves it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request, Response, Router, route
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from stanch.web.door import COOKIE, LOOK, answer, caller_of, jar, later, look_of
from stanch.web.inert import meant
from stanch.web.pages import PAGES
from stanch.web.visit import Answer, Console, Fields, Page, Visit

MOST_FORM = 512 * 1024
_FIELDS = 1000
_OPEN = {"scope": "open", "filters": ()}
"""The pages have a door of their own, which answers with the login page."""


def pages(console: Console) -> Router:
    """Every page of the console."""
    return Router(
        path="/",
        route_handlers=[_handler(console, one) for one in PAGES],
        include_in_schema=False,
        request_max_body_size=MOST_FORM,
    )


def _handler(console: Console, one: Page) -> HTTPRouteHandler:
    async def serve(request: Request[Any, Any, Any]) -> Response[Any]:
        body = await request.body() if one.method == "POST" else b""
        return await asyncio.to_thread(_answer, console, one, request, body)

    serve.__name__ = f"{one.method.lower()}{one.path.replace('/', '_')}"
    handler: Callable[[Callable[..., Awaitable[Any]]], HTTPRouteHandler] = route(
        one.path, http_method=[HttpMethod(one.method)], opt=_OPEN, status_code=200
    )
    return handler(serve)


def _answer(
    console: Console, one: Page, request: Request[Any, Any, Any], body: bytes
) -> Response[Any]:
    headers = {k.lower(): v for k, v in request.headers.items()}
    cookies = headers.get("cookie", "")
    cookie = jar(cookies, COOKIE)
    visit = Visit(
        console=console,
        method=one.method,
        path=request.url.path,
        at=console.clock(),
        query=fields_of(request.scope["query_string"].decode("ascii", "replace")),
        names={k: meant(str(v)) for k, v in request.path_params.items()},
        form=fields_of(body.decode("utf-8", "replace")) if body else {},
        headers=headers,
        source=request.client.host if request.client else "",
        cookie=cookie,
        look=look_of(jar(cookies, LOOK)),
        seen=console.store.latest() if one.method == "GET" and one.needs else 0,
    )
    visit = replace(visit, known=caller_of(cookie, visit))
    return _response(visit, answer(visit, one))


def fields_of(text: str) -> Fields:
    """The names and values of a query or a form, as they were meant: lines end as ours do."""
    made: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=_FIELDS):
        made.setdefault(name, []).append(meant(value.replace("\r\n", "\n")))
    return {k: tuple(v) for k, v in made.items()}


def _response(visit: Visit, given: Answer) -> Response[Any]:
    headers = dict(given.headers) | ({"set-cookie": given.cookie} if given.cookie else {})
    if given.later is None:
        return Response(
            given.body, status_code=given.status, media_type=given.kind, headers=headers
        )
    parts = _in_turn(visit, given)
    return Stream(parts, status_code=given.status, media_type=given.kind, headers=headers)


async def _in_turn(visit: Visit, given: Answer) -> AsyncIterator[bytes]:
    """What is there, so that the browser paints it; then what takes longer; then the rest."""
    yield given.body
    yield await asyncio.to_thread(later, visit, given)
    yield given.end
