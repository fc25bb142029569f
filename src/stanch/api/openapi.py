"""The OpenAPI document: what the framework knows of the routes, and what it cannot know.

In    the Litestar application.
Out   one true document: operation ids, the scope and the security of each route, the filters of
      lists, bodies that are read raw, the hot route, and the problem document of every failure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.routes import HTTPRoute

import stanch
from stanch.api import events
from stanch.api.asking import LONGEST_PAGE, OPEN, SCOPE
from stanch.api.gate import COOKIE
from stanch.api.problem import MEDIA_TYPE, Problem
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Scope
from stanch.vocabulary.receipt import Receipt

PATH = "/openapi.json"
_PLACE = ("after", "limit")
Json = dict[str, Any]
_REF = "#/components/schemas/{name}"
_PROBLEM: Json = {"$ref": "#/components/responses/Problem"}
_KNOWN: list[Json] = [{"key": []}, {"session": []}]


def _operation_id(handler: HTTPRouteHandler, *_: object) -> str:
    first, *rest = handler.handler_name.split("_")
    return first + "".join(word.capitalize() for word in rest)


CONFIG = OpenAPIConfig(
    title="stanch",
    version=stanch.__version__,
    description="Incident response for machine-learning systems.",
    use_handler_docstrings=True,
    operation_id_creator=_operation_id,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteLine:
    """One route, as tests and pages list it."""

    method: str
    path: str
    scope: Scope | None
    """None: anybody may ask."""
    filters: tuple[str, ...]
    pages: bool
    """Whether it is a list that comes in pages, or what is counted beside one."""
    takes: Mapping[str, str]
    """Media types of a body that is read raw, and what it holds."""
    answers: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Statuses that answer in a form of their own: its media type, and what it says."""


def routes_of(app: Litestar) -> Iterator[RouteLine]:
    """Every route, the hot one too."""
    yield RouteLine(
        method="POST",
        path=events.PATH,
        scope=Scope.INGEST,
        filters=(),
        pages=False,
        takes=dict.fromkeys(events.MEDIA_TYPES, "Events"),
    )
    for route in app.routes:
        if not isinstance(route, HTTPRoute) or route.path.startswith("/schema"):
            continue
        for handler in route.route_handlers:
            for method in sorted(handler.http_methods - {"OPTIONS", "HEAD"}):
                scope = handler.opt[SCOPE]
                yield RouteLine(
                    method=str(method),
                    path=route.path_format,
                    scope=None if scope == OPEN else Scope(scope),
                    filters=tuple(handler.opt.get("filters", ())),
                    pages="asked" in handler.parsed_fn_signature.parameters,
                    takes=handler.opt.get("takes", {}),
                    answers=handler.opt.get("answers", {}),
                )


def document(app: Litestar) -> bytes:
    """The document, as JSON."""
    plain = msgspec.json.decode(
        msgspec.json.encode(app.openapi_schema.to_schema(), enc_hook=_listed), type=Json
    )
    parts: Json = plain["components"]
    schemas: Json = parts["schemas"]
    filters = _filters(schemas)
    schemas["Bytes"] = {"type": "string", "format": "binary"}
    schemas["Text"] = {"type": "string"}
    schemas["AssetText"] = {"$ref": _REF.format(name="Asset")}
    schemas["Events"] = {"type": "array", "items": {"type": "object"}}
    parts["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
    }
    parts["responses"] = {
        "Problem": {
            "description": "What went wrong (RFC 9457)",
            "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(name="Problem")}}},
        }
    }
    plain["paths"][events.PATH] = {"post": _take_events()}
    for line in routes_of(app):
        operation = plain["paths"].get(line.path, {}).get(line.method.lower())
        if operation is not None:
            _complete(operation, line, filters)
    ready = plain["paths"]["/readyz"]["get"]["responses"]
    ready["503"] = {**ready["200"], "description": "It cannot serve now; `why` says why"}
    return msgspec.json.encode(plain, order="sorted")


def _listed(value: Any) -> Any:
    return sorted(map(str, value)) if isinstance(value, frozenset) else str(value)


def _complete(operation: Json, line: RouteLine, filters: Mapping[str, Json]) -> None:
    operation["security"] = list[Json]() if line.scope is None else _KNOWN
    operation["x-scope"] = line.scope or OPEN
    operation.pop("deprecated", None)
    for parameter in operation.get("parameters", ()):
        parameter.pop("deprecated", None)
    if line.pages:
        given: list[Json] = operation.get("parameters", list[Json]())
        operation["parameters"] = given + [
            {"name": name, "in": "query", "required": False, "schema": filters[name]}
            for name in (*line.filters, *_PLACE * ("Facets" not in operation["operationId"]))
        ]
    if line.takes:
        content = {
            kind: {"schema": {"$ref": _REF.format(name=n)}} for kind, n in line.takes.items()
        }
        operation["requestBody"] = {"required": True, "content": content}
    responses: Json = operation["responses"]
    responses.pop("400", None)
    if line.scope is not None:
        responses["401"] = responses["403"] = _PROBLEM
    if "{" in line.path:
        responses["404"] = _PROBLEM
    responses.setdefault("422", _PROBLEM)
    for status, (kind, says) in line.answers.items():
        content = {kind: {"schema": {"type": "string"}}}
        responses[status] = {"description": says, "content": content}
    responses["default"] = _PROBLEM


def _filters(schemas: Json) -> Mapping[str, Json]:
    _, found = msgspec.json.schema_components((Wanted, Problem, Receipt), ref_template=_REF)
    wanted = found.pop("Wanted")
    for name, schema in found.items():
        schemas.setdefault(name, schema)
    filters = {name: _plain(schema) for name, schema in wanted["properties"].items()}
    filters["after"] = {"type": "string", "description": "the `next` of the page before"}
    filters["limit"] = {"type": "integer", "minimum": 1, "maximum": LONGEST_PAGE, "default": 50}
    return filters


def _plain(schema: Json) -> Json:
    """A filter's schema without its default, and never null: a query string has no null."""
    kinds = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    plain = kinds[0] if kinds else {k: v for k, v in schema.items() if k != "default"}
    if plain.get("items") == {"type": "string"}:
        return {**plain, "items": {"type": "string"}}
    return plain


def _take_events() -> Json:
    return {
        "operationId": "takeEvents",
        "summary": "Take events in",
        "description": (
            "What a system tells: a JSON array, NDJSON or an Arrow IPC stream. The same id twice "
            "is counted once; a bad row never costs a good one. What is accepted is on disk."
        ),
        "responses": {
            "202": {
                "description": "What became of each row",
                "content": {"application/json": {"schema": {"$ref": _REF.format(name="Receipt")}}},
            },
            **dict.fromkeys(("413", "415", "422", "429", "507"), _PROBLEM),
        },
    }
