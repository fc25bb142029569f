"""Every command has its file, its help and its line in the table; `--json` is JSON alone."""

import ast
import importlib
import json
import os
import shlex
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.processes import PATIENCE
from typer.main import get_command

import stanch.cli
from stanch.cli.asset import _in_file
from stanch.cli.client import Client
from stanch.cli.examples import EXAMPLES
from stanch.cli.root import INTERRUPTED, run
from stanch.cli.table import COMMANDS
from stanch.sdk.client import _why
from stanch.vocabulary.trouble import (
    BadFile,
    BadInput,
    NoKey,
    NotLoggedIn,
    NotRunning,
    OtherVersion,
    Trouble,
    UnknownKey,
    Unreachable,
    Unready,
)

PARTS = {
    "baseline_file", "client", "examples", "files", "fitting", "fronting", "hidden",
    "incident_marks", "inventory_file", "logins", "misread", "nothing", "open_files", "options",
    "out", "playbook_keys", "playbook_runs", "policy_diff", "policy_guards", "root", "table",
    "times", "written",
}  # fmt: skip


def stanch_(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stanch", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
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


def ways_of(name: str) -> Iterator[tuple[str, Any]]:
    """The command and those under it, each with the words that call it."""
    found = get_command(importlib.import_module(f"stanch.cli.{name}").app)
    yield name, found
    for way, under in getattr(found, "commands", {}).items():
        yield f"{name} {way}", under


def test_every_command_has_examples_and_nothing_else_has() -> None:
    assert set(EXAMPLES) == {words for name in COMMANDS for words, _ in ways_of(name)}


def try_to_type(line: str) -> str:
    """The command that is called by this line; raises where it cannot be typed so."""
    typed = shlex.split(line)
    ways = dict(ways_of(typed[0]))
    way = " ".join(typed[:2]) if " ".join(typed[:2]) in ways else typed[0]
    rest = typed[len(way.split()) :]
    assert rest or not hasattr(ways[way], "commands"), line
    ways[way].make_context(way, rest)
    return way


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_can_be_typed(name: str) -> None:
    for words, _ in ways_of(name):
        called = {try_to_type(line.partition(" > ")[0]) for line in EXAMPLES[words]}
        assert called
        assert all(f"{way} ".startswith(f"{words} ") for way in called), (words, called)


def next_steps(file: Path) -> Iterator[str]:
    """The commands that show what there is, as this file names them where something is not."""
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Call(func=ast.Name(id="NotFound"), args=[_, _, named]):
                yield from as_typed(named)
            case ast.keyword(arg="shown_by", value=named):
                yield from as_typed(named)


def as_typed(named: ast.expr) -> Iterator[str]:
    match named:
        case ast.Constant(value=str(line)):
            yield line
        case ast.JoinedStr(values=[ast.Constant(), *_] as parts):
            yield "".join(str(p.value) if isinstance(p, ast.Constant) else "ASSET" for p in parts)


def test_whatever_is_not_there_names_a_command_that_shows_what_is() -> None:
    files = list(Path(stanch.__file__).parent.rglob("*.py"))
    named = {line for file in files for line in next_steps(file)}
    assert {"asset list", "clocks", "question list", "baseline stated ASSET"} <= named
    for line in named:
        try_to_type(line)


def test_a_commands_help_ends_with_what_one_types(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["vault", "put", "--help"]) == 0
    told = capsys.readouterr().out
    assert told.rstrip().endswith("stanch vault put complaint.eml --kind report --personal")


@pytest.mark.parametrize("arguments", [[], ["incident"]])
def test_a_command_that_needs_another_shows_its_help(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 0
    said = capsys.readouterr()
    assert said.out.startswith("Usage: stanch")
    assert not said.err


def test_a_sentence_of_the_help_is_cut_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["playbook", "--help"]) == 0
    assert "..." not in capsys.readouterr().out.replace("[ARGS]...", "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("incidnet", "Did you mean 'incident'? See: stanch --help"),
        ("incident lst", "Did you mean 'list'? See: stanch incident --help"),
        ("key create", "--scope is missing: what the key may be used for (ingest, guard, "),
        ("key create --scope all", "--scope takes ingest, guard, read, respond, approve or admin,"),
        ("clocks --data", "--data wants a value behind it. See: stanch clocks --help"),
        ("up --port 70000", "--port takes a whole number from 0 to 65535, not '70000'. For "),
        ("up --port x", "For example `stanch up --data /srv/stanch --port 8484`. See: stanch up"),
        ("drill run x --speed fast", "--speed takes a number, not 'fast'. For example `--speed 1`"),
        ("tabletop rate twelve", "MOVE takes a whole number, not 'twelve'. For example `stanch"),
        ("key create --scope read --days -1", "--days takes a whole number from 1 on, not '-1'."),
        ("approve", "APPROVAL is missing: the question's id. For example `stanch approve apr-"),
        ("up --demo=3", "--demo takes no value. Write it alone: --demo"),
        ("incident list --phase new", "not 'new'. For example `--phase detected`. See: stanch"),
        ("up --prot 3", "There is no option '--prot'. Did you mean --port?"),
        ("up now", "'now' is more than this command takes. Put words that belong together in"),
    ],
)
def test_a_slip_of_the_hand_is_told_with_what_is_right(
    arguments: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments.split()) == BadInput.exit_code
    told = capsys.readouterr().err
    assert says in told
    assert told.count("\n") == 1
    assert "Value error" not in told


