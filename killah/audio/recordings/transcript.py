"""A recording as text: utterances with words and times, and the forms that other programs read.

Memory is constant however long the recording is: one utterance at a time is held.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from killah.audio.dictation.utterances import Audio, End, Start, Utterances
from killah.audio.recognition.ctc import Word

LINE, LINES = 42, 2  # characters of a line of subtitles, and lines at a time, as broadcasters have it


@dataclass(frozen=True)
class Utterance:
    """What was said between two pauses; times in seconds of the recording."""

    words: tuple[Word, ...]
    start: float
    end: float
    text: str
    emotion: tuple[str, float] | None = None  # the likeliest, and how probable it is


def transcribe(
    blocks: Iterable[np.ndarray],
    settle: Callable[[np.ndarray], Sequence[Word]],
    write: Callable[[Sequence[Word], str], str],
    feel: Callable[[np.ndarray], tuple[str, float] | None] | None = None,
) -> Iterator[Utterance]:
    """Utterances of `blocks`, each (samples,), as they end.

    `settle` hears one, with times in what it is given; `write` makes text of words, given the text before;
    `feel` tells its emotion.
    """
    before = ""
    for start, samples in _heard(blocks):
        words = tuple(
            Word(word.text, word.start + start, word.end + start, word.score) for word in settle(samples)
        )
        if words:
            text = write(words, before).strip()  # it is a line of its own
            before = (before + " " + text)[-400:]
            emotion = feel(samples) if feel else None
            yield Utterance(words, words[0].start, words[-1].end, text, emotion)


def _heard(blocks: Iterable[np.ndarray]) -> Iterator[tuple[float, np.ndarray]]:
    """When each utterance starts, in seconds, and its samples."""
    utterances = Utterances()
    start, pieces = 0.0, []
    for events in _each(blocks, utterances):
        for event in events:
            if isinstance(event, Start):
                start, pieces = event.audio_from, []
            elif isinstance(event, Audio):
                pieces.append(event.samples)
            elif isinstance(event, End):
                yield start, np.concatenate(pieces)


def _each(blocks: Iterable[np.ndarray], utterances: Utterances) -> Iterator[list[Start | Audio | End]]:
    for block in blocks:
        yield utterances.feed(block)
    yield utterances.finish()


def as_text(utterances: Iterable[Utterance]) -> Iterator[str]:
    """Plain text, an utterance a line."""
    for each in utterances:
        yield f"{_told(each)}\n"


def as_srt(utterances: Iterable[Utterance]) -> Iterator[str]:
    """SubRip subtitles."""
    shown = (cue for each in utterances for cue in _cues(each))
    for number, (start, end, text) in enumerate(shown, 1):
        yield f"{number}\n{_clock(start, ',')} --> {_clock(end, ',')}\n{text}\n\n"


def as_vtt(utterances: Iterable[Utterance]) -> Iterator[str]:
    """WebVTT subtitles."""
    yield "WEBVTT\n\n"
    for each in utterances:
        for start, end, text in _cues(each):
            escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            yield f"{_clock(start, '.')} --> {_clock(end, '.')}\n{escaped}\n\n"


def as_values(utterances: Iterable[Utterance]) -> Iterator[dict[str, object]]:
    """Plain values for JSON, with the times of every word rounded to milliseconds."""
    for each in utterances:
        words = [
            {k: round(v, 3) if isinstance(v, float) else v for k, v in asdict(w).items()} for w in each.words
        ]
        values = {"text": each.text, "start": round(each.start, 3), "end": round(each.end, 3), "words": words}
        if each.emotion:
            values |= {"emotion": each.emotion[0], "emotion_probability": round(each.emotion[1], 3)}
        yield values


def _told(each: Utterance) -> str:
    """Its text, behind the emotion where one was told: `[sad 71%] I am`."""
    return f"[{each.emotion[0]} {each.emotion[1]:.0%}] {each.text}" if each.emotion else each.text


def _cues(each: Utterance) -> Iterator[tuple[float, float, str]]:
    """What is shown at a time of an utterance, with its begin and end.

    Written words need not be as many as spoken ones ("R2-D2"): times are those of words as far along.
    """
    lines = _lines(_told(each)).split("\n")
    written, spoken = sum(len(line.split()) for line in lines), len(each.words)
    begun = 0
    for number in range(0, len(lines), LINES):
        text = "\n".join(lines[number : number + LINES])
        first, begun = begun * spoken // written, begun + len(text.split())
        last = max(first, begun * spoken // written - 1)
        yield each.words[first].start, each.words[last].end, text


def _clock(seconds: float, point: str) -> str:
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{point}{rest % 1000:03}"


def _lines(text: str) -> str:
    """`text` in lines of at most `LINE` characters where words allow it."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > LINE:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)
