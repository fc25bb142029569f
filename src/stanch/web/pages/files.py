"""Static files: the style sheet, the modules, the icons; named by content, kept for good."""

from functools import cache

from stanch.vocabulary.trouble import NoSuchPage
from stanch.web.paper import STATIC, stamp
from stanch.web.visit import Answer, Page, Visit

_KINDS = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


@cache
def _files() -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in STATIC.iterdir() if one.suffix in _KINDS}


def show(visit: Visit) -> Answer:
    """The file; for good when it is asked for by today's stamp."""
    name = visit.names["name"]
    body = _files().get(name)
    if body is None:
        raise NoSuchPage(visit.path[:200])
    fresh = visit.names["stamp"] == stamp()
    keep = "public, max-age=31536000, immutable" if fresh else "no-cache"
    kind = _KINDS[name[name.rindex(".") :]]
    return Answer(body=body, kind=kind, headers={"cache-control": keep})


PAGES = (Page(path="/static/{stamp:str}/{name:str}", show=show, needs=None),)
