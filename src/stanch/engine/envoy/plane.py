"""The control plane: Envoy hears its routes over gRPC (ADS), and tells what passed (ALS).

In    documents of routes; Envoy's acknowledgements, refusals and access log.
Out   the routes to every Envoy that asks; whether it took them; each line of its log.
Why   no file stands between a decision and its effect (measured: 1 ms against 5, and no fsync in
      the way), a refusal comes with its reason, and a log that nobody reads is dropped by Envoy and
      never fills a pipe (decision 0155).

One unix socket in the folder that only this user can open. An Envoy that loses us runs on under the
routes it has, and comes back by itself.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from threading import Condition, Thread
from typing import Any

from stanch.engine.envoy.layout import JSON, PRINCIPAL, TYPE
from stanch.vocabulary.trouble import BadInput, Missing

ROUTES_TYPE = TYPE + "config.route.v3.RouteConfiguration"
_DISCOVERY, _LOGS = "envoy.service.discovery.v3.", "envoy.service.accesslog.v3."
_ADS = _DISCOVERY + "AggregatedDiscoveryService"
_ALS = _LOGS + "AccessLogService"
_LIBRARIES = (
    "grpc",
    "google.protobuf.message_factory",
    "google.protobuf.descriptor_pool",
    "google.protobuf.json_format",
)
_FILTERS = "envoy.extensions.filters.http."
_MESSAGES = (
    "google.protobuf.any_pb2",
    _DISCOVERY + "discovery_pb2",
    _LOGS + "als_pb2",
    "envoy.config.route.v3.route_pb2",
    _FILTERS + "ext_authz.v3.ext_authz_pb2",
    _FILTERS + "local_ratelimit.v3.local_rate_limit_pb2",
    _FILTERS + "rbac.v3.rbac_pb2",
)
_STREAMS = 64
_LONGEST = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """Routes as they go out."""

    serial: int
    version: str
    resource: Any


class Plane:
    """What one or more Envoys connect to."""

    def __init__(self, socket: Path, heard: Callable[[JSON], None]) -> None:
        self._socket = socket
        self._heard = heard
        self._types = _Types()
        self._latest: Offer | None = None
        self._streams: set[SimpleQueue[Any]] = set()
        self._answers: dict[int, str] = {}
        self._changed = Condition()
        self._server: Any = None
        self.why = ""
        """Why Envoy refused the last routes that it refused."""

    def start(self) -> None:
        """Listen."""
        self._socket.unlink(missing_ok=True)
        grpc = self._types.grpc
        pool = ThreadPoolExecutor(_STREAMS, thread_name_prefix="stanch-envoy-plane")
        server = grpc.server(pool, options=(("grpc.so_reuseport", 0),))
        server.add_generic_rpc_handlers(
            (
                grpc.method_handlers_generic_handler(
                    _ADS,
                    {
                        "StreamAggregatedResources": grpc.stream_stream_rpc_method_handler(
                            self._discover,
                            self._types.request.FromString,
                            self._types.response.SerializeToString,
                        )
                    },
                ),
                grpc.method_handlers_generic_handler(
                    _ALS,
                    {
                        "StreamAccessLogs": grpc.stream_unary_rpc_method_handler(
                            self._listen,
                            self._types.logs.FromString,
                            self._types.heard.SerializeToString,
                        )
                    },
                ),
            )
        )
        server.add_insecure_port(f"unix:{self._socket}")
        server.start()
        self._server = server

    def stop(self) -> None:
        """End every stream."""
        if self._server is None:
            return
        ended = self._server.stop(0)
        for inbox in tuple(self._streams):
            inbox.put(None)
        ended.wait(10)
        self._server = None
        self._socket.unlink(missing_ok=True)

    def offer(self, routes: JSON) -> int:
        """The number under which every Envoy is told these routes, or BadInput."""
        try:
            resource = self._types.parsed(routes["resources"][0])
        except self._types.broken as error:
            raise BadInput(f"These are no routes: {str(error)[:_LONGEST]}.") from error
        with self._changed:
            serial = self._latest.serial + 1 if self._latest else 1
            version = str(routes["version_info"])
            self._latest = Offer(serial=serial, version=version, resource=resource)
            self._answers = {}
            self.why = ""
        for inbox in tuple(self._streams):
            inbox.put(serial)
        return serial

    def taken(self, serial: int, seconds: float) -> bool:
        """Whether an Envoy acknowledged these routes, in time; a refusal ends the wait."""
        with self._changed:
            self._changed.wait_for(lambda: serial in self._answers, timeout=seconds)
            return self._answers.get(serial) == ""

    def _discover(self, requests: Iterator[Any], _: object) -> Iterator[Any]:
        """One Envoy's stream: what it asks and what is new come through one queue."""
        inbox: SimpleQueue[Any] = SimpleQueue()
        self._streams.add(inbox)
        reads = requests, inbox, self._types.ended
        Thread(target=_read, args=reads, name="stanch-envoy-ads", daemon=True).start()
        asked, sent = False, 0
        try:
            while (item := inbox.get()) is not None:
                if not isinstance(item, int):
                    if item.type_url != ROUTES_TYPE:
                        continue
                    asked = True
                    self._answered(item)
                offer = self._latest
                if asked and offer is not None and offer.serial != sent:
                    sent = offer.serial
                    yield self._types.response(
                        version_info=offer.version,
                        resources=[offer.resource],
                        type_url=ROUTES_TYPE,
                        nonce=str(sent),
                    )
        finally:
            self._streams.discard(inbox)

    def _answered(self, request: Any) -> None:
        if not request.response_nonce.isdigit():
            return
        refused = request.error_detail.message
        with self._changed:
            self._answers[int(request.response_nonce)] = refused
            self.why = refused or self.why
            self._changed.notify_all()

    def _listen(self, requests: Iterator[Any], _: object) -> Any:
        """One worker's log."""
        with suppress(self._types.ended):
            for message in requests:
                for entry in message.http_logs.log_entry:
                    self._heard(line(entry))
        return self._types.heard()


