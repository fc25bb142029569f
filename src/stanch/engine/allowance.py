"""Allowance: what may be written about outside systems by somebody who is not on the machine.

In    a plan as it is proposed, those that were in force, and the folder of secrets that are lent.
Out   nothing; or why not, with the line.
Why   whoever can write the server's files may name any of them. Whoever comes by the console may
      not: a file named as a secret, a folder named as models, a known secret with another host
      would each hand them what the machine keeps from them.

A secret may be named with the host that it was named with before; so may a path of this machine.
New secrets are lent to the console by whoever is on the machine: a file in the data folder's
`secrets`, or a variable whose name begins with STANCH_SECRET_.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from stanch.engine.systems import Plan, System
from stanch.vocabulary.trouble import BadFile

PREFIX = "STANCH_SECRET_"
HIDDEN = "***"
_LOCAL = ("file", "unix")
_PASSWORD = re.compile(r"(?<=://)([^/@\s:'\"]*):([^/@\s'\"]+)@")
_WORD = r"token|key|secret|password|passwd|sig|signature|code|auth|access_token|api_key|apikey"
_ASKED = re.compile(rf"(?<=[?&])((?:{_WORD})=)([^&\s'\"}},]+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowance:
    """What may be named from afar."""

    folder: Path
    """Whose files are lent as secrets."""
    _given: set[tuple[str, str]] = field(default_factory=set)

    def know(self, plans: Iterable[Plan]) -> None:
        """What these name may be named again."""
        for plan in plans:
            for system in plan.systems.values():
                self._given.update(_named(system))

    def holds(self, plan: Plan, file: str) -> None:
        """Nothing, or `BadFile` at the first system that names what it may not."""
        for name, system in plan.systems.items():
            where = f"{file}:{system.line}"
            if hidden(system.address) != system.address or HIDDEN in system.address:
                says = "holds a secret in its address. Name it as secret_file or secret_env"
                raise BadFile(where, f"{name[:64]} {says}.")
            for one in _named(system):
                if one not in self._given and not self._lent(one[0]):
                    raise BadFile(where, f"{name[:64]} {_why(one, self.folder)}")

    def _lent(self, what: str) -> bool:
        kind, _, named = what.partition(" ")
        if kind == "env":
            return named.startswith(PREFIX)
        place = Path(named)
        return kind == "secret" and place.resolve().is_relative_to(self.folder.resolve())


def hidden(text: str) -> str:
    """The text, without the passwords of addresses in it."""
    return _ASKED.sub(rf"\g<1>{HIDDEN}", _PASSWORD.sub(rf"\g<1>:{HIDDEN}@", text))


def _named(system: System) -> Iterator[tuple[str, str]]:
    """What of this machine it names, each with the host that gets it."""
    scheme, _, rest = system.address.partition("://")
    host = (urlsplit(system.address).netloc if rest else scheme).rpartition("@")[2].lower()
    if system.secret_file:
        yield f"secret {system.secret_file}", host
    if system.secret_env:
        yield f"env {system.secret_env}", host
    if scheme.partition(":")[0] in _LOCAL or "/" in host or not host:
        yield f"place {system.address}", ""


def _why(one: tuple[str, str], folder: Path) -> str:
    kind, _, named = one[0].partition(" ")
    if kind == "place":
        return "names a place of the server. Only who is on it can: by hand, in the file there."
    says = f"gives {one[1][:80]} the secret {named[:80]}, which nobody lent to the console"
    return f"{says}. Put it into {folder}, or into a variable {PREFIX}..., on the server."
