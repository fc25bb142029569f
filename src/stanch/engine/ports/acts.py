"""What was done and what is asked: policies, approvals, playbooks at work."""

from datetime import datetime
from typing import Protocol

from stanch.engine.ports.shelf import Shelf
from stanch.vocabulary.approval import Approval
from stanch.vocabulary.ids import ApprovalId, AssetId, RunId
from stanch.vocabulary.kept import PolicyVersion
from stanch.vocabulary.run import Run


class Policies(Protocol):
    """Every version of every asset's policy."""

    def put(self, version: PolicyVersion) -> PolicyVersion:
        """The version, now in force; `Stale` unless it follows the one in force."""
        ...

    def now(self, asset: AssetId) -> PolicyVersion | None:
        """The version in force."""
        ...

    def all_now(self) -> tuple[PolicyVersion, ...]:
        """The version in force of each asset that has one."""
        ...

    def at(self, asset: AssetId, version: int) -> PolicyVersion:
        """One version, or `NotFound`."""
        ...

    def history(self, asset: AssetId, *, limit: int = 50) -> tuple[PolicyVersion, ...]:
        """The latest versions, newest first."""
        ...


class Approvals(Shelf[ApprovalId, Approval], Protocol):
    """Questions to people. Wanted by: asset, incident, kind (action), state, since, until."""

    def lapsing(self, by: datetime) -> tuple[Approval, ...]:
        """Open questions whose time is up by then, soonest first."""
        ...


class Runs(Shelf[RunId, Run], Protocol):
    """Playbooks at work. Wanted by: asset, incident, kind (playbook), state, since, until."""


class Memories(Protocol):
    """Where each run stands, as text that only the runner reads."""

    def get(self, run: RunId) -> str | None:
        """Where the run stands; nothing once it was let go."""
        ...

    def put(self, run: RunId, doc: str) -> None:
        """Keeps it in place of what was there."""
        ...

    def forget(self, run: RunId) -> bool:
        """Whether it was there, and is gone."""
        ...

    def over(self, before: datetime, limit: int = 100) -> tuple[RunId, ...]:
        """Runs that ended before then and are still remembered, oldest first."""
        ...
