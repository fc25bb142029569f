"""An attack that breaks is told as what could not be told, and never as an attack that failed."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from stanch.sandbox.runner import _Attack
from stanch.vocabulary.trouble import CouldNotTell


def test_an_attack_that_broke_is_no_loot_and_no_score() -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("nothing to divide by")

    drill = SimpleNamespace(id="copying", attack=broken)
    attack = _Attack(stage=cast("Any", SimpleNamespace(drill=drill, scene=None)))
    with pytest.raises(CouldNotTell, match="attack of copying broke: ZeroDivisionError"):
        attack.loot()
    assert attack.over
