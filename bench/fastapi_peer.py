"""The peer of bench/ingest.py: the same job as a FastAPI route with pydantic, under uvicorn.

In    POST /events, a JSON array. Out: `{accepted, duplicate}`, after fsync.
It validates every row, drops ids that it has seen, and writes the rest as JSON lines. It makes no
columns, survives no restart with its ids, and refuses a whole batch for one bad row.
"""

import os
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel


class Event(BaseModel):
    """One row."""

    id: str
    ts: datetime
    kind: str
    asset: str
    version: str
    principal: str
    session: str
    source: str
    features: list[float]
    prediction: str
    scores: list[float]
    latency_ms: float
    status: int
    cost: float
    groups: dict[str, Any]


class Receipt(BaseModel):
    """The answer."""

    accepted: int
    duplicate: int


def build(path: Path) -> FastAPI:
    """The service, writing to this file."""
    app = FastAPI()
    seen: set[str] = set()
    alone = threading.Lock()
    file = path.open("ab")

    @app.post("/events")
    def post(events: list[Event]) -> Receipt:
        lines = [(e.id, e.model_dump_json().encode() + b"\n") for e in events]
        with alone:
            fresh = []
            for key, line in lines:
                if key not in seen:
                    seen.add(key)
                    fresh.append(line)
            file.write(b"".join(fresh))
            file.flush()
            os.fsync(file.fileno())
        return Receipt(accepted=len(fresh), duplicate=len(events) - len(fresh))

    return app


if __name__ == "__main__":
    uvicorn.run(build(Path(sys.argv[1])), port=int(sys.argv[2]), log_level="error")
