"""A crowd is told once, however often it was looked at and whoever joined it."""

from stanch.triage.looks import Look, told_once


def looked(says: str, *who: str, of: str = "crowd") -> Look:
    return Look(of=(of,), says=says, who=frozenset(who))


def test_a_crowd_that_grows_is_one_and_who_were_most_stand_first() -> None:
    small = looked("key-1 and key-2 ask alike", "key-1", "key-2")
    grown = looked("key-1, key-2, key-3 ask alike", "key-1", "key-2", "key-3")
    small = Look(of=small.of, says="key-1, key-2 ask alike", who=small.who)
    assert told_once([small, grown], lambda one: one) == [(grown, small)]
    assert told_once([grown, small], lambda one: one) == [(grown, small)]


def test_other_people_other_words_or_another_place_is_another_row() -> None:
    one = looked("key-1 asks 300 a minute", "key-1")
    again = looked("key-1 asks 12 a minute", "key-1")
    other = looked("key-2 asks 300 a minute", "key-2")
    words = looked("key-1 reads 300 a minute", "key-1")
    place = looked("key-1 asks 300 a minute", "key-1", of="elsewhere")
    told = told_once([one, other, words, place, again], lambda look: look)
    assert told == [(one, again), (other,), (words,), (place,)]


def test_every_look_is_told_whatever_stands_with_what() -> None:
    looks = [looked(f"key-{n % 3} said {n}", f"key-{n % 3}") for n in range(30)]
    told = told_once(looks, lambda look: look)
    assert sorted(one.says for all_ in told for one in all_) == sorted(x.says for x in looks)
    assert [all_[0].who for all_ in told] == [{"key-0"}, {"key-1"}, {"key-2"}]
