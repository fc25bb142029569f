"""The SDK against the real server."""

from typing import Any

import pytest
from tests.processes import until

from stanch.sdk import Stanch
from stanch.vocabulary.trouble import UnknownKey, Unreachable

NAME = "told-by-program"


def test_a_program_tells_and_hears_what_became_of_it(server: Any) -> None:
    with Stanch(server.url, server.new_key("guard")) as stanch:
        model = stanch.asset(NAME, version="v1")
        asked = [model.inference(principal="p", features=[n, 0.5]) for n in range(50)]
        model.label(of=asked[0], label="no")
        stanch.tell({"kind": "inference", "asset": NAME, "id": asked[1]})
        model.inference(ts="1850-01-01T00:00:00Z")
        kept = stanch.flush()
    assert (kept.accepted, kept.duplicate, kept.refused, kept.dropped) == (51, 1, 1, 0)
    assert not kept.whole
    assert "1850" in kept.why[0] or "2000" in kept.why[0]


def test_a_pipeline_hears_that_a_step_is_on_hold(server: Any) -> None:
    model = Stanch(server.url, server.new_key("guard")).asset(NAME)
    assert model.may("training")
    path = f"/api/v1/assets/{NAME}/policy?because=a+drill"
    held = {"asset": NAME, "hold": {"training": True}}
    assert server.ask("PUT", path, held).status == 200
    assert not model.may("training")
    assert model.may("ingestion")


def test_a_key_that_nobody_knows_is_named_as_the_reason(server: Any) -> None:
    with Stanch(server.url, "wrong") as stanch:
        with pytest.raises(UnknownKey):
            stanch.client.get("/api/v1/assets")
        stanch.asset(NAME).inference(prediction="x")
        until(lambda: "does not know this key" in in_vain(stanch))
        assert not stanch.close(0.1)


def in_vain(stanch: Stanch) -> str:
    """Why it is not sent."""
    with pytest.raises(Unreachable) as refused:
        stanch.flush(0.2)
    return str(refused.value)
