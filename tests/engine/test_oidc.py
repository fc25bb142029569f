"""The identity provider: a real one on loopback that signs real tokens, honest or not."""

import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from stanch.engine.oidc import Oidc, Person, Provider, Started
from stanch.vocabulary.people import Role
from stanch.vocabulary.trouble import BadInput, NotAllowed, NotLoggedIn, Unreachable

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Idp:
    """What the provider says, and how a test makes it lie."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "one"})
        self.signer = self.key
        self.issuer = ""
        self.claims: dict[str, object] = {}
        self.asked: dict[str, str] = {}

    def token(self) -> str:
        now = int(NOON.timestamp())
        claims = {
            "iss": self.issuer,
            "aud": "stanch",
            "sub": "u1",
            "iat": now,
            "exp": now + 300,
            "nonce": self.asked["nonce"],
            "preferred_username": "ada",
            "groups": ["sec", "all"],
        } | self.claims
        return jwt.encode({"alg": "ES256", "kid": "one"}, claims, self.signer)

    def answer(self, path: str, form: dict[str, str]) -> dict[str, object] | None:
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/auth",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
        if path == "/keys":
            return dict(KeySet([self.key]).as_dict(private=False))
        challenge = create_s256_code_challenge(form.get("code_verifier", "x" * 43))
        if form.get("code") != "good" or challenge != self.asked["code_challenge"]:
            return None
        return {"id_token": self.token(), "token_type": "Bearer"}


@pytest.fixture
def idp() -> Iterator[Idp]:
    one = Idp()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            form = dict(urllib.parse.parse_qsl(self.rfile.read(length).decode()))
            made = one.answer(self.path, form)
            body = json.dumps(made or {"error": "invalid_grant"}).encode()
            self.send_response(200 if made else 400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815  the name that http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its own name
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        one.issuer = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield one
        server.shutdown()
        thread.join()


def oidc(issuer: str, clock: Callable[[], datetime] = lambda: NOON) -> Oidc:
    provider = Provider(
        issuer=issuer,
        client="stanch",
        callback="http://127.0.0.1:8484/login/back",
        roles={"sec": Role.APPROVER, "all": Role.VIEWER},
    )
    return Oidc(provider, clock, b"s" * 32)


def begin(idp: Idp, door: Oidc) -> Started:
    started = door.start()
    idp.asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(started.url).query))
    return started


def through(idp: Idp, code: str = "good") -> Person:
    door = oidc(idp.issuer)
    started = begin(idp, door)
    return door.finish(cookie=started.cookie, state=idp.asked["state"], code=code)


def test_a_person_comes_in_with_the_strongest_role_of_their_groups(idp: Idp) -> None:
    person = through(idp)
    assert (person.name, person.role) == ("ada", Role.APPROVER)
    assert person.key == through(idp).key


@pytest.mark.parametrize(
    "lie",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"nonce": "of another login"},
        {"exp": int(NOON.timestamp()) - 3600},
        {"sub": None},
    ],
    ids=lambda lie: next(iter(lie)),
)
def test_a_token_that_lies_opens_nothing(idp: Idp, lie: dict[str, object]) -> None:
    idp.claims = lie
    with pytest.raises(NotLoggedIn):
        through(idp)


def test_a_token_of_another_key_opens_nothing(idp: Idp) -> None:
    idp.signer = ECKey.generate_key("P-256", {"kid": "one"})
    with pytest.raises(NotLoggedIn):
        through(idp)


def test_a_wrong_code_opens_nothing(idp: Idp) -> None:
    with pytest.raises(NotLoggedIn):
        through(idp, code="bad")


def test_who_is_in_no_known_group_is_not_allowed(idp: Idp) -> None:
    idp.claims = {"groups": ["cooks"]}
    with pytest.raises(NotAllowed):
        through(idp)


@pytest.mark.parametrize("wrong", ["state", "cookie", "late"])
def test_a_browser_that_brings_back_something_else_is_refused(idp: Idp, wrong: str) -> None:
    now = [NOON]
    door = oidc(idp.issuer, lambda: now[0])
    started = begin(idp, door)
    state = "forged" if wrong == "state" else idp.asked["state"]
    cookie = "A" * 80 if wrong == "cookie" else started.cookie
    now[0] += timedelta(minutes=11) if wrong == "late" else timedelta()
    with pytest.raises(NotLoggedIn):
        door.finish(cookie=cookie, state=state, code="good")


def test_a_provider_that_is_down_is_unreachable_only_when_it_is_asked() -> None:
    door = oidc("http://127.0.0.1:9")
    with pytest.raises(Unreachable):
        door.start()


def test_a_provider_without_https_is_refused_unless_it_is_this_machine() -> None:
    with pytest.raises(BadInput, match="https"):
        oidc("http://idp.example").start()
