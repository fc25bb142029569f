"""HAProxy: weights, states and maps through its runtime socket, each read back after it was set.

In    `unix:/run/haproxy/admin.sock` or the host and port of its runtime socket (level admin).
Out   its servers as assets; orders done: `weigh` and `state` on backend/server, `put` and `drop`
      of a key in a map file, on which the frontend's own rules deny or limit.
Why   a fleet behind HAProxy is moved in under a millisecond, without a reload.

A command is one line: signs and blanks in a key are escaped, and one with a line end is refused.
"""

import re
import socket
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from stanch.connectors import Connector, Link, Order, why_not
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.ids import asset_id
from stanch.vocabulary.trouble import BadInput, Declined, Unreachable

_PLAIN = re.compile(r"[A-Za-z0-9_.:/%@#-]{1,256}")
_SEEN = re.compile(r"[!-~]([ -~]{0,254}[!-~])?")
_SIGN = re.compile(r"[^A-Za-z0-9_.:/%@-]")
_STATES = frozenset({"ready", "drain", "maint"})
_LARGEST = 16_000_000
_MOST = 256


class HaproxyRuntime:
    """A runtime socket."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def assets(self) -> tuple[Asset, ...]:
        """Every server of every backend, as an endpoint; its version says its weight and state."""
        return tuple(
            Asset(
                id=asset_id(re.sub(r"[^A-Za-z0-9._-]", "-", f"{backend}-{server}")[:128]),
                kind=AssetKind.ENDPOINT,
                name=f"{backend}/{server}",
                owner="unknown",
                version=f"weight {weight}, {state}",
            )
            for backend, server, weight, state in self._servers()
        )

    def do(self, order: Order) -> str:
        """Does it, and says what the socket shows afterwards."""
        match order.verb:
            case "weigh" if order.value.isdigit() and int(order.value) <= _MOST:
                self._say(f"set weight {_plain(order.subject)} {order.value}")
                return self._shows(order, f"{order.value}")
            case "state" if order.value in _STATES:
                self._say(f"set server {_plain(order.subject)} state {order.value}")
                return self._shows(order, order.value)
            case "put" | "drop":
                return self._map(order)
        raise BadInput(f"HAProxy cannot {order.verb!r} with {order.value[:40]!r}.")

    def read(self, verb: str, subjects: Sequence[str]) -> Mapping[str, str]:
        """The weight or the state of each server, the value of each key in a map."""
        if verb in {"put", "drop"}:
            files = {one.partition("#")[0] for one in subjects}
            maps = {file: self._held(_plain(file)) for file in files}
            split = {one: one.partition("#") for one in subjects}
            return {s: maps[f][key] for s, (f, _, key) in split.items() if key in maps[f]}
        return {
            f"{backend}/{server}": weight if verb == "weigh" else state
            for backend, server, weight, state in self._servers()
        }

    def _map(self, order: Order) -> str:
        file, _, key = order.subject.partition("#")
        file, put = _plain(file), order.verb == "put"
        word, value = _escaped(key), _escaped(order.value or "1")
        there = key in self._held(file)
        if put:
            self._say(f"{'set' if there else 'add'} map {file} {word} {value}")
        elif there:
            self._say(f"del map {file} {word}")
        if (self._held(file).get(key) == (order.value or "1")) is not put:
            raise Declined(f"HAProxy at {self._link.shown}", f"{file} does not show {key[:60]!r}")
        return f"{file} {'holds' if put else 'no longer holds'} {key}."

    def _held(self, file: str) -> dict[str, str]:
        """Each value of the map by its key; a row is an address, the key and, last, the value."""
        rows = (row.partition(" ")[2] for row in self._say(f"show map {file}").splitlines())
        split = (row.rpartition(" ") for row in rows if row)
        return {key: value for key, _, value in split}

    def _shows(self, order: Order, wanted: str) -> str:
        for backend, server, weight, state in self._servers():
            if f"{backend}/{server}" == order.subject:
                seen = weight if order.verb == "weigh" else state
                if seen == wanted:
                    return f"{order.subject} shows weight {weight}, {state}."
        raise Declined(f"HAProxy at {self._link.shown}", f"it does not show {order.subject}")

    def _servers(self) -> list[tuple[str, str, str, str]]:
        """Backend, server, weight and state of each."""
        lines = self._say("show servers state").splitlines()
        head = next((one for one in lines if one.startswith("#")), "#")
        names = head.lstrip("# ").split(" ")
        found = []
        for line in lines[lines.index(head) + 1 :] if head in lines else []:
            row = dict(zip(names, line.split(" "), strict=False))
            if "srv_name" in row:
                admin = int(row.get("srv_admin_state", "0"))
                state = "maint" if admin & 0x01 else "drain" if admin & 0x08 else "ready"
                found.append((row["be_name"], row["srv_name"], row["srv_uweight"], state))
        return found

    def _say(self, command: str) -> str:
        """What the socket answers; Unreachable where it answers with a complaint."""
        try:
            with self._connected() as line:
                line.sendall(command.encode() + b"\n")
                parts = bytearray()
                while len(parts) < _LARGEST and (part := line.recv(65536)):
                    parts += part
        except (OSError, ValueError) as error:
            why = why_not(error, self._link.seconds)
            raise Unreachable(f"HAProxy at {self._link.shown}", why) from None
        said = parts.decode("utf-8", "replace").strip("\n")
        setting = not command.startswith("show ")
        if (setting and said.strip()) or said.startswith(("Unknown", "Permission", "Can't find")):
            raise Declined(f"HAProxy at {self._link.shown}", f"it said {said[:120].strip()!r}")
        return said

    def _connected(self) -> socket.socket:
        address = self._link.address
        if address.startswith("unix:"):
            line = socket.socket(socket.AF_UNIX)
            line.settimeout(self._link.seconds)
            try:
                line.connect(address.removeprefix("unix:"))
            except OSError:
                line.close()
                raise
            return line
        given = urlsplit(address if "://" in address else f"tcp://{address}")
        return socket.create_connection((given.hostname, given.port or 0), self._link.seconds)


def _plain(text: str) -> str:
    if not _PLAIN.fullmatch(text):
        raise BadInput(f"{text[:60]!r} cannot stand in a command to HAProxy.")
    return text


def _escaped(text: str) -> str:
    """The text as one word of a command, whatever blanks and signs are in it."""
    if not _SEEN.fullmatch(text):
        raise BadInput(f"{text[:60]!r} cannot stand in a command to HAProxy.")
    return _SIGN.sub(r"\\\g<0>", text)


CONNECTOR = Connector(
    id="haproxy",
    title="HAProxy",
    like="unix:/run/haproxy/admin.sock, or host:port",
    says="Follows with weights of servers, and refuses who is in a map.",
    open=HaproxyRuntime,
    verbs=("weigh", "state", "put", "drop"),
)
