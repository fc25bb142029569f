"""The aftermath: does the evidence hold, and does the way back lead back?

In    the stage, with what was seen.
Out   whether the evidence holds and came before the change; whether undoing restores the policy.
Why   containment that cannot be proved or taken back is a second incident.
"""

from datetime import datetime
from typing import Any

import msgspec

from stanch.sandbox.build import Stage
from stanch.sandbox.eyes import Sight
from stanch.sandbox.wire import Api
from stanch.vocabulary.trouble import Trouble

_GOOD = 300
_NEUTRAL = ("mode", "route", "mirror", "deny", "limit", "shape", "filter", "tools", "hold")


def evidence_of(stage: Stage, sight: Sight) -> bool | None:
    """Whether the whole proof holds and each incident's first piece is older than its change."""
    api = stage.server.api
    taken: dict[str, datetime] = {}
    try:
        for name in sight.incidents:
            times = [_time(e["taken"]) for e in api.every("/api/v1/evidence", incident=name)]
            if times:
                taken[name] = min(times)
        if not taken:
            return None
        holds = (api.get("/api/v1/evidence-check") or {}).get("holds") is True
        return holds and all(_before(v, taken) for v in _history(api, stage))
    except Trouble:
        return False


def unready(stage: Stage) -> list[str]:
    """What the server says is wrong with itself, in sentences."""
    try:
        status, body = stage.server.api.ask("GET", "/readyz")
    except Trouble as trouble:
        return [f"The server is gone at the end: {trouble}"]
    if status < _GOOD:
        return []
    why = msgspec.json.decode(body).get("why", ()) if body else ()
    return [f"The server is not ready at the end: {'; '.join(map(str, why))}"]


def _before(version: dict[str, Any], taken: dict[str, datetime]) -> bool:
    incident = version.get("incident")
    return incident is None or (incident in taken and taken[incident] <= _time(version["at"]))


def undone(stage: Stage, sight: Sight) -> bool | None:
    """Whether going back to the version before the incident leaves nothing of it in force."""
    api, asset = stage.server.api, stage.drill.world.asset
    try:
        versions = _history(api, stage)
        changed = [v for v in versions if v.get("incident") in sight.incidents]
        if not changed:
            return None
        first = min(v["version"] for v in changed)
        start = next((v for v in versions if v["version"] == first - 1), None)
        status, _ = api.send(
            "POST",
            f"/api/v1/assets/{asset}/policy/revert",
            {"because": "the drill is over", "version": first - 1},
        )
        if status >= _GOOD:
            return False
        now = _history(api, stage)[0]["policy"]
        before = start["policy"] if start else None
        return all(now[n] == before[n] if before else not _loud(now, n) for n in _NEUTRAL)
    except Trouble:
        return False


def _loud(policy: dict[str, Any], name: str) -> bool:
    """Whether this part of the policy does anything."""
    value = policy[name]
    if isinstance(value, dict):
        quiet: tuple[object, ...] = (None, [], {}, "", 0, 0.0, False, "all", "off")
        return any(one not in quiet for one in value.values())
    return value not in ("serving", "", None)


def _history(api: Api, stage: Stage) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        api.get(f"/api/v1/assets/{stage.drill.world.asset}/policy/history", limit=500) or []
    )
    return found


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
