"""A run on several processes: starts them with `mlx.launch`, and again when one of them hung or died.

`python -m killah.training.launch STAGE FILE [KEY=VALUE...]` is one of the processes. Each reads the same
files; the first one writes the run's folder and says, as lines of JSON on stdout, what is going on.
"""

import contextlib
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from killah import paths
from killah.errors import KillahError
from killah.stopping import Stop
from killah.training import config, runs
from killah.training.trainer import Report

TRIES = 3  # starts again that bring a run no further
GRACE = 3.0  # seconds for the others to end after one has
OUTPUT = "processes.log"
MESSAGE = "killah-run "  # before a line of JSON for whoever started the processes
STOP = "stop"  # a file that asks the first process to stop
# mlx.launch asks without a pause whether its processes' stdin can be written to, at the cost of a core. It
# cannot be while it is full, and nobody reads it.
FILLER = bytes(100_000)

_LAUNCH = "from mlx._distributed_utils.launch import main; main()"
_ENDED = re.compile(r"Node with rank (\d+) (?:exited with code (-?\d+)|was killed)")


@dataclass
class Attempt:
    """What one start of all processes came to."""

    first: int | None = None  # the first step it reported
    last: int | None = None
    result: dict[str, Any] | None = None
    error: KillahError | None = None
    ended: float | None = None  # when the first process failed, monotonic seconds


def run(
    stage: str,
    file: Path,
    overrides: Sequence[str] = (),
    report: Report = lambda _: None,
    *,
    processes: int = 1,
    hostfile: Path | None = None,
    warn: Callable[[str], object] = runs.say,
) -> dict[str, Any]:
    """Train on `processes` of this machine, or on the machines of an mlx.launch `hostfile`.

    This machine must be the first of them; Killah, the model, the data and the configuration must be at the
    same paths on all. A run whose processes hang or die starts again from its last checkpoint, as long as
    that leads further, and at most `TRIES` times if not. Raises `KillahError`; Ctrl-C finishes the step,
    keeps the state and raises `KeyboardInterrupt`, a second one ends the processes at once.
    """
    if hostfile:
        _check(hostfile)
    folder = paths.private_dir(config.read(file, overrides).adapter_path)
    (folder / OUTPUT).unlink(missing_ok=True)
    furthest, tries = -1, 0
    while True:
        attempt = _attempt(_command(stage, file, overrides, processes, hostfile), folder, report, warn)
        if attempt.result is not None:
            return attempt.result
        if attempt.error:
            raise attempt.error
        if attempt.first is not None and attempt.first > furthest:
            furthest, tries = attempt.first, 0
        if tries >= TRIES:
            raise KillahError(
                f"The processes ended {tries + 1} times without getting further.",
                f"What they said is in {folder / OUTPUT}.",
            )
        tries += 1
        at = "before the first step" if attempt.last is None else f"after step {attempt.last}"
        warn(f"A process hung or died {at}; starting again from the last checkpoint.")


# The processes, seen from outside -----------------------------------------------------------------------


def _check(hostfile: Path) -> None:
    """Raise `KillahError` unless mlx.launch will find an address for every machine."""
    try:
        found = json.loads(hostfile.read_text("utf-8"))
        hosts = found["hosts"] if isinstance(found, dict) else found
        complete = bool(hosts) and all(host["ssh"] and host["ips"] for host in hosts)
    except OSError as error:
        raise KillahError(f"Cannot read {hostfile}: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError):
        complete = False
    if not complete:
        raise KillahError(
            f'{hostfile} does not hold {{"ssh", "ips"}} for every machine.',
            "mlx.distributed_config writes such a file.",
        )


def _command(
    stage: str, file: Path, overrides: Sequence[str], processes: int, hostfile: Path | None
) -> list[str]:
    hosts = ["--hostfile", str(hostfile)] if hostfile else ["-n", str(processes)]
    if not hostfile:  # several runs on one machine must not meet
        hosts += ["--starting-port", str(_free_port(processes))]
    if home := os.environ.get("KILLAH_HOME"):
        hosts += ["--env", f"KILLAH_HOME={home}"]
    own = [sys.executable, "-m", "killah.training.launch", stage, str(file.absolute()), *overrides]
    return [sys.executable, "-c", _LAUNCH, "--backend", "ring", *hosts, "--", *own]


def _free_port(count: int) -> int:
    """The first of `count` ports in a row that nobody listens on."""
    for _ in range(100):
        with contextlib.ExitStack() as held:
            first = held.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            with contextlib.suppress(OSError, OverflowError):
                for i in range(1, count):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port + i))
                return port
    raise KillahError("There are no free ports for the processes to talk on.", "Close some programs.")


