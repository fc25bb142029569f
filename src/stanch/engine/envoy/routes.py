"""A policy as Envoy's routes, and what of it Envoy cannot do, in sentences.

In    a policy and the layout.
Out   the RDS document that Envoy watches; which questions it asks; what it cannot enforce.
Why   routes are the one thing that reaches open connections at once. Networks, addresses, modes,
      weights, mirrors and the rate of all are Envoy's own; whatever depends on a name or a body is
      asked of the decision service, so that a name has one spelling everywhere.

A route carries the version of its policy into every probe, which is how a probe proves that Envoy
itself runs it, and not only the control plane beside it.
"""

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from json import dumps
from math import ceil
from typing import Any

from stanch.contain.policy import answering_mode, narrowed, weights
from stanch.engine.envoy.layout import (
    APPLIED,
    ASK,
    DECIDE,
    JSON,
    LIMIT,
    OFTEN,
    PROBLEM,
    RBAC,
    SILENT,
    TYPE,
    Layout,
    authority,
    cluster,
)
from stanch.vocabulary.network import address
from stanch.vocabulary.policy import Limits, LogLevel, Mode, Policy, Rate, Shape, Strictness

_HTTP = TYPE + "extensions.filters.http."
_LEAST = 0.05
"""Envoy fills a bucket no more often than this, in seconds."""
_V4_IN_V6 = 96


def document(policy: Policy, layout: Layout, *, bodies: bool, shared: bool = False) -> JSON:
    """The routes of this policy; `bodies` says whether the decision depends on bodies.

    `shared`: other Envoys stand beside this one, so the rate of all is not Envoy's own to count.
    """
    config = {
        "@type": TYPE + "config.route.v3.RouteConfiguration",
        "name": "stanch",
        "virtual_hosts": [
            {
                "name": "all",
                "domains": ["*"],
                "routes": [
                    _probe(policy),
                    *([_exempt(layout)] if layout.exempt else []),
                    _main(
                        policy,
                        layout,
                        asked=asks(policy, layout, bodies=bodies, shared=shared),
                        bodies=bodies,
                    ),
                ],
            }
        ],
    }
    return {"version_info": str(policy.version), "resources": [config]}


def cannot(policy: Policy, layout: Layout) -> tuple[str, ...]:
    """What of this policy Envoy does not enforce."""
    strange = sorted(set(weights(policy.route)) - set(layout.upstreams))
    found = {
        "Envoy cannot shape answers: use the gateway or the guard in the service.": (
            policy.shape != Shape()
        ),
        "Envoy cannot keep an answer back for its log (shadow): the fallback is given instead.": (
            answering_mode(policy) is Mode.SHADOW
        ),
        "Envoy does not look into answers, so output filters do nothing there: use the gateway.": (
            policy.filter.output is not Strictness.OFF
            or any(one.strip().startswith(("out", "both")) for one in policy.filter.rules)
        ),
        "Envoy does not look into answers, so calls of denied tools are not held back there.": bool(
            policy.tools.deny or policy.tools.ask
        ),
        "Envoy keeps no bodies, so `log: full` keeps none there: use the gateway.": (
            policy.log is LogLevel.FULL
        ),
        f"There is no upstream for {', '.join(strange)}: requests for it get 503.": bool(strange),
        f"There is no upstream for the mirror {policy.mirror!r}.": bool(
            policy.mirror and policy.mirror not in layout.upstreams
        ),
    }
    return tuple(sentence for sentence, holds in found.items() if holds)


def asks(policy: Policy, layout: Layout, *, bodies: bool, shared: bool = False) -> bool:
    """Whether requests are asked about."""
    limit = policy.limit
    names = any(address(p) is None for p in policy.deny.principals)
    per = limit.per_principal or limit.principals or limit.cost
    together = shared and limit.overall is not None
    return bool(bodies or per or names or together or not layout.by_address)


def _probe(policy: Policy) -> JSON:
    told = {"header": {"key": APPLIED, "value": str(policy.version)}}
    return {
        "match": {"prefix": "/", "headers": [{"name": "stanch-probe", "present_match": True}]},
        "route": {"cluster": DECIDE, "prefix_rewrite": "/-/probe"},
        "request_headers_to_add": [{**told, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}],
        "typed_per_filter_config": {ASK: _not_asked()},
    }


def _exempt(layout: Layout) -> JSON:
    """Where a service says that it lives: asked of the default, whatever the policy."""
    return {
        "match": {"safe_regex": {"regex": "|".join(map(re.escape, layout.exempt))}},
        "route": _to({layout.versions[0]: 1}, layout),
        "typed_per_filter_config": {ASK: _not_asked()},
    }


def _main(policy: Policy, layout: Layout, *, asked: bool, bodies: bool) -> JSON:
    found: JSON = {"match": {"prefix": "/"}, **_target(policy, layout)}
    own: JSON = {ASK: _asked(layout, bodies=bodies) if asked else _not_asked()}
    networks = [*policy.deny.networks, *(p for p in policy.deny.principals if address(p))]
    if networks and layout.by_address:
        own[RBAC] = _denying(networks)
    elif policy.deny.networks:
        own[RBAC] = _denying(list(policy.deny.networks))
    if policy.limit.overall is not None and policy.limit.overall.count > 0 and not asked:
        own[LIMIT] = _limiting(policy.limit.overall)
    found["typed_per_filter_config"] = own
    return found


