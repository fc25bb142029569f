"""The laws of scenarios, over every one that comes with stanch."""

import pytest

from stanch.engine.runs.library import shipped as playbooks
from stanch.engine.tabletop import views
from stanch.engine.tabletop.shelf import shipped
from stanch.engine.tabletop.written import SYSTEM, Written, acts_of, read
from stanch.learn.tabletop.naming import named
from stanch.learn.tabletop.scenario import BEST, Kind, faults
from stanch.triage.taxonomy.atlas import packaged
from stanch.vocabulary.people import Duty

every = pytest.mark.parametrize("one", shipped().values(), ids=list(shipped()))


def test_the_kinds_of_night_that_people_must_know_are_there() -> None:
    about = {one.scenario.about for one in shipped().values()}
    assert about >= {"extraction", "poisoning", "backdoor", "fairness_harm", "natural"}


@every
def test_it_is_read_back_as_it_is_and_without_fault(one: Written) -> None:
    assert one.file == f"{one.scenario.id}.yaml"
    assert read(one.text, one.file, playbooks()).scenario == one.scenario
    acts = acts_of(playbooks()[one.scenario.playbook].playbook)
    assert list(faults(one.scenario, acts)) == []


@every
def test_it_fits_an_hour_and_asks_several_parts(one: Written) -> None:
    injects = one.scenario.injects
    assert 5 <= len(injects) <= 9
    assert injects[0].at == 0
    assert [i.at for i in injects] == sorted({i.at for i in injects})
    assert one.scenario.minutes <= 75
    assert len({i.asks for i in injects}) >= 3
    assert {i.asks for i in injects} <= set(Duty)
    assert any(i.critical for i in injects)


@every
def test_each_question_can_be_won_and_lost(one: Written) -> None:
    for inject in one.scenario.injects:
        assert inject.good
        worths = {c.worth for c in inject.choices}
        assert inject.kind is not Kind.CHOICE or {0, BEST} <= worths, inject.id
        assert all(c.because for c in inject.choices)
        assert named("We do nothing about this at all.", inject.points) == (), inject.id


@every
def test_each_point_is_named_by_its_own_sentence_or_by_one_of_its_words(one: Written) -> None:
    for inject in one.scenario.injects:
        for point in inject.points:
            for word in point.words:
                assert point.id in named(f"I think of {word} first.", inject.points), word


@every
def test_what_truly_happens_is_told_by_nothing_that_is_seen_before(one: Written) -> None:
    card = views.card(one.scenario)
    seen = " ".join((card.id, card.title, card.says, *card.learns)).casefold()
    assert {*one.scenario.about.split("_"), one.scenario.playbook} & set(seen.split()) == set()


@every
def test_its_playbook_answers_what_truly_happens(one: Written) -> None:
    book = playbooks()[one.scenario.playbook].playbook
    assert one.scenario.about in book.answers


@every
def test_its_techniques_are_known_and_its_system_is_made_up(one: Written) -> None:
    matrix = packaged()
    assert all(t in matrix.techniques for t in one.scenario.atlas)
    assert one.scenario.system.startswith(SYSTEM)


def test_where_nobody_attacks_no_right_answer_contains_anything() -> None:
    calm = shipped()["moved-scores"].scenario
    acts = {a for i in calm.injects for c in i.choices if c.worth == BEST for a in c.acts}
    assert acts <= {"freeze", "notify"}
    assert calm.atlas == ()
