"""The guard's cost: microseconds of a decision, and the share of a FastAPI service's CPU time.

Two services: an empty route, the worst case; and a scaler with a logistic regression (scikit-learn)
that is asked about one row, the realistic one. Three kinds of each: plain, guarded, and telling a
server that takes events. All three stand in one process behind one route, take turns request by
request, and each request is timed by the clock of its thread, because other work shares the
machine: what disturbs one way disturbs them all. Four of six requests are told of, as a batch costs
something whatever is in it; the thread that sends is added to telling.
"""

import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from bench.words import words
from stanch.contain.policy import canonical
from stanch.contain.rate import rate
from stanch.guard.facts import Request
from stanch.guard.table import State, Table
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.policy import Deny, Limits, Policy

RESULT = Path(__file__).parent / "results" / "guard.json"
ROUNDS, SECONDS = 7, 2
SERVER = 18_499
_SERVICE = """
import sys, threading, time, uvicorn
from fastapi import FastAPI
from stanch.guard.asgi import Guard
from stanch.guard.core import Choices
from stanch.guard.identity import by_address
app = FastAPI()
port, model, policy, server = sys.argv[1:]
if model == "sklearn":
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    dice = np.random.default_rng(7)
    rows = dice.normal(size=(2000, 8))
    made = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, rows[:, 0] > 0)
    async def predict(given: dict) -> dict:
        scores = made.predict_proba(np.asarray([given["features"]], dtype=float))[0]
        return {"prediction": str(int(scores[1] > 0.5)), "scores": scores.tolist()}
else:
    async def predict(given: dict) -> dict:
        return {"prediction": "ham", "scores": [0.7, 0.3]}
ways = {}
app.post("/asked")(predict)
for path in ("/guarded", "/telling"):
    ways[path] = Guard(app, asset="a", server=server, key="k", identify=by_address,
                       choices=Choices(telemetry=path == "/telling", buffer=100_000))
    ways[path].core.keeper.accept(open(policy, 'rb').read())
spent = {"/plain": [0, 0.0], "/guarded": [0, 0.0], "/telling": [0, 0.0]}
def clock(thread):
    return time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
@app.get("/cpu")
async def cpu() -> dict:
    sends = [t for t in threading.enumerate() if t.name == "stanch-guard-events"]
    return {"process": time.process_time(), "sender": sum(map(clock, sends)),
            "told": ways["/telling"].core.measured().get("events_sent", 0), "ways": spent}
async def either(scope, receive, send):
    path = scope.get("path")
    if path not in spent:
        await app(scope, receive, send)
        return
    scope["path"] = "/asked"
    began = time.thread_time()
    await ways.get(path, app)(scope, receive, send)
    spent[path][1] += time.thread_time() - began
    spent[path][0] += 1
uvicorn.run(either, port=int(port), log_level="error", access_log=False)
"""
_SERVER = """
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
wrk.body = '{"features": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]}'
wrk.headers["Content-Type"] = "application/json"
local ways, turn = {"/plain", "/telling", "/guarded", "/telling", "/telling", "/telling"}, 0
request = function()
  turn = turn + 1
  return wrk.format(nil, ways[turn % 6 + 1])
end
"""


def large() -> Policy:
    """A policy with 10,000 denied principals, 1,000 networks and 1,000 limits."""
    return Policy(
        asset=AssetId("a"),
        version=1,
        deny=Deny(
            principals=frozenset(PrincipalId(f"bad-{n}") for n in range(10_000)),
            networks=frozenset(f"10.{n >> 8}.{n & 255}.0/{24 + n % 3}" for n in range(1000)),
        ),
        limit=Limits(
            per_principal=rate("1000000/s"),
            principals={PrincipalId(f"slow-{n}"): rate("1/s") for n in range(1000)},
        ),
    )


