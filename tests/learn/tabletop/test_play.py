"""The play: its clock, its questions, its score and its report, as laws over moves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stanch.learn.tabletop.naming import doubted, named
from stanch.learn.tabletop.play import Move, Stage, Standing, State, What, played, state
from stanch.learn.tabletop.quoting import quoted
from stanch.learn.tabletop.review import markdown, review
from stanch.learn.tabletop.scenario import Channel, Choice, Inject, Kind, Point, Scenario
from stanch.learn.tabletop.score import PlayScore, score
from stanch.vocabulary.incident import Level
from stanch.vocabulary.people import Duty

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
ACTS = frozenset({"freeze"})


def inject(key: str, at: int, kind: Kind, *, critical: bool = False) -> Inject:
    choices = (
        Choice(id="good", says="Keep it", worth=2, because="so", acts=("freeze",)),
        Choice(id="half", says="Wait", worth=1, because="so"),
        Choice(id="bad", says="Stop it all", worth=0, because="so", acts=("stop_endpoint",)),
    )
    points = (
        Point(id="keep", says="keep it", words=("keep", "preserve")),
        Point(id="tell", says="tell them", words=("tell the owner",)),
    )
    return Inject(
        id=key,
        at=at,
        title=f"About {key}",
        channel=Channel.ALERT,
        shows="Something",
        asks=Duty.RESPONDER,
        question="What now?",
        minutes=5,
        kind=kind,
        choices=choices if kind is Kind.CHOICE else (),
        points=points if kind is Kind.POINTS else (),
        good="Keep it.",
        critical=critical,
    )


NIGHT = Scenario(
    id="night",
    title="A night",
    says="It is night.",
    learns=("this",),
    about="natural",
    playbook="natural_drift",
    system="tabletop.x",
    severity=Level.LOW,
    injects=(
        inject("one", 0, Kind.CHOICE, critical=True),
        inject("two", 10, Kind.POINTS),
        inject("three", 20, Kind.FREE),
    ),
)
Doings = list[tuple[What, float]]


def moves(*doings: Move) -> list[Move]:
    start = Move(seq=1, at=NOW, by="ada", what=What.STARTED)
    return [start, *(replace(m, seq=n) for n, m in enumerate(doings, 2))]


def at(minutes: float, what: What, **more: object) -> Move:
    base = Move(seq=0, at=NOW + timedelta(minutes=minutes), by="bob", what=what)
    return replace(base, **more)  # pyrefly: ignore[bad-argument-type]  a shorthand of this file


def answer(minutes: float, key: str, who: str = "bob", **more: object) -> Move:
    return at(minutes, What.ANSWERED, inject=key, who=who, **{"duty": Duty.RESPONDER, **more})


def seen(minutes: float, *doings: Move) -> State:
    return state(NIGHT, moves(*doings), NOW + timedelta(minutes=minutes))


def judged(minutes: float, *doings: Move) -> PlayScore:
    return score(NIGHT, seen(minutes, *doings), ACTS)


def test_the_clock_goes_by_the_start_the_pauses_and_what_was_skipped() -> None:
    doings = (
        at(4, What.PAUSED),
        at(10, What.RESUMED),
        at(11, What.NEXT, skipped=300.0),
        at(14, What.STOPPED),
    )
    assert played(moves(*doings), NOW + timedelta(minutes=7)) == 240.0
    assert played(moves(*doings), NOW + timedelta(minutes=11)) == 600.0
    assert seen(300, *doings).played == 780.0
    assert seen(300, *doings).standing is Standing.OVER


def test_to_go_on_while_it_goes_on_loses_no_time() -> None:
    assert played(moves(at(4, What.RESUMED)), NOW + timedelta(minutes=7)) == 420.0


def test_a_question_is_late_a_second_after_its_time() -> None:
    assert seen(5).asked[0].stage is Stage.OPEN
    assert seen(5.02).asked[0].stage is Stage.LATE
    assert seen(5, answer(5, "one", choice="good")).asked[0].replies[0].in_time
    assert not seen(6, answer(5.02, "one", choice="good")).asked[0].replies[0].in_time


def test_the_last_word_of_each_person_stands_and_the_asked_part_goes_first() -> None:
    doings = (
        answer(1, "one", choice="bad"),
        answer(2, "one", choice="good"),
        answer(3, "one", "eve", choice="bad", duty=Duty.LEGAL),
    )
    stands = seen(4, *doings).asked[0].standing
    assert [(r.who, r.choice) for r in stands] == [("bob", "good")]
    line = judged(4, *doings).lines[0]
    assert (line.content, line.took, line.split, line.by_others) == (1.0, 60.0, False, False)
    alone = judged(4, doings[2]).lines[0]
    assert (alone.content, alone.by_others) == (0.0, True)


def test_people_of_one_part_who_differ_are_a_mean_and_said_to_differ() -> None:
    doings = (answer(1, "one", choice="good"), answer(2, "one", "eve", choice="bad"))
    line = judged(4, *doings).lines[0]
    assert (line.content, line.split) == (0.5, True)


def test_points_are_what_people_named_together_and_a_rating_corrects_them() -> None:
    doings = (
        answer(11, "two", text="Keep everything."),
        answer(12, "two", "eve", text="and tell the owners"),
    )
    assert judged(13, *doings).lines[1].content == 1.0
    wrong = (answer(11, "two", text="do not keep it"), at(12, What.RATED, inject="two", answer=2))
    line = judged(13, *wrong).lines[1]
    assert (line.content, line.missed) == (0.0, ("keep it", "tell them"))


def test_a_free_answer_waits_for_its_rating_and_is_not_guessed() -> None:
    said = answer(21, "three", text="The truth.")
    before = judged(22, said)
    assert (before.lines[2].content, before.unrated) == (None, 1)
    after = judged(23, said, at(22, What.RATED, inject="three", answer=2, worth=1))
    assert (after.lines[2].content, after.unrated) == (0.5, 0)


def test_a_critical_gap_stands_beside_any_total() -> None:
    doings = (
        answer(1, "one", choice="bad"),
        answer(11, "two", text="keep it and tell the owner"),
        answer(21, "three", text="x"),
        at(22, What.RATED, inject="three", answer=4, worth=2),
    )
    found = judged(23, *doings)
    assert found.percent is not None
    assert round(found.percent, 1) == 66.7
    assert (found.gaps, found.apart) == (("one",), 1)
    assert found.lines[0].decisions[0].apart == ("stop_endpoint",)


def test_late_counts_half_and_silence_nothing() -> None:
    late = judged(9, answer(7, "one", choice="good"))
    assert late.percent == 50.0
    assert judged(9).percent == 0.0
    assert judged(9).gaps == ("one",)
    assert judged(3).percent is None
    assert judged(3).gaps == ()


def test_what_was_never_put_is_not_held_against_anybody() -> None:
    found = judged(9, answer(1, "one", choice="good"), at(2, What.STOPPED))
    assert (found.put, found.percent) == (1, 100.0)


def test_the_report_names_what_went_well_before_the_gaps_and_quotes_what_was_said() -> None:
    evil = "<script>alert(1)</script> [x](http://evil.example) \u202e| `rm`"
    doings = (
        at(0.5, What.SAT, duty=Duty.RESPONDER),
        answer(1, "one", choice="good", text=evil),
        answer(17, "two", "eve", text="keep"),
        at(18, What.FOLLOW_UP, text="Drill it", owner="cy", due="2026-12-01"),
        at(19, What.REMARKED, text="Nobody had the number."),
        at(26, What.STOPPED),
    )
    now = seen(30, *doings)
    found = review(now, score(NIGHT, now, ACTS))
    assert found.well == ("About one: answered well after 1 min.",)
    assert "the answer took 7 min, 5 min were allowed" in found.gaps[0].says
    assert "not named: tell them" in found.gaps[0].says
    assert "nobody answered in time" in found.gaps[1].says
    text = markdown(NIGHT, now, score(NIGHT, now, ACTS), "Exercise: A night")
    assert text.index("What went well") < text.index("## Gaps")
    assert "| Drill it | cy | 2026-12-01 |" in text
    assert "Nobody had the number." in text
    for bad in ("<script", " [x]", "http://", "\u202e", "\n`"):
        assert bad not in text


def test_words_name_a_point_by_how_they_begin_and_in_a_row() -> None:
    points = (Point(id="p", says="p", words=("tell the owner",)),)
    assert named("We TELL the owners, now.", points) == ("p",)
    assert named("tell them the owner", points) == ()
    assert named("foretell the owner", points) == ()


@pytest.mark.parametrize(
    ("text", "sure", "unsure"),
    [
        ("Block the key and tell legal.", "bt", ""),
        ("We do not block the key.", "", "b"),
        ("Don't block it; tell legal.", "t", "b"),
        ("We would never, at this hour, block it.", "b", ""),
        ("Do not wait, block the key.", "b", ""),
        ("Not only block the key but tell legal.", "bt", ""),
        ("Block nobody. Then block the key.", "b", ""),
        ("Block nobody, and tell legal without delay.", "t", "b"),
        ("Can\u2019t block v7.1 before we tell legal, tell legal first.", "t", "b"),
        ("BLOCK, do not hesitate to tell legal", "bt", ""),
        ("We do not load it.", "n", ""),
        ("We do not look at the owners or the block.", "", "b"),
    ],
)
def test_a_point_beside_a_negation_is_doubted_and_not_counted(
    text: str, sure: str, unsure: str
) -> None:
    points = (
        Point(id="b", says="block", words=("block",)),
        Point(id="t", says="tell", words=("tell legal",)),
        Point(id="n", says="no load", words=("not load",)),
    )
    assert "".join(named(text, points)) == sure
    assert "".join(doubted(text, points)) == unsure


def test_what_is_doubted_waits_for_the_leader_and_the_report_says_so() -> None:
    said = answer(11, "two", text="do not keep it, tell the owners")
    line = judged(13, said).lines[1]
    assert (line.content, line.named, line.unsure) == (0.5, ("tell them",), ("keep it",))
    now = seen(30, said, at(26, What.STOPPED))
    gaps = review(now, score(NIGHT, now, ACTS)).gaps
    assert any('beside a "not", to be told by the leader: keep it' in gap.says for gap in gaps)
    rated = at(12, What.RATED, inject="two", answer=2, points=("keep", "tell"))
    line = judged(13, said, rated).lines[1]
    assert (line.content, line.unsure) == (1.0, ())


DOING = st.sampled_from([What.PAUSED, What.RESUMED, What.NEXT, What.ANSWERED, What.REMARKED])


@settings(deadline=None, max_examples=60)
@given(
    doings=st.lists(st.tuples(DOING, st.floats(0, 40), st.floats(0, 600)), max_size=12),
    looks=st.lists(st.floats(0, 60), min_size=2, max_size=5),
)
def test_the_clock_never_goes_back_and_what_was_shown_stays(
    doings: list[tuple[What, float, float]], looks: list[float]
) -> None:
    made = [
        at(when, what, skipped=skip if what is What.NEXT else 0.0, inject="one", choice="good")
        for what, when, skip in sorted(doings, key=lambda d: d[1])
    ]
    states = [
        seen(when, *[m for m in made if m.at <= NOW + timedelta(minutes=when)])
        for when in sorted(looks)
    ]
    for before, after in pairwise(states):
        assert before.played <= after.played
        assert len(before.shown) <= len(after.shown)
        assert len(before.asked[0].replies) <= len(after.asked[0].replies)
    for one in states:
        found = score(NIGHT, one, ACTS)
        assert found.percent is None or 0 <= found.percent <= 100
        assert sum(r.last for r in one.asked[0].replies) == min(1, len(one.asked[0].replies))


@given(st.text(max_size=200))
def test_whatever_is_quoted_is_one_line_without_markup(text: str) -> None:
    made = quoted(text)
    assert "\n" not in made
    assert all(c.isprintable() for c in made)
    assert "<" not in made
    for n, letter in enumerate(made):
        assert letter not in "[`|*" or made[n - 1] == "\\"
