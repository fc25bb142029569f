"""The routes, happy and unhappy, against a real server."""

import base64
import http.client
import json
from pathlib import Path
from typing import Any

import pytest
from tests.processes import PATIENCE

from stanch.cli.root import run
from stanch.store.backup import read_backup
from stanch.store.verify import entries as entries_of
from stanch.store.verify import examine, parse_checkpoint


def logged(folder: Path, checkpoint: bytes) -> list[bytes]:
    """The entries that a log's folder publishes under this checkpoint."""
    return list(entries_of(folder, parse_checkpoint(checkpoint.decode()).size))


ASSET = {"id": "churn", "kind": "model", "name": "Churn", "owner": "sales"}


def test_an_asset_is_written_down_looked_up_and_changed(server: Any) -> None:
    made = server.ask("POST", "/api/v1/assets", ASSET)
    assert made.status == 201, made.body
    assert server.ask("GET", "/api/v1/assets/churn").json["owner"] == "sales"
    again = server.ask("POST", "/api/v1/assets", ASSET)
    assert (again.status, again.json["type"]) == (409, "already-there")
    text = b"id: churn\nkind: model\nname: Churn\nowner: finance\n"
    yaml = {"content-type": "application/yaml"}
    assert server.ask("PUT", "/api/v1/assets/churn", text, headers=yaml).status == 200
    assert server.ask("GET", "/api/v1/assets/churn").json["owner"] == "finance"
    found = server.ask("GET", "/api/v1/assets?kind=model&limit=500").json
    assert "churn" in [one["id"] for one in found["items"]]


def test_an_asset_with_faults_names_them(server: Any) -> None:
    told = server.ask("POST", "/api/v1/assets", b"id: ../etc\nkind: modle\n")
    assert (told.status, told.json["type"]) == (422, "bad-file")
    assert "modle" in told.json["detail"]


def test_the_address_and_the_asset_must_agree(server: Any) -> None:
    told = server.ask("PUT", "/api/v1/assets/other", ASSET)
    assert (told.status, told.json["type"]) == (422, "bad-input")


def test_the_address_and_the_policy_or_the_playbook_must_agree(server: Any) -> None:
    book, *_ = server.ask("GET", "/api/v1/playbooks").json
    kind = {"content-type": "application/yaml"}
    for path, body in (
        ("/api/v1/assets/churn/policy", b"asset: fraud\n"),
        ("/api/v1/playbooks/another", book["text"].encode()),
    ):
        told = server.ask("PUT", path, body, headers=kind)
        assert (told.status, told.json["type"]) == (422, "bad-input"), path
        assert told.json["detail"].startswith("The address says"), path


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/assets/none",
        "/api/v1/incidents/none",
        "/api/v1/findings/none",
        "/api/v1/approvals/none",
        "/api/v1/evidence/none",
        "/api/v1/evidence/none/proof",
        "/api/v1/evidence/none/content",
        "/log/tile/../../keys/signing.secret",
        "/log/tile/0/999",
        "/nowhere",
    ],
)
def test_what_is_not_there_is_a_404_problem(server: Any, path: str) -> None:
    told = server.ask("GET", path)
    assert told.status == 404
    assert told.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "noun",
    ["assets", "incidents", "findings", "policies", "approvals", "evidence", "clocks", "runs"],
)
def test_a_list_has_items_and_next_and_refuses_what_it_does_not_know(
    server: Any, noun: str
) -> None:
    page = server.ask("GET", f"/api/v1/{noun}?limit=1").json
    assert set(page) == {"items", "next"}
    for query in ("colour=red", "limit=0", "limit=x", "limit=501"):
        told = server.ask("GET", f"/api/v1/{noun}?{query}")
        assert (told.status, told.json["type"]) == (422, "bad-input"), query