def line(entry: Any) -> JSON:
    """An entry of Envoy's log in the words of ours."""
    common, answer = entry.common_properties, entry.response
    headers = entry.request.request_headers
    took = common.duration
    return {
        "status": answer.response_code.value,
        "ms": took.seconds * 1000 + took.nanos / 1e6,
        "source": common.downstream_remote_address.socket_address.address,
        "cluster": common.upstream_cluster,
        "principal": headers.get(PRINCIPAL, ""),
        "why": answer.response_code_details,
        "probe": headers.get("stanch-probe", ""),
        "path": entry.request.path.partition("?")[0],
    }


def _read(requests: Iterator[Any], inbox: SimpleQueue[Any], ended: type[Exception]) -> None:
    """Puts what an Envoy asks into the queue, until its stream has ended."""
    try:
        with suppress(ended):
            for one in requests:
                inbox.put(one)
    finally:
        inbox.put(None)


class _Types:
    """grpc and Envoy's messages: an extra, and a second of imports, so loaded where it runs."""

    def __init__(self) -> None:
        try:
            grpc, factory, pool, parser = (import_module(one) for one in _LIBRARIES)
            for one in _MESSAGES:
                import_module(one)
        except ImportError as error:
            raise Missing("Envoy's control plane", "envoy", "envoy") from error

        def named(name: str) -> Any:
            return factory.GetMessageClass(pool.Default().FindMessageTypeByName(name))

        self.grpc: Any = grpc
        self.ended: Any = grpc.RpcError
        self.broken = (parser.ParseError, KeyError, IndexError, TypeError)
        self.request = named(_DISCOVERY + "DiscoveryRequest")
        self.response = named(_DISCOVERY + "DiscoveryResponse")
        self.logs = named(_LOGS + "StreamAccessLogsMessage")
        self.heard = named(_LOGS + "StreamAccessLogsResponse")
        self._any = named("google.protobuf.Any")
        self._parse: Any = parser.ParseDict

    def parsed(self, resource: JSON) -> Any:
        """The resource as the message that travels."""
        return self._parse(resource, self._any())
