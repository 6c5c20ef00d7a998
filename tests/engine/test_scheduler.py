"""Urgent work overtakes, cancelled work stops, errors reach whoever waits."""

import threading

import pytest

from killah.engine.scheduler import Priority, Scheduler


@pytest.fixture
def scheduler():
    it = Scheduler()
    yield it
    it.close()


def test_events_come_in_order_and_iteration_ends(scheduler):
    job = scheduler.submit(lambda: iter([1, None, 2]), Priority.REWRITE)
    assert list(job) == [1, 2]
    assert job.result() == []  # already taken, and it does not hang
    assert job.done


def test_a_keystroke_overtakes_a_rewrite_between_two_tokens(scheduler):
    order, started, go = [], threading.Event(), threading.Event()

    def rewrite():
        started.set()
        go.wait(5)
        order.append("first token")
        yield
        order.append("second token")
        yield

    def keystroke():
        order.append("keystroke")
        yield

    long = scheduler.submit(rewrite, Priority.REWRITE)
    started.wait(5)
    short = scheduler.submit(keystroke, Priority.KEYSTROKE)
    go.set()
    short.result(), long.result()
    assert order == ["first token", "keystroke", "second token"]


def test_equal_priorities_do_not_interleave(scheduler):
    order, gate = [], threading.Event()

    def work(name):
        gate.wait(5)
        for _ in range(3):
            order.append(name)
            yield

    jobs = [scheduler.submit(lambda n=n: work(n), Priority.REWRITE) for n in "ab"]
    gate.set()
    [job.result() for job in jobs]
    assert "".join(order) == "aaabbb"


def test_cancel_stops_endless_work_and_closes_it(scheduler):
    closed = threading.Event()

    def endless():
        try:
            while True:
                yield "token"
        finally:
            closed.set()

    job = scheduler.submit(endless, Priority.REWRITE)
    assert next(iter(job)) == "token"
    job.cancel()
    job.result()
    assert closed.is_set()


def test_an_error_is_raised_where_the_events_are_read(scheduler):
    def broken():
        yield "before"
        raise ValueError("broken")

    job = scheduler.submit(broken, Priority.REWRITE)
    events = iter(job)
    assert next(events) == "before"
    with pytest.raises(ValueError, match="broken"):
        next(events)
    assert scheduler.submit(lambda: iter(["still alive"]), Priority.REWRITE).result() == ["still alive"]


def test_closing_wakes_whoever_waits():
    scheduler = Scheduler()

    def endless():
        while True:
            yield

    jobs = [scheduler.submit(endless, Priority.REWRITE) for _ in range(3)]
    scheduler.close()
    assert all(job.result() == [] and job.done for job in jobs)
