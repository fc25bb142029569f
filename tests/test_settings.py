"""Settings are read from the environment, and what cannot be meant is refused with its name."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stanch.settings import Settings, from_environment, keep_compiled
from stanch.vocabulary.trouble import BadInput


def test_a_setting_is_read_as_what_its_default_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANCH_FALSE_ALARMS_PER_YEAR", "0.25")
    monkeypatch.setenv("STANCH_PORT", "9000")
    found = from_environment()
    assert (found.false_alarms_per_year, found.port) == (0.25, 9000)
    assert Settings().false_alarms_per_year == 1


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "often", ""])
def test_a_number_of_false_alarms_that_cannot_be_kept_is_refused(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("STANCH_FALSE_ALARMS_PER_YEAR", text)
    with pytest.raises(BadInput, match="STANCH_FALSE_ALARMS_PER_YEAR is a number above 0"):
        from_environment()


@pytest.mark.parametrize(("text", "says"), [("0.5", "1 or more"), ("nan", "above 0")])
def test_more_wrong_names_than_windows_are_refused(
    monkeypatch: pytest.MonkeyPatch, text: str, says: str
) -> None:
    monkeypatch.setenv("STANCH_WINDOWS_PER_WRONG_NAME", text)
    with pytest.raises(BadInput, match=f"STANCH_WINDOWS_PER_WRONG_NAME is .*{says}"):
        from_environment()


def test_by_itself_only_this_machine_is_listened_to() -> None:
    assert Settings().host == "127.0.0.1"
    assert Settings().database == ""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small package with a loop and, in another file, the number that it is compiled with."""
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    made = tmp_path / "package"
    (made / "store").mkdir(parents=True)
    (made / "store/loop.py").write_text("from parts import BINS")
    (made / "store/parts.py").write_text("BINS = 64")
    return made


def kept() -> Path:
    return Path(os.environ["NUMBA_CACHE_DIR"])


def test_what_was_compiled_from_other_sources_is_not_used_again(package: Path) -> None:
    keep_compiled(package)
    first = kept()
    keep_compiled(package)
    assert kept() == first
    (package / "store/parts.py").write_text("BINS = 32")
    keep_compiled(package)
    assert kept() != first
    assert kept().parent == first.parent == package / "__pycache__"
    assert not first.exists()


def test_where_a_person_wants_compiled_loops_they_are_kept(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "wanted"))
    keep_compiled(package)
    assert kept().parent == tmp_path / "wanted"


def test_beside_code_that_nobody_may_write_to_home_is_used(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (package / "__pycache__").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    keep_compiled(package)
    assert kept().parent == tmp_path / "home/stanch"


_ASKED = """
import ctypes, sys
from stanch.settings import spare_memory
spare_memory()
import _duckdb, pyarrow
told, size = ctypes.c_bool(), ctypes.c_size_t(1)
duckdb = ctypes.CDLL(_duckdb.__file__)
duckdb.duckdb_je_mallctl(b"opt.background_thread", ctypes.byref(told), ctypes.byref(size), None, 0)
print(pyarrow.default_memory_pool().backend_name, told.value)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere these libraries have no jemalloc")
def test_what_libraries_free_goes_back_to_the_machine_unless_a_person_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def told() -> str:
        return subprocess.run(
            [sys.executable, "-c", _ASKED], check=True, capture_output=True, text=True
        ).stdout.strip()

    assert told() == "system True"
    monkeypatch.setenv("ARROW_DEFAULT_MEMORY_POOL", "mimalloc")
    monkeypatch.setenv("DUCKDB_JE_MALLOC_CONF", "background_thread:false")
    assert told() == "mimalloc False"
