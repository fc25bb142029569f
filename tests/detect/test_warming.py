"""Warming up changes the speed and nothing else."""

import sys
from collections.abc import Iterator

import pytest

from stanch.detect import examples
from stanch.detect.summaries.count import counted
from stanch.detect.summaries.kernels import PLAIN, Kernels, compiled, kernels, use, warm
from stanch.detect.warming import warm_up


@pytest.fixture(autouse=True)
def plain_again() -> Iterator[None]:
    before = kernels()
    yield
    use(before)


def test_warming_up_switches_to_kernels_that_give_the_same_bytes() -> None:
    use(PLAIN)
    assert warm_up() is (compiled() is not None)
    rows = examples.columns(200)
    known = examples.reference()
    quick, slow = counted(known.ready, rows), counted(known.ready, rows, using=PLAIN)
    assert quick.summary.to_bytes() == slow.summary.to_bytes()


def test_without_numba_the_plain_kernels_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "stanch.detect.summaries._fast", None)
    use(PLAIN)

    def rehearsal(_quick: Kernels) -> None:
        raise AssertionError

    assert warm(rehearsal) is False
    assert kernels() is PLAIN