def decisions() -> dict[str, float]:
    """Microseconds of a decision: median, 99th percentile, and the table's compile time."""
    policy, state = large(), State()
    start = time.process_time()
    table = Table(policy, state)
    compiled = time.process_time() - start
    asked = [
        Request(f"key-{n % 5000}", f"198.51.{n % 200}.{n % 250}", n / 1e4) for n in range(50_000)
    ]
    taken = []
    for request in asked:
        begun = time.perf_counter_ns()
        table.decide(request)
        taken.append(time.perf_counter_ns() - begun)
    cut = statistics.quantiles(taken, n=100)
    return {"median_us": cut[49] / 1e3, "p99_us": cut[98] / 1e3, "compile_ms": 1e3 * compiled}


def _refused(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) != 0


def _cpu(port: int) -> dict[str, Any]:
    with urlopen(f"http://127.0.0.1:{port}/cpu") as answer:
        return dict(json.load(answer))


def service_costs(model: str, port: int, lua: Path) -> list[dict[str, float]]:
    """CPU microseconds of a request in each way through the service, one row for each round."""
    policy = lua.with_suffix(".policy")
    policy.write_bytes(canonical(large()))
    server = f"http://127.0.0.1:{SERVER}"
    told = [sys.executable, "-c", _SERVICE, str(port), model, str(policy), server]
    service = subprocess.Popen(told)
    try:
        end = time.monotonic() + 60
        while _refused(port) and time.monotonic() < end:
            time.sleep(0.05)
        return [_one(port, lua) for _ in range(ROUNDS + 1)][1:]
    finally:
        service.terminate()
        service.wait()
        policy.unlink()


def _one(port: int, lua: Path) -> dict[str, float]:
    """One round: what is outside of the application is shared by all, the sender is telling's."""
    before = _cpu(port)
    url = f"http://127.0.0.1:{port}/plain"
    told = ["wrk", "-t1", "-c16", f"-d{SECONDS}s", "-s", str(lua), url]
    said = subprocess.run(told, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said:
        raise ValueError(said)
    time.sleep(1)
    after = _cpu(port)
    asked: dict[str, int] = {}
    inside: dict[str, float] = {}
    for way, (count, seconds) in after["ways"].items():
        asked[way] = count - before["ways"][way][0]
        inside[way] = seconds - before["ways"][way][1]
    sender = after["sender"] - before["sender"]
    outside = after["process"] - before["process"] - sender - sum(inside.values())
    each = {way: inside[way] / asked[way] + outside / sum(asked.values()) for way in asked}
    each["/telling"] += sender / max(1, after["told"] - before["told"])
    found = {way.strip("/"): 1e6 * seconds for way, seconds in each.items()}
    found["sender"] = 1e6 * sender / max(1, after["told"] - before["told"])
    return found


def main() -> None:
    words(__doc__)
    lua = RESULT.with_suffix(".lua")
    lua.parent.mkdir(exist_ok=True)
    lua.write_text(_LUA)
    found: dict[str, Any] = {
        "machine": platform.platform(),
        "load": os.getloadavg()[0],
        "decision": decisions(),
    }
    server = subprocess.Popen([sys.executable, "-c", _SERVER, str(SERVER)])
    try:
        for port, model in ((18_501, "empty"), (18_502, "sklearn")):
            runs = service_costs(model, port, lua)
            found[model] = {
                "cpu_us_per_request": {
                    way: round(statistics.median(one[way] for one in runs), 1) for way in runs[0]
                },
                "more_cpu": {
                    way: round(statistics.median(one[way] / one["plain"] - 1 for one in runs), 4)
                    for way in ("guarded", "telling")
                },
                "load": os.getloadavg()[0],
            }
    finally:
        server.terminate()
        server.wait()
        lua.unlink()
    RESULT.write_text(json.dumps(found, indent=2) + "\n")
    for name, value in found.items():
        print(f"{name:10} {value}")


if __name__ == "__main__":
    main()
