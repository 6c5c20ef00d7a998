"""An utterance as it comes in: partial words may change, final ones never do, memory stays."""

import numpy as np

from killah.audio import RATE
from killah.audio.dictation.stream import LONGEST, UtteranceStream
from killah.audio.recognition.ctc import Word

SECOND = np.zeros(RATE, np.float32)


class Speaker:
    """Says a word each second, "w0", "w1", ...; each sample is the number of its second."""

    def __init__(self):
        self.heard = []

    def seconds(self, first, count):
        return np.repeat(np.arange(first, first + count, dtype=np.float32), RATE)

    def hear(self, samples):
        self.heard.append(len(samples) / RATE)
        first = samples[0]
        numbers, starts = np.unique(samples, return_index=True)
        return [
            Word(f"w{int(n)}", s / RATE + 0.2, s / RATE + 0.8, 1.0)
            for n, s in zip(numbers, starts, strict=True)
            if len(samples) - s >= 0.8 * RATE and (n > first or samples[0] == samples[int(0.2 * RATE)])
        ]


def _texts(words):
    return [word.text for word in words]


def test_words_come_while_they_are_said_and_the_end_settles_them():
    speaker = Speaker()
    stream = UtteranceStream(speaker.hear, speaker.hear, start=7.0)
    assert stream.add(speaker.seconds(0, 1)[: RATE // 4]) is None  # too little for a hearing
    update = stream.add(speaker.seconds(0, 2)[RATE // 4 :])
    assert update is not None
    assert (_texts(update.final), _texts(update.partial)) == ([], ["w0", "w1"])
    assert (update.partial[1].start, update.partial[1].end) == (8.2, 8.8)
    assert _texts(stream.finish()) == ["w0", "w1"]


def test_long_speech_is_settled_as_it_goes_each_word_once_in_constant_memory():
    speaker = Speaker()
    stream = UtteranceStream(speaker.hear, speaker.hear)
    final = []
    for second in range(60):
        update = stream.add(speaker.seconds(second, 1))
        assert update is not None
        final += update.final
        shown = _texts(final) + _texts(update.partial)
        assert shown == [f"w{i}" for i in range(second + 1)]  # nothing twice, nothing missing
        assert stream.seconds <= LONGEST + 1
    assert len(final) > 40
    final += stream.finish()
    assert _texts(final) == [f"w{i}" for i in range(60)]
    assert [word.start for word in final] == sorted(word.start for word in final)
    assert max(speaker.heard) <= LONGEST + 1


def test_silence_for_long_is_let_go():
    stream = UtteranceStream(lambda _: [], lambda _: [])
    for _ in range(40):
        stream.add(SECOND)
    assert stream.seconds <= LONGEST + 1
    assert stream.finish() == []
