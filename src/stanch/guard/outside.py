"""Deciding for a proxy that is not ours: Envoy holds the request, we say what happens to it.

In    a request's method, path, headers and body as the proxy tells them; lines of its log.
Out   a status with headers and body: 200 lets it through; the answer to a probe; events.
Why   the same core decides here as in the middleware, so a policy means the same everywhere.

What would need another body (a limit written in, a tool's definition taken out) is refused.
"""

from collections.abc import Mapping
from typing import NamedTuple

from stanch.guard.answers import problem
from stanch.guard.core import NOTHING, Core
from stanch.guard.facts import Decision, Outcome, Why
from stanch.guard.identity import Scope, headers
from stanch.guard.inspection import Seen

Header = tuple[bytes, bytes]
_FAILED = ("upstream_reset", "upstream_response_timeout", "no_healthy_upstream", "stream_idle")
_FORGED = Decision(Outcome.REFUSE, Why.INTERNAL, status=403)


class Judged(NamedTuple):
    """What the proxy is told."""

    status: int
    headers: tuple[Header, ...] = ()
    body: bytes = b""


class Outside:
    """A core, asked by a proxy."""

    def __init__(
        self, core: Core, *, principal_header: str, applied_header: str, source_header: str
    ) -> None:
        self.core = core
        self._principal = principal_header.encode()
        self._applied = applied_header
        self._source = source_header.encode()
        self.runs = -1
        """The version of the policy that the proxy was last shown to run."""

    def judge(self, path: str, given: list[Header], body: bytes) -> Judged:
        """Whether the proxy lets this request through."""
        scope = self._scope(path, given)
        try:
            who = self.core.who(scope)
            decision = self.core.decide(who, self._seen(body, given))
        except Exception as error:  # noqa: BLE001  border: an error of ours is as the asset's `fail` says
            self.core.erred(error)
            who, decision = (None, ""), self.core.failing()
        if decision.outcome in {Outcome.REFUSE, Outcome.WAIT}:
            facts = {"principal": who[0] or "", "source": who[1], "status": decision.status}
            told = {"kind": "access", "action": "predict", "outcome": "refused"}
            self.core.tell({**facts, **told, "why": decision.why})
            status, content, said = problem(decision)
            return Judged(status=status, headers=tuple(said), body=content)
        return Judged(status=200, headers=((self._principal, (who[0] or "").encode()),))

    def probed(self, given: list[Header]) -> Judged:
        """The sealed answer, once the proxy itself runs the policy that would be spoken of."""
        scope = self._scope("/", given)
        runs = headers(scope, self._applied)
        self.runs = int(runs[0]) if runs and runs[0].lstrip("-").isdigit() else -1
        if self.runs == self.core.keeper.version:
            sealed = self.core.probed(scope)
            if sealed is not None:
                return Judged(status=200, body=sealed.encode())
        status, content, said = problem(_FORGED)
        return Judged(status=status, headers=tuple(said), body=content)

    def logged(self, line: Mapping[str, object], *, by_address: bool) -> None:
        """One line of the proxy's log as an event; what was refused here is told already."""
        why = str(line.get("why") or "")
        if line.get("probe") or why.startswith("ext_authz") or line.get("path") in self.core.exempt:
            return
        source = str(line.get("source") or "")
        principal = source if by_address else str(line.get("principal") or "")
        facts: dict[str, object] = {"principal": principal, "source": source}
        facts |= {"status": line.get("status"), "latency_ms": line.get("ms")}
        if why in {"rbac_access_denied_matched_policy[denied]", "local_rate_limited"}:
            facts |= {"kind": "access", "action": "predict", "outcome": "refused"}
        facts["version"] = str(line.get("cluster") or "").removeprefix("version:")
        self._heard_of(facts["version"], why)
        self.core.tell(facts)

    def _heard_of(self, version: object, why: str) -> None:
        """Says once that an upstream fails, and once that it answers again."""
        name = f"upstream {version}"
        if why.startswith(_FAILED):
            self.core.troubles.begins(name, f"The upstream of {version} fails: {why[:200]}.")
        elif version and self.core.troubles.now:
            self.core.troubles.ends(name, f"The upstream of {version} answers again.")

    def _seen(self, body: bytes, given: list[Header]) -> Seen:
        inspection = self.core.keeper.inspection
        if inspection is None or not inspection.asks:
            return NOTHING
        seen = inspection.request(body, given)
        if seen.instead is None:
            return seen
        return Seen(rows=seen.rows, tokens=seen.tokens, why=Why.TOOL)

    def _scope(self, path: str, given: list[Header]) -> Scope:
        """The request as ASGI has it; the last address in the list was put there by the proxy."""
        hops = [v for n, v in given if n == b"x-forwarded-for"]
        parts = b",".join(hops).split(b",") if hops else [b""]
        told = [v for n, v in given if n == self._source]
        peer = (told[-1] if told else parts[-1]).strip().decode("latin-1")
        rest = [(n, v) for n, v in given if n not in {b"x-forwarded-for", self._source}]
        if parts[:-1]:
            rest.append((b"x-forwarded-for", b",".join(parts[:-1])))
        return {"type": "http", "path": path, "headers": rest, "client": (peer, 0)}
