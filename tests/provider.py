"""An identity provider on loopback, for tests of logging in by OIDC."""

import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

Form = Mapping[str, str]


class Vouching:
    """What every provider says of itself, and the token it signs for whoever has a good code."""

    def __init__(self, client: str) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "one"})
        self.issuer = ""
        self._client = client

    def answer(self, path: str, form: Form) -> Mapping[str, object] | None:
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/auth",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
        if path == "/keys":
            return KeySet([self.key]).as_dict(private=False)
        return self.given(form)

    def given(self, form: Form) -> Mapping[str, object] | None:
        """The answer to a code; None where it is no good one."""
        raise NotImplementedError

    def signed(self, now: int, claims: Mapping[str, object], by: ECKey) -> Mapping[str, object]:
        """A token of these claims, and of those that every token has."""
        common = {"iss": self.issuer, "aud": self._client, "sub": "u1", "iat": now}
        common |= {"exp": now + 300, "preferred_username": "ada"}
        token = jwt.encode({"alg": "ES256", "kid": "one"}, {**common, **claims}, by)
        return {"id_token": token, "token_type": "Bearer"}


@contextmanager
def provider(answer: Callable[[str, Form], Mapping[str, object] | None]) -> Iterator[str]:
    """The address of one that answers so, until the context ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            form = dict(urllib.parse.parse_qsl(self.rfile.read(length).decode()))
            made = answer(self.path, form)
            body = json.dumps(made or {"error": "invalid_grant"}).encode()
            self.send_response(200 if made else 400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815  the name that http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its own name
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
