"""The OpenAPI document is complete, and what it says is what the server does."""

import json
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from stanch.api.framework import build
from stanch.api.house import described
from stanch.api.openapi import document, routes_of

HOUSE = described()
DOCUMENT: dict[str, Any] = json.loads(document(build(HOUSE, described=True)))
SKIPPED = ("/api/v1/stream", "/api/v1/sessions", "/api/v1/keys/{key}")
"""A stream does not end; a session that is ended and a key that is revoked would end the test."""
SCHEMA: Any = schemathesis.openapi.from_dict(DOCUMENT).exclude(path=list(SKIPPED))


def test_every_route_is_in_the_document_with_its_own_operation_id() -> None:
    paths = DOCUMENT["paths"]
    lines = {(one.path, one.method.lower()) for one in routes_of(build(HOUSE))}
    assert lines == {(path, method) for path, ways in paths.items() for method in ways}
    names = [way["operationId"] for ways in paths.values() for way in ways.values()]
    assert len(set(names)) == len(names)


def test_every_operation_names_its_security_and_its_problem() -> None:
    for ways in DOCUMENT["paths"].values():
        for way in ways.values():
            assert "security" in way
            assert way["responses"]["default"] == {"$ref": "#/components/responses/Problem"}


def test_the_server_serves_this_document(server: Any) -> None:
    assert server.ask("GET", "/openapi.json", key="").json == DOCUMENT


@SCHEMA.parametrize()
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_request_makes_the_server_stumble(case: Any, server: Any) -> None:
    case.call_and_validate(
        base_url=server.url,
        headers={"authorization": f"Bearer {server.key}"},
        checks=[
            schemathesis.checks.not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
        ],
    )
