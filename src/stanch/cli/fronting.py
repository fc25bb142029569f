"""Envoy and the guard's core joined: what `stanch gateway --envoy` runs.

In    the configuration of a gateway and the folder for Envoy's files.
Out   a running Envoy that follows the policy; it is acknowledged once a probe through it shows it.
Why   the engine knows Envoy and the guard knows how to decide; neither knows the other.
"""

from contextlib import suppress
from dataclasses import replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Lock

from stanch.engine.clock import monotonic
from stanch.engine.envoy.door import Answer, Asked, Door
from stanch.engine.envoy.layout import APPLIED, JSON, PRINCIPAL, SOURCE, Layout, bootstrap
from stanch.engine.envoy.process import Envoy
from stanch.engine.envoy.routes import cannot, document
from stanch.guard.core import Core
from stanch.guard.gateway.config import GatewayConfig
from stanch.guard.identity import by_address
from stanch.guard.link import Server
from stanch.guard.outside import Outside
from stanch.guard.sources import X_FORWARDED_FOR
from stanch.vocabulary.asset import Fails
from stanch.vocabulary.ids import asset_id
from stanch.vocabulary.policy import Mode, Policy
from stanch.vocabulary.probe import HEADER
from stanch.vocabulary.trouble import BadInput, Unreachable

DEATHS, DEATHS_SECONDS = 5, 60.0
"""So many deaths in so many seconds are no accident."""


class Fronting:
    """One Envoy before one asset."""

    def __init__(self, config: GatewayConfig, folder: Path, *, workers: int = 0) -> None:
        if config.choices.trusted_proxies or config.choices.forwarded != X_FORWARDED_FOR:
            raise BadInput(
                "Envoy takes no --trust and no --forwarded here: state --hops, or use the gateway "
                "without --envoy."
            )
        self._config = config
        given, kept = config.choices, config.choices.last_good or folder / "policy.json"
        choices = replace(given, last_good=kept, versions=config.versions)
        self.layout = Layout(
            folder=folder,
            upstreams={v: config.url(v) or "" for v in config.upstreams},
            default=config.versions[0],
            host=config.host,
            port=config.port,
            telling=choices.telemetry,
            by_address=config.identify is by_address,
            hops=choices.trusted_hops,
            fail_open=choices.fail is Fails.OPEN,
            largest=choices.largest,
            read_seconds=config.read_seconds,
            exempt=choices.exempt,
        )
        bootstrap(self.layout)
        server = Server(url=config.server, key=config.key, wait=choices.wait)
        self.core = Core(server, config.asset, config.identify, choices)
        self.core.mirrors, self.core.link.tally.sort = True, "envoy"
        self.core.also_cannot = lambda policy: cannot(policy, self.layout)
        self.core.link.taken = self.apply
        self.core.link.kept = self.keep
        self.outside = Outside(
            self.core, principal_header=PRINCIPAL, applied_header=APPLIED, source_header=SOURCE
        )
        self.door = Door(self.layout.socket, self._judge)
        self.envoy = Envoy(self.layout, self._heard, workers=workers)
        self._deaths: list[float] = []
        self._applying = Lock()
        self._shared = False
        """Whether the routes in force leave the rate of all to be counted beside other Envoys."""
        self.seconds = 0.0
        """How long the last policy took from its arrival to the probe that showed it."""

    def start(self) -> None:
        """Start Envoy under the last good policy, then follow the server."""
        self.layout.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.door.start()
        try:
            self.envoy.start(self._routes())
        except BaseException:
            self.door.stop()
            raise
        self.core.start()

    def watch(self) -> None:
        """Start Envoy again where it died; Unreachable when it dies again and again."""
        if self.envoy.alive:
            if self._shared != (self.core.keeper.among > 1):
                with suppress(ConnectionError):
                    self.apply()
            return
        now = monotonic()
        self._deaths = [*(at for at in self._deaths if now - at < DEATHS_SECONDS), now]
        self.core.counts["envoy_deaths"] += 1
        log = self.layout.folder / "envoy.log"
        self.core.troubles.begins("envoy", f"Envoy died and is started again; {log} may say why.")
        if len(self._deaths) > DEATHS or not self.envoy.revive():
            folder = self.layout.folder
            raise Unreachable("Envoy", f"it ended again and again; {folder}/envoy.log says why")
        self.core.troubles.ends("envoy", "Envoy runs again, under the same policy.")

    def stop(self) -> None:
        """End Envoy, the door and the threads."""
        self.envoy.stop()
        self.core.stop()
        self.door.stop()

    def apply(self) -> None:
        """Make Envoy run the policy in force; ConnectionError while no probe shows it."""
        with self._applying:
            self._apply()

    def _apply(self) -> None:
        start = monotonic()
        self._shared = self.core.keeper.among > 1
        if not self.envoy.apply(self._routes(), self._shown):
            self.core.counts["envoy_refused"] += 1
            why = f" ({self.envoy.plane.why[-300:]})" if self.envoy.plane.why else ""
            says = f"Envoy does not show policy version {self.core.keeper.version}{why}"
            self.core.troubles.begins("effect", f"{says}: it goes on under the one before.")
            raise ConnectionError("Envoy does not show the policy")
        self.seconds = monotonic() - start
        shown = f"Envoy shows policy version {self.core.keeper.version}."
        self.core.troubles.ends("effect", shown)

    def keep(self) -> None:
        """Write the routes in force to disk; after their effect, so that no disk delays it."""
        self.envoy.keep(self._routes())

    def _routes(self) -> JSON:
        policy, inspection = self.core.policy, self.core.keeper.inspection
        if policy is None:
            closed = self._config.choices.fail is Fails.CLOSED
            mode = Mode.STOPPED if closed else Mode.SERVING
            policy = Policy(asset=asset_id(self._config.asset), version=-1, mode=mode)
        bodies = inspection is not None and inspection.asks
        return document(policy, self.layout, bodies=bodies, shared=self._shared)

    def _shown(self) -> bool:
        """Whether a probe that goes through Envoy carries the version in force."""
        host = self.layout.host if self.layout.host not in {"0.0.0.0", "::"} else "127.0.0.1"  # noqa: S104  a name for any address, not a listener
        line = HTTPConnection(host, self.layout.port, timeout=1)
        try:
            line.request("GET", "/", headers={HEADER: "own"})
            line.getresponse().read()
        except (OSError, HTTPException):
            return False
        finally:
            line.close()
        return self.outside.runs == self.core.keeper.version

    def _judge(self, asked: Asked) -> Answer:
        judged = (
            self.outside.probed(asked.headers)
            if asked.probe
            else self.outside.judge(asked.path, asked.headers, asked.body)
        )
        return Answer(status=judged.status, headers=judged.headers, body=judged.body)

    def _heard(self, line: JSON) -> None:
        self.outside.logged(line, by_address=self.layout.by_address)
