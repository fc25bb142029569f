"""Chores are done again and again, and never die unseen."""

import asyncio

import pytest

from stanch.engine.caretaker import UNWELL_AFTER, Caretaker, Chore
from stanch.vocabulary.trouble import NoSpace


async def until(condition: object, keeper: Caretaker) -> None:
    task = asyncio.create_task(keeper.run())
    try:
        async with asyncio.timeout(60):
            while not callable(condition) or not condition():  # noqa: ASYNC110  polled against a deadline
                await asyncio.sleep(0.01)
    finally:
        task.cancel()


def test_a_chore_that_raises_is_tried_again_and_people_are_told() -> None:
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        if len(tries) <= UNWELL_AFTER:
            raise OSError("the disk is slow")

    keeper = Caretaker([Chore(name="record", work=work, every=0.01)])
    seen: list[tuple[str, ...]] = []

    def healed() -> bool:
        seen.append(keeper.unwell())
        return keeper.standings["record"].done > 0

    asyncio.run(until(healed, keeper))
    assert any("the disk is slow" in one for told in seen for one in told)
    assert keeper.unwell() == ()


def test_one_cause_is_one_sentence_and_the_end_of_it_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    full = [True]

    def work() -> None:
        if full[0]:
            raise NoSpace("/srv/stanch")

    def broken() -> None:
        raise OSError("broken\n(Background on this error at: https://...)")

    names = ("watch", "record")
    chores = [Chore(name=one, work=work, every=60, at_end=True) for one in names]
    keeper = Caretaker([*chores, Chore(name="odd", work=broken, every=60, at_end=True)])
    for _ in range(UNWELL_AFTER):
        keeper.finish()
    assert keeper.unwell() == (
        f"watch, record failed {UNWELL_AFTER} times in a row: {NoSpace('/srv/stanch')}",
        f"odd failed {UNWELL_AFTER} times in a row: OSError: broken",
    )
    full[0] = False
    caplog.clear()
    keeper.finish()
    assert [one.partition(" failed")[0] for one in keeper.unwell()] == ["odd"]
    assert any("watch works again" in one.getMessage() for one in caplog.records)


def test_one_chore_that_fails_does_not_stop_another() -> None:
    done: list[int] = []

    def broken() -> None:
        raise ValueError("no")

    keeper = Caretaker(
        [
            Chore(name="broken", work=broken, every=0.01),
            Chore(name="fine", work=lambda: done.append(1), every=0.01),
        ],
    )
    asyncio.run(until(lambda: len(done) >= 3, keeper))
    assert keeper.standings["broken"].failed_in_a_row >= 1


def test_the_end_does_once_more_what_must_be_done() -> None:
    done: list[str] = []
    keeper = Caretaker(
        [
            Chore(name="a", work=lambda: done.append("a"), every=60, at_end=True),
            Chore(name="b", work=lambda: done.append("b"), every=60),
        ],
    )
    keeper.finish()
    assert done == ["a"]


def test_a_chore_without_news_rests_and_begins_at_once_when_there_is_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("stanch.engine.caretaker.REST", 1e9)
    news, rests = [0], [0]
    done: list[int] = []

    def told() -> int:
        rests[0] += 1
        return news[0]

    keeper = Caretaker(
        [Chore(name="record", work=lambda: done.append(news[0]), every=0.001, news=told)],
    )

    async def main() -> None:
        task = asyncio.create_task(keeper.run())
        async with asyncio.timeout(60):
            for known in range(3):
                while not (len(done) > known and rests[0] > 20):  # noqa: ASYNC110  against a deadline
                    await asyncio.sleep(0.001)
                assert done == list(range(known + 1))
                news[0], rests[0] = known + 1, 0
        task.cancel()

    asyncio.run(main())


def test_news_that_comes_while_it_works_is_not_missed_and_time_alone_is_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    news = [0]
    done: list[int] = []

    def work() -> None:
        done.append(news[0])
        if news[0] < 3:
            news[0] += 1

    monkeypatch.setattr("stanch.engine.caretaker.REST", 1e9)
    chores = [Chore(name="record", work=work, every=0.001, news=lambda: news[0])]
    asyncio.run(until(lambda: len(done) >= 4, Caretaker(chores)))
    assert done == [0, 1, 2, 3]
    monkeypatch.setattr("stanch.engine.caretaker.REST", 0.002)
    asyncio.run(until(lambda: len(done) >= 8, Caretaker(chores)))
    assert set(done[4:]) == {3}
