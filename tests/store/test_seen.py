"""The index of ids: the compiled loops say what the plain ones say."""

import numpy as np
import pytest

from stanch.store import seen
from stanch.store.seen import Seen


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is compiled; what is compiled within the test is let go of after it."""
    monkeypatch.setattr(seen, "_compiled", [])
    monkeypatch.setattr(seen, "_met", [0])


def story(found: Seen, batches: list[np.ndarray]) -> list[list[bool]]:
    """What the index says of each batch, which it then remembers."""
    told = []
    for batch in batches:
        fresh = found.new(batch)
        found.add(batch[fresh])
        told.append(fresh.tolist())
    return told


@pytest.mark.usefixtures("plain")
def test_compiled_and_plain_loops_find_the_same_ids_new() -> None:
    dice = np.random.default_rng(3)
    batches = [dice.integers(1, 20_000, 900).astype(np.uint64) for _ in range(40)]
    # Hashes whose last bits are the same want one place, and those at the end go on at the front.
    batches.append(np.arange(1, 500, dtype=np.uint64) << np.uint64(40))
    batches.append((np.arange(300, dtype=np.uint64) << np.uint64(40)) | np.uint64(0xFFFFFFFF))
    batches += [batches[-1], batches[0], np.zeros(0, np.uint64)]
    slow = story(Seen(generations=3, largest=1 << 14), batches)
    assert seen.warm()
    assert story(Seen(generations=3, largest=1 << 14), batches) == slow
    assert any(True in told for told in slow)
    assert any(False in told for told in slow)


@pytest.mark.usefixtures("plain")
def test_an_index_goes_on_when_its_loops_are_compiled_midway() -> None:
    found = Seen()
    ids = np.random.default_rng(4).integers(1, 2**63, 30_000).astype(np.uint64)
    found.add(ids[:15_000])
    assert seen.warm()
    found.add(ids[15_000:])
    assert not found.new(ids).any()


@pytest.mark.usefixtures("plain")
def test_of_one_id_twice_in_a_batch_the_first_is_new() -> None:
    twice = np.array([7, 9, 7, 7, 9], np.uint64)
    assert Seen().new(twice).tolist() == [True, True, False, False, False]
    assert seen.warm()
    assert Seen().new(twice).tolist() == [True, True, False, False, False]


@pytest.mark.usefixtures("plain")
def test_nothing_is_compiled_for_a_few_ids() -> None:
    assert not seen.warm_if_worth()
    seen._met[0] = seen._WORTH
    assert seen.warm_if_worth()
