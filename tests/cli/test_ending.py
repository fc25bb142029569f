"""Whoever ends a command, however and whenever, reads one sentence and leaves nothing behind."""

import os
import pty
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from tests.processes import PATIENCE, begun, free_port, until

ENDS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
NOT_YET = "Stopped before it answered; what was on disk is as it was. Start it again at any time.\n"

WAITING = """
import sys
from stanch import cli, {module}

def wait(*_):
    print("begun", flush=True)
    sys.stdin.read()

{what} = wait
cli.main(sys.argv[1:])
"""
"""A command of which one part does not end, so that it is met at a known place."""


@contextmanager
def held(what: str, *command: str, **more: Any) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", WAITING.format(what=what, module=what.partition(".")[0]), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(("number", "code"), ENDS.items())
def test_a_command_that_is_ended_says_so_and_its_code_says_how(number: int, code: int) -> None:
    with held("settings.from_environment", "doctor") as process:
        process.send_signal(number)
        assert process.wait(PATIENCE) == code
        assert process.stderr is not None
        how = {130: "^C", 143: "SIGTERM", 129: "SIGHUP"}[code]
        assert process.stderr.read() == f"Ended by {how}, before it was done.\n"


@pytest.mark.parametrize(("number", "code"), ENDS.items())
def test_a_server_that_is_stopped_before_it_answers_says_so(
    tmp_path: Path, number: int, code: int
) -> None:
    with held("app.serve", "up", "--data", str(tmp_path / "data")) as process:
        process.send_signal(number)
        # A supervisor has what it asked for; a person's next command is not begun.
        assert process.wait(PATIENCE) == (code if number == signal.SIGINT else 0)
        assert process.stderr is not None
        assert process.stderr.read() == NOT_YET


def test_what_its_starter_ignores_stays_ignored() -> None:
    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with held("settings.from_environment", "doctor", preexec_fn=ignore) as process:
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 143


SLOW_TO_END = """
import sys, time
from stanch.engine import ending

ending.heard()
try:
    print("begun", flush=True)
    sys.stdin.read()
finally:
    print("ending", flush=True)
    sys.stdin.readline()
    print("in order", flush=True)
"""


@contextmanager
def slow_to_end() -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", SLOW_TO_END],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "ending\n"
        yield process


def test_a_second_end_breaks_off_nothing_that_is_put_in_order() -> None:
    with slow_to_end() as process:
        assert process.stderr is not None
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            process.send_signal(number)
        assert process.stderr.readline().startswith("It ends already;")
        said, _ = process.communicate("\n", PATIENCE)
        assert said == "in order\n"


def test_a_third_c_leaves_at_once() -> None:
    with slow_to_end() as process:
        assert process.stderr is not None
        process.send_signal(signal.SIGINT)
        assert process.stderr.readline().startswith("It ends already;")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
        assert process.stdout is not None
        assert process.stdout.read() == ""


def test_who_closes_the_terminal_has_the_server_stop_in_order(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with begun("stanch", "up", "--data", str(data), "--port", str(free_port())) as (process, _):
        process.send_signal(signal.SIGHUP)
        assert process.wait(PATIENCE) == 0
        assert not (data / "server.json").exists()


def test_who_leaves_an_ingest_is_told_what_is_kept_and_the_terminal_is_as_before(
    tmp_path: Path,
) -> None:
    file = tmp_path / "rows.ndjson"
    file.write_text('{"id":"e","ts":"2026-11-21T12:00:00Z","kind":"access","asset":"m"}\n')
    shown, terminal = pty.openpty()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with subprocess.Popen(
            [sys.executable, "-m", "stanch", "ingest", str(file)],
            stdin=subprocess.DEVNULL,
            stdout=terminal,
            stderr=terminal,
            env={**os.environ, "STANCH_URL": url, "STANCH_KEY": "k", "TERM": "xterm"},
        ) as process:
            line, _ = silent.accept()
            assert line.recv(1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 143
            line.close()
    os.close(terminal)
    said = b""
    with suppress(OSError):
        while more := os.read(shown, 65_536):
            said += more
    os.close(shown)
    assert b"You left after 0 rows that are kept. Send the same again" in said
    assert said.rindex(b"\x1b[?25h") > said.rindex(b"\x1b[?25l")


def test_a_killed_selftest_leaves_no_server(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "stanch", "selftest"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    ) as process:
        (note,) = until(lambda: list(tmp_path.rglob("server.json")))
        process.kill()
    until(lambda: not note.exists())


@pytest.mark.slow
def test_a_terminals_c_ends_a_drill_once_however_often_it_is_pressed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "stanch", "drill", "run", "extraction", "--small"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        until(lambda: list(tmp_path.rglob("server.json")))
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(PATIENCE) == 130
        said = process.stderr.read().decode()
    assert said.count("It ends already;") == 1
    assert said.endswith("The drill was broken off, and what it had started is gone.\n")
    assert not list(tmp_path.glob("stanch-drill-*"))