NUMBERS = [
    (words, one)
    for name in COMMANDS
    for words, found in ways_of(name)
    for one in getattr(found, "params", ())
    if any(kind in str(one.type_descriptor.annotation) for kind in ("int", "float"))
]


@pytest.mark.parametrize(("words", "param"), NUMBERS)
def test_every_number_that_is_none_is_told_in_our_words(
    words: str, param: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    if param.param_type_name == "option":
        typed, name = [*words.split(), f"{param.opts[0]}=many"], param.opts[0]
    else:
        typed, name = [*words.split(), "many", "many"], param.name.upper()
    assert run(typed) == BadInput.exit_code
    told = capsys.readouterr().err
    assert f"{name} takes a " in told
    assert ", not 'many'. For example `" in told
    assert "Input should be" not in told


@pytest.mark.parametrize(
    "command",
    [
        "asset add {}",
        "baseline state loans {}",
        "connector check {}",
        "ingest {}",
        "playbook import {}",
        "playbook validate {}",
        "policy set loans {}",
        "restore {} --data new",
        "rule check {}",
        "tabletop check {}",
    ],
)
@pytest.mark.parametrize("what", ["missing", "folder"])
def test_a_file_that_cannot_be_read_is_named_with_why(
    command: str, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = tmp_path / "none.yaml" if what == "missing" else tmp_path
    assert run(command.format(named).split()) == BadFile.exit_code
    told = capsys.readouterr().err
    assert told.startswith(f"stanch: {named}")
    assert "Errno" not in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("command", ["up --port 0", "edge key", "backup -o out"])
def test_a_data_folder_that_is_a_file_is_named(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").write_text("")
    assert run([*command.split(), "--data", str(tmp_path / "data")]) == BadFile.exit_code
    assert capsys.readouterr().err.startswith(f"stanch: {tmp_path / 'data'}: ")


@pytest.mark.parametrize("url", ["nonsense", "ftp://stanch.example.org", "http://"])
def test_an_address_that_is_none_is_told_before_it_is_called(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANCH_URL", url)
    assert run(["asset", "list"]) == BadInput.exit_code
    assert "is like https://" in capsys.readouterr().err


def test_a_key_that_the_server_does_not_know_is_told_as_that() -> None:
    body = b'{"type": "not-logged-in", "detail": "Nobody is logged in.", "facts": []}'
    told = Client(url="http://there", key="stk_wrong")._refused(body)
    assert (type(told), told.exit_code) == (UnknownKey, NotLoggedIn.exit_code)
    assert "http://there does not know this key" in str(told)
    unknown = Client(url="http://there", key="")._refused(body)
    assert type(unknown) is NoKey
    assert "http://there wants to know who asks. Set STANCH_KEY" in str(unknown)


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        (b'{"type":"no-such-page","facts":["/api/v1/new"]}', OtherVersion, "at /api/v1/new. Is it"),
        (b'{"type":"of-tomorrow","status":409,"detail":"Not now."}', BadInput, "Not now."),
        (b'{"type":"stale","status":409,"detail":"It moved."}', BadInput, "It moved."),
        (b'{"type":"unexpected","status":500,"detail":"A bug."}', Trouble, "wrong: A bug. Run"),
        (b"<html>404</html>", Unreachable, "what answers there is no stanch. Check"),
    ],
)
def test_a_server_of_another_version_and_no_server_of_ours_are_told_in_a_sentence(
    body: bytes, kind: type[Trouble], says: str
) -> None:
    told = Client(url="http://there", key="stk_x")._refused(body)
    assert type(told) is kind
    assert says in str(told)


def test_why_tls_failed_is_told_in_a_sentence() -> None:
    strange = ssl.SSLCertVerificationError(1, "certificate verify failed")
    strange.verify_message = "self-signed certificate"
    assert "not trusted here (self-signed certificate); SSL_CERT_FILE names" in _why(strange)
    assert _why(ssl.SSLError(1, "[SSL] (_ssl.c:1006)")).startswith(
        "what listens there speaks no TLS"
    )


def test_a_server_that_cannot_serve_says_why_to_who_asks() -> None:
    body = b'{"status": "unready", "why": ["record failed: x.", "The disk is full."], "away": []}'
    told = Client(url="http://there")._refused(body)
    assert type(told) is Unready
    assert "cannot serve now: record failed: x; The disk is full. It tries again" in str(told)


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (("asset:1", "is not YAML."), "a\\b.yaml:1: is not YAML."),
        (
            ("asset", "\n  asset:1: an asset needs 'kind'."),
            "\n  a\\b.yaml:1: an asset needs 'kind'.",
        ),
    ],
)
def test_a_mistake_that_the_server_found_is_told_of_the_file(
    facts: tuple[str, str], says: str
) -> None:
    assert str(_in_file(Path("a\\b.yaml"), BadFile(*facts))).endswith(says)


