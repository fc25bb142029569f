"""The threads of a server are waited for at its end, and not without end."""

import threading
from concurrent.futures import Future

from stanch.engine.threads import Threads


def at_work(threads: Threads, let_go: threading.Event) -> "Future[str]":
    """What a thread is at work on until it is let go."""
    begun = threading.Event()

    def work() -> str:
        begun.set()
        assert let_go.wait(60)
        return "done"

    found = threads.submit(work)
    assert begun.wait(60)
    return found


def test_what_is_at_work_is_waited_for() -> None:
    threads, let_go = Threads(patience=60), threading.Event()
    work = at_work(threads, let_go)
    ending = threading.Thread(target=threads.shutdown)
    ending.start()
    let_go.set()
    ending.join(60)
    assert work.done()
    assert work.result() == "done"


def test_what_needs_longer_is_left_and_what_did_not_begin_never_does() -> None:
    threads, let_go = Threads(patience=0.01), threading.Event()
    works = [at_work(threads, let_go) for _ in range(threads._max_workers)]
    never = threads.submit(str)
    threads.shutdown()
    assert not any(one.done() for one in works)
    assert never.cancelled()
    let_go.set()
    assert {one.result(60) for one in works} == {"done"}
