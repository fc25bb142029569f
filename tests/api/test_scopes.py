"""Every route asks for one scope; the table of them is made from the application itself."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from litestar.routes import HTTPRoute

from stanch.api.asking import OPEN, SCOPE
from stanch.api.framework import build
from stanch.api.house import described
from stanch.api.openapi import RouteLine, routes_of
from stanch.vocabulary.people import Scope

OPEN_PATHS = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/log/checkpoint"),
    ("GET", "/log/consistency"),
    ("POST", "/api/v1/sessions"),
    ("GET", "/log/keys"),
    ("POST", "/witness/add-checkpoint"),
    ("GET", "/login/oidc"),
    ("GET", "/login/oidc/back"),
}


def an_application() -> Any:
    return build(described())


LINES = tuple(routes_of(an_application()))


def test_every_route_names_a_scope_or_says_that_it_is_open() -> None:
    handlers = [
        handler
        for route in an_application().routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if handler.http_methods != {"OPTIONS"}
    ]
    assert len(handlers) >= 30
    for handler in handlers:
        assert SCOPE in handler.opt, handler
        assert handler.opt[SCOPE] == OPEN or isinstance(handler.opt[SCOPE], Scope)


def test_only_these_routes_are_open_to_everybody() -> None:
    assert {(one.method, one.path) for one in LINES if one.scope is None} == OPEN_PATHS


def filled(path: str) -> str:
    return path.replace("{", "").replace("}", "")


@pytest.fixture(scope="session")
def keys(server: Any) -> dict[Scope, str]:
    return {scope: server.new_key(str(scope)) for scope in Scope}


@pytest.mark.parametrize("line", LINES, ids=lambda one: f"{one.method} {one.path}")
def test_a_key_opens_what_its_scope_names_and_nothing_else(
    server: Any, keys: dict[Scope, str], line: RouteLine
) -> None:
    if line.path == "/api/v1/stream":
        pytest.skip("a stream does not end; test_stream.py asks for its scope")
    if line.scope is None:
        expected = (401,) if line.path == "/login/oidc/back" else (200, 201, 204, 404, 422)
        assert server.ask(line.method, filled(line.path), key="").status in expected
        return
    assert server.ask(line.method, filled(line.path), key="").status == 401
    assert server.ask(line.method, filled(line.path), key="stk_wrong").status == 401
    for scope, key in keys.items():
        if line.method == "DELETE" and scope in (line.scope, Scope.ADMIN):
            continue
        status = server.ask(line.method, filled(line.path), key=key).status
        tells = scope is Scope.GUARD and line.scope is Scope.INGEST
        allowed = scope in (line.scope, Scope.ADMIN) or tells
        assert (status not in (401, 403)) == allowed, f"{scope}: {status}"


def leaves(problem: Any) -> Iterator[str]:
    yield json.dumps(problem)


def test_a_problem_never_shows_a_key(server: Any) -> None:
    told = server.ask("GET", "/api/v1/assets", key="stk_secretsecret")
    assert "secretsecret" not in "".join(leaves(told.json))
