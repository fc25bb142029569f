"""OpenID Connect: people come in through the identity provider of their house.

In    a provider's address and a client, and what the browser brings back from it.
Out   who that is, with the role that the provider's claim maps to.
Why   authorisation code with PKCE, state and nonce. What must be remembered in between travels in
      a sealed cookie, so that any server process can finish a login. Local accounts do not come
      through here: they work when the provider is down.
"""

import base64
import hashlib
import hmac
import http.client
import secrets
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from stanch.engine.clock import Clock
from stanch.vocabulary.ids import UserId
from stanch.vocabulary.people import Role
from stanch.vocabulary.trouble import BadInput, NotAllowed, NotLoggedIn, Unreachable

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA", "Ed25519")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_TIMEOUT_S = 10
_LARGEST = 1 << 20
_PATIENCE = timedelta(minutes=10)
_SLACK_S = 60
_RANK = tuple(Role)


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    """An identity provider, and how its people become ours."""

    issuer: str
    client: str
    secret: str = field(default="", repr=False)
    callback: str
    """Our own address that the browser is sent back to."""
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    claim: str = "groups"
    """The claim whose values decide the role."""
    roles: Mapping[str, Role] = field(default_factory=dict)
    """Value of the claim -> role; the strongest counts, and without one nobody enters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """A login that began: where the browser goes, and what it carries meanwhile."""

    url: str
    cookie: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody that the provider vouches for."""

    key: UserId
    name: str
    role: Role


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pending:
    state: str
    nonce: str
    verifier: str
    until: float


def roles_in(text: str) -> dict[str, Role]:
    """The role of each value of the claim, written as `team=role,team=role`."""
    found: dict[str, Role] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        value, _, role = part.rpartition("=")
        if not value or role not in set(Role):
            known = ", ".join(Role)
            raise BadInput(f"{part[:80]!r} gives no role. Write value=role; roles are: {known}.")
        found[value] = Role(role)
    return found


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **_named: object) -> None:
        """No redirect is followed: a provider answers at the address it states."""
        return


class Oidc:
    """Begins and finishes logins at one provider."""

    def __init__(self, provider: Provider, clock: Clock, secret: bytes) -> None:
        """Calls nobody yet, so that a provider that is down never stops the start."""
        self._provider = provider
        self._clock = clock
        self._secret = secret
        self._open = urllib.request.build_opener(_Stay)
        self._found: Mapping[str, Any] | None = None

    def start(self) -> Started:
        """Where to send the browser, and the cookie it must bring back."""
        pending = _Pending(
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
            until=(self._clock() + _PATIENCE).timestamp(),
        )
        asked = {
            "response_type": "code",
            "client_id": self._provider.client,
            "redirect_uri": self._provider.callback,
            "scope": " ".join(self._provider.scopes),
            "state": pending.state,
            "nonce": pending.nonce,
            "code_challenge": create_s256_code_challenge(pending.verifier),
            "code_challenge_method": "S256",
        }
        where = self._stated("authorization_endpoint")
        mark = "&" if "?" in where else "?"
        return Started(url=where + mark + urllib.parse.urlencode(asked), cookie=self._seal(pending))

    def finish(self, *, cookie: str, state: str, code: str) -> Person:
        """Who came back; `NotLoggedIn` when anything does not fit, `NotAllowed` without a role."""
        pending = self._unseal(cookie)
        if not hmac.compare_digest(pending.state.encode(), state.encode()) or not code:
            raise NotLoggedIn
        claims = self._claims(self._token(code, pending.verifier), pending.nonce)
        seen = hashlib.sha256(f"{self._provider.issuer}\0{claims['sub']}".encode()).hexdigest()
        name = str(claims.get("preferred_username") or claims.get("email") or claims["sub"])
        shown = "".join(c for c in name if c.isprintable())[:200]
        return Person(key=UserId(f"oidc-{seen[:32]}"), name=shown, role=self._role(claims))

    def _token(self, code: str, verifier: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._provider.callback,
            "client_id": self._provider.client,
            "code_verifier": verifier,
        }
        if self._provider.secret:
            form["client_secret"] = self._provider.secret
        body = urllib.parse.urlencode(form).encode()
        token = self._fetch(self._stated("token_endpoint"), body).get("id_token")
        if not isinstance(token, str):
            raise NotLoggedIn
        return token

    def _claims(self, token: str, nonce: str) -> Mapping[str, Any]:
        rules = jwt.JWTClaimsRegistry(
            now=int(self._clock().timestamp()),
            leeway=_SLACK_S,
            iss={"essential": True, "value": self._provider.issuer},
            aud={"essential": True, "value": self._provider.client},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        keys = self._fetch(self._stated("jwks_uri"))
        try:
            made = jwt.decode(token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS)  # type: ignore[bad-argument-type]  a key set is what it checks itself
            rules.validate(made.claims)
        except (JoseError, ValueError) as wrong:
            raise NotLoggedIn from wrong
        return made.claims

    def _role(self, claims: Mapping[str, Any]) -> Role:
        said = claims.get(self._provider.claim, ())
        values = [said] if isinstance(said, str) else list(said)
        roles = [self._provider.roles[v] for v in values if v in self._provider.roles]
        if not roles:
            raise NotAllowed("a role from the identity provider", "none")
        return max(roles, key=_RANK.index)

    def _stated(self, name: str) -> str:
        if self._found is None:
            issuer = self._provider.issuer
            found = self._fetch(issuer.rstrip("/") + "/.well-known/openid-configuration")
            if found.get("issuer") != issuer:
                raise BadInput(f"The identity provider at {issuer} says it is somebody else.")
            self._found = found
        return str(self._found.get(name, ""))

    def _fetch(self, url: str, body: bytes | None = None) -> Mapping[str, Any]:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise BadInput(f"The identity provider must be reached by https, not {parts.scheme}.")
        try:
            with self._open.open(url, body, timeout=_TIMEOUT_S) as answer:
                return msgspec.json.decode(answer.read(_LARGEST), type=dict[str, Any])
        except urllib.error.HTTPError as refused:
            refused.close()
            if body is not None and refused.code in {400, 401}:
                raise NotLoggedIn from refused
            raise Unreachable(parts.netloc, f"HTTP {refused.code}") from refused
        except (OSError, http.client.HTTPException, msgspec.DecodeError) as gone:
            raise Unreachable(parts.netloc, type(gone).__name__) from gone

    def _seal(self, pending: _Pending) -> str:
        body = msgspec.json.encode(pending)
        return base64.urlsafe_b64encode(self._mac(body) + body).decode()

    def _unseal(self, cookie: str) -> _Pending:
        try:
            raw = base64.urlsafe_b64decode(cookie)
        except ValueError as bad:
            raise NotLoggedIn from bad
        if not hmac.compare_digest(raw[:32], self._mac(raw[32:])):
            raise NotLoggedIn
        pending = msgspec.json.decode(raw[32:], type=_Pending)
        if self._clock().timestamp() > pending.until:
            raise NotLoggedIn
        return pending

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(self._secret, b"oidc\0" + body, hashlib.sha256).digest()
