"""The self-test drives the whole path with a real server, up to an incident and its proof."""

import json

import pytest

from stanch.cli.root import run


def test_everything_works_here_and_each_step_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["selftest", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (code, told["good"]) == (0, True), told
    steps = [one["step"] for one in told["steps"]]
    assert steps.index("baseline") < steps.index("its incident") < steps.index("verify the bundle")
