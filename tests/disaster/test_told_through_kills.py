"""A program tells while the server is killed: every event is there once."""

from pathlib import Path

import pytest
from tests.processes import PATIENCE, free_port, serving

from stanch.sdk.telling import Choices, Stanch

MANY = 3000


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_what_is_told_while_the_server_is_killed_is_there_once(tmp_path: Path) -> None:
    data, up = tmp_path / "data", ("up", "--port", str(free_port()))
    choices = Choices(batch=50, every=0.01, patience=PATIENCE)
    with serving(*up, data=data) as server:
        stanch = Stanch(server.url, server.key, choices)
        model = stanch.asset("told")
        for n in range(MANY):
            model.inference(principal="p", features=[n, 1.0])
            if n == MANY // 2:
                server.process.kill()
    with stanch, serving(*up, data=data):
        kept = stanch.flush(PATIENCE)
        counted = stanch.client.get("/api/v1/hunt/count", {"asset": "told"})
    assert (kept.refused, kept.dropped) == (0, 0)
    assert kept.accepted + kept.duplicate == MANY
    assert counted == {"count": MANY}
