"""A policy as Envoy's routes: what maps, what is asked about, and what is refused in a sentence."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from stanch.contain.rate import rate
from stanch.engine.envoy.layout import ASK, LIMIT, RBAC, Layout, bootstrap
from stanch.engine.envoy.routes import asks, cannot, document
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.policy import (
    Deny,
    Filter,
    Limits,
    LogLevel,
    Mode,
    Policy,
    Shape,
    Strictness,
    Tools,
)
from stanch.vocabulary.probe import Probe, lacking
from stanch.vocabulary.trouble import BadInput

P = Policy(asset=AssetId("a"), version=7)
UP = {"v6": "http://127.0.0.1:9001", "v7": "https://models.example.org"}
L = Layout(folder=Path("/x"), upstreams=UP, default="v6")


def _main(
    policy: Policy, layout: Layout = L, *, bodies: bool = False, shared: bool = False
) -> dict[str, Any]:
    found = document(policy, layout, bodies=bodies, shared=shared)["resources"][0]
    route = found["virtual_hosts"][0]["routes"][1]
    assert isinstance(route, dict)
    return route


def _shares(policy: Policy) -> dict[str, int]:
    route = _main(policy)["route"]
    assert isinstance(route, dict)
    return {c["name"]: c["weight"] for c in route["weighted_clusters"]["clusters"]}


def test_weights_and_what_is_open_become_clusters() -> None:
    assert _shares(P) == {"version:v6": 1}
    assert _shares(replace(P, route={"v6": 30, "v7": 70})) == {"version:v6": 30, "version:v7": 70}
    assert _shares(replace(P, route={"v6": 0})) == {"version:v7": 1}
    assert "direct_response" in _main(replace(P, route={"*": 0}))
    nobody = replace(P, route={"v6": 0, "v7": 0})
    assert _main(nobody)["direct_response"]["status"] == 503
    assert _main(replace(nobody, fallback="{}"))["direct_response"]["status"] == 200


def test_a_stream_lasts_as_long_as_it_moves_and_each_upstream_is_asked_by_its_own_name() -> None:
    to = _main(replace(P, route={"v6": 1, "v7": 1}, mirror="v7"))["route"]
    assert (to["timeout"], to["idle_timeout"]) == ("0s", "60.0s")
    names = [c["host_rewrite_literal"] for c in to["weighted_clusters"]["clusters"]]
    assert names == ["127.0.0.1:9001", "models.example.org"]
    assert to["request_mirror_policies"][0]["host_rewrite_literal"] == "models.example.org"


def test_the_certificate_of_an_upstream_is_checked_for_its_name() -> None:
    _, v7, *_ = bootstrap(L)["static_resources"]["clusters"]
    context = v7["transport_socket"]["typed_config"]["common_tls_context"]["validation_context"]
    assert Path(context["trusted_ca"]["filename"]).is_file()
    (name,) = context["match_typed_subject_alt_names"]
    assert name == {"san_type": "DNS", "matcher": {"exact": "models.example.org"}}


def test_an_upstream_with_a_path_is_refused_in_a_sentence() -> None:
    with pytest.raises(BadInput, match="takes no path"):
        bootstrap(replace(L, upstreams={"v6": "http://127.0.0.1:9001/models/v6"}))


def test_modes_answer_directly() -> None:
    assert _main(replace(P, mode=Mode.STOPPED))["direct_response"]
    safe = _main(replace(P, mode=Mode.SAFE, fallback="{}"))
    assert safe["direct_response"] == {"status": 200, "body": {"inline_string": "{}"}}
    silent = _main(replace(P, mode=Mode.SAFE))["direct_response"]
    assert isinstance(silent, dict)
    assert silent["status"] == 503


def test_the_rate_of_all_is_envoys_own_to_count_until_another_stands_beside_it() -> None:
    policy = replace(P, limit=Limits(overall=rate("10/s")))
    alone, beside = (
        _main(policy, shared=shared)["typed_per_filter_config"] for shared in (False, True)
    )
    assert (LIMIT in alone, "disabled" in alone[ASK]) == (True, True)
    assert (LIMIT in beside, "disabled" in beside[ASK]) == (False, False)
    assert not asks(P, L, bodies=False, shared=True)


@pytest.mark.parametrize(
    ("policy", "asked"),
    [
        (P, False),
        (replace(P, deny=Deny(networks=frozenset({"10.0.0.0/8"}))), False),
        (replace(P, deny=Deny(principals=frozenset({PrincipalId("10.0.0.1")}))), False),
        (replace(P, deny=Deny(principals=frozenset({PrincipalId("key-91")}))), True),
        (replace(P, limit=Limits(overall=rate("10/s"))), False),
        (replace(P, limit=Limits(per_principal=rate("10/s"))), True),
        (replace(P, limit=Limits(cost=rate("10/s"))), True),
    ],
)
def test_only_what_depends_on_a_name_is_asked_about(policy: Policy, asked: bool) -> None:
    assert asks(policy, L, bodies=False) is asked
    assert asks(policy, replace(L, by_address=False), bodies=False)
    assert asks(policy, L, bodies=True)
    config = _main(policy)["typed_per_filter_config"]
    assert isinstance(config, dict)
    assert ("disabled" in config[ASK]) is not asked


def test_the_rate_of_all_is_envoys_own_unless_it_asks_anyway() -> None:
    limited = replace(P, limit=Limits(overall=rate("600/min")))
    config = _main(limited)["typed_per_filter_config"]
    assert isinstance(config, dict)
    assert config[LIMIT]["token_bucket"] == {
        "max_tokens": 600,
        "tokens_per_fill": 1,
        "fill_interval": "0.100000s",
    }
    for many in (
        39,
        25,
        1_000,
    ):  # exactly the rate, though Envoy fills no more than 20 times a second
        odd = _main(replace(P, limit=Limits(overall=rate(f"{many}/s"))))["typed_per_filter_config"]
        assert isinstance(odd, dict)
        bucket = odd[LIMIT]["token_bucket"]
        seconds = float(bucket["fill_interval"].removesuffix("s"))
        assert bucket["tokens_per_fill"] / seconds == pytest.approx(many, rel=1e-4)
        assert seconds >= 0.05
    assert LIMIT not in str(_main(limited, replace(L, by_address=False)))
    assert "429" in str(_main(replace(P, limit=Limits(overall=rate("0/s"))))["direct_response"])


def test_addresses_are_denied_as_networks() -> None:
    deny = Deny(
        networks=frozenset({"10.0.0.0/8"}), principals=frozenset({PrincipalId("192.0.2.1")})
    )
    config = _main(replace(P, deny=deny))["typed_per_filter_config"]
    assert isinstance(config, dict)
    denied = config[RBAC]["rbac"]["rules"]["policies"]["denied"]["principals"]
    ranges = [one["remote_ip"] for one in denied]
    assert {f"{one['address_prefix']}/{one['prefix_len']}" for one in ranges} == {
        *("10.0.0.0/8", "::ffff:10.0.0.0/104"),
        *("192.0.2.1/32", "::ffff:192.0.2.1/128"),
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("shape", Shape(round=1)),
        ("mode", Mode.SHADOW),
        ("filter", Filter(output=Strictness.NORMAL)),
        ("filter", Filter(rules=frozenset({"out words: x"}))),
        ("tools", Tools(deny=frozenset({"sql"}))),
        ("route", {"v9": 1}),
        ("mirror", "v9"),
        ("log", LogLevel.FULL),
    ],
)
def test_what_envoy_cannot_do_is_a_sentence_about_that_field_alone(field: str, value: Any) -> None:
    assert cannot(P, L) == ()
    said = cannot(replace(P, fallback="{}", **{field: value}), L)
    assert [one[-1] for one in said] == ["."]
    assert lacking(Probe(asset=P.asset, about=(field,)), said) == said
    others = tuple({one.name for one in fields(Policy)} - {field})
    assert lacking(Probe(asset=P.asset, about=others), said) == ()


def test_the_bootstrap_holds_every_filter_from_the_start() -> None:
    text = str(bootstrap(L))
    assert all(name in text for name in (RBAC, LIMIT, ASK, "UpstreamTlsContext"))
    assert (
        text.index(RBAC) < text.index(LIMIT) < text.index(ASK) < text.index("filters.http.router")
    )


ELSEWHERE = {
    "asset": "whose policy it is",
    "version": "travels as the version of the routes",
    "until": "only the server ends a policy",
    "hold": "the engine keeps it: no guard sees data, trainings or deployments",
}
OTHER: dict[str, Any] = {
    "mode": Mode.STOPPED,
    "route": {"v7": 1},
    "mirror": "v7",
    "deny": Deny(networks=frozenset({"203.0.113.0/24"})),
    "limit": Limits(per_principal=rate("1/s")),
    "shape": Shape(round=1),
    "filter": Filter(output=Strictness.STRICT),
    "tools": Tools(deny=frozenset({"sql"})),
    "log": LogLevel.FULL,
}


@pytest.mark.parametrize("name", sorted({one.name for one in fields(Policy)} - set(ELSEWHERE)))
def test_every_field_of_a_policy_maps_or_is_refused_in_a_sentence(name: str) -> None:
    if name == "fallback":
        safe = replace(P, mode=Mode.SAFE)
        assert _main(replace(safe, fallback="{}")) != _main(safe)
        return
    changed = replace(P, **{name: OTHER[name]})
    assert _main(changed) != _main(P) or cannot(changed, L)
