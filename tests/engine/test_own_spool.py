"""Who starts again while an heir still has its spool waits; alone, a second start is told."""

import threading
from pathlib import Path

import pytest

from stanch.app.several import own_spool
from stanch.store.spool import Spool, SpoolLimits
from stanch.vocabulary.trouble import InUse


def test_a_start_waits_for_an_heir_and_not_for_ever(tmp_path: Path) -> None:
    with Spool.open(tmp_path) as heirs:
        with pytest.raises(InUse):
            own_spool(tmp_path, SpoolLimits(), "")
        with pytest.raises(InUse):
            own_spool(tmp_path, SpoolLimits(), "north", patience=0.1)
        done = threading.Timer(0.1, heirs.close)
        done.start()
        with own_spool(tmp_path, SpoolLimits(), "north"):
            done.join()
