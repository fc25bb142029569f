"""Evidence: kept, read, proved and exported; and the log as an outside monitor follows it."""

from typing import Any, cast

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream as Streamed

from stanch.api.asking import TheCaller, TheHouse, TheUploads, anybody, needs
from stanch.api.wire import Receive, chunks
from stanch.engine.desk import Proof, Scrub, Upload, Verified
from stanch.engine.shredding import Ahead, Order
from stanch.vocabulary.ids import EvidenceId, IncidentId
from stanch.vocabulary.people import Scope
from stanch.vocabulary.record import Evidence
from stanch.vocabulary.trouble import NotFound

_BYTES = "application/octet-stream"
_LINES = "application/x-ndjson"


@get("/evidence/{item:str}", opt=needs(Scope.READ), sync_to_thread=True)
def get_evidence(house: TheHouse, item: FromPath[str]) -> Evidence:
    """One item: what it is, its digest, who took it and when."""
    with house.store.look() as tx:
        return tx.evidence.get(EvidenceId(item))


@get(
    "/evidence/{item:str}/content", opt=needs(Scope.RESPOND), media_type=_BYTES, sync_to_thread=True
)
def read_evidence(house: TheHouse, caller: TheCaller, item: FromPath[str]) -> Streamed:
    """The item's bytes, checked while they are read; that somebody looked is entered in the log."""
    kept, pieces = house.desk.content(EvidenceId(item), caller)
    known = {} if kept.personal else {"content-length": str(kept.size)}  # that of sealed bytes
    return Streamed(
        pieces,
        media_type=_BYTES,
        headers={
            **known,
            "content-disposition": f'attachment; filename="{kept.id}"',
            "etag": f'"{kept.digest}"',
        },
    )


@get("/evidence/{item:str}/shred", opt=needs(Scope.READ), sync_to_thread=True)
def preview_shredding(house: TheHouse, item: FromPath[str]) -> Ahead:
    """What destroying the personal data in this item would take away; nothing is changed."""
    return house.shredding.ahead(item)


@post("/evidence/{item:str}/shred", opt=needs(Scope.APPROVE), status_code=200, sync_to_thread=True)
def shred_evidence(
    house: TheHouse, caller: TheCaller, item: FromPath[str], data: JSONBody[Order]
) -> Evidence:
    """The item, after the key of its personal data was destroyed; this cannot be taken back.

    Only a person who may approve, and did not put the item there, may do it.
    """
    return house.shredding.shred(item, data, caller)


@get("/evidence/{item:str}/proof", opt=needs(Scope.READ), sync_to_thread=True)
def prove_evidence(house: TheHouse, item: FromPath[str]) -> Proof:
    """The item's place in the log, with what an outsider needs to check it."""
    return house.desk.proof(EvidenceId(item))


@post(
    "/vault",
    opt={**needs(Scope.RESPOND), "takes": {_BYTES: "Bytes"}},
    request_max_body_size=None,
)
async def put_evidence(  # noqa: PLR0913, PLR0917  each is a named part of the request
    house: TheHouse,
    caller: TheCaller,
    uploads: TheUploads,
    request: Request[Any, Any, Any],
    name: FromQuery[str],
    kind: FromQuery[str] = "artefact",
    incident: FromQuery[str] = "",
    personal: FromQuery[bool] = False,  # noqa: FBT002  a part of the query, always named
) -> Evidence:
    """The item, now in the vault and in the log; a body of any size, never held in memory."""
    upload = Upload(
        name=name,
        kind=kind,
        incident=IncidentId(incident) if incident else None,
        personal=personal,
    )
    return await uploads.take(
        chunks(cast("Receive", request.receive)),
        request.content_length or 0,
        lambda body: house.desk.put(upload, body, caller),
    )


@post(
    "/vault/scrub",
    opt={**needs(Scope.RESPOND), "answers": {"200": (_LINES, "Each item, as it is read back")}},
    media_type=_LINES,
    status_code=200,
    sync_to_thread=True,
)
def scrub_vault(house: TheHouse, caller: TheCaller) -> Streamed:
    """Each item of the vault after it was read back, one a line; damaged ones say what is wrong."""
    lines = (msgspec.json.encode(one) + b"\n" for one in house.desk.scrub(caller.name))
    return Streamed(lines, media_type=_LINES)


@get("/vault/scrub", opt=needs(Scope.READ), sync_to_thread=True)
def last_scrub(house: TheHouse) -> Scrub:
    """What the last scrub of the vault found."""
    found = house.desk.last_scrub()
    if found is None:
        raise NotFound("scrub of the vault", "last", "vault list")
    return found


@post(
    "/incidents/{incident:str}/bundle",
    opt=needs(Scope.RESPOND),
    media_type="application/zip",
    status_code=200,
    sync_to_thread=True,
)
def export_bundle(
    house: TheHouse, caller: TheCaller, incident: FromPath[str], since: FromQuery[int | None] = None
) -> Streamed:
    """All evidence of the incident in one file that verifies offline; the export is entered.

    With the size of a checkpoint that was kept it proves too that nothing before was rewritten.
    """
    file_name, pieces = house.desk.bundle(IncidentId(incident), caller, since)
    return Streamed(
        pieces,
        media_type="application/zip",
        headers={"content-disposition": f'attachment; filename="{file_name}"'},
    )


@get("/evidence-check", opt=needs(Scope.READ), sync_to_thread=True)
def check_evidence(house: TheHouse) -> Verified:
    """What checking the whole log, its signatures and the vault's items says."""
    return house.desk.verify()


@get("/log/checkpoint", opt=anybody(), media_type=MediaType.TEXT, sync_to_thread=True)
def checkpoint(house: TheHouse) -> Response[bytes]:
    """The newest signed checkpoint (C2SP tlog-checkpoint)."""
    return Response(
        house.desk.checkpoint(),
        media_type="text/plain",
        headers={"cache-control": "no-cache"},
    )


@get("/log/consistency", opt=anybody(), media_type=MediaType.TEXT, sync_to_thread=True)
def consistency(house: TheHouse, since: FromQuery[int]) -> Response[bytes]:
    """The newest checkpoint, and the proof that it continues the one of `since` entries.

    It is what a C2SP witness is asked with (tlog-witness, add-checkpoint).
    """
    return Response(
        house.desk.grown(since), media_type="text/plain", headers={"cache-control": "no-cache"}
    )


@get("/log/tile/{tile:path}", opt=needs(Scope.READ), media_type=_BYTES, sync_to_thread=True)
def log_tile(house: TheHouse, tile: FromPath[str]) -> Response[bytes]:
    """A tile of the log (C2SP tlog-tiles); full tiles never change."""
    partial = ".p/" in tile
    return Response(
        house.desk.tile(tile.lstrip("/")),
        media_type=_BYTES,
        headers={
            "cache-control": "no-cache" if partial else "private, max-age=31536000, immutable"
        },
    )


ROUTES = (
    get_evidence,
    read_evidence,
    prove_evidence,
    preview_shredding,
    shred_evidence,
    put_evidence,
    scrub_vault,
    last_scrub,
    export_bundle,
    check_evidence,
)
AT_ROOT = (checkpoint, consistency, log_tile)
