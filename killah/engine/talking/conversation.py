"""A conversation about the owner's documents: what is said is a question or a request, and is answered aloud.

    talk = Talk(Answering(libraries), mouth, tell)
    talk.typed("where did I leave the keys")     # or, of dictation: talk.hear(event)

Whoever speaks while the voice does ends it. With headphones any speech does, at once. Without them the
microphone hears the voice too: then it is ended by words that are not its own (`talking_echo`), and its own
are dropped.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from killah.audio.commands import Command
from killah.audio.dictation.language import language_of
from killah.audio.dictation.live import Event, Final, Partial, Said
from killah.audio.dictation.utterances import Audio, End, Start, Utterances
from killah.audio.recognition.ctc import text_of
from killah.audio.synthesis.voices import CHANGES
from killah.engine.talking.answering import Answer
from killah.engine.talking.echo import own
from killah.engine.talking.mouth import Mouth
from killah.engine.talking.requests import understand
from killah.engine.talking.words import content

ECHO = 0.5  # seconds after the voice ended in which it may still be heard
By = Literal["voice", "typed", "key"]

_SAID = {
    "en": {
        "from": "From {title}: {quote}",
        "phrased": "{text} That is from {title}.",
        "nothing": "I don't find that in your documents.",
        "nearest": "The nearest I have is from {title}: {quote}",
        "more": "There is nothing more.",
        "before": "Ask me something first.",
        "source": "That is from {title}.",
        "thanks": "You're welcome.",
        "goodbye": "Goodbye.",
    },
    "ru": {
        "from": "Из документа «{title}»: {quote}",
        "phrased": "{text} Это из документа «{title}».",
        "nothing": "В ваших документах этого нет.",
        "nearest": "Самое близкое — в документе «{title}»: {quote}",
        "more": "Больше ничего нет.",
        "before": "Сначала спросите о чём-нибудь.",
        "source": "Это из документа «{title}».",
        "thanks": "Пожалуйста.",
        "goodbye": "До свидания.",
    },
}


@dataclass(frozen=True)
class Asked:
    """A turn of the owner: a question, or a request by its name."""

    text: str
    by: By
    request: str = ""


@dataclass(frozen=True)
class Reply:
    """A turn of ours, as it is said. `answer` is where it comes from; `known` says that it answers."""

    text: str
    answer: Answer | None = None
    known: bool = False


@dataclass(frozen=True)
class Heard:
    """Words that are being said and may change."""

    text: str


@dataclass(frozen=True)
class Interrupted:
    """Our voice was ended, by whom, and how long that took in seconds."""

    by: Literal["speech", "key", "request"]
    seconds: float


@dataclass(frozen=True)
class Listening:
    """Whether what is said is heard from now on."""

    on: bool


Told = Asked | Reply | Heard | Interrupted | Listening


class Answers(Protocol):
    """Finds what may answer a question, the likeliest first (`killah.engine.talking.answering`)."""

    def ask(self, question: str) -> list[Answer]:
        """See `Answering.ask`."""
        ...


class Noticing(Utterances):
    """Cuts a stream into utterances, and calls `began` when one begins, before anything of it is heard."""

    def __init__(self, began: Callable[[], None]) -> None:
        super().__init__()
        self._began = began

    def feed(self, samples: np.ndarray) -> list[Start | Audio | End]:
        """See `Utterances.feed`."""
        events = super().feed(samples)
        if any(isinstance(event, Start) for event in events):
            self._began()
        return events


class Talk:
    """One conversation. `key` and `began` may come from any thread, all else from one.

    Without a `mouth` replies are only told. `phrase` puts an answer in other words, or gives None.
    """

    def __init__(
        self,
        answers: Answers,
        mouth: Mouth | None,
        tell: Callable[[Told], None],
        *,
        headphones: bool = False,
        phrase: Callable[[str, Answer], str | None] = lambda _question, _answer: None,
    ) -> None:
        self.over = False
        self._answers, self._mouth, self._tell = answers, mouth, tell
        self._headphones, self._phrase = headphones, phrase
        self._found: list[Answer] = []  # for the last question
        self._place = 0  # which of them was said last
        self._last = Reply("")
        self._spoken = _SAID["en"]
        self._echoing = False  # the utterance that is being heard began while the voice could be heard

    # What happens -----------------------------------------------------------------------------------

    def typed(self, text: str, by: By = "typed") -> None:
        """Take a turn in writing."""
        self._interrupt("key")
        if text.strip():
            self._turn(text, by, understand(text))

    def key(self) -> None:
        """A key was pressed."""
        self._interrupt("key")

    def mute(self) -> None:
        """Only write from now on."""
        self._mouth = None

    def began(self) -> None:
        """Somebody, or our own voice, has begun to speak."""
        mouth = self._mouth
        near = mouth is not None and (mouth.speaking or time.monotonic() - mouth.ended_at < ECHO)
        self._echoing = near and not self._headphones
        if self._headphones:
            self._interrupt("speech")

    def hear(self, event: Event) -> None:
        """Take what dictation has heard."""
        if isinstance(event, Partial | Final):
            text = text_of(event.words)
            if self._is_echo(text):
                return
            if isinstance(event, Partial):
                self._interrupt("speech", bool(text))
                self._tell(Heard(text))
            elif content(text):
                self._interrupt("speech")
                self._turn(text, "voice", None)
        elif isinstance(event, Said):
            self._turn(text_of(event.words), "voice", event.command)

    def _is_echo(self, text: str) -> bool:
        mouth = self._mouth
        return self._echoing and mouth is not None and own(text, mouth.text)

    def _interrupt(self, by: Literal["speech", "key", "request"], really: bool = True) -> None:
        started, mouth = time.monotonic(), self._mouth
        if really and mouth is not None and mouth.speaking and mouth.stop():
            self._tell(Interrupted(by, time.monotonic() - started))

    # Turns ------------------------------------------------------------------------------------------

    def _turn(self, text: str, by: By, command: Command | None) -> None:
        self._spoken = _SAID[language_of(text)]
        mouth = self._mouth
        rest = mouth.rest if mouth is not None else ""
        self._interrupt("request")
        self._tell(Asked(text, by, command.name if command else ""))
        if command is None:
            self._ask(text)
        else:
            self._do(command.name, rest)

    def _ask(self, question: str) -> None:
        self._found, self._place = self._answers.ask(question), 0
        if not (self._found and self._found[0].known):
            self._place = -1
            self._reply(Reply(self._spoken["nothing"]))
            return
        best = self._found[0]
        text = self._phrase(question, best)
        form = "phrased" if text else "from"
        self._reply(
            Reply(self._spoken[form].format(text=text, title=best.title, quote=best.quote), best, True)
        )

    def _do(self, request: str, rest: str) -> None:
        if request in CHANGES:
            self._change(request, rest)
        elif request in ("stop_listening", "start_listening"):
            self._tell(Listening(request == "start_listening"))
        elif request == "continue" and rest:
            self._say(rest)
        elif request == "next":
            self._next()
        elif request == "goodbye":
            self._remark(Reply(self._spoken["goodbye"]))
            self.over = True
        elif request == "thanks":
            self._remark(Reply(self._spoken["thanks"]))
        elif request != "stop":
            self._again(request)

    def _change(self, request: str, rest: str) -> None:
        """Another manner, and on from the sentence that was being said; else all again, to be heard."""
        mouth = self._mouth
        if mouth is not None:
            mouth.change(request)
            self._say(rest or self._last.text)

    def _again(self, request: str) -> None:
        """Something about the last answer: itself, its passage, its document."""
        answer = self._last.answer
        if not self._last.text:
            self._remark(Reply(self._spoken["before"]))
        elif request == "passage" and answer is not None:
            self._reply(Reply(answer.passage, answer, self._last.known))
        elif request == "source" and answer is not None:
            self._reply(Reply(self._spoken["source"].format(title=answer.title), answer, self._last.known))
        else:
            self._reply(self._last)

    def _next(self) -> None:
        """The next best passage for the last question; one that is no answer is called the nearest."""
        self._place += 1
        if self._place >= len(self._found):
            self._remark(Reply(self._spoken["more" if self._found else "before"]))
            return
        answer = self._found[self._place]
        form = self._spoken["from" if answer.known else "nearest"]
        self._reply(Reply(form.format(title=answer.title, quote=answer.quote), answer, answer.known))

    def _reply(self, reply: Reply) -> None:
        """Say something that can be repeated."""
        self._last = reply
        self._remark(reply)

    def _remark(self, reply: Reply) -> None:
        self._tell(reply)
        self._say(reply.text)

    def _say(self, text: str) -> None:
        mouth = self._mouth  # may be taken away on another thread
        if mouth is not None and text:
            mouth.say(text)