def _attempt(command: list[str], folder: Path, report: Report, warn: Callable[[str], object]) -> Attempt:
    """Start all processes and follow them to their end."""
    attempt = Attempt()
    output = os.open(folder / OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with (
        os.fdopen(output, "w", encoding="utf-8") as kept,
        # A session of their own: Ctrl-C is for this process to pass on, and all of them can be ended at once.
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            bufsize=0,
        ) as launcher,
    ):
        arrived: queue.Queue[str | None] = queue.Queue()
        threads = [
            threading.Thread(target=act, args=(launcher, arrived), daemon=True) for act in (_fill, _read)
        ]
        for thread in threads:
            thread.start()
        try:
            with _passing_on(folder):
                for line in _lines(arrived, attempt):
                    if not _understood(line, attempt, report, warn):
                        kept.write(f"{line}\n")
                        kept.flush()
        finally:
            with contextlib.suppress(ProcessLookupError):  # those that do not end of themselves
                os.killpg(launcher.pid, signal.SIGKILL)
            for thread in threads:  # before their pipes are closed under them
                thread.join(GRACE)
    return attempt


@contextlib.contextmanager
def _passing_on(folder: Path) -> Iterator[None]:
    """The first Ctrl-C goes to the processes, which end after the step; the second ends them here."""
    stop = Stop()
    (folder / STOP).unlink(missing_ok=True)

    def passed(number: int, frame: FrameType | None) -> None:
        if stop.asked:
            signal.default_int_handler(number, frame)
        stop.ask()
        (folder / STOP).touch()

    def ended(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {s: signal.signal(s, ended) for s in (signal.SIGTERM, signal.SIGHUP)}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, passed)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        (folder / STOP).unlink(missing_ok=True)


def _fill(launcher: "subprocess.Popen[bytes]", _: "queue.Queue[str | None]") -> None:
    assert launcher.stdin
    with contextlib.suppress(OSError):
        launcher.stdin.write(FILLER)


def _read(launcher: "subprocess.Popen[bytes]", arrived: "queue.Queue[str | None]") -> None:
    assert launcher.stdout
    for line in launcher.stdout:
        arrived.put(line.decode("utf-8", "replace").rstrip())
    arrived.put(None)


def _lines(arrived: "queue.Queue[str | None]", attempt: Attempt) -> Iterator[str]:
    """What the processes print, until all have ended or one has failed and the others had time to."""
    while attempt.ended is None or time.monotonic() - attempt.ended < GRACE:
        with contextlib.suppress(queue.Empty):
            line = arrived.get(timeout=0.2)
            if line is None:
                return
            yield line


def _understood(line: str, attempt: Attempt, report: Report, warn: Callable[[str], object]) -> bool:
    """Take in a message of the first process, or the end of one; False for anything else."""
    if _ENDED.search(line) and attempt.ended is None:
        attempt.ended = time.monotonic()
    _, found, text = line.partition(MESSAGE)
    if not found:
        return False
    try:
        message: dict[str, Any] = json.loads(text)
    except ValueError:  # cut in two by the words of another process
        return False
    if entry := message.get("entry"):
        attempt.first = entry["step"] if attempt.first is None else attempt.first
        attempt.last = entry["step"]
        report(entry)
    if "warning" in message:
        warn(message["warning"])
    if "error" in message and attempt.error is None:
        attempt.error = KillahError(*message["error"])
    if "interrupted" in message:
        raise KeyboardInterrupt
    attempt.result = message.get("result", attempt.result)
    return True


# One of the processes -----------------------------------------------------------------------------------


def _tell(kind: str, value: Any) -> None:
    # One write a line: what several processes print is joined piece by piece.
    sys.stdout.write(f"{MESSAGE}{json.dumps({kind: value})}\n")
    sys.stdout.flush()


def main(stage: str, file: str, *overrides: str) -> int:
    """Take part in a run; the first process tells how it goes. Returns the exit code."""
    first = os.environ.get("MLX_RANK", "0") == "0"
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this passes it on
    stop = Stop()

    def report(entry: dict[str, Any]) -> None:
        if first:
            _tell("entry", entry)
            if flag.exists():
                stop.ask()

    try:
        flag = config.read(Path(file), overrides).adapter_path / STOP
        result = runs.run(
            stage, Path(file), overrides, report, warn=lambda text: _tell("warning", text), stop=stop
        )
    except KillahError as error:
        _tell("error", [error.what, error.hint])
        return 1
    except KeyboardInterrupt:
        if first:
            _tell("interrupted", True)
        return 0
    if first:
        _tell("result", result)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
