"""Logins: as whom the commands of this machine's user speak to a server.

In    the file that the settings name, mode 0600.
Out   the login for a server; none when nobody logged in there.
Why   a key is nobody in person: two people, an override and its review need a name with a role.
"""

import os
from pathlib import Path

import msgspec

from stanch import settings
from stanch.cli.files import unreadable
from stanch.sdk.client import Login
from stanch.vocabulary.trouble import BadFile

_READ = msgspec.json.Decoder(dict[str, Login])


def login_for(url: str) -> Login | None:
    """Who is logged in on this server."""
    return _all().get(url)


def keep_login(url: str, login: Login) -> None:
    """Commands speak to this server as this person from now on."""
    _write({**_all(), url: login})


def forget_login(url: str) -> None:
    """Commands speak to this server with a key again."""
    _write({there: one for there, one in _all().items() if there != url})


def _place() -> Path:
    return settings.from_environment().logins.expanduser()


def _all() -> dict[str, Login]:
    file = _place()
    try:
        return _READ.decode(file.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise unreadable(file, error) from error
    except msgspec.MsgspecError as error:
        raise BadFile(file, "holds no logins. Delete it, and log in again.") from error


def _write(logins: dict[str, Login]) -> None:
    file = _place()
    half = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(msgspec.json.encode(logins))
        half.replace(file)
    except OSError as error:
        raise unreadable(file, error) from error
