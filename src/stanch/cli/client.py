"""Which server a command speaks to.

In    a data folder on this machine, or STANCH_URL and STANCH_KEY.
Out   a client of the server that runs there.
Why   a command on the same machine needs no configuration, and one elsewhere two variables.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from stanch import settings
from stanch.cli.files import text_of
from stanch.sdk.client import Client, address, segment
from stanch.vocabulary.trouble import NotRunning

__all__ = ["Client", "Running", "connect", "running_on", "segment"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """What a running server writes into its data folder."""

    url: str
    pid: int


def connect(data: Path | None) -> Client:
    """The server of this folder, else the one that the environment names, or `NotRunning`."""
    asked = settings.from_environment()
    if data is None and asked.url:
        return Client(url=address(asked.url), key=asked.key)
    folder = data or asked.data
    running = running_on(folder)
    if running is None:
        raise NotRunning(folder, folder)
    key = asked.key or text_of(folder / "admin.key").strip()
    return Client(url=running.url, key=key)


def running_on(folder: Path) -> Running | None:
    """The server that now runs on this folder; of several, the first that does."""
    for note in (folder / "server.json", *sorted(folder.glob("nodes/*/server.json"))):
        try:
            running = msgspec.json.decode(note.read_bytes(), type=Running)
            os.kill(running.pid, 0)
        except (OSError, msgspec.MsgspecError):
            continue
        return running
    return None
