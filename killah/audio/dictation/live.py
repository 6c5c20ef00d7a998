"""The live loop: samples in, events out, in the order in which things were said.

    dictation = Dictation(listener, commands.parse)
    for block in microphone_or_file:
        for event in dictation.feed(block): ...
    for event in dictation.finish(): ...

Voice activity finds utterances; each is heard as it comes (`stream`). What is a command or an instruction as
a whole is one, all else is text, of which an instruction may want only a part (`limit`). Between "stop
listening" and "start listening" nothing is kept or told.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from killah.audio import RATE
from killah.audio.commands import Command
from killah.audio.dictation.asked import asked
from killah.audio.dictation.limit import Limit
from killah.audio.dictation.stream import UtteranceStream
from killah.audio.dictation.text import Marked
from killah.audio.dictation.utterances import Audio, End, Start, Utterances
from killah.audio.recognition.ctc import Word
from killah.audio.recognition.hearing import Hearing

TOLD = 1.0  # seconds of silence between two that are told
_LISTENING = {"stop_listening": False, "start_listening": True}


class Listener(Hearing, Protocol):
    """Hears, and knows how names are written."""

    @property
    def names(self) -> Mapping[str, str]:
        """How words it expects are spelled, by what is heard."""
        ...


@dataclass(frozen=True)
class Partial:
    """Words that may still change, with all of the utterance that is not final."""

    words: tuple[Word, ...]
    at: float


@dataclass(frozen=True)
class Final:
    """Words that stay. `ends` says that the utterance is over; `marked` is how it is written, where known."""

    words: tuple[Word, ...]
    at: float
    ends: bool = True
    marked: tuple[Marked, ...] = ()


@dataclass(frozen=True)
class Said:
    """A command, and the words it was said with."""

    command: Command
    words: tuple[Word, ...]
    at: float


@dataclass(frozen=True)
class Silence:
    """Nobody has spoken for so many seconds."""

    seconds: float
    at: float


Event = Partial | Final | Said | Silence


class Dictation:
    """`at` of every event is the stream's time in seconds when it was told.

    `understand` tells a command from dictated text.
    """

    def __init__(
        self,
        listener: Listener,
        understand: Callable[[str], Command | None],
        utterances: Utterances | None = None,
    ) -> None:
        self._listener = listener
        self._understand = understand
        self._utterances = utterances or Utterances()
        self._stream: UtteranceStream | None = None
        self._limit: Limit | None = None  # how much of what is said next is written
        self._final: list[Word] = []  # of the utterance so far
        self._partial: tuple[str, ...] = ()
        self._time = 0.0
        self._quiet_since = 0.0
        self._told = 0.0
        self.listening = True

    def feed(self, samples: np.ndarray) -> list[Event]:
        """The events that (samples,) more bring about."""
        self._time += len(samples) / RATE
        events = self._events(self._utterances.feed(samples))
        return events or self._silence()

    def finish(self) -> list[Event]:
        """The events that the end of the stream brings about."""
        return self._events(self._utterances.finish())

    def _events(self, found: Sequence[Start | Audio | End]) -> list[Event]:
        events: list[Event] = []
        heard: list[np.ndarray] = []
        for each in found:
            if isinstance(each, Audio):
                heard.append(each.samples)
            elif isinstance(each, Start):
                self._begin(each)
            else:
                events += self._more(heard) + self._end(each)
                heard = []
        return events + self._more(heard)

    def _begin(self, start: Start) -> None:
        self._stream = UtteranceStream(self._listener.draft, self._listener.settle, start.audio_from)
        self._final, self._partial = [], ()

    def _more(self, heard: list[np.ndarray]) -> list[Event]:
        if not heard:
            return []
        assert self._stream is not None
        update = self._stream.add(np.concatenate(heard))
        if update is None or not self.listening:
            return []
        events: list[Event] = []
        if update.final:
            self._final += update.final
            if self._limit is None:
                events.append(Final(tuple(update.final), self._time, ends=False))
        if self._limit is not None and self._limit.hides:
            return events
        words = tuple(word.text for word in update.partial)
        if words != self._partial:
            self._partial = words
            events.append(Partial(tuple(update.partial), self._time))
        return events

    def _end(self, end: End) -> list[Event]:
        assert self._stream is not None
        whole = not self._final and not end.cut
        draft = self._listener.draft(self._stream.window) if whole else []
        words = tuple(self._stream.finish())
        awaited = self._limit is not None and self._limit.waits_for(words)
        command = None
        if whole and not awaited:
            command = asked(self._listener, self._understand, self._stream.window, (words, draft))
        self._stream, self._quiet_since, self._told = None, end.at, end.at
        if command is not None:
            return self._say(command, words)
        if self.listening and (words or self._final or self._partial):
            return self._write(words)
        return []

    def _say(self, command: Command, words: tuple[Word, ...]) -> list[Event]:
        """A command, which may be about listening itself."""
        if not self.listening and command.name not in _LISTENING:
            return []
        self.listening = _LISTENING.get(command.name, self.listening)
        if command.name == "transcribe":
            self._limit = Limit(command)
        elif command.name == "stop_listening":
            self._limit = None
        elif command.then is not None and command.then.name in _LISTENING:
            self.listening = _LISTENING[command.then.name]
        return [Said(command, words, self._time)]

    def _write(self, words: tuple[Word, ...]) -> list[Event]:
        """The end of an utterance, or what an instruction wants of all of it, and what it wants then."""
        if self._limit is None:
            return [Final(words, self._time)]
        limit = self._limit
        kept, over = limit.cut([*self._final, *words])
        if over:
            self._limit = None
        events: list[Event] = [Final(tuple(kept), self._time)]
        return events + self._say(limit.then, ()) if over and limit.then else events

    def _silence(self) -> list[Event]:
        if self._stream is not None or self._time - self._told < TOLD:
            return []
        self._told = self._time
        return [Silence(self._time - self._quiet_since, self._time)]
