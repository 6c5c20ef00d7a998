"""Where the commands that hear get their sound from, and how those that speak end."""

import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from killah.stopping import Stop

    Blocks = Iterator[np.ndarray]


@contextmanager
def recorded(path: Path) -> "Iterator[Callable[[Callable[[float], object]], Blocks]]":
    """A recording in blocks, as quickly as they are heard."""
    from killah.audio.recordings import files

    with closing(files.blocks(path, seconds=0.1)) as blocks:
        yield lambda _: blocks


@contextmanager
def live(
    device: str | None, say: Callable[[str], None]
) -> "Iterator[Callable[[Callable[[float], object]], Blocks]]":
    """The microphone; what happens to it is said."""
    from killah.audio.capture.microphone import Microphone
    from killah.config import load

    wanted = device or load().microphone
    with Microphone(wanted, listener=lambda event: say(event.text)) as microphone:

        def blocks(level: Callable[[float], object]) -> "Blocks":
            lost = 0
            while True:
                samples = microphone.read(0.1)
                level(microphone.level().rms)
                if microphone.overflows > lost:
                    lost = microphone.overflows
                    say(f"Sound was lost {lost} times: this machine is too busy.")
                yield samples

        yield blocks


@contextmanager
def ended_by(stop: "Stop") -> Iterator[None]:
    """Let SIGTERM and a closed terminal ask `stop`; the exit code tells of it, a second one ends at once."""
    came: list[int] = []

    def ended(number: int, _: object) -> None:
        came.append(number)
        if stop.asked:
            raise SystemExit(128 + number)
        stop.ask()

    with _handled(ended):
        yield
    if came:
        raise SystemExit(128 + came[0])


@contextmanager
def killed_cleanly() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end this process as Ctrl-C does: speech ends with it."""

    def ended(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    with _handled(ended):
        yield


@contextmanager
def _handled(act: Callable[[int, object], None]) -> Iterator[None]:
    before = {each: signal.signal(each, act) for each in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
