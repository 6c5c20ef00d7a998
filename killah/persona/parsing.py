"""Documents read in another process: one worker, kept for many documents, ended when one goes too far.

A document may take so much processor time, and a little more by the clock, so that a hostile one is over
within ten seconds, the end of its worker included. One that the clock ends before it had half its processor
time is not to blame: the disk or the machine was slow, and the next run tries it again (`Unavailable`). Linux
enforces memory in the worker itself; here its resident size is watched too, because macOS does not.
"""

import contextlib
import json
import os
import queue
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psutil

import killah
from killah.errors import KillahError
from killah.persona.readers import Unreadable
from killah.persona.scanning import File

_AHEAD = 8  # documents read before they are asked for
_LOOK = 0.1  # seconds between two looks at the worker's memory


@dataclass(frozen=True)
class Limits:
    """What one document may cost: processor seconds, seconds by the clock, bytes of memory."""

    seconds: float = 8.0
    clock: float = 9.0
    memory: int = 1_000_000_000


@dataclass(frozen=True)
class Document:
    """A document as read: its passages in order, its size in words and bytes, its hash, seconds it took.

    `left_out` has the words that are in the file and not the owner's voice, by reason: "quoted replies".
    """

    chunks: list[str]
    words: int
    left_out: dict[str, int]
    bytes: int
    sha256: str
    seconds: float


class Unavailable(Unreadable):
    """Unreadable for now: permission, a disk error. Worth another try with the file unchanged."""


