"""The server itself: is it alive, is it ready, what does it measure, what does it offer."""

from collections.abc import Iterable
from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE

from stanch.api.asking import TheHouse, anybody, needs
from stanch.api.gate import caller_of
from stanch.api.house import House
from stanch.api.wire import source_of
from stanch.engine.health import Checkup
from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import Trouble

AnyRequest = Request[Any, Any, Any]


@get("/healthz", opt=anybody(), sync_to_thread=False)
def healthz() -> dict[str, str]:
    """That the process answers."""
    return {"status": "alive"}


@get("/readyz", opt=anybody(), sync_to_thread=True)
def readyz(house: TheHouse, request: AnyRequest) -> Response[dict[str, str | tuple[str, ...]]]:
    """Whether it can serve, and if not, why; what is away outside, and what was found and could
    not be judged, does not keep it from that. Causes name systems and places, so they are told to
    whoever may read.
    """
    health, causes = house.health, _may_read(house, request)
    why, away, aside = health.unready(why=causes), health.away(why=causes), health.aside()
    told = {"status": "unready" if why else "ready", "why": why, "away": away, "aside": aside}
    return Response(told, status_code=HTTP_503_SERVICE_UNAVAILABLE if why else HTTP_200_OK)


def _may_read(house: House, request: AnyRequest) -> bool:
    """Whether a key or a login comes with it that may read; nobody is refused without one."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        return caller_of(house.access, "GET", headers, source_of(request.scope)).may(Scope.READ)
    except Trouble:
        return False


@get("/api/v1/checkup", opt=needs(Scope.READ), sync_to_thread=True)
def checkup(house: TheHouse) -> tuple[Checkup, ...]:
    """Everything the server can say of itself, with a remedy for what is not well."""
    return tuple(house.health.checkups())


@get("/metrics", opt=needs(Scope.READ), media_type=MediaType.TEXT, sync_to_thread=True)
def metrics(house: TheHouse) -> Response[str]:
    """What it measures, as Prometheus reads it."""
    return Response(prometheus(house.health.measures()), media_type="text/plain; version=0.0.4")


def prometheus(measures: Iterable[tuple[str, str, float]]) -> str:
    """The measures in Prometheus's text format; a name may carry its labels in braces."""
    lines: list[str] = []
    said: set[str] = set()
    for name, kind, value in measures:
        family = name.partition("{")[0]
        if family not in said:
            said.add(family)
            lines.append(f"# TYPE {family} {kind}")
        lines.append(f"{name} {value:.17g}")
    return "\n".join(lines) + "\n"


ROUTES = (healthz, readyz, checkup, metrics)
