"""A baseline is judged before it counts, keeps hours apart, and reads back as it was written."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from stanch.prepare.baseline import (
    FORMAT,
    WHOLE_WEEK,
    Golden,
    Override,
    Proposal,
    Setting,
    golden_of,
    hour_of_week,
    stratified,
)
from stanch.vocabulary.ids import AssetId, FindingId
from stanch.vocabulary.trouble import BadFile, BaselineRefused

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
SETTING = Setting(asset=AssetId("scorer"), version=3, by="ana", made=MONDAY, condition="v7")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """A summary that only counts."""

    n: int

    def merge(self, other: "Rows") -> "Rows":
        return Rows(n=self.n + other.n)

    def to_bytes(self) -> bytes:
        return str(self.n).encode()


def proposal(rows: int, findings: tuple[FindingId, ...] = ()) -> Proposal:
    return Proposal(
        setting=SETTING, plan=b"plan", golden={WHOLE_WEEK: Rows(n=rows)}, findings=findings
    )


def test_one_row_short_is_refused_and_enough_is_taken() -> None:
    with pytest.raises(BaselineRefused, match="999 rows, 1000 are needed"):
        golden_of(proposal(999))
    assert golden_of(proposal(1000)).rows == 1000


def test_rows_from_a_time_with_findings_are_refused() -> None:
    with pytest.raises(BaselineRefused, match="1 finding "):
        golden_of(proposal(5000, (FindingId("fnd-1"),)))


def test_rows_that_nobody_should_ask_about_are_refused() -> None:
    with pytest.raises(BaselineRefused, match="2 of its rows are canaries"):
        golden_of(replace(proposal(5000), canaries=2))


def test_an_override_needs_a_reason_and_is_written_down_with_what_was_objected() -> None:
    with pytest.raises(BaselineRefused):
        golden_of(proposal(10), Override(by="ana", why=" "))
    kept = golden_of(proposal(10), Override(by="ana", why="a pilot with few users")).override
    assert kept is not None
    assert kept.by == "ana"
    assert "10 rows" in kept.objections[0]


def test_an_override_that_was_not_needed_leaves_no_mark() -> None:
    assert golden_of(proposal(5000), Override(by="ana", why="just in case")).override is None


def test_hours_with_enough_rows_stand_alone_and_the_others_use_the_whole_week() -> None:
    strata = stratified(
        [
            (MONDAY, Rows(n=900)),
            (MONDAY + timedelta(weeks=1), Rows(n=200)),
            (MONDAY + timedelta(hours=1), Rows(n=50)),
        ]
    )
    assert {hour: one.n for hour, one in strata.items()} == {
        WHOLE_WEEK: 1150,
        hour_of_week(MONDAY): 1100,
    }
    golden = golden_of(replace(proposal(0), golden=strata))
    assert golden.at(MONDAY + timedelta(minutes=59)) == b"1100"
    assert golden.at(MONDAY + timedelta(hours=1)) == b"1150"


def test_an_hour_of_just_enough_rows_stands_alone_and_one_row_short_it_does_not() -> None:
    tuesday = MONDAY + timedelta(days=1)
    strata = stratified([(MONDAY, Rows(n=40)), (tuesday, Rows(n=39))], enough=40)
    assert {hour: one.n for hour, one in strata.items()} == {WHOLE_WEEK: 79, 9: 40}
    assert stratified([(MONDAY, Rows(n=999)), (tuesday, Rows(n=1000))]).keys() == {WHOLE_WEEK, 33}


def test_rows_of_one_hour_are_the_whole_week() -> None:
    assert {h: one.n for h, one in stratified([(MONDAY, Rows(n=5000))]).items()} == {
        WHOLE_WEEK: 5000
    }
    with pytest.raises(BaselineRefused, match="no rows"):
        stratified([])


def test_all_that_is_wrong_is_said_at_once_and_three_findings_are_named() -> None:
    several = tuple(FindingId(f"fnd-{n}") for n in range(5))
    with pytest.raises(BaselineRefused) as refused:
        golden_of(replace(proposal(7, several), canaries=1))
    said = str(refused.value)
    assert "7 rows, 1000 are needed" in said
    assert "5 findings (fnd-0, fnd-1, fnd-2)" in said
    assert "1 of its rows are canaries" in said


def test_every_part_of_a_baseline_reads_back() -> None:
    told = replace(
        proposal(5000),
        habits=b"habits",
        customs=b"customs",
        prints=(b"one", b"three"),
        golden={WHOLE_WEEK: Rows(n=5000), 3: Rows(n=2000), 100: Rows(n=1500)},
    )
    for some in (told, replace(told, customs=b""), replace(told, prints=())):
        golden = golden_of(some)
        assert Golden.from_bytes(golden.to_bytes()) == golden
    assert golden_of(told).strata == {WHOLE_WEEK: b"5000", 3: b"2000", 100: b"1500"}
    assert golden_of(told).id == "scorer-v7-3"
    plain = replace(told, setting=replace(SETTING, condition=""))
    assert golden_of(plain).id == "scorer-3"


def test_hours_are_told_in_utc() -> None:
    assert hour_of_week(datetime.fromisoformat("2026-03-02T01:30:00+02:00")) == 6 * 24 + 23


def test_a_baseline_reads_back_as_it_was_written() -> None:
    told = replace(proposal(10), mix={9: {"eu": 6, "us": 4}}, quiet={"off_who": (0.5, 1.0)})
    golden = golden_of(told, Override(by="ana", why="pilot"))
    assert Golden.from_bytes(golden.to_bytes()) == golden
    assert golden.id == "scorer-v7-3"


@pytest.mark.parametrize("cut", [0, 5, 40, -1])
def test_a_damaged_baseline_is_refused(cut: int) -> None:
    whole = golden_of(proposal(5000)).to_bytes()
    with pytest.raises(BadFile):
        Golden.from_bytes(whole[:cut])
    with pytest.raises(BadFile):
        Golden.from_bytes(whole + b"x")


def test_the_same_baseline_in_other_bytes_is_refused_for_they_were_not_signed() -> None:
    whole, lead = golden_of(proposal(5000)).to_bytes(), len(FORMAT)
    size = int.from_bytes(whole[lead : lead + 4], "little") + 1
    other = whole[lead + 4 :].replace(b'"rows":', b'"rows": ')
    with pytest.raises(BadFile, match="canonical"):
        Golden.from_bytes(whole[:lead] + size.to_bytes(4, "little") + other)