def test_pages_follow_each_other_without_a_gap(server: Any) -> None:
    for n in range(5):
        asset = {**ASSET, "id": f"page-{n}", "owner": "pages"}
        assert server.ask("POST", "/api/v1/assets", asset).status == 201
    found: list[str] = []
    after = ""
    for _ in range(10):
        page = server.ask("GET", f"/api/v1/assets?owner=pages&limit=2&after={after}").json
        found += [one["id"] for one in page["items"]]
        after = page["next"]
        if not after:
            break
    assert found == [f"page-{n}" for n in range(5)]
    for n in (1, 0):
        server.ask("PUT", f"/api/v1/assets/page-{n}/policy", {"asset": f"page-{n}"})
    after = "page-"
    for n in range(2):
        page = server.ask("GET", f"/api/v1/policies?limit=1&after={after}").json
        assert [one["asset"] for one in page["items"]] == [f"page-{n}"]
        after = page["next"]


def test_evidence_is_kept_proved_read_and_exported(server: Any, tmp_path: Path) -> None:
    kept = server.ask("POST", "/api/v1/vault?name=weights.bin", b"\x00weights\xff")
    assert kept.status == 201, kept.body
    item = kept.json["id"]
    read = server.ask("GET", f"/api/v1/evidence/{item}/content")
    assert read.body == b"\x00weights\xff"
    proof = server.ask("GET", f"/api/v1/evidence/{item}/proof").json
    assert proof["digest"] == kept.json["digest"]
    assert kept.json["digest"].encode() in base64.b64decode(proof["leaf"])
    assert proof["proof"].startswith("c2sp.org/tlog-proof@v1")
    seen = server.ask("GET", "/log/checkpoint", key="").body.decode()
    size = int(seen.splitlines()[1])
    bundle = server.ask("POST", f"/api/v1/incidents/all/bundle?since={size}")
    assert bundle.status == 200, bundle.body
    path = tmp_path / "bundle.zip"
    path.write_bytes(bundle.body)
    assert examine(path, [], seen)["continues"] == size
    grown = server.ask("GET", f"/log/consistency?since={size}", key="")
    assert grown.body.decode().startswith(f"old {size}\n")
    assert server.ask("GET", "/log/consistency?since=999999", key="").status == 422
    assert server.ask("GET", "/api/v1/evidence-check").json["holds"] is True
    point = server.ask("GET", "/log/checkpoint", key="").body.decode()
    assert point.startswith("stanch/")
    size = int(point.splitlines()[1])
    assert server.ask("GET", f"/log/tile/0/000.p/{size}").status == 200


def test_a_hunt_finds_the_events_that_were_sent(server: Any) -> None:
    rows = [
        {
            "id": f"hunt-{n}",
            "ts": f"2026-11-20T10:00:0{n}Z",
            "kind": "inference",
            "asset": "hunted",
            "principal": f"p{n % 2}",
            "latency_ms": n,
        }
        for n in range(6)
    ]
    assert server.ask("POST", "/api/v1/events", rows).json["accepted"] == 6
    found = server.ask("GET", "/api/v1/hunt?asset=hunted&where=latency_ms%20%3E%203").json
    assert [one["id"] for one in found] == ["hunt-5", "hunt-4"]
    assert server.ask("GET", "/api/v1/hunt/count?asset=hunted").json == {"count": 6}
    bad = server.ask("GET", "/api/v1/hunt?asset=hunted&where=drop%20table%20x")
    assert (bad.status, bad.headers["content-type"]) == (422, "application/problem+json")
    late = server.ask("GET", "/api/v1/hunt?asset=hunted&since=2026-11-20T10:00:00")
    assert late.status == 422
    none = server.ask("GET", "/api/v1/hunt/count?asset=hunted&where=latency_ms%20%3E%2099")
    assert none.json == {"count": 0}


def test_a_hunt_on_an_asset_that_nobody_knows_says_so(server: Any) -> None:
    for path in ("hunt", "hunt/count"):
        unknown = server.ask("GET", f"/api/v1/{path}?asset=nope")
        assert unknown.status == 404
        assert "no asset 'nope'" in unknown.json["detail"]
    server.ask("POST", "/api/v1/assets", {**ASSET, "id": "quiet-one"})
    assert server.ask("GET", "/api/v1/hunt/count?asset=quiet-one").json == {"count": 0}
    assert server.ask("GET", "/api/v1/hunt?asset=quiet-one").json == []


