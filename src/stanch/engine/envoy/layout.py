"""Where one Envoy listens, what stands behind it, and how it starts.

In    addresses of versions, a folder that only this user can open.
Out   the bootstrap that Envoy starts with; it never changes while Envoy runs.
Why   a listener that changes leaves open connections on the old filters (measured: after 2.9 s
      still). So every filter stands there from the start, and only routes change: over gRPC while
      we run, and from the file of the last good routes where Envoy is started alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

JSON = dict[str, Any]
TYPE = "type.googleapis.com/envoy."
ROUTES = "routes.json"
PRINCIPAL = "x-stanch-principal"
APPLIED = "x-stanch-applied"
DECIDE = "stanch-decide"
HEAR = "stanch-plane"
RBAC, LIMIT, ASK = (
    f"envoy.filters.http.{name}" for name in ("rbac", "local_ratelimit", "ext_authz")
)
_HTTP = TYPE + "extensions.filters.http."
_FROM_ADS = {"resource_api_version": "V3", "ads": {}, "initial_fetch_timeout": "0s"}
"""Without a timeout: a listener that opened without routes would answer 404 to everybody."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """One Envoy."""

    folder: Path
    """Holds its files and sockets; mode 0700."""
    upstreams: Mapping[str, str]
    default: str
    host: str = "127.0.0.1"
    port: int = 8485
    telling: bool = True
    """Whether Envoy tells of every request."""
    by_address: bool = True
    """Whether principals are addresses; else every request is asked about."""
    hops: int = 0
    """How many proxies of ours stand in front, whose word on addresses counts."""
    fail_open: bool = True
    """What happens while the decision service does not answer."""
    largest: int = 1_000_000
    ask_seconds: float = 1.0
    read_seconds: float = 60.0

    @property
    def socket(self) -> Path:
        """Where Envoy asks for decisions."""
        return self.folder / "decide.sock"

    @property
    def plane(self) -> Path:
        """Where Envoy hears its routes and tells what passed."""
        return self.folder / "plane.sock"

    @property
    def admin(self) -> Path:
        """Where Envoy says how it is."""
        return self.folder / "admin.sock"

    @property
    def routes(self) -> Path:
        """The file with the last good routes."""
        return self.folder / "live" / ROUTES


def bootstrap(layout: Layout, *, alone: bool = False) -> JSON:
    """What Envoy starts with; alone, it takes the last good routes from their file."""
    versions = [_version(name, url) for name, url in sorted(layout.upstreams.items())]
    found: JSON = {
        "node": {"id": "stanch", "cluster": "stanch"},
        "static_resources": {
            "listeners": [_listener(layout, alone=alone)],
            "clusters": [*versions, _ask(layout), _hear(layout)],
        },
        "admin": {"address": {"pipe": {"path": str(layout.admin), "mode": 0o600}}},
    }
    if not alone:
        found["dynamic_resources"] = {
            "ads_config": {
                "api_type": "GRPC",
                "transport_api_version": "V3",
                "grpc_services": [_grpc(retries=True)],
            }
        }
    return found


def cluster(version: str) -> str:
    """The name of a version's cluster."""
    return f"version:{version}"


def _listener(layout: Layout, *, alone: bool) -> JSON:
    manager: JSON = {
        "@type": TYPE
        + "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in",
        "use_remote_address": True,
        "xff_num_trusted_hops": layout.hops,
        "server_header_transformation": "PASS_THROUGH",
        "generate_request_id": False,
        "rds": {
            "route_config_name": "stanch",
            "config_source": _from_file(layout) if alone else _FROM_ADS,
        },
        "http_filters": [
            {"name": RBAC, "typed_config": {"@type": _HTTP + "rbac.v3.RBAC"}},
            {
                "name": LIMIT,
                "typed_config": {
                    "@type": _HTTP + "local_ratelimit.v3.LocalRateLimit",
                    "stat_prefix": "in",
                },
            },
            {"name": ASK, "typed_config": _asking(layout)},
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": _HTTP + "router.v3.Router"},
            },
        ],
    }
    if layout.telling:
        manager["access_log"] = [_telling()]
    name = "envoy.filters.network.http_connection_manager"
    return {
        "name": "in",
        "address": _socket(layout.host, layout.port),
        "filter_chains": [{"filters": [{"name": name, "typed_config": manager}]}],
    }


