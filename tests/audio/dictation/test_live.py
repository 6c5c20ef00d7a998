"""The live loop: speech among silence becomes words, a whole utterance may be a command."""

import numpy as np
import pytest
from audio.sounds import coloured, silence, spoken

from killah.audio import RATE
from killah.audio.dictation.language import as_written, language_of, understand
from killah.audio.dictation.live import TOLD, Dictation, Final, Partial, Said, Silence
from killah.audio.recognition.ctc import Word


class Ear:
    """Hears the given texts, one an utterance: as much of the text as there is of the sound."""

    def __init__(self, *texts):
        self.texts = list(texts)
        self.careful = 0

    def draft(self, samples):
        words = self.texts[0].split() if self.texts else []
        count = min(len(words), 1 + int(1.5 * len(samples) / RATE))
        return [Word(word, i * 0.3 + 0.6, i * 0.3 + 0.8, 0.9) for i, word in enumerate(words[:count])]

    def phrase(self, samples, phrases):
        return None

    def settle(self, samples):
        self.careful += 1
        words = self.texts.pop(0).split()
        return [Word(word, i * 0.3 + 0.6, i * 0.3 + 0.8, 0.9) for i, word in enumerate(words)]


SPEECH = "It was a long way to the house"


def run(ear, *sounds):
    """Every event of sounds fed in blocks of a tenth of a second."""
    dictation = Dictation(ear, understand)
    samples = np.concatenate(sounds)
    events = []
    for start in range(0, len(samples), RATE // 10):
        events += dictation.feed(samples[start : start + RATE // 10])
    return events + dictation.finish(), dictation


def test_an_utterance_is_drafted_and_settled_once():
    ear = Ear("it was a long way")
    events, _ = run(ear, silence(2.5), spoken(SPEECH), silence(1.5))
    kinds = [type(event) for event in events]
    assert kinds.count(Final) == 1 and kinds.count(Partial) >= 2 and ear.careful == 1
    final = next(event for event in events if isinstance(event, Final))
    assert [word.text for word in final.words] == "it was a long way".split()
    assert 2.0 < final.words[0].start < 3.5  # in the stream's time, not the utterance's
    quiet = [event.seconds for event in events if isinstance(event, Silence)]
    assert quiet[:2] == pytest.approx([TOLD, 2 * TOLD], abs=0.11)
    assert kinds.index(Final) > max(i for i, kind in enumerate(kinds) if kind is Partial)


def test_a_whole_utterance_is_a_command_and_part_of_one_is_text():
    events, _ = run(Ear("scratch that"), silence(0.5), spoken("scratch that"), silence(1))
    assert [event.command.name for event in events if isinstance(event, Said)] == ["scratch"]
    events, _ = run(Ear("scratch that itch"), silence(0.5), spoken("scratch that itch"), silence(1))
    assert not [event for event in events if isinstance(event, Said)]


def test_between_stop_and_start_listening_nothing_is_told():
    ear = Ear("stop listening", "my secret", "start listening", "hello")
    sounds = [silence(0.5)]
    for text in ("stop listening", "my own little secret", "start listening", "hello there"):
        sounds += [spoken(text), silence(1)]
    events, dictation = run(ear, *sounds)
    told = [
        e.command.name if isinstance(e, Said) else e.words[0].text
        for e in events
        if isinstance(e, Said | Final)
    ]
    assert told == ["stop_listening", "start_listening", "hello"]
    assert not [e for e in events if isinstance(e, Partial) and any(w.text == "secret" for w in e.words)]
    assert dictation.listening


def test_noise_without_speech_is_not_even_listened_to():
    ear = Ear()
    events, _ = run(ear, coloured("pink", 4, -30), silence(1))
    assert ear.careful == 0
    assert {type(event) for event in events} == {Silence}


@pytest.mark.parametrize(
    ("said", "language", "text"),
    [("hello comma anna", "en", "Hello, anna"), ("привет как дела", "ru", "Привет как дела")],
)
def test_an_utterance_is_written_in_its_own_language(said, language, text):
    assert language_of(said) == language
    assert as_written([Word(word, 0, 0, 1) for word in said.split()]) == text


def told(events):
    """Commands and the text of final words, in order."""
    names = [
        e.command.name if isinstance(e, Said) else " ".join(word.text for word in e.words)
        for e in events
        if isinstance(e, Said | Final)
    ]
    return [name for name in names if name]


def test_the_first_half_is_transcribed_and_then_nobody_listens():
    said = "transcribe the first half then stop listening"
    ear = Ear(said, "one two three four", "my secret")
    sounds = [silence(0.5)]
    for text in (said, SPEECH, "my own little secret"):
        sounds += [spoken(text), silence(1)]
    events, dictation = run(ear, *sounds)
    assert told(events) == ["transcribe", "one two", "stop_listening"]
    assert not dictation.listening


def test_writing_goes_on_until_the_word_that_was_agreed():
    ear = Ear("keep writing until i say banana", "one two", "scratch that", "three banana four", "five")
    sounds = [silence(0.5)]
    for text in ("keep writing until I say banana", SPEECH, "scratch that", SPEECH, "and another one"):
        sounds += [spoken(text), silence(1)]
    events, _ = run(ear, *sounds)
    assert told(events) == ["transcribe", "one two", "scratch", "three", "stop_listening"]


def test_an_instruction_is_taken_from_settled_words_only():
    """A hasty hearing may look like an instruction that nobody gave."""

    class Hasty(Ear):
        def draft(self, samples):
            return [Word(each, 0.6, 0.8, 0.9) for each in "delete the second sentence".split()]

    events, _ = run(Hasty("the leader of the second sentence"), silence(0.5), spoken(SPEECH), silence(1))
    assert told(events) == ["the leader of the second sentence"]
