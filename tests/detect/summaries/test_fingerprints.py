"""Fingerprints: equal rows have equal keys however they are written; damaged bytes are refused."""

import numpy as np
import pytest

from stanch.detect.summaries.fingerprints import (
    SALT,
    Fingerprints,
    Known,
    fingerprints_of,
    keys_of,
    numbers_known,
    values_known,
    word_keys,
    word_of,
)
from stanch.vocabulary.trouble import BadFile, BadInput

SALTED = bytes(range(SALT))


def known(values: list[object]) -> list[int]:
    return values_known(values, SALTED).tolist()


def made(n: int = 50) -> Fingerprints:
    values = {"a": numbers_known(np.arange(n, dtype=np.float64))}
    return fingerprints_of(Known.TRAINING, ("a",), SALTED, [keys_of(values, ("a",), SALTED)])


def test_a_number_is_the_same_written_as_text_or_in_half_the_precision() -> None:
    assert len(set(known([0.1, "0.1", " 0.1 ", float(np.float32(0.1))]))) == 1
    assert len(set(known([1, 1.0, "1", True, "true", "TRUE"]))) == 1
    assert len(set(known([0.0, -0.0, "0", False]))) == 1
    assert known([0.1]) == numbers_known(np.array([0.1])).tolist()


def test_what_is_absent_is_the_same_however_it_is_absent() -> None:
    assert len(set(known([None, "", float("nan"), "nan", "  "]))) == 1
    assert known([None]) != known([0])


def test_texts_differ_by_their_words_and_by_the_salt() -> None:
    assert known(["bern"]) == known([" bern"]) != known(["Bern"])
    assert known(["bern"]) != values_known(["bern"], bytes(SALT)).tolist()


def test_the_order_of_the_columns_does_not_matter_and_which_is_which_does() -> None:
    one, two = numbers_known(np.array([1.0])), numbers_known(np.array([2.0]))
    key = keys_of({"a": one, "b": two}, ("a", "b"), SALTED)
    assert key == keys_of({"b": two, "a": one}, ("b", "a"), SALTED)
    assert key != keys_of({"a": two, "b": one}, ("a", "b"), SALTED)


def test_a_row_among_them_is_found_and_no_other() -> None:
    asked = {"a": numbers_known(np.array([7.0, 7.5, 49.0, 50.0, np.nan]))}
    keys = keys_of(asked, ("a",), SALTED)
    assert made().among(keys).tolist() == [True, False, True, False, False]
    assert not fingerprints_of(Known.TRAINING, ("a",), SALTED, []).among(keys).any()


def test_they_come_back_from_their_bytes_and_hold_no_row() -> None:
    one = made()
    again = Fingerprints.from_bytes(one.to_bytes())
    assert again.to_bytes() == one.to_bytes()
    assert (again.known, again.columns) == (Known.TRAINING, ("a",))


@pytest.mark.parametrize("at", [0, 30, 60, 200, -1])
def test_a_damaged_byte_is_never_half_read(at: int) -> None:
    body = bytearray(made().to_bytes())
    body[at] ^= 0x41
    try:
        again = Fingerprints.from_bytes(bytes(body))
    except BadFile:
        return
    assert (np.diff(again.keys) > 0).all()
    assert again.columns


def test_keys_out_of_order_or_of_another_kind_are_refused() -> None:
    one = made()
    turned = Fingerprints(
        known=one.known, columns=one.columns, salt=one.salt, keys=one.keys[::-1].copy()
    )
    short = Fingerprints(known=one.known, columns=one.columns, salt=b"short", keys=one.keys)
    nameless = Fingerprints(known=one.known, columns=(), salt=one.salt, keys=one.keys)
    for bad in (turned, short, nameless):
        with pytest.raises(BadFile):
            Fingerprints.from_bytes(bad.to_bytes())
    for junk in (b"", b"stanch:fingerprints:1\n", b"{}"):
        with pytest.raises(BadFile):
            Fingerprints.from_bytes(junk)


def test_a_canary_word_is_one_long_word_without_what_stands_around_it() -> None:
    assert word_of("  (kestrel-7f3a91.) ") == "kestrel-7f3a91"
    for bad in ("", "short", "two words here"):
        with pytest.raises(BadInput):
            word_of(bad)
    assert word_keys(["12345678"], SALTED) != word_keys(["12345679"], SALTED)


def test_minus_nought_is_nought_and_what_overflows_is_told_from_what_is_absent() -> None:
    nought, minus, huge, absent = numbers_known(np.array([0.0, -0.0, 1e300, np.nan])).tolist()
    assert nought == minus
    assert len({nought, huge, absent}) == 3


def test_so_many_fingerprints_are_kept_as_there_were_different_rows() -> None:
    assert len(made(50).keys) == 50
    assert len(fingerprints_of(Known.TRAINING, ("a",), SALTED, []).keys) == 0