def _from_file(layout: Layout) -> JSON:
    return {
        "resource_api_version": "V3",
        "path_config_source": {
            "path": str(layout.routes),
            "watched_directory": {"path": str(layout.routes.parent)},
        },
    }


def _telling() -> JSON:
    return {
        "name": "envoy.access_loggers.http_grpc",
        "typed_config": {
            "@type": TYPE + "extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig",
            "common_config": {
                "log_name": "stanch",
                "transport_api_version": "V3",
                "grpc_service": _grpc(),
                "buffer_flush_interval": "0.2s",
                "buffer_size_bytes": 65536,
            },
            "additional_request_headers_to_log": [PRINCIPAL, "stanch-probe"],
        },
    }


def _grpc(*, retries: bool = False) -> JSON:
    target: JSON = {"cluster_name": HEAR}
    if retries:
        times = {"base_interval": "0.1s", "max_interval": "2s"}
        target["retry_policy"] = {"retry_back_off": times}
    return {"envoy_grpc": target}


def _asking(layout: Layout) -> JSON:
    return {
        "@type": _HTTP + "ext_authz.v3.ExtAuthz",
        "transport_api_version": "V3",
        "failure_mode_allow": layout.fail_open,
        "status_on_error": {"code": "ServiceUnavailable"},
        "allowed_headers": {"patterns": [{"safe_regex": {"regex": ".*"}}]},
        "http_service": {
            "server_uri": {
                "uri": "http://stanch",
                "cluster": DECIDE,
                "timeout": f"{layout.ask_seconds}s",
            },
            "path_prefix": "/-/check",
            "authorization_response": {
                "allowed_upstream_headers": {"patterns": [{"exact": PRINCIPAL}]},
                "allowed_client_headers": {"patterns": [{"safe_regex": {"regex": ".*"}}]},
            },
        },
    }


def _version(name: str, url: str) -> JSON:
    given = urlsplit(url)
    tls = given.scheme == "https"
    found = _cluster(
        cluster(name),
        {"address": _socket(given.hostname or "", given.port or (443 if tls else 80))},
    )
    if tls:
        found["transport_socket"] = {
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": TYPE + "extensions.transport_sockets.tls.v3.UpstreamTlsContext",
                "sni": given.hostname,
            },
        }
    return found


def _ask(layout: Layout) -> JSON:
    return _cluster(DECIDE, {"address": {"pipe": {"path": str(layout.socket)}}})


def _hear(layout: Layout) -> JSON:
    found = _cluster(HEAR, {"address": {"pipe": {"path": str(layout.plane)}}})
    options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    plain: JSON = {"http2_protocol_options": JSON()}
    found["typed_extension_protocol_options"] = {
        options: {
            "@type": f"type.googleapis.com/{options}",
            "explicit_http_config": plain,
        }
    }
    return found


def _cluster(name: str, endpoint: JSON) -> JSON:
    pipe = "pipe" in endpoint["address"]
    return {
        "name": name,
        "connect_timeout": "2s",
        "type": "STATIC" if pipe else "STRICT_DNS",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}],
        },
        "circuit_breakers": {
            "thresholds": [
                {"max_connections": 4096, "max_requests": 65536, "max_pending_requests": 65536}
            ]
        },
    }


def _socket(host: str, port: int) -> JSON:
    found: JSON = {"address": host, "port_value": port}
    if ":" in host:
        found["ipv4_compat"] = True
    return {"socket_address": found}