def test_a_key_is_shown_once_and_is_nothing_after_it_is_revoked(server: Any) -> None:
    made = server.ask("POST", "/api/v1/keys", {"scopes": ["read"], "name": "probe", "days": 1})
    assert made.status == 201
    secret, key = made.json["secret"], made.json["id"]
    assert server.ask("GET", "/api/v1/assets", key=secret).status == 200
    listed = server.ask("GET", "/api/v1/keys?limit=500")
    assert key in [one["id"] for one in listed.json["items"]]
    assert secret.encode() not in listed.body
    assert server.ask("DELETE", f"/api/v1/keys/{key}").status == 200
    assert server.ask("GET", "/api/v1/assets", key=secret).status == 401
    for wrong in ({"days": 0}, {"days": 3651}, {"scopes": list[str]()}, {"scopes": ["all"]}):
        told = server.ask("POST", "/api/v1/keys", {"scopes": ["read"], "name": "probe", **wrong})
        assert told.status == 422, wrong


@pytest.mark.parametrize(("scope", "status"), [("approve", 404), ("respond", 403)])
def test_a_key_gets_to_a_question_by_its_right_to_approve_alone(
    server: Any, scope: str, status: int
) -> None:
    made = server.ask("POST", "/api/v1/keys", {"scopes": [scope], "name": scope, "days": 1}).json
    vote = {"yes": True, "digest": f"sha256:{'0' * 64}"}
    asked = server.ask("POST", "/api/v1/approvals/none", vote, key=made["secret"])
    assert asked.status == status


def test_a_person_logs_in_changes_with_the_token_and_logs_out(server: Any) -> None:
    person = {"name": "ada", "role": "responder", "password": "correct horse battery"}
    assert server.ask("POST", "/api/v1/users", person).status == 201
    wrong = {"name": "ada", "password": "wrong wrong wrong"}
    assert server.ask("POST", "/api/v1/sessions", wrong, key="").status == 401
    right = {"name": "ada", "password": person["password"]}
    elsewhere = {"sec-fetch-site": "cross-site"}
    assert server.ask("POST", "/api/v1/sessions", right, key="", headers=elsewhere).status == 403
    came_in = server.ask("POST", "/api/v1/sessions", right, key="")
    assert came_in.status == 201, came_in.body
    flags = came_in.headers["set-cookie"].lower()
    assert "httponly" in flags
    assert "samesite=lax" in flags
    assert "secure" not in flags, "without TLS a browser would never send it back"
    cookie = {"cookie": came_in.headers["set-cookie"].partition(";")[0]}
    me = server.ask("GET", "/api/v1/me", key="", headers=cookie).json
    assert (me["name"], me["role"]) == ("ada", "responder")
    by_key = server.ask("GET", "/api/v1/me", headers=cookie).json
    assert (by_key["role"], by_key["csrf"]) == (None, ""), "a key is nobody's session"
    asset = {**ASSET, "id": "by-ada"}
    bare = server.ask("POST", "/api/v1/assets", asset, key="", headers=cookie)
    assert bare.status == 403
    token = {**cookie, "x-csrf-token": me["csrf"]}
    foreign = {**token, "sec-fetch-site": "cross-site"}
    assert server.ask("POST", "/api/v1/assets", asset, key="", headers=foreign).status == 403
    assert server.ask("POST", "/api/v1/assets", asset, key="", headers=token).status == 201
    # Whose a question is to answer stands in the question: a responder gets as far as it.
    vote = {"yes": True, "digest": f"sha256:{'0' * 64}"}
    for path, said in (("none", vote), ("none/delegate", {"to": "eve"})):
        asked = server.ask("POST", f"/api/v1/approvals/{path}", said, key="", headers=token)
        assert (asked.status, asked.json["type"]) == (404, "not-found")
    assert server.ask("DELETE", "/api/v1/sessions", key="", headers=token).json["ended"] is True
    assert server.ask("GET", "/api/v1/me", key="", headers=cookie).status == 401


