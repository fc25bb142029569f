"""stanch ingest: many formats, bad rows by their place in the file, with and without a server."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from stanch.app import opened
from stanch.cli import ingest as command
from stanch.cli.client import Client
from stanch.cli.root import run
from stanch.engine.clock import utc_now
from stanch.engine.ingest.intake import Intake
from stanch.settings import Settings
from stanch.store.spool import Spool
from stanch.vocabulary.trouble import BadFile, BadInput, Busy, NotRunning

TS = (datetime.now(UTC) - timedelta(hours=1)).isoformat()


def event(**fields: object) -> dict[str, Any]:
    return {"id": "e1", "ts": TS, "kind": "inference", "asset": "a", **fields}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with opened(Settings(data=tmp_path / "data")):
        pass
    return tmp_path / "data"


class Server:
    """A server's client that hands what is sent to an intake of this process."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self.requests = 0
        self.busy = 1

    def send(self, _method: str, path: str, body: bytes, *, kind: str) -> dict[str, Any]:
        assert path == "/api/v1/events"
        if self.busy:
            self.busy -= 1
            raise Busy("requests", 0)
        self.requests += 1
        told = self._intake.take(body, kind)
        return {
            "accepted": told.accepted,
            "duplicate": told.duplicate,
            "rejected": [{"index": one.index, "why": one.why} for one in told.rejected],
        }


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Spool.open(tmp_path / "spool") as spool:
        made = Server(Intake(spool, clock=utc_now))

        def connect(_data: Path | None) -> Client | Server:
            return made

        monkeypatch.setattr(command, "connect", connect)
        yield made


def ndjson(path: Path, *rows: object) -> str:
    texts = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("\n".join(texts) + "\n")
    return str(path)


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = run(["ingest", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_many_files_of_many_formats_go_to_the_server(
    tmp_path: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ndjson(tmp_path / "one", event(id="1"), event(id="2"))
    array = tmp_path / "two"
    array.write_text(json.dumps([event(id="2"), event(id="3")]))
    table = tmp_path / "three"
    pa.parquet.write_table(pa.Table.from_pylist([event(id="4", features=[1.0])]), table)
    code, told = asked(capsys, lines, str(array), str(table))
    assert code == 0
    assert told == {"accepted": 4, "duplicate": 1, "rejected": [], "rejected_rows": 0}
    assert server.requests == 3


@pytest.mark.parametrize("direct", [True, False])
def test_rejected_rows_are_named_by_their_place_in_the_file(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
    direct: bool,
) -> None:
    where = ["--data", str(request.getfixturevalue("folder" if direct else "server"))]
    bad_time = event(id="t", ts="never")
    path = ndjson(
        tmp_path / "x", "{oops", event(id="1"), bad_time, event(id="k", kind="party"), event(id="2")
    )
    code, told = asked(capsys, path, *where)
    assert code == 1
    assert (told["accepted"], told["rejected_rows"]) == (2, 3)
    assert sorted(one["index"] for one in told["rejected"]) == [0, 2, 3]
    assert all(one["file"] == path and one["why"] for one in told["rejected"])
    assert run(["ingest", path, *where]) == 1
    shown = capsys.readouterr()
    assert "0 accepted, 2 known already, 3 rejected." in shown.out
    assert "row 3: kind 'party' is not known" in shown.err


@pytest.mark.parametrize("write", ["csv", "ndjson"])
def test_columns_are_mapped_and_what_is_absent_is_given(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str], write: str
) -> None:
    path = tmp_path / "log"
    if write == "csv":
        path.write_text(f"uuid,when,who\na,{TS},ada\nb,{TS},bob\n")
    else:
        ndjson(path, *({"uuid": k, "when": TS, "who": w} for k, w in (("a", "ada"), ("b", "bob"))))
    maps = ("--map", "id=uuid", "--map", "ts=when", "--map", "principal=who", "--map", "action=x")
    given = (*maps, "--asset", "m", "--kind", "inference", "--data", str(folder))
    code, told = asked(capsys, str(path), *given)
    assert (code, told["accepted"]) == (0, 2)
    with opened(Settings(data=folder)) as parts:
        rows = parts.spool.read(0, 10).to_pylist()
    assert [(r["id"], r["principal"], r["asset"]) for r in rows] == [
        ("a", "ada", "m"),
        ("b", "bob", "m"),
    ]


def test_a_large_batch_is_cut_into_requests(
    tmp_path: Path,
    server: Server,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(command, "_BODY", 20_000)
    rows = [event(id=str(i), output="x" * 500) for i in range(200)]
    rows[150]["kind"] = "party"
    code, told = asked(capsys, ndjson(tmp_path / "x", *rows))
    assert (code, told["accepted"]) == (1, 199)
    assert told["rejected"][0]["index"] == 150
    assert server.requests > 4


@pytest.mark.parametrize("pair", ["id", "=x", "id=", "shoe=x"])
def test_a_map_that_names_nothing_is_refused(tmp_path: Path, pair: str) -> None:
    path = ndjson(tmp_path / "x", event())
    assert run(["ingest", path, "--map", pair]) == BadInput.exit_code


def test_nothing_is_sent_when_a_file_is_missing(tmp_path: Path, server: Server) -> None:
    path = ndjson(tmp_path / "x", event())
    assert run(["ingest", path, str(tmp_path / "absent")]) == BadFile.exit_code
    assert server.requests == 0


def test_without_a_server_and_without_a_folder_it_says_so(tmp_path: Path) -> None:
    path = ndjson(tmp_path / "x", event())
    missing = tmp_path / "nowhere"
    assert run(["ingest", path, "--data", str(missing)]) == NotRunning.exit_code
    assert not missing.exists()
