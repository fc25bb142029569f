"""KServe: inference services through the Kubernetes API, each change read back from the answer.

In    the API server's address, a service account's token as its password.
Out   inference services as assets; orders done on `namespace/name`: `canary` (per cent of traffic
      for the newest revision) and `model` (the storage address that serves).
Why   where KServe serves, its own object is the truth; whatever we changed elsewhere it would undo.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from stanch.connectors import Connector, Link, Order, ask, secret
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.ids import asset_id
from stanch.vocabulary.trouble import BadInput, Declined, Unreachable

_BASE = "/apis/serving.kserve.io/v1beta1"
_NAME = re.compile(r"([a-z0-9][a-z0-9-]{0,62})/([a-z0-9][a-z0-9.-]{0,252})")
_WHOLE = 100


class Kserve:
    """The inference services of one cluster."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def assets(self) -> tuple[Asset, ...]:
        """Every inference service, as an endpoint."""
        found = self._ask("GET", "/inferenceservices").get("items") or []
        return tuple(_asset(one) for one in found)

    def do(self, order: Order) -> str:
        """Patches the service, and says what the API server answers that it is now."""
        path, wanted = _path(order.subject), _wanted(order)
        patch = msgspec.json.encode({"spec": {"predictor": wanted}})
        answer = self._ask("PATCH", path, patch)
        predictor = (answer.get("spec") or {}).get("predictor") or {}
        if not _holds(predictor, wanted):
            raise Declined(f"KServe at {self._link.shown}", "it does not show the change")
        return f"{order.subject} has {order.verb} {order.value or 'of its own'}."

    def read(self, verb: str, subjects: Sequence[str]) -> Mapping[str, str]:
        """The share, or the storage address, that each service states."""
        stated = {one: self._stated(verb, one) for one in subjects}
        return {subject: value for subject, value in stated.items() if value}

    def _stated(self, verb: str, subject: str) -> str:
        predictor = (self._ask("GET", _path(subject)).get("spec") or {}).get("predictor") or {}
        share, model = predictor.get("canaryTrafficPercent"), predictor.get("model") or {}
        found = share if verb == "canary" else model.get("storageUri")
        return "" if found is None else str(found)

    def _ask(self, method: str, path: str, body: bytes = b"") -> dict[str, Any]:
        headers = {"Accept": "application/json"}
        if body:
            headers["Content-Type"] = "application/merge-patch+json"
        token = secret(self._link)
        if token:
            headers["Authorization"] = f"Bearer {token}"
        said = ask(self._link, (method, _BASE + path), who="KServe", body=body, headers=headers)
        try:
            return msgspec.json.decode(said, type=dict[str, Any])
        except msgspec.MsgspecError:
            why = "it answered something that is no object"
            raise Unreachable(f"KServe at {self._link.shown}", why) from None


def _path(subject: str) -> str:
    name = _NAME.fullmatch(subject)
    if name is None:
        raise BadInput(f"{subject[:80]!r} names no service. Write namespace/name.")
    return f"/namespaces/{name[1]}/inferenceservices/{name[2]}"


def _wanted(order: Order) -> dict[str, Any]:
    if order.verb == "canary" and not order.value:
        return {"canaryTrafficPercent": None}
    if order.verb == "canary" and order.value.isdigit() and int(order.value) <= _WHOLE:
        return {"canaryTrafficPercent": int(order.value)}
    if order.verb == "model" and "://" in order.value:
        return {"model": {"storageUri": order.value}}
    raise BadInput(f"KServe cannot {order.verb!r} with {order.value[:60]!r}.")


def _holds(found: Any, wanted: Any) -> bool:
    """Whether everything that is wanted is found."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(_holds(found.get(n), v) for n, v in wanted.items())
    return bool(found == wanted)


def _asset(one: dict[str, Any]) -> Asset:
    about = one.get("metadata") or {}
    predictor = (one.get("spec") or {}).get("predictor") or {}
    name = f"{about.get('namespace', 'default')}/{about.get('name', 'unnamed')}"
    return Asset(
        id=asset_id(re.sub(r"[^A-Za-z0-9._-]", "-", name)[:128]),
        kind=AssetKind.ENDPOINT,
        name=name,
        owner=str((about.get("labels") or {}).get("owner") or "unknown"),
        version=str((predictor.get("model") or {}).get("storageUri") or ""),
    )


CONNECTOR = Connector(
    id="kserve",
    title="KServe",
    like="https://api.example.org:6443",
    says="Follows with the share of a canary, or the model that answers.",
    open=Kserve,
    verbs=("canary", "model"),
)
