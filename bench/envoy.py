"""Envoy: from a policy to its effect; requests a second with filters idle, and with bodies asked.

The upstream is nginx on the same two cores; plain Envoy has a router and nothing else, and as many
workers. An effect is seen by a keep-alive client in a tight loop, in a process of its own; the
acknowledgement and the probe of the policy are in it. The files of the last good policy and routes
are written after each, as the product does.
"""

import http.client
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.words import words
from stanch.cli.fronting import Fronting
from stanch.contain.policy import canonical
from stanch.engine.envoy.layout import bootstrap
from stanch.engine.envoy.process import binary
from stanch.guard.core import Choices
from stanch.guard.gateway.config import GatewayConfig
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.policy import Limits, Mode, Policy

RESULT = Path(__file__).parent / "results" / "envoy.json"
UP, PLAIN, OURS = 18_901, 18_902, 18_903
SECONDS, ROUNDS, FLIPS = 3, 5, 400
WORKERS = os.cpu_count() or 1
P = Policy(asset=AssetId("a"))
_NGINX = """
daemon off; worker_processes 1; pid {dir}/pid; error_log {dir}/err;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000;
  client_body_temp_path {dir}/a; proxy_temp_path {dir}/b; fastcgi_temp_path {dir}/c;
  uwsgi_temp_path {dir}/d; scgi_temp_path {dir}/e;
  server {{ listen 127.0.0.1:{up}; default_type application/json;
    location / {{ return 200 '{{"prediction": "ham", "scores": [0.7, 0.3]}}'; }} }} }}
"""
_LUA = """
wrk.method = "POST"
wrk.body = '{"instances": [[' .. string.rep("1.25, ", 160) .. '1.0]]}'
wrk.headers["Content-Type"] = "application/json"
"""


_CALLER = """
import http.client, sys, time
line = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=5)
for wanted in map(int, sys.stdin):
    print(0, flush=True)
    status = 0
    while status != wanted:
        line.request("POST", "/", body=b"{}")
        answer = line.getresponse()
        answer.read()
        status = answer.status
    print(time.perf_counter(), flush=True)
"""


def _answers(port: int) -> int:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("POST", "/", body=b'{"instances": [[1]]}')
        return line.getresponse().status
    finally:
        line.close()


def _wait(port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            if _answers(port) == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"nobody answers on {port}")


def _load(port: int, lua: Path) -> float:
    told = ["wrk", "-t1", "-c32", f"-d{SECONDS}s", "-s", str(lua), f"http://127.0.0.1:{port}/"]
    said = subprocess.run(told, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said:
        raise ValueError(said)
    return float(said.split("Requests/sec:")[1].split()[0])


def effects(front: Fronting) -> dict[str, float]:
    """Milliseconds from a policy's arrival to the first answer that shows it, and to its proof."""
    seen: list[float] = []
    proved: list[float] = []
    told = [sys.executable, "-c", _CALLER, str(front.layout.port)]
    pipe = subprocess.PIPE
    with subprocess.Popen(told, stdin=pipe, stdout=pipe, text=True, bufsize=1) as caller:
        assert caller.stdin is not None
        assert caller.stdout is not None
        for n in range(FLIPS):
            stops = n % 2 == 0
            caller.stdin.write("503\n" if stops else "200\n")
            caller.stdout.readline()
            policy = replace(P, version=1000 + n, mode=Mode.STOPPED if stops else Mode.SERVING)
            body = canonical(policy)
            start = time.perf_counter()
            front.core.keeper.take(body)
            front.apply()
            proved.append(1000 * (time.perf_counter() - start))
            seen.append(1000 * (float(caller.stdout.readline()) - start))
            front.keep()
            front.core.keeper.save()
        caller.stdin.close()
    cuts = [statistics.quantiles(one, n=100) for one in (seen, proved)]
    return {
        "effect_median_ms": round(cuts[0][49], 2),
        "effect_p99_ms": round(cuts[0][98], 2),
        "proved_median_ms": round(cuts[1][49], 2),
        "proved_p99_ms": round(cuts[1][98], 2),
        "effect_worst_ms": round(max(seen), 2),
    }


def _front(folder: Path) -> Fronting:
    config = GatewayConfig(
        asset="a", upstreams={"v1": f"http://127.0.0.1:{UP}"}, server="http://127.0.0.1:9",
        key="k", port=OURS, choices=Choices(telemetry=False),
    )  # fmt: skip
    front = Fronting(config, folder, workers=WORKERS)
    front.core.start = lambda: None  # type: ignore[method-assign]  # policies are put by hand
    return front


def _plain(front: Fronting, folder: Path) -> Path:
    """The same bootstrap with a router alone."""
    made = bootstrap(replace(front.layout, port=PLAIN))
    del made["admin"], made["dynamic_resources"]
    manager = made["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]
    config = manager["typed_config"]
    config["http_filters"] = config["http_filters"][-1:]
    del config["rds"]
    route = {"match": {"prefix": "/"}, "route": {"cluster": "version:v1"}}
    config["route_config"] = {"virtual_hosts": [{"name": "a", "domains": ["*"], "routes": [route]}]}
    place = folder / "plain.json"
    place.write_text(json.dumps(made))
    return place


def main() -> None:
    words(__doc__)
    found: dict[str, Any] = {"machine": platform.platform(), "load": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as over:
        folder = Path(temporary)
        (folder / "nginx.conf").write_text(_NGINX.format(dir=folder, up=UP))
        lua = folder / "load.lua"
        lua.write_text(_LUA)
        front = _front(folder / "front")
        nginx = [shutil.which("nginx") or "nginx", "-c", str(folder / "nginx.conf")]
        plain = [binary(), "-c", str(_plain(front, folder)), "--concurrency", str(WORKERS)]
        plain += ["--use-dynamic-base-id", "-l", "off"]
        for command in (nginx, plain):
            process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
            over.callback(process.wait)
            over.callback(process.terminate)
        front.start()
        over.callback(front.stop)
        for port in (UP, PLAIN, OURS):
            _wait(port)
        runs: dict[str, list[float]] = {"plain": [], "idle": [], "bodies": []}
        for n in range(ROUNDS):
            runs["plain"].append(_load(PLAIN, lua))
            for kind, limit in (("idle", Limits()), ("bodies", Limits(max_batch=4))):
                version = 2 * n + (1 if kind == "idle" else 2)
                front.core.keeper.accept(canonical(replace(P, version=version, limit=limit)))
                front.apply()
                runs[kind].append(_load(OURS, lua))
        rates = {kind: round(statistics.median(one)) for kind, one in runs.items()}
        found["rps"] = rates
        share = [a / b for a, b in zip(runs["idle"], runs["plain"], strict=True)]
        found["idle_of_plain"] = round(statistics.median(share), 3)
        found |= effects(front)
    RESULT.write_text(json.dumps(found, indent=2) + "\n")
    for name, value in found.items():
        print(f"{name:18} {value}")


if __name__ == "__main__":
    main()