def test_people_change_their_password_and_an_admin_changes_people(server: Any) -> None:
    old, new = "correct horse battery", "another horse, another day"
    person = {"name": "Bea", "role": "viewer", "password": old}
    path = f"/api/v1/users/{server.ask('POST', '/api/v1/users', person).json['id']}"
    came_in = server.ask("POST", "/api/v1/sessions", {"name": "bea", "password": old}, key="")
    cookie = {"cookie": came_in.headers["set-cookie"].partition(";")[0]}
    token = {**cookie, "x-csrf-token": came_in.json["csrf"]}
    mine, wish = "/api/v1/me/password", {"present": old, "new": new}
    assert server.ask("POST", mine, wish).json["type"] == "not-in-person"
    assert server.ask("POST", mine, wish, key="", headers=cookie).status == 403
    wrong = server.ask("POST", mine, {**wish, "present": new + "!"}, key="", headers=token)
    assert (wrong.status, wrong.json["type"]) == (403, "refused")
    renewed = server.ask("POST", mine, wish, key="", headers=token)
    assert (renewed.status, renewed.json["name"]) == (200, "Bea"), renewed.body
    assert "httponly" in renewed.headers["set-cookie"].lower()
    assert server.ask("GET", "/api/v1/me", key="", headers=cookie).status == 401
    cookie = {"cookie": renewed.headers["set-cookie"].partition(";")[0]}
    assert server.ask("GET", "/api/v1/me", key="", headers=cookie).status == 200
    assert server.ask("PATCH", path, {}).status == 422
    changed = server.ask("PATCH", path, {"role": "responder"}).json
    assert (changed["role"], changed["disabled"]) == ("responder", False)
    assert server.ask("GET", "/api/v1/me", key="", headers=cookie).json["role"] == "responder"
    assert server.ask("POST", f"{path}/password", {"password": old}).status == 200
    assert server.ask("GET", "/api/v1/me", key="", headers=cookie).status == 401
    assert server.ask("PATCH", path, {"disabled": True}).json["disabled"] is True
    again = {"name": "bea", "password": old}
    assert server.ask("POST", "/api/v1/sessions", again, key="").status == 401
    assert server.ask("PATCH", "/api/v1/users/nobody", {"disabled": True}).status == 404


def test_the_server_says_how_it_is(server: Any) -> None:
    assert server.ask("GET", "/healthz", key="").json == {"status": "alive"}
    nothing: list[str] = []
    ready = {"status": "ready", "why": nothing, "away": nothing, "aside": nothing}
    assert server.ask("GET", "/readyz", key="").json == ready
    assert server.ask("GET", "/readyz", key="wrong").json == ready
    text = server.ask("GET", "/metrics").body.decode()
    for name in ("stanch_events_accepted_total", "stanch_log_entries", "stanch_request_seconds"):
        assert name in text


def test_keys_and_logins_that_open_nothing_are_counted_at_every_door(server: Any) -> None:
    def counted(way: str) -> int:
        text = server.ask("GET", "/metrics").body.decode()
        line = next(
            x for x in text.splitlines() if x.startswith(f'stanch_refused_total{{way="{way}"')
        )
        return int(line.split()[-1])

    keys, logins = counted("key"), counted("login")
    for method, path in (("GET", "/api/v1/assets"), ("POST", "/api/v1/events")):
        assert server.ask(method, path, key="stk_wrong").status == 401
    assert counted("key") >= keys + 2
    login = {"name": "counted-nobody", "password": "wrong"}
    assert server.ask("POST", "/api/v1/sessions", login, key="").status == 401
    assert counted("login") >= logins + 1


