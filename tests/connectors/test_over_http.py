"""KServe and the webhook, against a loopback server that records what it was asked."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from stanch.connectors import Link, Order, secret, with_secret
from stanch.connectors.kserve import Kserve
from stanch.connectors.webhook import Webhook, signature
from stanch.vocabulary.trouble import BadInput, Declined, Unreachable


class _World(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's shape
        return

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen: Any = self.server
        seen.asked.append((self.command, self.path, dict(self.headers), body))
        status, said = seen.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_PATCH = _any  # noqa: N815  the base class's names


@pytest.fixture
def world() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _World)
    server.asked = list[object]()
    server.answer = (200, b"{}")
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _link(world: Any, path: str = "") -> Link:
    return Link(address=f"http://sa:t0ken@127.0.0.1:{world.server_address[1]}{path}", seconds=3)


def test_a_canary_of_kserve_is_patched_and_read_back(world: Any) -> None:
    world.answer = (200, b'{"spec": {"predictor": {"canaryTrafficPercent": 10}}}')
    order = Order(verb="canary", subject="prod/fraud", value="10")
    assert Kserve(_link(world)).do(order) == "prod/fraud has canary 10."
    method, path, headers, body = world.asked[0]
    assert method == "PATCH"
    assert path == "/apis/serving.kserve.io/v1beta1/namespaces/prod/inferenceservices/fraud"
    assert headers["Content-Type"] == "application/merge-patch+json"
    assert headers["Authorization"] == "Bearer t0ken"
    assert json.loads(body) == {"spec": {"predictor": {"canaryTrafficPercent": 10}}}


def test_a_change_that_kserve_does_not_show_is_not_done(world: Any) -> None:
    order = Order(verb="model", subject="prod/fraud", value="s3://models/v6")
    for answer in ((200, b'{"spec": {"predictor": {}}}'), (200, b"[]"), (200, b"x"), (403, b"{}")):
        world.answer = answer
        with pytest.raises(Unreachable) as caught:
            Kserve(_link(world)).do(order)
        assert "t0ken" not in str(caught.value)


def test_what_kserve_states_is_read_and_a_share_that_was_none_is_none_again(world: Any) -> None:
    stated = {"spec": {"predictor": {"model": {"storageUri": "s3://models/v6"}}}}
    world.answer = (200, json.dumps(stated).encode())
    kserve = Kserve(_link(world))
    assert kserve.read("canary", ["prod/fraud"]) == {}
    assert kserve.read("model", ["prod/fraud"]) == {"prod/fraud": "s3://models/v6"}
    kserve.do(Order(verb="canary", subject="prod/fraud"))
    assert json.loads(world.asked[-1][3]) == {"spec": {"predictor": {"canaryTrafficPercent": None}}}


def test_a_share_of_nothing_is_a_share_and_not_everything(world: Any) -> None:
    world.answer = (200, b'{"spec": {"predictor": {"canaryTrafficPercent": 0}}}')
    assert Kserve(_link(world)).read("canary", ["prod/fraud"]) == {"prod/fraud": "0"}


@pytest.mark.parametrize("password", ["t0ken", "p@ss:w/rd", "100%25?#", "ключ"])
def test_a_secret_is_the_same_whatever_signs_are_in_it(password: str) -> None:
    for address in ("https://h.example.org/ml?team=a", "https://sa:old@h.example.org:6443/"):
        link = Link(address=with_secret(address, password))
        assert secret(link) == password
        assert password not in link.shown
        assert urlsplit(link.address).hostname == "h.example.org"


def test_a_refusal_says_what_the_other_side_says_of_it_and_no_secret(world: Any) -> None:
    told = {"kind": "Status", "message": 'the object has been modified\u202e "t"', "code": 409}
    world.answer = (409, json.dumps(told).encode())
    with pytest.raises(Declined) as caught:
        Kserve(_link(world)).do(Order(verb="canary", subject="prod/fraud", value="1"))
    assert "409 (somebody changed it at the same moment): the object has been" in str(caught.value)
    assert "\u202e" not in str(caught.value)
    world.answer = (403, b"x" * 1000)
    with pytest.raises(Declined, match=r"403 \(the account of stanch may not do this\)\. Look"):
        Webhook(_link(world)).do(Order(verb="v", subject="s"))


@pytest.mark.parametrize(
    ("verb", "subject", "value"),
    [
        ("canary", "prod/fraud", "101"),
        ("canary", "prod/../x", "1"),
        ("canary", "prod/fraud/../../other", "1"),
        ("canary", "fraud", "1"),
        ("model", "prod/fraud", "v6"),
        ("delete", "prod/fraud", ""),
    ],
)
def test_what_kserve_cannot_do_is_refused_unsent(
    world: Any, verb: str, subject: str, value: str
) -> None:
    with pytest.raises(BadInput):
        Kserve(_link(world)).do(Order(verb=verb, subject=subject, value=value))
    assert world.asked == []


def test_services_of_kserve_are_assets(world: Any) -> None:
    one = {
        "metadata": {"name": "fraud", "namespace": "prod", "labels": {"owner": "ada"}},
        "spec": {"predictor": {"model": {"storageUri": "s3://models/v6"}}},
    }
    world.answer = (200, json.dumps({"items": [one, {}]}).encode())
    first, second = Kserve(_link(world)).assets()
    assert (first.id, first.owner, first.version) == ("prod-fraud", "ada", "s3://models/v6")
    assert second.name == "default/unnamed"


def test_a_webhooks_order_is_signed_over_its_body(world: Any) -> None:
    order = Order(verb="quarantine", subject="orders-2026", value="now", key="act-1")
    said = Webhook(_link(world, "/hook?team=ml")).do(order)
    method, path, headers, body = world.asked[0]
    assert (method, path) == ("POST", "/hook?team=ml")
    wanted = hmac.new(b"t0ken", b"stanch-webhook-v1\n" + body, hashlib.sha256).hexdigest()
    assert headers["Stanch-Signature"] == signature(body, "t0ken") == wanted
    assert signature(body, "t0ken") != signature(body + b" ", "t0ken")
    assert signature(body, "t0ken") != signature(body, "other")
    assert json.loads(body)["key"] == "act-1"
    assert said == "quarantine on orders-2026 was taken."


def test_a_webhook_that_refuses_or_redirects_did_nothing(world: Any) -> None:
    for status in (302, 401, 500):
        world.answer = (status, b"")
        with pytest.raises(Unreachable, match=str(status)):
            Webhook(_link(world)).do(Order(verb="v", subject="s"))
    world.answer = (307, b"")
    with pytest.raises(Declined, match="a redirect, which is not followed"):
        Webhook(_link(world)).do(Order(verb="v", subject="s"))
    with pytest.raises(BadInput, match="secret"):
        Webhook(Link(address="http://127.0.0.1:9")).do(Order(verb="v", subject="s"))


def test_a_webhook_may_list_assets(world: Any) -> None:
    world.answer = (200, b'[{"id": "a", "kind": "model", "name": "A", "owner": "ada"}]')
    assert [one.id for one in Webhook(_link(world)).assets()] == ["a"]
    for wrong in (b"{}", b"x", b"[1]"):
        world.answer = (200, wrong)
        with pytest.raises(Unreachable):
            Webhook(_link(world)).assets()