class Parser:
    """Reads documents one after another through a worker process. Close it, or use it in a `with`."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._worker: subprocess.Popen[bytes] | None = None
        self._unread = bytearray()

    def __enter__(self) -> "Parser":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(
        self, path: str, format: str, sha256: str | None = None, own: Collection[str] = ()
    ) -> Document | None:
        """The document, or None where its content still has the hash `sha256`.

        Where there are addresses of the `owner`, mail of others has no passages. Raises `Unreadable` with the
        reason; `KillahError` where no worker can be had at all.
        """
        about = {"own": sorted(own)} if own else {}
        answer = self._ask({"path": path, "format": format, "sha256": sha256} | about)
        return None if answer.get("same") else Document(**answer)

    def people(self, path: str, format: str) -> tuple[str, list[str]]:
        """Who wrote a message, and everybody who takes part in it. Raises as `read` does."""
        answer = self._ask({"path": path, "format": format, "people": True})
        return answer["sender"], answer["people"]

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        worker = self._worker or self._start()
        try:
            assert worker.stdin is not None
            worker.stdin.write(json.dumps(request).encode() + b"\n")
            worker.stdin.flush()
            answer = self._answer(worker, self.limits.clock)
        except BrokenPipeError as gone:
            raise Unreadable(self._bury("")) from gone
        except _Late as late:
            self._bury(str(late))
            raise Unavailable(str(late)) from late
        except _Gone as gone:
            raise Unreadable(self._bury(str(gone))) from gone
        if answer.get("spent"):
            self._bury("")
        if problem := answer.get("problem"):
            raise Unavailable(problem) if answer.get("passing") else Unreadable(problem)
        return answer

    def close(self) -> None:
        """End the worker. Another `read` starts a new one."""
        if self._worker is not None:
            self._bury("")

    @property
    def worker_pid(self) -> int | None:
        """The process that reads now, where one runs."""
        return self._worker.pid if self._worker else None

    def interrupt(self) -> None:
        """Make a `read` that runs in another thread come to its end."""
        if worker := self._worker:
            worker.kill()

    def _start(self) -> subprocess.Popen[bytes]:
        # -P and the package's own folder: never a module from the folder the user happens to stand in.
        environment = os.environ | {"PYTHONPATH": str(Path(killah.__file__).parent.parent)}
        command = [sys.executable, "-P", "-B", "-m", "killah.persona.worker"]
        self._worker = subprocess.Popen(
            [*command, str(self.limits.memory), str(self.limits.seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,  # Ctrl-C is for us: we end the worker
        )
        self._unread.clear()
        try:
            self._answer(self._worker, 60)
        except _Gone as gone:
            self._bury("")
            raise KillahError(
                "The process that reads documents does not start.", "Try `killah doctor`."
            ) from gone
        return self._worker

    def _answer(self, worker: subprocess.Popen[bytes], seconds: float) -> dict[str, Any]:
        """Wait for a whole line. Raises `_Gone` with a reason when there will be none."""
        assert worker.stdout is not None
        deadline = time.monotonic() + seconds
        try:
            process = psutil.Process(worker.pid)
            spent = _processor_seconds(process)
        except psutil.Error as error:
            raise _Gone("") from error
        looked = time.monotonic()
        while (end := self._unread.find(b"\n")) < 0:
            is_there = select.select([worker.stdout], [], [], _LOOK)[0]
            if time.monotonic() - looked >= _LOOK:
                self._check(process, deadline, spent)
                looked = time.monotonic()
            if not is_there:
                continue
            block = os.read(worker.stdout.fileno(), 1 << 20)
            if not block:
                raise _Gone("")
            self._unread += block
        line = bytes(self._unread[:end])
        del self._unread[: end + 1]
        return json.loads(line)

    def _check(self, process: psutil.Process, deadline: float, spent: float) -> None:
        """Raises `_Gone` or `_Late` where the worker went too far; `spent` is its processor time before."""
        try:
            resident, spent = process.memory_info().rss, _processor_seconds(process) - spent
        except psutil.Error as error:
            raise _Gone("") from error
        if time.monotonic() > deadline and spent < self.limits.seconds / 2:
            raise _Late(f"not read within {self.limits.clock:g} seconds: the disk or the machine is busy")
        if time.monotonic() > deadline:
            raise _Gone(self._slow())
        if resident > self.limits.memory:
            raise _Gone("needs too much memory to read")

    def _bury(self, reason: str) -> str:
        """End the worker for good; the reason why its document was not read."""
        worker, self._worker = self._worker, None
        assert worker is not None and worker.stdin is not None and worker.stdout is not None
        if reason or worker.poll() is None:
            worker.kill()
        code = worker.wait()
        worker.stdout.close()
        with contextlib.suppress(BrokenPipeError):  # a request that never got there
            worker.stdin.close()
        if reason:
            return reason
        return self._slow() if code == -signal.SIGXCPU else f"crashed its reader (exit {code})"

    def _slow(self) -> str:
        return f"takes more than {self.limits.seconds:g} seconds to read"


Outcome = tuple[File, Document | Unreadable | None]


def read_ahead(
    files: list[File],
    known: dict[str, str | None],
    limits: Limits | None,
    own: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> Generator[Outcome, None, None]:
    """Every file with what came of reading it, in order; a thread reads ahead while the caller embeds.

    `known` has hashes of content that need not be read again; `own` the owner's addresses, by the formats
    that have any. Close the generator to stop early.
    """
    outcomes: queue.Queue[Outcome | Exception] = queue.Queue(_AHEAD)
    stop = threading.Event()
    parser = Parser(limits)

    def read() -> None:
        for file in files:
            if stop.is_set():
                return
            try:
                there = own.get(file.format, ())
                outcomes.put((file, parser.read(file.path, file.format, known.get(file.path), there)))
            except Unreadable as problem:
                outcomes.put((file, problem))
            except Exception as error:  # for the caller's thread to raise
                outcomes.put(error)
                return

    reading = threading.Thread(target=read, name="read ahead", daemon=True)
    reading.start()
    try:
        for _ in files:
            outcome = outcomes.get()
            if isinstance(outcome, Exception):
                raise outcome
            yield outcome
    finally:
        stop.set()
        while reading.is_alive():
            parser.interrupt()
            _drain(outcomes)
            reading.join(0.05)
        parser.close()


def _drain(outcomes: "queue.Queue[Any]") -> None:
    while not outcomes.empty():
        outcomes.get_nowait()


def _processor_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


class _Late(Exception):
    """The clock ended a document that had little of the processor; the message is the reason."""


class _Gone(Exception):
    """The worker is gone or has to go; the message is the reason, empty where its exit code tells."""
