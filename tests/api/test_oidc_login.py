"""People come in through an identity provider, over real HTTP; passwords work while it is down."""

import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.provider import Form, Vouching, provider

from stanch.api.house import described
from stanch.api.routes import oidc
from stanch.engine.oidc import roles_in
from stanch.vocabulary.people import Role
from stanch.vocabulary.trouble import BadInput

Start = Callable[[Path, dict[str, str]], AbstractContextManager[Any]]


class Idp(Vouching):
    """A provider that vouches for ada, in the groups that a test gives her."""

    def __init__(self) -> None:
        super().__init__("stanch-test")
        self.groups = ["sec"]
        self.nonce = ""

    def given(self, form: Form) -> Mapping[str, object]:
        del form
        now = int(datetime.now(UTC).timestamp())
        return self.signed(now, {"nonce": self.nonce, "groups": self.groups}, self.key)


@pytest.fixture
def idp() -> Iterator[Idp]:
    one = Idp()
    with provider(one.answer) as one.issuer:
        yield one


def cookies(answer: Any) -> dict[str, str]:
    """The cookies of an answer; the client's header view joins them with commas."""
    found = {}
    for part in answer.headers.get("set-cookie", "").split(","):
        name, _, rest = part.strip().partition("=")
        found[name] = rest
    return found


def test_a_browser_goes_through_the_provider_and_passwords_work_when_it_is_down(
    tmp_path: Path, start: Start, idp: Idp
) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    settings = {
        "STANCH_OIDC_ISSUER": idp.issuer,
        "STANCH_OIDC_CLIENT": "stanch-test",
        "STANCH_OIDC_SECRET_FILE": str(tmp_path / "secret"),
        "STANCH_OIDC_ROLES": "sec=responder, lead=admin",
    }
    with start(tmp_path / "data", settings) as server:
        assert b'href="/login/oidc"' in server.ask("GET", "/login", key="").body
        sent = server.ask("GET", "/login/oidc", key="")
        assert sent.status == 302
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(sent.headers["location"]).query))
        assert asked["redirect_uri"] == f"{server.url}/login/oidc/back"
        idp.nonce = asked["nonce"]
        pending = cookies(sent)["stanch_oidc"]
        assert "HttpOnly" in pending
        brought = {"cookie": f"stanch_oidc={pending.partition(';')[0]}"}
        back = f"/login/oidc/back?code=good&state={asked['state']}"
        assert server.ask("GET", back + "x", key="", headers=brought).status == 401
        home = server.ask("GET", back, key="", headers=brought)
        assert (home.status, home.headers["location"]) == (302, "/")
        session = cookies(home)["stanch_session"].partition(";")[0]
        me = server.ask(
            "GET", "/api/v1/me", key="", headers={"cookie": f"stanch_session={session}"}
        )
        assert (me.json["name"], me.json["role"]) == ("ada", "responder")

        idp.groups = ["cooks"]
        assert server.ask("GET", back, key="", headers=brought).status == 403

        idp.issuer = "http://127.0.0.1:9/gone"
        assert server.ask("GET", back, key="", headers=brought).status in (401, 503)
        body = {"name": "root", "role": "admin", "password": "a long enough secret"}
        assert server.ask("POST", "/api/v1/users", body).status == 201
        told = server.ask(
            "POST",
            "/api/v1/sessions",
            {"name": "root", "password": "a long enough secret"},
            key="",
        )
        assert told.json["role"] == "admin"


def test_a_local_admin_comes_in_while_the_provider_is_down(tmp_path: Path, start: Start) -> None:
    settings = {"STANCH_OIDC_ISSUER": "http://127.0.0.1:9", "STANCH_OIDC_CLIENT": "stanch-test"}
    settings |= {"STANCH_PUBLIC_URL": "https://stanch.example"}
    with start(tmp_path / "data", settings) as server:
        down = server.ask("GET", "/login/oidc", key="")
        assert (down.status, down.json["type"]) == (503, "unreachable")
        login = {"name": "root", "password": "a long enough secret"}
        assert server.ask("POST", "/api/v1/users", {**login, "role": "admin"}).status == 201
        came_in = server.ask("POST", "/api/v1/sessions", login, key="")
        assert came_in.json["role"] == "admin"
        # browsers come over TLS here, so what lets them in never travels without it
        assert "Secure" in cookies(came_in)["stanch_session"]
        form = {"content-type": "application/x-www-form-urlencoded"}
        sent = urllib.parse.urlencode(login).encode()
        by_page = server.ask("POST", "/login", sent, key="", headers=form)
        assert "Secure" in cookies(by_page)["stanch_session"]


@pytest.mark.parametrize("secure", [True, False])
def test_what_remembers_a_login_at_the_provider_travels_as_the_house_does(*, secure: bool) -> None:
    house = replace(described(), secure=secure)
    assert oidc._cookie(house, "stanch_oidc", "x", "/login/oidc", 600).secure is secure


def test_without_a_provider_the_way_to_it_is_not_there(server: Any) -> None:
    assert server.ask("GET", "/login/oidc", key="").status == 404
    assert b"/login/oidc" not in server.ask("GET", "/login", key="").body


def test_roles_are_read_and_a_wrong_one_is_named() -> None:
    assert roles_in("a=viewer, x=y=admin,") == {"a": Role.VIEWER, "x=y": Role.ADMIN}
    with pytest.raises(BadInput, match="boss"):
        roles_in("a=boss")
