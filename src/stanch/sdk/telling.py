"""Telling: one call for each thing that happens to an asset, and one question before each step.

In    what happened, in the words of the event's columns; more names than these go along as `extra`.
Out   the event's id at once; the event on the server's disk a moment later.
Why   a pipeline's author should not have to know JSON, ids, batches and retries.
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from stanch import settings
from stanch.sdk.client import Client, address, segment
from stanch.sdk.outbox import Kept, Outbox
from stanch.vocabulary.event import NEEDED_BY_KIND, EventKind
from stanch.vocabulary.ids import asset_id
from stanch.vocabulary.receipt import Receipt
from stanch.vocabulary.trouble import BadInput, Trouble, Unreachable

EVENTS = "/api/v1/events"
_LINES = "application/x-ndjson"
_STEPS = ("ingestion", "training", "deployment")
_PIECE = 1024 * 1024


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  the engine's clock is not reachable from here


def _new_id() -> str:
    return os.urandom(12).hex()


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """What a test, or a hurry, wants otherwise."""

    most: int = 50_000
    """Events that may wait for the server; then new ones are dropped."""
    patience: float = 0.0
    """Seconds that telling may wait for room: none in a service, a minute in a batch job."""
    batch: int = 1000
    every: float = 0.25
    """Seconds after which a batch goes out though it is not full: an attack is seen no sooner."""
    now: Callable[[], datetime] = _now
    new_id: Callable[[], str] = _new_id


class Stanch:
    """One server, as a program tells it things."""

    def __init__(self, url: str = "", key: str = "", choices: Choices | None = None) -> None:
        asked = settings.from_environment()
        url, key = url or asked.url, key or asked.key
        if not url:
            raise BadInput("Say which server: Stanch(url, key), or STANCH_URL and STANCH_KEY.")
        self.choices = choices or Choices()
        self.client = Client(url=address(url), key=key)
        self._outbox = Outbox(
            self._post,
            self.client.url,
            most=self.choices.most,
            batch=self.choices.batch,
            every=self.choices.every,
        )

    def asset(self, name: str, version: str = "") -> "Asset":
        """What can be told of this asset."""
        return Asset(self, asset_id(name), version)

    def tell(self, event: Mapping[str, object]) -> str:
        """The id of this event, which goes out in a moment; `BadInput` for what cannot be sent."""
        told = {"id": self.choices.new_id(), "ts": self.choices.now(), **event}
        whole = {name: value for name, value in told.items() if not _empty(value)}
        _needed(whole)
        self._outbox.put(_line(whole), self.choices.patience)
        return str(whole["id"])

    def flush(self, within: float = 30.0) -> Kept:
        """What became of all that was told, once it is on disk; `Unreachable` when it is not."""
        return self._outbox.flush(within)

    @property
    def kept(self) -> Kept:
        """What became of it so far."""
        return self._outbox.kept

    def close(self, within: float = 10.0) -> bool:
        """Whether everything went out in time."""
        return self._outbox.close(within)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _post(self, lines: bytes) -> Receipt:
        told = self.client.send("POST", EVENTS, lines, kind=_LINES)
        try:
            return msgspec.convert(told, Receipt)
        except msgspec.ValidationError as error:
            raise Unreachable(
                self.client.url, f"what answers there is no stanch ({error})"
            ) from error


class Asset:
    """One asset, as a program tells what happens to it."""

    def __init__(self, stanch: Stanch, name: str, version: str) -> None:
        self._stanch = stanch
        self.name = name
        self.version = version

    def inference(self, **what: object) -> str:
        """A question and its answer: principal, features (numbers in the asset's order, or a
        mapping by name), prediction, scores, latency_ms, status, cost, groups, source.
        """
        return self._tell(EventKind.INFERENCE, what)

    def label(self, *, of: str, label: object, **what: object) -> str:
        """The true answer to an earlier question, by the id that `inference` gave."""
        return self._tell(EventKind.LABEL, {"of": of, "label": str(label), **what})

    def row(self, *, of: str, label: object, features: object, **what: object) -> str:
        """A row handed in for training, before it is learnt: `of` is its name in the dataset;
        principal (who brought it), prediction (of the version in service), dataset, groups.
        """
        return self.label(of=of, label=label, features=features, **what)

    def dataset(self, *, digest: str, **what: object) -> str:
        """Data that came: rows, origin, principal (who brought it), dataset."""
        return self._tell(EventKind.DATASET, {"digest": digest, **what})

    def training(self, *, run: str, **what: object) -> str:
        """A training run: dataset, digest (of what came out), rows, params, metrics, principal."""
        return self._tell(EventKind.TRAINING, {"run": run, **what})

    def deployment(self, *, digest: str, **what: object) -> str:
        """A version that goes into service: by, signature (Ed25519 over the digest, base64)."""
        return self._tell(EventKind.DEPLOYMENT, {"digest": digest, **what})

    def access(self, *, action: str, **what: object) -> str:
        """Somebody touched it: principal, resource, outcome (`ok`, `failed`, ...), source."""
        return self._tell(EventKind.ACCESS, {"action": action, **what})

    def exchange(self, **what: object) -> str:
        """A turn of a conversation: principal, session, messages, output, tokens, cost."""
        return self._tell(EventKind.EXCHANGE, what)

    def tool_call(self, *, tool: str, **what: object) -> str:
        """What an agent did: arguments, result, principal, session."""
        return self._tell(EventKind.TOOL_CALL, {"tool": tool, **what})

    def may(self, step: str, *, unknown: bool = True) -> bool:
        """Whether `ingestion`, `training` or `deployment` is not on hold by the policy in force;
        `unknown` when the server cannot say. The key needs the scope `guard`.
        """
        if step not in _STEPS:
            raise BadInput(f"{step!r} is no step; it is one of: {', '.join(_STEPS)}.")
        try:
            policy = self._stanch.client.get(f"/api/v1/assets/{segment(self.name)}/policy")
        except Trouble:
            return unknown
        return not policy.get("hold", {}).get(step)

    def _tell(self, kind: EventKind, what: Mapping[str, object]) -> str:
        about = {"kind": kind.value, "asset": self.name, "version": self.version}
        return self._stanch.tell({**about, **what, **_inputs(what)})


def digest_of_file(file: str | Path) -> str:
    """The digest that names the content of this file, however large."""
    found = hashlib.sha256()
    with Path(file).open("rb") as content:
        while piece := content.read(_PIECE):
            found.update(piece)
    return "sha256:" + found.hexdigest()


def _inputs(what: Mapping[str, object]) -> dict[str, object]:
    """Inputs by name have a column of their own."""
    features = what.get("features")
    return {"features": None, "named": features} if isinstance(features, Mapping) else {}


def _empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value)


def _needed(event: Mapping[str, object]) -> None:
    """Nothing; what its kind must say is said, or `BadInput` names what is missing."""
    kind = event.get("kind")
    known = [one.value for one in EventKind]
    if kind not in known:
        raise BadInput(f"{kind!r} is no kind of event; it is one of: {', '.join(known)}.")
    missing = [name for name in NEEDED_BY_KIND[EventKind(kind)] if name not in event]
    if missing:
        raise BadInput(f"A {kind} event must say: {', '.join(missing)}.")


def _line(event: Mapping[str, object]) -> bytes:
    try:
        return msgspec.json.encode(event, enc_hook=_plain)
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        raise BadInput(f"This event cannot be sent as JSON: {error}.") from error


def _plain(value: object) -> object:
    """What arrays and numbers of other libraries hold."""
    plain = getattr(value, "tolist", None)
    if plain is None:
        raise TypeError(f"a {type(value).__name__} is no JSON; give numbers, texts, lists or dicts")
    return plain()
