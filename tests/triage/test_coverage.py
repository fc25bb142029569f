"""What the map of techniques shows, and what it does not hide."""

from stanch.triage.taxonomy.atlas import Matrix, Technique, packaged
from stanch.triage.taxonomy.coverage import answered, coverage, watched

SMALL = Matrix(
    version="1",
    tactics={"TA1": "First", "TA2": "Second"},
    techniques={
        "T1": Technique(id="T1", name="One", tactics=("TA1", "TA2")),
        "T1.000": Technique(id="T1.000", name="Part", tactics=("TA1",), parent="T1"),
        "T2": Technique(id="T2", name="Two", tactics=("TA2",)),
    },
)


def test_a_technique_nobody_looks_for_is_shown_as_such() -> None:
    second = coverage(SMALL, {"eye": ["T1"]}, [])[1]
    assert [(s.id, s.watched_by) for s in second.squares] == [("T1", ("eye",)), ("T2", ())]
    assert second.watched == 1


def test_a_part_of_a_technique_counts_for_the_whole_once_in_an_incident() -> None:
    seen = [("T1.000@1", "T1@1"), ("T1@1",)]
    first = coverage(SMALL, {"eye": ["T1.000"]}, seen)[0]
    assert (first.squares[0].watched_by, first.squares[0].seen) == (("eye",), 2)


def test_what_is_answered_and_not_looked_for_is_told_apart() -> None:
    columns = coverage(SMALL, {"eye": ["T2"]}, [], {"book": ["T1.000"]})
    squares = {s.id: s for column in columns for s in column.squares}
    assert (squares["T1"].watched_by, squares["T1"].answered_by) == ((), ("book",))
    assert squares["T2"].answered_by == ()
    assert (watched(columns), answered(columns)) == ((1, 2), 1)


def test_a_technique_of_two_tactics_is_counted_once() -> None:
    assert watched(coverage(SMALL, {"eye": ["T1"]}, [])) == (1, 2)


def test_what_this_version_does_not_know_is_left_out() -> None:
    assert watched(coverage(SMALL, {"eye": ["T9"]}, [["T9"]])) == (0, 2)


def test_the_packaged_matrix_has_every_tactic_and_no_empty_one() -> None:
    columns = coverage(packaged(), {}, [])
    assert len(columns) == len(packaged().tactics)
    assert all(column.squares for column in columns)