def test_doctor_says_when_a_folder_cannot_be_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    folder = str(tmp_path / "file" / "data")
    assert run(["doctor", "--data", folder, "--port", "0", "--json"]) == 1
    wrong = [one for one in json.loads(capsys.readouterr().out)["checks"] if one["good"] is False]
    assert [one["name"] for one in wrong] == ["folder"]


def test_the_roots_help_imports_no_command() -> None:
    asked = "import sys, stanch.cli.root as r; r.run(['--help']); print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=PATIENCE
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


def test_who_leaves_a_hunt_is_told_that_nothing_goes_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def left(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Client, "get", left)
    monkeypatch.setenv("STANCH_URL", "http://127.0.0.1:1")
    for more in ((), ("--count", "--json")):
        assert run(["hunt", "--asset", "x", *more]) == INTERRUPTED
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err == "You left before the answer, and the server stops looking.\n"


def test_a_hunt_that_is_cut_at_its_limit_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def two(*_: object) -> list[dict[str, str]]:
        return [{"id": "e-1"}, {"id": "e-2"}]

    monkeypatch.setattr(Client, "get", two)
    monkeypatch.setenv("STANCH_URL", "http://127.0.0.1:1")
    for limit, says in (("2", "These are the newest 2."), ("3", "")):
        assert run(["hunt", "--asset", "x", "--limit", limit]) == 0
        said = capsys.readouterr().err
        assert said.startswith(says)
        assert bool(said) is bool(says)
    assert run(["hunt", "--asset", "x", "--limit", "20000"]) == BadInput.exit_code
    assert "from 1 to 10000, not" in capsys.readouterr().err


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
        timeout=PATIENCE,
        env={
            **os.environ,
            "_STANCH_COMPLETE": "complete_bash",
            "COMP_WORDS": f"stanch {typed}",
            "COMP_CWORD": str(len(typed.split())),
        },
    )
    assert offered in done.stdout.split()
