"""Which server a command speaks to.

In    a data folder on this machine, or STANCH_URL and STANCH_KEY; who logged in there.
Out   a client of the server that runs there.
Why   a command on the same machine needs no configuration, and one elsewhere two variables. A key
      that a variable names goes before a login, and a login before the folder's own key.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from stanch import settings
from stanch.cli.files import text_of
from stanch.cli.logins import login_for
from stanch.engine.born import born
from stanch.sdk.client import Client, address, segment
from stanch.vocabulary.trouble import NotRunning

__all__ = ["Client", "Running", "connect", "running_on", "segment"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """What a running server writes into its data folder."""

    url: str
    pid: int
    born: str = ""
    """When that process began; empty where the machine does not tell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class There:
    """The server that a command is about."""

    url: str
    given: str = field(default="", repr=False)
    """The key that a variable names."""
    folder: Path | None = None
    """Its data folder, where it runs on this machine."""


def reached(data: Path | None) -> There:
    """The server of this folder, else the one that the environment names, or `NotRunning`."""
    asked = settings.from_environment()
    if data is None and asked.url:
        return There(url=address(asked.url), given=asked.key)
    folder = data or asked.data
    running = running_on(folder)
    if running is None:
        raise NotRunning(folder, folder)
    return There(url=running.url, given=asked.key, folder=folder)


def connect(data: Path | None) -> Client:
    """That server, asked with a key or by the person who logged in, or `NotRunning`."""
    there = reached(data)
    if there.given:
        return Client(url=there.url, key=there.given)
    if (known := login_for(there.url)) is not None:
        return Client(url=there.url, login=known)
    own = there.folder / "admin.key" if there.folder is not None else None
    return Client(url=there.url, key=text_of(own).strip() if own is not None else "")


def running_on(folder: Path) -> Running | None:
    """The server that now runs on this folder; of several, the first that does."""
    for note in (folder / "server.json", *sorted(folder.glob("nodes/*/server.json"))):
        try:
            running = msgspec.json.decode(note.read_bytes(), type=Running)
            os.kill(running.pid, 0)
        except (OSError, msgspec.MsgspecError):
            continue
        if not running.born or running.born == born(running.pid):
            return running
    return None
