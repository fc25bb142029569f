"""A real server on a free loopback port, one for all tests of the edge."""

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.processes import PATIENCE, begun


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Server:
    url: str
    key: str
    data: Path
    pid: int
    extra: dict[str, str] = field(default_factory=dict)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        sent: dict[str, str] = {}
        if key != "":
            sent["authorization"] = f"Bearer {self.key if key is None else key}"
        content = body
        if body is not None and not isinstance(body, bytes):
            content = json.dumps(body).encode()
            sent["content-type"] = "application/json"
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=PATIENCE)
        try:
            connection.request(method, path, content, {**sent, **(headers or {})})
            response = connection.getresponse()
            found: dict[str, str] = {}
            for name, value in response.getheaders():
                before = found.get(name.lower())
                found[name.lower()] = f"{before}, {value}" if before else value
            return Answer(status=response.status, headers=found, body=response.read())
        finally:
            connection.close()

    def new_key(self, *scopes: str) -> str:
        made = self.ask("POST", "/api/v1/keys", {"scopes": list(scopes)})
        assert made.status == 201, made.body
        return str(made.json["secret"])


@contextmanager
def running(data: Path, settings: dict[str, str]) -> Iterator[Server]:
    """A server on this folder, with these settings."""
    command = ("stanch", "up", "--data", str(data), "--port", "0")
    with begun(*command, **settings) as (process, told):
        key = (data / "admin.key").read_text().strip()
        yield Server(url=told["url"], key=key, data=data, pid=process.pid)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server") / "data", {}) as one:
        yield one


@pytest.fixture
def start() -> Callable[[Path, dict[str, str]], AbstractContextManager[Server]]:
    """Starts a server of the test's own, on a folder and with settings."""
    return running
