"""Every command has its file, its help and its line in the table; `--json` is JSON alone."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import stanch.cli
from stanch.cli.root import run
from stanch.cli.table import COMMANDS
from stanch.vocabulary.trouble import BadInput, NotRunning

PARTS = {"client", "fronting", "options", "out", "playbook_runs", "root", "table"}


def stanch_(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stanch", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_the_table_names_the_files_and_the_files_are_in_the_table() -> None:
    folder = Path(stanch.cli.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - PARTS - {"__init__"}
    assert files == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_own_line_is_that_of_the_table(name: str) -> None:
    assert importlib.import_module(f"stanch.cli.{name}").app.info.help == COMMANDS[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_offers_json(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"stanch {name}" in text
    app = importlib.import_module(f"stanch.cli.{name}").app
    ways = [one.name or one.callback.__name__ for one in app.registered_commands]
    for way in ways if len(ways) > 1 else [None]:
        if way is not None:
            assert run([name, way.strip("_"), "--help"]) == 0
            text = capsys.readouterr().out
        assert "--json" in text


def test_the_roots_help_imports_no_command() -> None:
    asked = "import sys, stanch.cli.root as r; r.run(['--help']); print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=30
    )
    for heavy in ("litestar", "granian", "pyarrow", "duckdb", "numpy", "stanch.cli.up"):
        assert f"'{heavy}'" not in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("asset", "list"),
        ("asset", "show", "x"),
        ("hunt", "--asset", "x"),
        ("evidence", "list"),
        ("evidence", "export", "all", "-o", "none.zip"),
        ("vault", "list"),
        ("vault", "get", "x", "-o", "none.bin"),
        ("vault", "scrub"),
        ("key", "create", "--scope", "read"),
        ("key", "list"),
        ("key", "revoke", "x"),
        ("user", "list"),
    ],
    ids=" ".join,
)
def test_without_a_server_json_is_one_problem_and_the_code_says_so(
    arguments: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("STANCH_URL", raising=False)
    code = run([*arguments, "--data", str(tmp_path), "--json"])
    said = capsys.readouterr()
    assert code == NotRunning.exit_code
    assert json.loads(said.out)["type"] == "not-running"
    assert said.err.startswith("stanch: No stanch runs on")


def test_a_wrong_option_is_one_sentence_and_exit_64() -> None:
    done = stanch_("asset", "--colour")
    assert done.returncode == BadInput.exit_code
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_unknown_command_is_named() -> None:
    done = stanch_("stop-everything")
    assert done.returncode == BadInput.exit_code
    assert "stop-everything" in done.stderr


def test_verify_could_not_tell_is_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evidence", "verify", "--data", str(tmp_path), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["holds"] is None


def test_a_backup_comes_back_and_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from stanch.app import opened  # noqa: PLC0415  only this test opens a folder
    from stanch.settings import Settings  # noqa: PLC0415

    with opened(Settings(data=tmp_path / "a")):
        pass
    file = str(tmp_path / "b.backup")
    assert run(["backup", "-o", file, "--data", str(tmp_path / "a"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"] > 3
    assert run(["restore", file, "--data", str(tmp_path / "c"), "--json"]) == 0
    capsys.readouterr()
    assert run(["evidence", "verify", "--data", str(tmp_path / "c"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["holds"] is True


def test_doctor_names_a_remedy_for_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.chmod(0o755)
    assert run(["doctor", "--data", str(tmp_path), "--port", "0", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    wrong = [one for one in told["checks"] if one["good"] is False]
    assert [one["name"] for one in wrong] == ["privacy"]
    assert "chmod 700" in wrong[0]["remedy"]


@pytest.mark.parametrize(("typed", "offered"), [("ev", "evidence"), ("evidence ex", "export")])
def test_a_shell_completes_commands_and_their_parts(typed: str, offered: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stanch"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={
            **os.environ,
            "_STANCH_COMPLETE": "complete_bash",
            "COMP_WORDS": f"stanch {typed}",
            "COMP_CWORD": str(len(typed.split())),
        },
    )
    assert offered in done.stdout.split()
