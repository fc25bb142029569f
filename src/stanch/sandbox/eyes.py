"""Eyes: what an outside observer sees of the server during a drill, and when.

In    the server's public lists, asked again and again.
Out   the first finding, the first incident, when it is called an attack, the first sufficient
      policy, with their seconds.
Why   the drill times stanch as a user would: by what its API shows, not by what it feels inside.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from stanch.engine.clock import monotonic
from stanch.sandbox.score import Seconds
from stanch.sandbox.wire import Api
from stanch.vocabulary.incident import VerdictKind
from stanch.vocabulary.trouble import Trouble

Document = Mapping[str, Any]


@dataclass(kw_only=True, slots=True)
class Sight:
    """What was seen, in seconds from the first hostile request."""

    finding: float | None = None
    incident: float | None = None
    enough: float | None = None
    """When the policy sufficed; guards and proof come after."""
    contained: float | None = None
    called: float | None = None
    """When an open incident was first called an attack."""
    findings: dict[str, Document] = field(default_factory=dict)
    incidents: dict[str, Document] = field(default_factory=dict)
    early: tuple[str, ...] = ()
    """Incidents that were open before anything hostile happened."""
    touched: dict[str, None] = field(default_factory=dict)
    """Incidents that were opened, or seen again while open, since then."""
    policies: list[Document] = field(default_factory=list)
    """Every version of the victim's policy that was seen."""
    asked: dict[str, Document] = field(default_factory=dict)
    unreachable: int = 0

    def about(self, asset: str, since: int) -> "Sight":
        """The same, with only the incidents on this asset, or that changed its policy since."""
        changed = {p.get("incident") for p in self.policies if p["version"] > since}
        known = self.incidents.items()
        mine = {key: one for key, one in known if one["asset"] == asset or key in changed}
        return replace(self, incidents=mine)

    @property
    def seconds(self) -> Seconds:
        """When each was first seen."""
        return Seconds(
            finding=self.finding,
            incident=self.incident,
            enough=self.enough,
            contained=self.contained,
            called=self.called,
        )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Bar:
    """When an asset counts as contained."""

    asset: str
    enough: Callable[[Document], bool]
    """Whether this policy suffices."""
    clean: Callable[[], bool]
    """Whether only good versions answer people."""


class Eyes:
    """Looks at one asset's incidents and policy.

    Contained is when (1) the policy in force suffices, (2) every guard of the asset says that it
    runs that version, (3) no bad version answers, (4) stanch itself has entered its own proof.
    """

    def __init__(self, api: Callable[[], Api], bar: Bar) -> None:
        self._api = api
        self._asset = bar.asset
        self._bar = bar
        self._zero: float | None = None
        self._alone = threading.Lock()
        self.sight = Sight()
        self.news: Callable[[str], None] = _unheard
        """Is told each thing that is seen for the first time, in a sentence."""

    def attack_begins(self) -> None:
        """From now on seconds count; what was there before is early."""
        with self._alone:
            self.sight.early = tuple(self.sight.incidents)
            self._zero = monotonic()

    def seconds(self) -> float:
        """Since the attack began."""
        return 0.0 if self._zero is None else monotonic() - self._zero

    def look(self) -> None:
        """Looks once; a server that is down is counted."""
        try:
            with self._alone:
                self._look(self._api())
        except Trouble:
            self.sight.unreachable += 1

    def _look(self, api: Api) -> None:
        sight, now = self.sight, round(self.seconds(), 2)
        self._look_at_cases(api, now)
        for version in api.every("/api/v1/policies"):
            if version["asset"] != self._asset:
                continue
            if not sight.policies or sight.policies[-1]["version"] != version["version"]:
                sight.policies.append(version)
            first = sight.contained is None and self._zero is not None
            if first and self._bar.enough(version["policy"]):
                self._enough_is_done(api, version["version"], now)
        for one in api.every("/api/v1/approvals"):
            if one["id"] not in sight.asked:
                first, _, _ = one["shown"].partition("\n")
                self.news(f"a person is asked: {first}")
            sight.asked[one["id"]] = one

    def _enough_is_done(self, api: Api, version: int, now: float) -> None:
        sight = self.sight
        sight.enough = self._first(sight.enough, now)
        guards = api.get(f"/api/v1/assets/{self._asset}/guards") or ()
        done = [g["report"]["version"] >= version for g in guards]
        shown = any(map(_held, sight.incidents.values()))
        if done and all(done) and shown and self._bar.clean():
            sight.contained = now
            self.news(f"contained and proved after {now:.1f} s.")

    def _look_at_cases(self, api: Api, now: float) -> None:
        sight = self.sight
        for one in api.every("/api/v1/findings"):
            which = " ".join(one.get("deeds", ()))
            key = f"{one['detector']} on {one['asset']}: {one['says']} {which}"
            if key not in sight.findings:
                sight.findings[key] = one
                sight.finding = self._first(sight.finding, now)
                self.news(f"found: {one['says']}")
        for line in api.every("/api/v1/incidents"):
            one = line["incident"]
            before = sight.incidents.get(one["id"])
            sight.incidents[one["id"]] = one
            if before is None:
                self._touched(one, f"incident: {one['title'].rstrip('.')}.", now)
            elif one.get("again", 0) > before.get("again", 0):
                left = " It is closed as harmless, and left alone." if one["closed_at"] else ""
                title = one["title"].rstrip(".")
                says = f"seen again, {_times(one['again'] + 1)} in all: {title}.{left}"
                self._touched(one, says, now)
            if one["id"] in sight.touched and one["verdict"]["kind"] == VerdictKind.ATTACK:
                sight.called = self._first(sight.called, now)

    def _touched(self, one: Document, says: str, now: float) -> None:
        sight = self.sight
        self.news(says)
        if self._zero is not None and not one.get("closed_at"):
            sight.incident = self._first(sight.incident, now)
            sight.touched[one["id"]] = None

    def _first(self, before: float | None, now: float) -> float | None:
        return now if before is None and self._zero is not None else before


def _unheard(_: str) -> None:
    """Tells nobody."""


def _held(one: Document) -> bool:
    """Whether stanch has entered a proof of containment, and nothing came loose after it."""
    loose, again = one.get("loose_at"), one.get("held_again")
    if loose is None:
        return bool(one["contained_at"])
    return again is not None and datetime.fromisoformat(again) >= datetime.fromisoformat(loose)


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
