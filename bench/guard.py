"""The guard's cost: microseconds of a decision, and the share of a FastAPI service's time."""

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

from stanch.contain.policy import canonical
from stanch.contain.rate import rate
from stanch.guard.facts import Request
from stanch.guard.table import State, Table
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.policy import Deny, Limits, Policy

RESULT = Path(__file__).parent / "results" / "guard.json"
ROUNDS, SECONDS = 3, 2
_SERVICE = """
import sys, uvicorn
from fastapi import FastAPI
from stanch.contain.policy import decoded
app = FastAPI()
@app.post("/predict")
async def predict(given: dict) -> dict:
    return {"prediction": "ham", "scores": [0.7, 0.3]}
if sys.argv[2] != "plain":
    from stanch.guard.asgi import Guard
    from stanch.guard.core import Choices
    from stanch.guard.identity import by_address
    app = Guard(app, asset="a", server="http://127.0.0.1:9", key="k", identify=by_address,
                choices=Choices(telemetry=sys.argv[2] == "telling"))
    app.core.keeper.accept(open(sys.argv[3], 'rb').read())
uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False)
"""
_LUA = """
wrk.method = "POST"
wrk.body = '{"features": [1.0, 2.0, 3.0]}'
wrk.headers["Content-Type"] = "application/json"
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


def _cpu(pid: int) -> float:
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def service_cost(kind: str, port: int, lua: Path) -> float:
    """CPU microseconds that the FastAPI service spends on a request; other load does not show."""
    policy = lua.with_suffix(".policy")
    policy.write_bytes(canonical(large()))
    service = subprocess.Popen([sys.executable, "-c", _SERVICE, str(port), kind, str(policy)])
    try:
        url = f"http://127.0.0.1:{port}/predict"
        ready, before = time.monotonic() + 30, 0.0
        while _refused(port) and time.monotonic() < ready:
            time.sleep(0.05)
        before = _cpu(service.pid)
        while time.monotonic() < ready:
            said = subprocess.run(
                ["wrk", "-t1", "-c16", f"-d{SECONDS}s", "-s", str(lua), url],
                capture_output=True,
                text=True,
                check=False,
            )
            if "Requests/sec" in said.stdout and "Non-2xx" not in said.stdout:
                spent = _cpu(service.pid) - before
                return 1e6 * spent / int(said.stdout.split(" requests in")[0].split()[-1])
            before = _cpu(service.pid)
        raise TimeoutError(f"the {kind} service never answered")
    finally:
        service.terminate()
        service.wait()
        policy.unlink()


def main() -> None:
    lua = RESULT.with_suffix(".lua")
    lua.parent.mkdir(exist_ok=True)
    lua.write_text(_LUA)
    found: dict[str, Any] = {"machine": platform.platform(), "decision": decisions()}
    runs: dict[str, list[float]] = {"plain": [], "guarded": [], "telling": []}
    for n in range(ROUNDS):
        for kind, rates in runs.items():
            rates.append(service_cost(kind, 18_500 + 3 * n + list(runs).index(kind), lua))
    lua.unlink()
    middle = {kind: statistics.median(rates) for kind, rates in runs.items()}
    found |= {"cpu_us_per_request": middle}
    found["overhead"] = {k: 1 - middle["plain"] / middle[k] for k in ("guarded", "telling")}
    RESULT.write_text(json.dumps(found, indent=2) + "\n")
    for name, value in found.items():
        print(f"{name:22} {value}")


if __name__ == "__main__":
    main()
