"""The gateway: requests a second and latency at 32 connections with bodies of 1 kB, beside peers.

The upstream is nginx on the same two cores. Peers: nginx itself, nginx and HAProxy as proxies, and
LiteLLM's proxy where a `litellm` is on the PATH (it needs an environment of its own: uv venv, then
uv pip install 'litellm[proxy]'); beside it our gateway carries the same chat completions.
"""

import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.words import words

RESULT = Path(__file__).parent / "results" / "gateway.json"
UP, PEER, HA, SERVER, LITE, OURS = 18_701, 18_702, 18_703, 18_704, 18_705, 18_710
SECONDS, ROUNDS = 4, 3
_NGINX = """
daemon off; worker_processes 1; pid {dir}/pid; error_log {dir}/err;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000;
  client_body_temp_path {dir}/a; proxy_temp_path {dir}/b; fastcgi_temp_path {dir}/c;
  uwsgi_temp_path {dir}/d; scgi_temp_path {dir}/e;
  upstream up {{ server 127.0.0.1:{up}; keepalive 64; keepalive_requests 1000000; }}
  server {{ listen 127.0.0.1:{up}; default_type application/json;
    location /v1/ {{ return 200 '{chat}'; }}
    location / {{ return 200 '{{"prediction": "ham", "scores": [0.7, 0.3]}}'; }} }}
  server {{ listen 127.0.0.1:{peer};
    location / {{ proxy_pass http://up; proxy_http_version 1.1;
      proxy_set_header Connection ""; }} }}
}}
"""
_CHAT = json.dumps(
    {
        "id": "c", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop",
                     "message": {"role": "assistant", "content": "ham"}}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10},
    }
)  # fmt: skip
_LITELLM = """
model_list:
  - model_name: m
    litellm_params: {{model: openai/m, api_base: "http://127.0.0.1:{up}/v1", api_key: none}}
litellm_settings: {{telemetry: false}}
general_settings: {{dangerously_permit_weak_or_unset_master_key: true}}
"""
_CHAT_LUA = """
wrk.method = "POST"
wrk.body = '{"model": "m", "messages": [{"role": "user", "content": "'
  .. string.rep("is it ham? ", 80) .. '"}]}'
wrk.headers["Content-Type"] = "application/json"
"""
_HAPROXY = """
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend f
  bind 127.0.0.1:{ha}
  default_backend b
backend b
  http-reuse always
  server s 127.0.0.1:{up}
"""
_GATEWAY = """
import sys
from stanch.guard.core import Choices
from stanch.guard.gateway.config import GatewayConfig
from stanch.guard.gateway.serve import run
run(GatewayConfig(asset="a", upstreams={"v1": sys.argv[2]}, server=sys.argv[3], key="k",
    port=int(sys.argv[1]), choices=Choices(telemetry=sys.argv[4] == "telling", wait=5)))
"""
_EVENTS = """
import sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *_): pass
    def do_GET(self):
        time.sleep(0 if self.path.endswith("wait=0") else 5)
        self.send_response(304); self.send_header("Content-Length", "0")
        self.send_header("Stanch-Takes", "application/vnd.stanch.exchanges"); self.end_headers()
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
_LUA = """
wrk.method = "POST"
wrk.body = '{"features": [' .. string.rep("1.25, ", 160) .. '1.0]}'
wrk.headers["Content-Type"] = "application/json"
"""


@contextmanager
def running(*command: str, port: int, seconds: float = 20) -> Iterator[int]:
    """A process that answers on this port, and is ended by its own id."""
    quiet = subprocess.DEVNULL
    offline = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet, env=offline)
    try:
        end = time.monotonic() + seconds
        while True:
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if time.monotonic() > end or process.poll() is not None:
                raise TimeoutError(f"nobody answers on {port}")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _cpu(pid: int) -> float:
    """CPU seconds of a process; 0 for those whose work others do (nginx's workers)."""
    if not pid:
        return 0.0
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def load(port: int, lua: Path, path: str = "/predict", connections: int = 32) -> dict[str, float]:
    """Requests a second and milliseconds, of one run."""
    told = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", "-s", str(lua)]
    said = subprocess.run(
        [*told, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True
    ).stdout
    if "Non-2xx" in said:
        raise ValueError(said)
    times = {p: _ms(v) for p, v in re.findall(r"^ +(50|99)% +(\S+) *$", said, re.MULTILINE)}
    rate = float(said.split("Requests/sec:")[1].split()[0])
    return {"rps": rate, "p50_ms": times["50"], "p99_ms": times["99"]}


def _ms(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(\w+)", text).groups()  # type: ignore[union-attr]  # pyrefly: ignore[missing-attribute]  wrk writes nothing else
    return round(float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit], 2)


def _ours(kind: str, port: int) -> tuple[str, ...]:
    up, server = f"http://127.0.0.1:{UP}", f"http://127.0.0.1:{SERVER}"
    return (sys.executable, "-c", _GATEWAY, str(port), up, server, kind)


def _chats(folder: Path, ours: int) -> dict[str, Any]:
    """Chat completions through our gateway and through LiteLLM's, in the same run."""
    lua = folder / "chat.lua"
    lua.write_text(_CHAT_LUA)
    told = folder / "litellm.yaml"
    told.write_text(_LITELLM.format(up=UP))
    path = "/v1/chat/completions"
    before = _cpu(ours)
    found: dict[str, Any] = {"stanch": load(OURS, lua, path)}
    spent = _cpu(ours) - before
    found["stanch"]["cpu_us"] = round(1e6 * spent / (found["stanch"]["rps"] * SECONDS), 1)
    tool = shutil.which("litellm")
    if tool is None:
        return {**found, "LiteLLM": "not installed"}
    command = (tool, "--config", str(told), "--host", "127.0.0.1", "--port", str(LITE))
    try:
        with running(*command, port=LITE, seconds=120):
            load(LITE, lua, path)
            return {**found, "LiteLLM": load(LITE, lua, path)}
    except TimeoutError as error:
        return {**found, "LiteLLM": str(error)}


def main() -> None:
    words(__doc__)
    found: dict[str, Any] = {"machine": platform.platform(), "load": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "nginx.conf").write_text(_NGINX.format(dir=folder, up=UP, peer=PEER, chat=_CHAT))
        (folder / "haproxy.cfg").write_text(_HAPROXY.format(ha=HA, up=UP))
        lua = folder / "load.lua"
        lua.write_text(_LUA)
        nginx = (shutil.which("nginx") or "nginx", "-c", str(folder / "nginx.conf"))
        server = (sys.executable, "-c", _EVENTS, str(SERVER))
        haproxy = (shutil.which("haproxy") or "haproxy", "-f", str(folder / "haproxy.cfg"))
        with (
            running(*nginx, port=UP),
            running(*haproxy, port=HA) as ha,
            running(*server, port=SERVER),
            running(*_ours("silent", OURS), port=OURS) as silent,
            running(*_ours("telling", OURS + 1), port=OURS + 1) as telling,
        ):
            pids = {UP: 0, PEER: 0, HA: ha, OURS: silent, OURS + 1: telling}
            ports = {
                "nginx, no proxy": UP,
                "nginx as a proxy": PEER,
                "HAProxy": HA,
                "stanch, no telemetry": OURS,
                "stanch, telemetry": OURS + 1,
            }
            runs: dict[str, list[dict[str, float]]] = {name: [] for name in ports}
            for _ in range(ROUNDS):
                for kind, port in ports.items():
                    before = _cpu(pids[port])
                    one = load(port, lua)
                    spent = _cpu(pids[port]) - before
                    one["cpu_us"] = round(1e6 * spent / (one["rps"] * SECONDS), 1)
                    runs[kind].append(one)
            found["chat"] = _chats(folder, silent)
            for kind, kept in runs.items():
                found[kind] = sorted(kept, key=lambda one: one["rps"])[len(kept) // 2]
                found[kind]["best_rps"] = max(one["rps"] for one in kept)
    RESULT.write_text(json.dumps(found, indent=2) + "\n")
    for name, value in found.items():
        print(f"{name:22} {value}")


if __name__ == "__main__":
    main()
