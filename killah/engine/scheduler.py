"""One thread owns MLX. Work is generators; between two tokens the most urgent one goes on.

Knows nothing about models: a job is a function returning an iterator that yields events for the caller,
or None as a point where it may be interrupted.
"""

import itertools
import queue
import threading
from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Generic, TypeVar

Event = TypeVar("Event")
Work = Callable[[], Iterator[Event | None]]


class Priority(IntEnum):
    """Smaller goes first. Equal ones go one after the other, in the order they came."""

    LOAD = 0
    KEYSTROKE = 1
    DICTATION = 2
    REWRITE = 3
    SPEECH = 4


class Job(Generic[Event]):
    """A piece of work seen from outside: iterate over its events, or `cancel` it, from any thread."""

    def __init__(self, work: Work[Event], priority: Priority) -> None:
        self.priority = priority
        self._work: Work[Event] | None = work
        self._steps: Iterator[Event | None] | None = None
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._cancelled = threading.Event()
        self._finished = threading.Event()
        self._error: BaseException | None = None

    def __iter__(self) -> Iterator[Event]:
        """Events as they come, until the work ends; raises what the work raised."""
        while (event := self._events.get()) is not None:
            yield event
        self._events.put(None)  # whoever iterates again ends too
        if self._error is not None:
            raise self._error

    def cancel(self) -> None:
        """End the work at its next interruption point. Harmless when it is over."""
        self._cancelled.set()

    def result(self) -> list[Event]:
        """Wait for the end; all events."""
        return list(self)

    @property
    def done(self) -> bool:
        """Whether the work has ended, for whatever reason."""
        return self._finished.is_set()

    def advance(self) -> bool:
        """Do one step on the calling thread; False when the work is over."""
        try:
            if self._steps is None:
                assert self._work is not None
                self._steps = self._work()
            if self._cancelled.is_set():
                return self.end(None)
            event = next(self._steps)
        except StopIteration:
            return self.end(None)
        except BaseException as error:  # handed to whoever waits for the events
            return self.end(error)
        if event is not None:
            self._events.put(event)
        return True

    def end(self, error: BaseException | None) -> bool:
        """Close the work and wake whoever waits for it; always False."""
        close = getattr(self._steps, "close", None)
        if close is not None:
            close()
        self._steps = self._work = None
        self._error = error
        self._finished.set()
        self._events.put(None)
        return False


class Scheduler:
    """The thread, and the jobs that wait for it. `at_end` is the last thing it calls."""

    def __init__(self, at_end: Callable[[], object] = lambda: None) -> None:
        self._at_end = at_end
        self._ready: queue.PriorityQueue[tuple[int, int, Job]] = queue.PriorityQueue()
        self._order = itertools.count()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mlx", daemon=True)
        self._thread.start()

    def start(self, job: Job[Event]) -> Job[Event]:
        """Queue a job; returns it."""
        self._ready.put((job.priority, next(self._order), job))
        return job

    def submit(self, work: Work[Event], priority: Priority) -> Job[Event]:
        """Queue work as a new job."""
        return self.start(Job(work, priority))

    def close(self) -> None:
        """Cancel everything and end the thread."""
        self._closing.set()
        self.submit(lambda: iter(()), Priority.LOAD)
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            entry = self._ready.get()
            if entry[2].advance():
                self._ready.put(entry)  # with its old number: equal priorities stay in order
        while not self._ready.empty():
            self._ready.get()[2].end(None)
        self._at_end()
