"""What a gateway needs to know.

In    addresses of the versions behind it, the server, how callers are identified.
Out   one value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from stanch.contain.policy import in_turn
from stanch.guard.core import Choices
from stanch.guard.identity import Identify, by_address
from stanch.vocabulary.trouble import BadInput


@dataclass(frozen=True, kw_only=True, slots=True)
class GatewayConfig:
    """One gateway before one asset."""

    asset: str
    upstreams: Mapping[str, str]
    """The address of each version, like {"v6": "http://127.0.0.1:9001"}."""
    server: str
    key: str = field(repr=False)
    default: str = ""
    """The version that answers while the policy routes nothing; empty is the first by name."""
    identify: Identify = by_address
    choices: Choices = field(default_factory=Choices)
    host: str = "127.0.0.1"
    port: int = 8485
    connect_seconds: float = 2.0
    read_seconds: float = 60.0
    connections: int = 256
    mirrors: int = 32
    """Copies under way at once; beyond it copies are left out and counted."""

    def __post_init__(self) -> None:
        if not self.upstreams:
            raise BadInput("A gateway needs an upstream, like v6=http://127.0.0.1:9001.")
        for version, url in self.upstreams.items():
            if not version:
                raise BadInput(f"The upstream {url} needs its version, like v6={url}.")
            if not url.startswith(("http://", "https://")):
                raise BadInput(f"The upstream of {version} must begin with http:// or https://.")
            if not _place(url):
                raise BadInput(f"The upstream of {version} needs a host, and a port that is one.")
        if self.default and self.default not in self.upstreams:
            raise BadInput(f"There is no upstream for the default version {self.default!r}.")

    @property
    def versions(self) -> tuple[str, ...]:
        """Those that can answer, the default first."""
        return in_turn(self.upstreams, self.default)

    def url(self, version: str) -> str | None:
        """The address for this version, or None where there is none."""
        chosen = version or self.versions[0]
        found = self.upstreams.get(chosen)
        return None if found is None else found.rstrip("/")


def _place(url: str) -> bool:
    try:
        given = urlsplit(url)
        return bool(given.hostname) and given.port != 0
    except ValueError:
        return False
