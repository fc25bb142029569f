"""The aftermath: does the evidence hold, and does the way back lead back?

In    the stage, with what was seen.
Out   whether the evidence holds and came before the change; whether undoing restores the policy.
Why   containment that cannot be proved or taken back is a second incident.
"""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from stanch.engine.clock import monotonic
from stanch.sandbox.build import Stage
from stanch.sandbox.eyes import Sight
from stanch.sandbox.wire import Api
from stanch.vocabulary.trouble import Trouble

_GOOD = 300
_REFUSED = 400
_ACTS = ("mode", "route", "mirror", "deny", "limit", "shape", "filter", "tools", "hold")
"""The parts of a policy that change what anybody gets."""
_NUMBERS = frozenset({"version", "until"})
"""What a policy says of itself; it differs though the policy is the same."""
_OVER = frozenset({"done", "failed", "cancelled"})
_BACK_WITHIN = 10.0
_STAYS_FOR = 1.5
"""Seconds in which nothing of the containment may come again."""


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
        return holds and all(_before(v, taken) for v in history_of(api, stage.asset))
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


def undone(stage: Stage, sight: Sight, since: int = 0) -> bool | None:
    """Whether a person can take all of it back, in the policy, at the guards and for the callers.

    (1) What still runs is cancelled with its undoing. (2) The policy goes back to before the
    incident. (3) It is as it was, every guard runs it, whoever was refused is served, and nothing
    of it comes again. None when nothing had been changed, after version `since` of the policy.
    """
    api = stage.server.api
    try:
        versions = history_of(api, stage.asset)
        mine = [v for v in versions if v["version"] > since]
        changed = [v for v in mine if v.get("incident") in sight.incidents]
        if not changed:
            return None
        first = min(v["version"] for v in changed)
        start = next((v["policy"] for v in versions if v["version"] == first - 1), None)
        _cancel_runs(api, sight)
        status, _ = api.send(
            "POST",
            f"/api/v1/assets/{stage.asset}/policy/revert",
            {"because": "the drill is over", "version": first - 1},
        )
        if status >= _GOOD:
            return False
        back = _until(lambda: _as_before(stage, start) and _served(stage), _BACK_WITHIN)
        return back and not _until(lambda: not _as_before(stage, start), _STAYS_FOR)
    except Trouble:
        return False


def _cancel_runs(api: Api, sight: Sight) -> None:
    """Cancels every run of these incidents, and waits until they are over."""

    def going() -> list[str]:
        return [
            run["id"]
            for name in sight.incidents
            for run in api.every("/api/v1/runs", incident=name)
            if run["state"] not in _OVER
        ]

    for run in going():
        api.send("POST", f"/api/v1/runs/{run}/wish", {"wish": "cancel and undo"})
    _until(lambda: not going(), _BACK_WITHIN)


def _as_before(stage: Stage, before: dict[str, Any] | None) -> bool:
    """Whether the policy is as it was, and every guard runs it."""
    api = stage.server.api
    now = history_of(api, stage.asset)[0]
    guards = api.get(f"/api/v1/assets/{stage.asset}/guards") or ()
    told = all(g["report"]["version"] >= now["version"] for g in guards)
    policy = now["policy"]
    if before is None:
        return told and not loud(policy)
    return told and all(policy[name] == before[name] for name in before if name not in _NUMBERS)


def _served(stage: Stage) -> bool:
    """Whether those who were refused are answered again, as before."""
    names = stage.drill.expected.guilty[:1]
    row = stage.scene.known.x[0]
    return all(stage.scene.door(name).ask(row).status < _REFUSED for name in names)


def loud(policy: dict[str, Any]) -> tuple[str, ...]:
    """The parts of this policy that do anything to anybody."""
    return tuple(name for name in _ACTS if _does_something(policy[name]))


def _does_something(value: object) -> bool:
    if isinstance(value, dict):
        quiet: tuple[object, ...] = (None, [], {}, "", 0, 0.0, False, "all", "off")
        return any(one not in quiet for one in value.values())
    return value not in ("serving", "", None)


def history_of(api: Api, asset: str) -> list[dict[str, Any]]:
    """Every version of the asset's policy, newest first."""
    found: list[dict[str, Any]] = api.get(f"/api/v1/assets/{asset}/policy/history", limit=500) or []
    return found


def _until(done: Callable[[], bool], seconds: float) -> bool:
    end, pause = monotonic() + seconds, threading.Event()
    while not done():
        if monotonic() > end:
            return False
        pause.wait(0.1)
    return True


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
