"""Started where something that every machine has is missing, stanch serves or says what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.processes import PATIENCE, begun

from stanch.api.server import free_address
from stanch.store.folder_name import checked
from stanch.vocabulary.trouble import BadInput

PREPARED = """
import os, resource, sys
{prepare}
sys.argv = ["stanch", *sys.argv[1:]]
from stanch.cli import main
main()
"""


def told(prepare: str, *arguments: str, **environment: str) -> tuple[int, str]:
    """The exit code and the words of a command whose process was prepared so."""
    done = subprocess.run(
        [sys.executable, "-c", PREPARED.format(prepare=prepare), *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, **environment},
    )
    return done.returncode, done.stderr


def test_no_file_takes_the_place_of_a_stream_that_is_closed(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    prepare = f"""
for place in (0, 1, 2):
    os.close(place)
import stanch.cli.root as root
root.run = lambda _: os.open({str(kept)!r}, os.O_WRONLY | os.O_CREAT)
"""
    code, _ = told(prepare)
    assert code > 2
    assert kept.exists()


def test_a_place_that_has_a_stream_keeps_it(capfd: pytest.CaptureFixture[str]) -> None:
    assert told("", "--version")[0] == 0
    done = subprocess.run(
        [sys.executable, "-m", "stanch", "--version"], check=False, timeout=PATIENCE
    )
    assert done.returncode == 0
    assert capfd.readouterr().out.startswith("stanch ")


def test_few_open_files_are_raised_to_what_may_be_had_and_too_few_are_told(tmp_path: Path) -> None:
    raised = """
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 512))
from stanch.cli import open_files
assert open_files.too_few(open_files.allowed()) == ""
assert resource.getrlimit(resource.RLIMIT_NOFILE) == (512, 512)
"""
    assert told(raised, "--version") == (0, "")
    few = """
resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
from stanch import app
def over(*_):
    raise KeyboardInterrupt
app.serve = over
"""
    _, says = told(few, "up", "--data", str(tmp_path / "data"))
    assert says.startswith("Only 128 files and connections may be open at once here")
    assert "ulimit -n 4096" in says


def test_a_process_without_memory_says_so() -> None:
    nothing = """
from stanch.cli import root
def none(*_, **__):
    raise MemoryError
root.importlib.import_module = none
"""
    code, says = told(nothing, "up")
    assert code == 1
    assert "there is no memory left that this process may take; give it more" in says


def test_a_folder_that_the_language_cannot_write_is_told_with_what_to_set() -> None:
    # So `Ümläut` reaches a process whose language has plain letters only.
    with pytest.raises(BadInput, match="Set PYTHONUTF8=1"):
        checked(Path("/srv/\udcc3\udc9cml\udcc3\udca4ut"))


def test_a_server_runs_without_a_home_a_language_and_in_a_folder_of_any_name(
    tmp_path: Path,
) -> None:
    data = tmp_path / "Ordner mit Ümläut 日本"
    bare = {"HOME": "/nonexistent", "LANG": "C", "LC_ALL": "", "TMPDIR": "/nonexistent"}
    with begun("stanch", "up", "--data", str(data), "--port", "0", **bare) as (_, answer):
        assert answer["data"] == str(data)


def test_an_address_that_this_machine_has_not_is_told_as_that() -> None:
    with pytest.raises(BadInput, match="Choose another with --host"):
        free_address("192.0.2.1", 0)
