"""Following: outside systems are kept in line with the policy, as guards are.

In    which system follows which asset, and how; the policy in force.
Out   orders for what differs from what was last done there, one at a time, each kept when done.
Why   an act proposes the next policy and pokes nothing. Whoever follows is brought to what the
      policy says: by the act at once, by expiry and undo likewise, and by a chore again and again
      while a system is away. Refused half-way, the half that was done is kept, and the rest is
      tried again; nothing is ordered twice.
"""

from collections.abc import Callable, Iterator, Mapping

import msgspec

from stanch.contain.policy import answering_mode, canonical, weights
from stanch.engine.policies import Policies
from stanch.engine.ports import Store
from stanch.engine.systems import Connected, Doer, Follows, Tie
from stanch.vocabulary.ids import AssetId, digest_of
from stanch.vocabulary.policy import Mode, Policy
from stanch.vocabulary.trouble import Busy, Unreachable

_NAME = "followed/"
FULL = 256
"""The largest weight a load balancer takes."""
State = Mapping[str, str]
"""What one tie wants of its system: subject by subject, the value; an empty one is taken away."""


class Following:
    """Keeps systems in line."""

    def __init__(self, store: Store, policies: Policies, lines: Connected) -> None:
        self._store = store
        self._policies = policies
        self._lines = lines

    def follow(self, asset: AssetId) -> tuple[str, ...]:
        """Brings what follows this asset in line; a sentence for each change. May be cut short."""
        lines = self._lines()
        ties = lines.plan.of(asset)
        if not ties:
            return ()
        policy = self._policies.now(asset)
        return tuple(said for t in ties for said in self._bring(t, policy, lines.doers[t.system]))

    def turn(self) -> int:
        """How many changes were made; what is away is tried again at the next turn."""
        made = 0
        trouble: Unreachable | Busy | None = None
        for asset in dict.fromkeys(tie.asset for tie in self._lines().plan.ties):
            try:
                made += len(self.follow(asset))
            except (Unreachable, Busy) as error:
                trouble = error
        if trouble is not None:
            raise trouble
        return made

    def _bring(self, tie: Tie, policy: Policy, do: Doer) -> Iterator[str]:
        name = f"{_NAME}{tie.asset}/{tie.key}"
        with self._store.look() as tx:
            kept = tx.settings.get(name)
        done: dict[str, str] = msgspec.json.decode(kept, type=dict[str, str]) if kept else {}
        wanted = WANTED[tie.how](tie, policy)
        if kept is None and wanted == WANTED[tie.how](tie, Policy(asset=tie.asset)):
            # Nothing was ever moved here and nothing is to be: leave it as its owner has it.
            return
        for subject in sorted({*wanted, *done}):
            if wanted.get(subject, "") == done.get(subject, ""):
                continue
            verb, value = _order(tie, wanted.get(subject, ""))
            key = digest_of(f"{name}\0{subject}\0{value}\0{policy.version}".encode())
            yield do(verb, subject, value, key)
            done = (
                {**done, subject: wanted[subject]} if subject in wanted else _without(done, subject)
            )
            with self._store.begin() as tx:
                tx.settings.put(name, msgspec.json.encode(done, order="sorted").decode())


def _without(done: State, subject: str) -> dict[str, str]:
    return {name: value for name, value in done.items() if name != subject}


def _order(tie: Tie, value: str) -> tuple[str, str]:
    match tie.how:
        case Follows.WEIGHTS:
            return "weigh", value
        case Follows.DENY:
            return ("put", "1") if value else ("drop", "")
        case _:
            return str(tie.how), value


def _alias(tie: Tie, policy: Policy) -> State:
    """The version that most requests go to, else the usual one."""
    given = weights(policy.route)
    version = max(sorted(given), key=lambda v: given[v], default=tie.usual)
    return {tie.subject: tie.versions.get(version, version)}


def _weights(tie: Tie, policy: Policy) -> State:
    """The weight of each server; all zero when nobody is to be answered by a model."""
    given = weights(policy.route) or {tie.usual: 1}
    off = answering_mode(policy) in (Mode.STOPPED, Mode.SAFE)
    most = max(given.values())
    return {
        f"{tie.subject}/{server}": "0" if off else str(round(FULL * given.get(v, 0) / most))
        for v, server in tie.versions.items()
    }


def _deny(tie: Tie, policy: Policy) -> State:
    everybody = {*policy.deny.principals, *policy.deny.networks}
    return {f"{tie.subject}#{one}": "1" for one in sorted(everybody)}


def _canary(tie: Tie, policy: Policy) -> State:
    """The share of the version that `versions` says is the newest revision."""
    given = weights(policy.route) or {tie.usual: 1}
    newest = next((v for v, name in tie.versions.items() if name == "newest"), tie.usual)
    return {tie.subject: str(round(100 * given.get(newest, 0) / sum(given.values())))}


def _whole(tie: Tie, policy: Policy) -> State:
    return {tie.subject or str(tie.asset): canonical(policy).decode()}


WANTED: Mapping[Follows, Callable[[Tie, Policy], State]] = {
    Follows.ALIAS: _alias,
    Follows.MODEL: _alias,
    Follows.WEIGHTS: _weights,
    Follows.DENY: _deny,
    Follows.CANARY: _canary,
    Follows.POLICY: _whole,
}
"""What each way to follow wants of its system under a policy."""