def _target(policy: Policy, layout: Layout) -> JSON:
    policy = narrowed(policy, layout.versions)
    mode = answering_mode(policy)
    if mode is Mode.STOPPED or (mode is not Mode.SERVING and not policy.fallback):
        return _refusing(503, SILENT)
    if mode is not Mode.SERVING:
        return {
            **_direct(200, policy.fallback),
            "response_headers_to_add": [
                _header("stanch-answer", "fallback"),
                _header("content-type", "application/json"),
            ],
        }
    if _nothing(policy.limit):
        return _refusing(429, OFTEN, _header("retry-after", "86400"))
    route = weights(policy.route) or {layout.versions[0]: 1}
    to = _to(route, layout)
    if policy.mirror in layout.upstreams:
        copied: JSON = {
            "cluster": cluster(policy.mirror),
            "disable_shadow_host_suffix_append": True,
        }
        copied["host_rewrite_literal"] = authority(layout.upstreams[policy.mirror])
        to["request_mirror_policies"] = [copied]
    return {"route": to}


def _to(route: Mapping[str, int], layout: Layout) -> JSON:
    """By weight, under each upstream's own name; a stream may last as long as it moves."""
    clusters = [
        {"name": cluster(v), "weight": w, "host_rewrite_literal": _host(v, layout)}
        for v, w in sorted(route.items())
    ]
    idle = f"{layout.read_seconds}s"
    return {
        "weighted_clusters": {"clusters": clusters},
        "timeout": "0s",
        "idle_timeout": idle,
        "retry_policy": {"retry_on": "connect-failure,reset-before-request", "num_retries": 1},
    }


def _host(version: str, layout: Layout) -> str:
    return authority(layout.upstreams.get(version, ""))


def _nothing(limit: Limits) -> bool:
    return limit.overall is not None and limit.overall.count <= 0


def _direct(status: int, body: str) -> JSON:
    return {"direct_response": {"status": status, "body": {"inline_string": body}}}


def _refusing(status: int, title: str, *more: JSON) -> JSON:
    """A problem document of Envoy's own."""
    body = dumps({"type": "about:blank", "title": title, "status": status})
    return {
        **_direct(status, body),
        "response_headers_to_add": [
            _header("content-type", PROBLEM),
            _header("cache-control", "no-store"),
            *more,
        ],
    }


def _header(name: str, value: str) -> JSON:
    header = {"key": name, "value": value}
    return {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def _denying(networks: list[str]) -> JSON:
    ranges = [ip_network(str(n) if "/" in n else f"{address(n)}") for n in sorted(networks)]
    principals: list[Any] = [
        {"remote_ip": {"address_prefix": prefix, "prefix_len": length}}
        for one in ranges
        for prefix, length in _spellings(one)
    ]
    policy = {"permissions": [{"any": True}], "principals": principals}
    rules = {"action": "DENY", "policies": {"denied": policy}}
    return {"@type": _HTTP + "rbac.v3.RBACPerRoute", "rbac": {"rules": rules}}


def _spellings(one: IPv4Network | IPv6Network) -> Iterator[tuple[str, int]]:
    """The network, and for Envoy, to which it is another, the same inside of IPv6.

    So a proxy in front that listens to both writes the addresses of its callers.
    """
    yield str(one.network_address), one.prefixlen
    if isinstance(one, IPv4Network):
        yield f"::ffff:{one.network_address}", _V4_IN_V6 + one.prefixlen


def _limiting(rate: Rate) -> JSON:
    fill = max(1, ceil(rate.count * _LEAST / rate.seconds))
    every = fill * rate.seconds / rate.count
    most = max(1, int(rate.count if rate.burst is None else rate.burst))
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    return {
        "@type": _HTTP + "local_ratelimit.v3.LocalRateLimit",
        "stat_prefix": "all",
        "token_bucket": {
            "max_tokens": max(most, fill),
            "tokens_per_fill": fill,
            "fill_interval": f"{every:.6f}s",
        },
        "filter_enabled": {"runtime_key": "stanch.limit", **always},
        "filter_enforced": {"runtime_key": "stanch.limited", **always},
        "response_headers_to_add": [_header("retry-after", str(ceil(every)))],
    }


def _asked(layout: Layout, *, bodies: bool) -> JSON:
    body = {"max_request_bytes": layout.largest, "allow_partial_message": False}
    settings: JSON = (
        {"with_request_body": body} if bodies else {"disable_request_body_buffering": True}
    )
    return {"@type": _HTTP + "ext_authz.v3.ExtAuthzPerRoute", "check_settings": settings}


def _not_asked() -> JSON:
    return {"@type": _HTTP + "ext_authz.v3.ExtAuthzPerRoute", "disabled": True}
