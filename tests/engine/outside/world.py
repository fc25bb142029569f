"""What tests of systems outside share: a policy, who follows it, and what they were told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stanch.engine.following import Following
from stanch.engine.notices import Notices
from stanch.engine.policies import Change, Policies
from stanch.engine.systems import Lines
from stanch.engine.systems_outside import SystemsOutside
from stanch.engine.systems_written import Known, systems_in
from stanch.engine.telling import Notice
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import SqlStore, open_store
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.notice import KeptNotice
from stanch.vocabulary.people import Duty
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.trouble import Unreachable

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FRAUD = AssetId("fraud")
VERBS = {
    "mlflow": ("alias",),
    "haproxy": ("weigh", "state", "put", "drop"),
    "webhook": ("any",),
    "mail": ("tell",),
    "kserve": ("canary", "model"),
}
KNOWN = Known(verbs=VERBS)
FILE = """
systems:
  registry: {connector: mlflow, address: "http://127.0.0.1:1"}
  edge: {connector: haproxy, address: "unix:/run/h.sock"}
  cluster: {connector: kserve, address: "http://127.0.0.1:2"}
  hooks: {connector: webhook, address: "http://127.0.0.1:3"}
  mail: {connector: mail, address: "smtp://127.0.0.1:4"}
calls: {keys: hooks}
follow:
  fraud:
    - system: registry
      as: alias
      subject: fraud@champion
      usual: v7
      versions: {v6: "6", v7: "7"}
    - {system: edge, as: weights, subject: scorers, usual: v7, versions: {v6: old, v7: new}}
    - {system: edge, as: deny, subject: /etc/denied.map}
    - {system: cluster, as: canary, subject: prod/fraud, usual: v6, versions: {v7: newest}}
    - {system: hooks, as: policy}
people:
  ada: [mail ada@example.org, hooks]
  "*": [hooks]
"""
CHANGE = Change(by="ada", because="a test")


class World:
    def __init__(self, folder: Path) -> None:
        self.at = NOON
        self.said: list[tuple[str, str, str, str]] = []
        self.keys: list[tuple[str, tuple[str, str, str, str]]] = []
        self.away: set[str] = set()
        self.cannot: dict[str, Exception] = {}
        self.killed = False
        self.store: SqlStore = open_store(sqlite_url(folder), clock=lambda: self.at)
        plan = systems_in(FILE, KNOWN)
        self.policies = Policies(self.store, lambda: self.at)
        self.shows: dict[str, dict[str, str]] = {}
        lines = self.lines = Lines(
            plan=plan, doers={name: self.doer(name) for name in plan.systems}, reads={}
        )
        self.following = Following(self.store, self.policies, lambda: self.lines, lambda: self.at)
        self.outside = SystemsOutside(
            store=self.store,
            lines=lambda: lines,
            following=self.following,
            clock=lambda: self.at,
        )
        self.notices = Notices(self.store, lambda: self.at, lambda: lines)
        self.bare = Notices(self.store, lambda: self.at, Lines)
        with self.store.begin() as tx:
            roles = {Duty.LEGAL: "grace"}
            tx.assets.add(
                Asset(id=FRAUD, kind=AssetKind.MODEL, name="fraud", owner="ada", roles=roles)
            )

    def doer(self, name: str):  # noqa: ANN201  a closure for a Protocol
        def do(verb: str, subject: str, value: str, key: str) -> str:
            if name in self.away or f"{name}:{subject}" in self.away:
                raise Unreachable(name, "it does not answer")
            assert key
            if verb in self.cannot:
                raise self.cannot[verb]
            self.said.append((name, verb, subject, value))
            self.keys.append((key, self.said[-1]))
            if name in self.shows:
                self.shows[name][subject] = value
            if self.killed:
                raise KeyboardInterrupt
            return f"{subject} has {value or 'nothing'}."

        return do

    def has(self, name: str, **there: str) -> None:
        """From now on this system shows what it has: this, and whatever it is told."""
        shown = self.shows[name] = dict(there)

        def reads(verb: str, subjects: Sequence[str]) -> Mapping[str, str]:
            del verb, subjects
            if name in self.away:
                raise Unreachable(name, "it does not answer")
            return {one: value for one, value in shown.items() if value}

        assert isinstance(self.lines.reads, dict)
        self.lines.reads[name] = reads

    def under(self, **fields: Any) -> None:
        """Puts this policy in force."""
        self.policies.set_base(Policy(asset=FRAUD, **fields), CHANGE)

    def told(self) -> list[str]:
        with self.store.look() as tx:
            return [one.says for one in tx.notices.page().items]

    def take(self) -> list[tuple[str, str, str, str]]:
        said = [*self.said]
        self.said.clear()
        return [one for one in said if one[1] != "policy"]

    def notice(self, key: str = "n1", to: str = "owner") -> KeptNotice:
        said = Notice(key=key, to=to, says="Look.", asset=FRAUD, incident=IncidentId("inc-1"))
        self.notices.tell(said)
        self.notices.tell(replace(said, says="Again."))
        with self.store.look() as tx:
            (found,) = tx.notices.page().items
        return found

    def kept(self) -> KeptNotice:
        with self.store.look() as tx:
            (found,) = tx.notices.page().items
        return found


ALIAS = "fraud@champion"


def registry(world: World) -> list[str]:
    return [value for system, _, _, value in world.take() if system == "registry"]
