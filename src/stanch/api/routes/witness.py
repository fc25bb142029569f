"""Witnessing: other logs are cosigned here, and our own takes the cosignatures of others.

In    C2SP add-checkpoint requests; cosignature lines.
Out   our cosignature or why not, in the status codes of C2SP tlog-witness; our own checkpoint.
Why   two machines that remember each other's logs keep both from showing two histories.
"""

from litestar import Response, get, post
from litestar.params import RawBody

from stanch.api.asking import TheHouse, anybody, needs
from stanch.engine.witnesses import PATH
from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import BadInput, NotFound

_TEXT = "text/plain"
_PLAIN = "text/plain"
_LARGEST = 64 * 1024
_SAYS = {
    "400": (_PLAIN, "Not an add-checkpoint request"),
    "403": (_PLAIN, "Not signed with the keys of that log"),
    "404": (_PLAIN, "That log is not witnessed here"),
    "409": ("text/x.tlog.size", "The size that is remembered here"),
    "422": (_PLAIN, "The consistency proof does not hold"),
}


@post(
    PATH,
    opt={**anybody(), "takes": {_PLAIN: "Text"}, "answers": _SAYS},
    status_code=200,
    media_type=_PLAIN,
    request_max_body_size=_LARGEST,
    sync_to_thread=True,
)
def add_checkpoint(house: TheHouse, body: RawBody) -> Response[str]:
    """Our cosignature on another log's checkpoint (C2SP tlog-witness)."""
    if house.witness is None:
        return Response("this log is not witnessed here", status_code=404, media_type=_TEXT)
    told = house.witness.add_checkpoint(body.decode("utf-8", "replace"))
    return Response(told.body, status_code=int(told.status), media_type=told.content_type)


@post(
    "/log/cosignatures",
    opt={**needs(Scope.ADMIN), "takes": {_PLAIN: "Text"}},
    status_code=200,
    media_type=_PLAIN,
    request_max_body_size=_LARGEST,
    sync_to_thread=True,
)
def take_cosignatures(house: TheHouse, body: RawBody) -> Response[str]:
    """Our checkpoint, under those of these cosignatures that hold and are of our witnesses."""
    if house.witnesses is None:
        raise NotFound("witnesses", "cosignatures", "evidence list")
    try:
        lines = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput("Cosignatures are lines of text in UTF-8.") from error
    return Response(house.witnesses.accept(lines), media_type=_TEXT)


@get("/log/keys", opt=anybody(), sync_to_thread=True)
def log_keys(house: TheHouse) -> dict[str, tuple[str, ...]]:
    """The verifier keys of our log and of our own cosignatures, for others to pin."""
    return {"keys": house.desk.keys()}


AT_ROOT = (add_checkpoint, take_cosignatures, log_keys)