def test_every_answer_carries_the_security_headers(server: Any) -> None:
    for path in ("/healthz", "/nowhere", "/api/v1/assets", "/openapi.json"):
        headers = server.ask("GET", path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_the_stream_tells_what_changed_and_goes_on_where_it_stopped(server: Any) -> None:
    assert server.ask("GET", "/api/v1/stream", key="").status == 401
    first = listen(server, None, "stream-1")
    assert first[0][1:] == ("asset", "stream-1")
    assert server.ask("POST", "/api/v1/assets", {**ASSET, "id": "stream-2"}).status == 201
    second = listen(server, first[0][0], "stream-3")
    assert [one[2] for one in second] == ["stream-2", "stream-3"]
    assert second[0][0] > first[0][0]
    gap = listen(server, 10**15, "stream-4")
    assert [one[1] for one in gap] == ["gap", "asset"]
    asked = listen(server, second[0][0], "stream-5", "after")
    assert [one[2] for one in asked] == ["stream-3", "stream-4", "stream-5"]


def listen(
    server: Any, after: int | None, asset: str, how: str = "header"
) -> list[tuple[int, str, str]]:
    """What the stream says of these assets and of gaps, up to this one, made once it listens.

    What earlier tests left on this server is news too, and comes when it comes.
    """
    headers = {"authorization": f"Bearer {server.key}"}
    if after is not None and how == "header":
        headers["last-event-id"] = str(after)
    query = f"?after={after}" if how == "after" else ""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE)
    try:
        connection.request("GET", f"/api/v1/stream{query}", headers=headers)
        response = connection.getresponse()
        assert response.status == 200
        assert response.readline() == b"retry: 2000\n"
        assert server.ask("POST", "/api/v1/assets", {**ASSET, "id": asset}).status == 201
        told: list[tuple[int, str, str]] = []
        number, kind = 0, ""
        while not told or told[-1][2] != asset:
            name, _, value = response.readline().decode().strip().partition(": ")
            if name == "id":
                number = int(value)
            elif name == "event":
                kind = value
            elif name == "data":
                about = json.loads(value).get("id", "")
                if kind == "gap" or about.startswith("stream-"):
                    told.append((number, kind, about))
        return told
    finally:
        connection.close()


@pytest.mark.parametrize(
    "path", ["/", "/login", "/healthz", "/openapi.json", "/api/v1/assets", "/api/v1/stream"]
)
def test_head_answers_what_get_would_without_its_body(server: Any, path: str) -> None:
    told = server.ask("HEAD", path)
    assert told.status in (200, 303)
    assert told.body == b""
    assert told.headers["x-content-type-options"] == "nosniff"
    assert server.ask("HEAD", path, key="nobody's").status in (200, 303, 401)


def test_head_of_what_is_not_there_is_404_and_of_what_only_takes_post_is_405(server: Any) -> None:
    assert server.ask("HEAD", "/api/v1/assets/nobody-knows-it").status == 404
    assert server.ask("HEAD", "/api/v1/sessions").status == 405


def test_a_backup_is_entered_in_the_log_and_its_age_is_told(server: Any, tmp_path: Path) -> None:
    def told() -> dict[str, Any]:
        found = server.ask("GET", "/api/v1/checkup").json
        return dict(next(one for one in found if one["name"] == "backup"))

    assert told()["good"] is None
    assert "stanch backup" in told()["remedy"]
    file, data = tmp_path / "one.backup", str(server.data)
    assert run(["backup", "-o", str(file), "--data", data, "--json"]) == 0
    assert told()["good"] is True
    last = server.ask("GET", "/api/v1/backups/last").json
    assert last["digest"] == read_backup(file).digest
    assert last["digest"] in told()["says"]
    about = {"actor": last["by"], "about": "data folder", "digest": last["digest"]}
    entries = (
        json.loads(one)
        for one in logged(server.data / "log", server.ask("GET", "/log/checkpoint").body)
    )
    assert any(one["deed"] == "backup.made" and about.items() <= one.items() for one in entries)


@pytest.mark.parametrize("path", ["/login", "/metrics", "/log/checkpoint"])
def test_a_text_says_once_how_it_is_written(server: Any, path: str) -> None:
    told = server.ask("GET", path)
    assert told.headers["content-type"].count("charset=utf-8") == 1
