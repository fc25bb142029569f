"""Ways round a block by being somebody else: spellings, forged headers, other addresses."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from stanch.contain.policy import canonical
from stanch.guard.asgi import Guard
from stanch.guard.core import Choices, Core
from stanch.guard.identity import Identify, bearer, by_address, proxy_header
from stanch.guard.link import Server
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.policy import Deny, Policy
from stanch.vocabulary.trouble import BadInput

A = AssetId("fraud-scorer")
P = Policy(asset=A, version=1)
PROXY = proxy_header("x-user", secret_header="x-proxy", secret="s3cret")  # noqa: S106  a test's own
KEYS = {"good": "key-91", "other": "key-1"}


async def _model(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"prediction": "ham"}'})


def _status(
    deny: Deny,
    *headers: tuple[bytes, bytes],
    identify: Identify = PROXY,
    client: str = "198.51.100.1",
    proxies: tuple[str, ...] = (),
    **scope: Any,
) -> int:
    choices = Choices(telemetry=False, trusted_proxies=proxies)
    guard = Guard(
        _model, asset=A, server="http://127.0.0.1:9", key="k", identify=identify, choices=choices
    )
    guard.core.start = lambda: None  # type: ignore[method-assign]  # no server in this test
    guard.core.keeper.accept(canonical(replace(P, deny=deny)))
    said: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Any) -> None:
        said.append(message)

    given = {"type": "http", "method": "POST", "path": "/predict", "client": (client, 1)}
    asyncio.run(guard({**given, "headers": list(headers), **scope}, receive, send))
    return int(said[0]["status"])


def _named(name: str, *more: str) -> Deny:
    return Deny(principals=frozenset(map(PrincipalId, (name, *more))))


SECRET = (b"x-proxy", b"s3cret")


@pytest.mark.parametrize(
    "spelling", ["key-91", "KEY-91", " key-91 ", "\uff4bey-91", "key-\uff19\uff11", "\u212aey-91"]
)
def test_another_spelling_of_a_denied_name_is_denied(spelling: str) -> None:
    assert _status(_named("key-91"), (b"x-user", spelling.encode()), SECRET) == 403


def test_a_name_with_invisible_characters_is_nobody() -> None:
    for name in ("key\u200b-91", "key-91\u2060", "key-91\x00", "\ufeffkey-91"):
        assert _status(_named("key-91"), (b"x-user", name.encode()), SECRET) == 401


@pytest.mark.parametrize(
    "sent",
    [
        "jos\u00e9".encode(),
        "jose\u0301".encode(),
        "JOS\u00c9".encode(),
        "jos\u00e9".encode("latin-1"),
        "JOS\u00c9".encode("latin-1"),
    ],
)
def test_a_name_beyond_ascii_is_denied_in_either_charset(sent: bytes) -> None:
    assert _status(_named("jos\u00e9"), (b"x-user", sent), SECRET) == 403


def test_a_trailing_dot_does_not_make_a_denied_address_another() -> None:
    deny = Deny(networks=frozenset({"203.0.113.0/24"}))
    told = (b"x-forwarded-for", b"203.0.113.7.")
    found = _status(deny, told, identify=by_address, client="10.0.0.1", proxies=("10.0.0.0/8",))
    assert found == 200, "an unreadable hop falls back to the proxy itself, never to the caller"
    own = Deny(networks=frozenset({"203.0.113.0/24", "10.0.0.0/8"}))
    assert _status(own, told, client="10.0.0.1", identify=by_address) == 403


@pytest.mark.parametrize(
    "address",
    [
        "203.0.113.7",
        "::ffff:203.0.113.7",
        "::ffff:cb00:7107",
        "[::ffff:203.0.113.7]",
        "0:0:0:0:0:FFFF:CB00:7107",
    ],
)
def test_ipv4_inside_ipv6_is_the_same_address(address: str) -> None:
    deny = Deny(networks=frozenset({"203.0.113.0/24"}))
    assert _status(deny, client=address, identify=by_address) == 403


def test_a_denied_network_written_as_ipv6_covers_plain_ipv4() -> None:
    deny = Deny(networks=frozenset({"::ffff:203.0.113.0/120"}))
    assert _status(deny, client="203.0.113.7", identify=by_address) == 403


@pytest.mark.parametrize("name", [b"x-forwarded-for", b"x-real-ip", b"forwarded", b"via"])
def test_a_forwarded_address_from_a_stranger_is_not_believed(name: bytes) -> None:
    deny = Deny(networks=frozenset({"203.0.113.0/24"}))
    spoof = (name, b"198.51.100.9")
    assert _status(deny, spoof, client="203.0.113.7", identify=by_address) == 403


def test_addresses_put_in_front_of_the_proxys_are_not_believed() -> None:
    deny = Deny(networks=frozenset({"203.0.113.0/24"}))
    told = [(b"x-forwarded-for", b"198.51.100.9"), (b"X-Forwarded-For", b"1.1.1.1, 203.0.113.7")]
    found = _status(deny, *told, client="10.0.0.1", proxies=("10.0.0.0/8",), identify=by_address)
    assert found == 403


def test_a_principal_header_of_the_callers_own_is_nobody() -> None:
    assert _status(Deny(), (b"x-user", b"key-1")) == 401
    assert _status(Deny(), (b"x-user", b"key-1"), (b"x-proxy", b"guess")) == 401
    assert _status(Deny(), (b"x-user", b"key-1"), (b"x-proxy", b"")) == 401


def test_a_header_that_stands_twice_is_nobody() -> None:
    both = ((b"x-user", b"key-1"), (b"X-USER", b"key-91"))
    assert _status(_named("key-91"), *both, SECRET) == 401
    assert _status(_named("key-91"), both[0], SECRET, (b"x-proxy", b"guess")) == 401


def test_two_bearer_keys_are_nobody() -> None:
    keys = bearer(KEYS.get)
    one, two = ((b"authorization", b"Bearer " + key) for key in (b"good", b"other"))
    assert _status(_named("key-91"), one, identify=keys) == 403
    assert _status(_named("key-91"), (b"AUTHORIZATION", b"bEaReR  good "), identify=keys) == 403
    assert _status(_named("key-91"), one, two, identify=keys) == 401
    assert _status(_named("key-91"), identify=keys) == 401


@pytest.mark.parametrize(
    "path",
    [
        "/healthz/",
        "/healthz/../predict",
        "//healthz",
        "/healthz;x",
        "/HEALTHZ",
        "/healthz.",
        "/healthz%2f..%2fpredict",
        "http://x/healthz",
        "/healthz\x00",
    ],
)
def test_only_the_exact_exempt_path_is_exempt(path: str) -> None:
    assert _status(_named("key-91"), (b"x-user", b"key-91"), SECRET, path=path) == 403


def test_absolute_form_and_roots_change_nothing() -> None:
    scopes: tuple[dict[str, Any], ...] = (
        {"path": "http://elsewhere/predict", "raw_path": b"http://elsewhere/predict"},
        {"path": "/api/predict", "root_path": "/api"},
        {"path": "/predict", "query_string": b"user=key-1&x-user=key-1"},
    )
    for scope in scopes:
        assert _status(_named("key-91"), (b"x-user", b"key-91"), SECRET, **scope) == 403


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "PREDICT"])
def test_every_method_is_guarded_and_an_override_is_nothing(method: str) -> None:
    override = (b"x-http-method-override", b"GET")
    assert _status(_named("key-91"), (b"x-user", b"key-91"), SECRET, override, method=method) == 403


def _source(
    *headers: tuple[bytes, bytes], client: str = "10.0.0.1", **choices: Any
) -> tuple[str | None, str]:
    """The principal and the address that a guard by addresses sees."""
    guard = Core(Server(url="http://127.0.0.1:9", key="k"), A, by_address, Choices(**choices))
    return guard.who({"type": "http", "client": (client, 1), "headers": list(headers)})


XFF = b"x-forwarded-for"


def test_behind_a_proxy_the_principal_is_the_callers_address_and_not_the_proxys() -> None:
    told = (XFF, b"6.6.6.6, 203.0.113.7")
    found = _source(told, trusted_proxies=("10.0.0.0/8",))
    assert found == ("203.0.113.7", "203.0.113.7")
    deny = _named("203.0.113.7")
    status = _status(deny, told, identify=by_address, client="10.0.0.1", proxies=("10.0.0.0/8",))
    assert status == 403
    assert _status(_named("10.0.0.1"), told, identify=by_address, client="10.0.0.1",
                   proxies=("10.0.0.0/8",)) == 200  # fmt: skip


@pytest.mark.parametrize(
    ("hops", "told", "found"),
    [
        (1, b"6.6.6.6, 203.0.113.7", "203.0.113.7"),
        (2, b"6.6.6.6, 203.0.113.7, 198.51.100.2", "203.0.113.7"),
        (2, b"203.0.113.7", "10.0.0.1"),
        (1, b"unknown", "10.0.0.1"),
        (0, b"203.0.113.7", "10.0.0.1"),
    ],
)
def test_so_many_hops_are_believed_from_the_right_and_no_more(
    hops: int, told: bytes, found: str
) -> None:
    assert _source((XFF, told), trusted_hops=hops)[1] == found
    assert _source((XFF, told), client="8.8.8.8", trusted_hops=hops,
                   trusted_proxies=("10.0.0.0/8",))[1] == "8.8.8.8"  # fmt: skip


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (b"for=6.6.6.6, for=203.0.113.7;proto=https", "203.0.113.7"),
        (b'for="6.6.6.6, for=203.0.113.7', "203.0.113.7"),
        (b'by=10.0.0.1;For="[2001:db8::7]:4711"', "2001:db8::7"),
        (b"for=_hidden", "10.0.0.1"),
        (b"for=6.6.6.6;for=203.0.113.7", "10.0.0.1"),
    ],
)
def test_the_standard_header_is_read_from_the_right_where_the_proxies_write_it(
    told: bytes, found: str
) -> None:
    choices = {"trusted_proxies": ("10.0.0.0/8",)}
    other = (XFF, b"9.9.9.9")
    assert _source((b"Forwarded", told), other, forwarded="forwarded", **choices)[1] == found
    assert _source((b"Forwarded", told), other, **choices)[1] == "9.9.9.9"


def test_a_proxy_that_nobody_named_is_told_of_and_a_stranger_cannot_pose_as_one() -> None:
    core = Core(Server(url="http://127.0.0.1:9", key="k"), A, by_address, Choices())
    for client in ("10.0.0.1", "203.0.113.7"):
        core.who({"type": "http", "client": (client, 1), "headers": [(XFF, b"198.51.100.9")]})
    core.who({"type": "http", "client": ("10.0.0.2", 1), "headers": []})
    assert core.link.proxies() == ("10.0.0.1",)
    named = Choices(trusted_proxies=("192.0.2.0/24",))
    core = Core(Server(url="http://127.0.0.1:9", key="k"), A, by_address, named)
    core.who({"type": "http", "client": ("10.0.0.1", 1), "headers": [(XFF, b"198.51.100.9")]})
    assert core.link.proxies() == ("192.0.2.0/24",)


def test_a_setting_that_trusts_nothing_sensible_is_refused() -> None:
    with pytest.raises(BadInput, match="cannot be -1 proxies"):
        _source(trusted_hops=-1)
    with pytest.raises(BadInput, match="Proxies write x-forwarded-for or forwarded"):
        _source(forwarded="x-real-ip")
