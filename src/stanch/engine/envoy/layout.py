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
from ssl import get_default_verify_paths
from typing import Any
from urllib.parse import urlsplit

from stanch.contain.policy import in_turn
from stanch.vocabulary.network import address
from stanch.vocabulary.trouble import BadInput

JSON = dict[str, Any]
TYPE = "type.googleapis.com/envoy."
ROUTES = "routes.json"
PRINCIPAL = "x-stanch-principal"
APPLIED = "x-stanch-applied"
SOURCE = "x-stanch-source"
"""Where a request comes from as Envoy has it: of its own list, which says another address for a
peer on this machine, nobody else can tell."""
DECIDE = "stanch-decide"
HEAR = "stanch-plane"
RBAC, LIMIT, ASK = (
    f"envoy.filters.http.{name}" for name in ("rbac", "local_ratelimit", "ext_authz")
)
_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
IDLE_SECONDS = 4
"""Model servers close kept connections after 5 seconds or more; ours are closed before."""
FLUSHED = "0.2s"
"""How long a line of the log waits for others at most."""
_UPSTREAM_FLAGS = ("UH", "UF", "UC", "UT", "UR", "UPE", "SI", "NC")
FAILS = "The answer cannot be given."
DENIED = "This request is not allowed."
OFTEN = "Too many requests. Come back later."
SILENT = "This service is not answering now."
PROBLEM = "application/problem+json"
HEAD_SECONDS = 10
"""How long a caller may take over the head of a request."""
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

    exempt: tuple[str, ...] = ()
    """Paths that are never guarded: where a service says that it lives."""

    @property
    def versions(self) -> tuple[str, ...]:
        """Those that can answer, the default first."""
        return in_turn(self.upstreams, self.default)

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
        "request_headers_timeout": f"{HEAD_SECONDS}s",
        "early_header_mutation_extensions": [_unforged()],
        "local_reply_config": {"mappers": _said()},
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
                "typed_config": {
                    "@type": _HTTP + "router.v3.Router",
                    "suppress_envoy_headers": True,
                },
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


def _unforged() -> JSON:
    """Takes our own headers out of what callers send, before anything reads them."""
    name = "envoy.http.early_header_mutation.header_mutation"
    kind = "extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation"
    return {
        "name": name,
        "typed_config": {
            "@type": TYPE + kind,
            "mutations": [{"remove": PRINCIPAL}, {"remove": SOURCE}],
        },
    }


def _said() -> list[JSON]:
    """What callers get where Envoy itself answers, as the other guards say it."""
    return [
        _problem(FAILS, {"response_flag_filter": {"flags": [*_UPSTREAM_FLAGS]}}),
        *(_problem(title, _status(code)) for code, title in ((429, OFTEN), (403, DENIED))),
    ]


def _status(code: int) -> JSON:
    value = {"default_value": code, "runtime_key": f"stanch.status.{code}"}
    return {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}}


def _problem(title: str, when: JSON) -> JSON:
    said: JSON = {"type": "about:blank", "title": title, "status": "%RESPONSE_CODE%"}
    body = {"json_format": said, "content_type": PROBLEM}
    return {"filter": when, "body_format_override": body}


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
                "buffer_flush_interval": FLUSHED,
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
            "authorization_request": {
                "headers_to_add": [
                    {"key": SOURCE, "value": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"}
                ]
            },
            "authorization_response": {
                "allowed_upstream_headers": {"patterns": [{"exact": PRINCIPAL}]},
                "allowed_client_headers": {"patterns": [{"safe_regex": {"regex": ".*"}}]},
            },
        },
    }


def _version(name: str, url: str) -> JSON:
    given = urlsplit(url)
    if given.path.strip("/"):
        raise BadInput(
            f"Envoy takes no path in an upstream, like that of {name}: {url}. Use the gateway "
            "without --envoy, or serve each version at the root of its address."
        )
    tls = given.scheme == "https"
    found = _cluster(
        cluster(name),
        {"address": _socket(given.hostname or "", given.port or (443 if tls else 80))},
    )
    found["typed_extension_protocol_options"] = _speaking(
        explicit_http_config={"http_protocol_options": JSON()},
        common_http_protocol_options={"idle_timeout": f"{IDLE_SECONDS}s"},
    )
    if tls:
        found["transport_socket"] = {
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": TYPE + "extensions.transport_sockets.tls.v3.UpstreamTlsContext",
                "sni": given.hostname,
                "common_tls_context": {"validation_context": _known(given.hostname or "")},
            },
        }
    return found


def _known(host: str) -> JSON:
    """Whose certificates are believed: those of this machine's authorities, for this host alone."""
    kind = "DNS" if address(host) is None else "IP_ADDRESS"
    return {
        "trusted_ca": {"filename": authorities()},
        "match_typed_subject_alt_names": [{"san_type": kind, "matcher": {"exact": host}}],
    }


def authorities() -> str:
    """The file of the authorities that this machine believes, or BadInput where there is none."""
    for one in (get_default_verify_paths().cafile, *_BUNDLES):
        if one and Path(one).is_file():
            return one
    raise BadInput("No file of certificate authorities was found. Name one in SSL_CERT_FILE.")


def authority(url: str) -> str:
    """The host that an upstream is asked for."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _ask(layout: Layout) -> JSON:
    return _cluster(DECIDE, {"address": {"pipe": {"path": str(layout.socket)}}})


def _hear(layout: Layout) -> JSON:
    found = _cluster(HEAR, {"address": {"pipe": {"path": str(layout.plane)}}})
    plain: JSON = {"http2_protocol_options": JSON()}
    found["typed_extension_protocol_options"] = _speaking(explicit_http_config=plain)
    return found


def _speaking(**how: JSON) -> JSON:
    options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    return {options: {"@type": f"type.googleapis.com/{options}", **how}}


def _cluster(name: str, endpoint: JSON) -> JSON:
    pipe = "pipe" in endpoint["address"]
    return {
        "name": name,
        "connect_timeout": "2s",
        "type": "STATIC" if pipe else "STRICT_DNS",
        "dns_lookup_family": "V4_PREFERRED",
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
