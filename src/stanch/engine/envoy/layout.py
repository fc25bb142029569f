"""Where one Envoy listens, what stands behind it, and how it starts.

In    addresses of versions, a folder that only this user can open.
Out   the bootstrap that Envoy starts with; it never changes while Envoy runs.
Why   a listener that changes leaves open connections on the old filters (measured: after 2.9 s
      still). So every filter stands there from the start, and only routes change, through the file
      that Envoy watches. The file outlives both processes: Envoy starts with the last good routes.
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
RBAC, LIMIT, ASK = (
    f"envoy.filters.http.{name}" for name in ("rbac", "local_ratelimit", "ext_authz")
)
_HTTP = TYPE + "extensions.filters.http."
_LINE = {
    "status": "%RESPONSE_CODE%",
    "ms": "%DURATION%",
    "source": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
    "cluster": "%UPSTREAM_CLUSTER_RAW%",
    "principal": f"%REQ({PRINCIPAL})%",
    "why": "%RESPONSE_CODE_DETAILS%",
    "probe": "%REQ(stanch-probe)%",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """One Envoy."""

    folder: Path
    """Holds its files and sockets; mode 0700."""
    upstreams: Mapping[str, str]
    default: str
    host: str = "127.0.0.1"
    port: int = 8485
    admin_port: int = 0
    by_address: bool = True
    """Whether principals are addresses; else every request is asked about."""
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
    def routes(self) -> Path:
        """The file with the routes in force."""
        return self.folder / "live" / ROUTES


def bootstrap(layout: Layout) -> JSON:
    """What Envoy starts with."""
    versions = [_version(name, url) for name, url in sorted(layout.upstreams.items())]
    found: JSON = {
        "node": {"id": "stanch", "cluster": "stanch"},
        "static_resources": {
            "listeners": [_listener(layout)],
            "clusters": [*versions, _ask(layout)],
        },
        "admin": {"address": _socket("127.0.0.1", layout.admin_port)},
    }
    return found


def cluster(version: str) -> str:
    """The name of a version's cluster."""
    return f"version:{version}"


def _listener(layout: Layout) -> JSON:
    manager = {
        "@type": TYPE
        + "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in",
        "use_remote_address": True,
        "server_header_transformation": "PASS_THROUGH",
        "rds": {
            "route_config_name": "stanch",
            "config_source": {
                "resource_api_version": "V3",
                "path_config_source": {
                    "path": str(layout.routes),
                    "watched_directory": {"path": str(layout.routes.parent)},
                },
            },
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
        "access_log": [
            {
                "name": "envoy.access_loggers.stdout",
                "typed_config": {
                    "@type": TYPE + "extensions.access_loggers.stream.v3.StdoutAccessLog",
                    "log_format": {"json_format": _LINE},
                },
            }
        ],
    }
    name = "envoy.filters.network.http_connection_manager"
    return {
        "name": "in",
        "address": _socket(layout.host, layout.port),
        "filter_chains": [{"filters": [{"name": name, "typed_config": manager}]}],
    }


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
