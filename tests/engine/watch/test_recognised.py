"""Recognised: known rows are found by place, by name and in text, and nothing else is."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stanch.detect.summaries.fingerprints import SALT, Fingerprints, Known
from stanch.engine.ingest.foreign.prints import Wanted, printed
from stanch.engine.ingest.schema import conform
from stanch.engine.watch.recognised import recognised
from stanch.vocabulary.trouble import BadFile, BadInput

SALTED = bytes(range(SALT))
CSV = "id,age,city,income\n1,40,bern,0.1\n2,41,,3e2\n3,,köln,5\n"


def prints(folder: Path, text: str = CSV, **asked: object) -> Fingerprints:
    file = folder / "rows.csv"
    file.write_text(text, "utf-8")
    told = {"known": Known.TRAINING, "salt": SALTED, "without": ("id",)} | asked
    return printed(file, Wanted(**told))  # type: ignore[arg-type]  the test says which


def table(**columns: pa.Array) -> pa.Table:
    return conform(pa.table(columns))


def by_name(*rows: dict[str, object]) -> pa.Table:
    return table(named=pa.array([json.dumps(row) for row in rows], pa.string()))


def test_rows_by_name_are_found_as_far_as_the_named_columns_agree(tmp_path: Path) -> None:
    asked = by_name(
        {"age": 40, "city": "bern", "income": 0.1, "more": 1},
        {"age": 40.0, "city": "bern", "income": 0.2},
        {"age": 41, "income": 300},
        {"age": None, "city": "köln", "income": 5},
        {"more": 1},
    )
    found = recognised(asked, (), (prints(tmp_path),))
    assert found[Known.TRAINING].tolist() == [True, False, True, True, False]


def test_rows_by_place_are_found_in_the_order_of_the_asset(tmp_path: Path) -> None:
    text = "x,y\n1,2.5\n3,4\n"
    asked = table(
        features=pa.array([[2.5, 1.0], [1.0, 2.5], [4.0, 3.0], [3.0], None], pa.list_(pa.float64()))
    )
    known = prints(tmp_path, text, without=())
    found = recognised(asked, ("y", "x"), (known,))[Known.TRAINING]
    assert found.tolist() == [True, False, True, False, False]
    placed = prints(tmp_path, text, without=(), by_place=True)
    assert placed.columns == ("f0", "f1")
    assert recognised(asked, ("f0", "f1"), (placed,))[Known.TRAINING].tolist() == [
        False,
        True,
        False,
        False,
        False,
    ]


def test_a_sliced_batch_is_read_as_the_whole_is(tmp_path: Path) -> None:
    lists = pa.array([[9.0, 9.0], [1.0, 2.5], [3.0, 4.0]], pa.list_(pa.float64()))
    known = prints(tmp_path, "x,y\n1,2.5\n3,4\n", without=())
    part = table(features=lists).slice(1)
    assert recognised(part, ("x", "y"), (known,))[Known.TRAINING].tolist() == [True, True]


def test_all_kinds_of_files_give_the_same_keys(tmp_path: Path) -> None:
    told = [{"a": 1.5, "b": "x"}, {"a": 2.0, "b": None}]
    parquet, lines = tmp_path / "rows.bin", tmp_path / "rows.txt"
    pq.write_table(pa.Table.from_pylist(told), parquet)
    lines.write_text("".join(json.dumps(row) + "\n" for row in told))
    wanted = Wanted(known=Known.CANARIES, salt=SALTED)
    csv = prints(tmp_path, "a,b\n1.5,x\n2,\n", known=Known.CANARIES, without=())
    assert printed(parquet, wanted).to_bytes() == printed(lines, wanted).to_bytes()
    assert printed(lines, wanted).to_bytes() == csv.to_bytes()


def test_a_word_is_found_in_what_was_asked_and_in_what_was_answered(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("kestrel-7f3a91-amber\n\n")
    known = printed(file, Wanted(known=Known.CANARIES, salt=SALTED, words=True))
    messages = [{"role": "user", "content": [{"text": 'say "kestrel-7f3a91-amber", please'}]}]
    asked = table(
        messages=pa.array([None, json.dumps(messages), None, "[]"], pa.string()),
        output=pa.array(["It is kestrel-7f3a91-amber.", "no", "kestrel-7f3a91", None], pa.string()),
    )
    found = recognised(asked, (), (known,))[Known.CANARIES]
    assert found.tolist() == [True, True, False, False]


def test_two_files_of_one_kind_count_together(tmp_path: Path) -> None:
    first, second = prints(tmp_path), prints(tmp_path, CSV.replace("40", "60"))
    asked = by_name(
        {"age": 40, "city": "bern", "income": 0.1}, {"age": 60, "city": "bern", "income": 0.1}
    )
    assert recognised(asked, (), (first, second))[Known.TRAINING].tolist() == [True, True]


@pytest.mark.parametrize(
    ("text", "asked", "error"),
    [
        ("", {}, BadFile),
        ("id,a\n", {}, BadFile),
        ("a,a\n1,2\n", {"without": ()}, BadFile),
        (CSV, {"without": ("salary",)}, BadInput),
        ("id\n1\n", {}, BadInput),
        ("kestrel-7f3a91-amber\n", {"without": (), "words": True}, BadInput),
    ],
)
def test_a_file_that_holds_no_such_rows_is_refused_with_a_sentence(
    tmp_path: Path, text: str, asked: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        prints(tmp_path, text, **asked)


def test_a_file_that_is_not_there_or_no_rows_is_refused(tmp_path: Path) -> None:
    wanted = Wanted(known=Known.TRAINING, salt=SALTED)
    with pytest.raises(BadFile):
        printed(tmp_path / "nothing.csv", wanted)
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(BadFile):
        printed(broken, wanted)
