"""The command: says what is wrong in a sentence, and one short drill really runs."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.processes import PATIENCE

from stanch.cli.root import run
from stanch.sandbox import runner
from stanch.sandbox.moment import Moment, Part
from stanch.sandbox.options import Options
from stanch.sandbox.registry import drill, drills
from stanch.vocabulary.trouble import BadFile, BadInput, Missing

pytest.importorskip("sklearn")


def test_the_list_shows_every_drill(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["drill", "list", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in told["drills"]] == list(drills())


@pytest.mark.parametrize(
    ("arguments", "trouble", "says"),
    [
        (["run"], BadInput, "say --all"),
        (["run", "extraction", "--all"], BadInput, "say --all"),
        (["run", "teapot"], BadInput, "no drill 'teapot'"),
        (["run", "extraction", "--speed", "0"], BadInput, "--speed"),
        (["run", "extraction", "--page", "nowhere/card.md"], BadInput, "no folder nowhere"),
        (["join", "nowhere.json"], BadFile, "nowhere.json: No such file or directory."),
    ],
)
def test_what_cannot_be_run_is_one_sentence(
    arguments: list[str],
    trouble: type[BadInput],
    says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["drill", *arguments]) == trouble.exit_code
    assert says in capsys.readouterr().err


def test_without_the_extra_the_remedy_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert run(["drill", "run", "extraction", "--small", "--json"]) == Missing.exit_code
    assert "pip install 'stanch[drills]'" in capsys.readouterr().out


def test_one_short_drill_runs_from_an_empty_folder_to_its_score(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "SMALL", runner.Times(quiet=1, attack=90, after=60, settled=0.5))
    said: list[Moment] = []
    found = runner.run(drill("extraction"), Options(small=True), said.append)
    assert found.name == "extraction"
    assert found.measured["asked"] > 50
    assert found.seconds.finding is not None, found.notes
    assert found.seconds.incident is not None, found.notes
    assert found.right, found.got
    assert [one.part for one in said] == sorted((one.part for one in said), key=list(Part).index)


def test_an_interrupted_drill_leaves_nothing_behind(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "stanch", "drill", "run", "extraction", "--small"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={"TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
    ) as process:
        assert process.stderr is not None
        assert b"building" in process.stderr.readline()
        _until(lambda: any(tmp_path.rglob("server.json")))
        children = _children(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    assert children
    _until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))
    assert not list(tmp_path.glob("stanch-drill-*"))


def _until(done: object, seconds: float = PATIENCE) -> None:
    assert callable(done)
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


def _children(pid: int) -> list[int]:
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(one) for one in told.split()]
