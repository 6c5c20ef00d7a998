"""No word is lost, none is cut at its beginning, and what is no speech starts nothing."""

from itertools import pairwise

import numpy as np
import pytest
from audio.sounds import clips, coloured, keys, loud, notes, silence, spoken

from killah.audio import RATE
from killah.audio.dictation.activity import WINDOW
from killah.audio.dictation.utterances import Audio, End, Rules, Start, Utterances

NOISES = {
    "digital silence": lambda: silence(60),
    **{
        f"{colour} noise at {level} dBFS": lambda colour=colour, level=level: coloured(colour, 30, level)
        for colour in ("white", "pink", "brown")
        for level in (-70, -45, -20)
    },
    "typing": lambda: keys(60),
    "a pure tone": lambda: loud(np.sin(np.arange(30 * RATE) * 2 * np.pi * 440 / RATE), -20),
    "pure tones": lambda: notes(60, -20, partials=1),
    "a melody": lambda: notes(60, -25, voices=1),
    "chords": lambda: notes(60, -25),
}


def heard(sound, rules=None, piece=RATE):
    """Every event of a whole stream."""
    utterances, events = Utterances(rules), []
    for at in range(0, len(sound), piece):
        events += utterances.feed(sound[at : at + piece])
    return events + utterances.finish()


def spans(events):
    """(audio from, first speech, end of speech, samples) of each utterance."""
    found, pieces, start = [], [], Start(0, 0)
    for event in events:
        if isinstance(event, Start):
            start, pieces = event, []
        elif isinstance(event, Audio):
            pieces.append(event.samples)
        else:
            found.append((start.audio_from, start.at, event.at, np.concatenate(pieces)))
    return found


@pytest.fixture
def two():
    """Two sentences: where each begins (seconds), and the whole stream."""
    first, second = spoken("Where is the library?"), spoken("It is closed.")
    begins = 2.0, 2.0 + len(first) / RATE + 1.5
    noise = coloured("pink", begins[1] + len(second) / RATE + 2, -70)
    for begin, speech in zip(begins, (first, second), strict=True):
        noise[round(begin * RATE) :][: len(speech)] += speech
    return begins, noise


def test_each_sentence_is_an_utterance_from_before_its_first_word(two):
    begins, sound = two
    found = spans(heard(sound))
    assert len(found) == 2
    for begin, (audio_from, at, end, samples) in zip(begins, found, strict=True):
        assert at == pytest.approx(begin, abs=0.25)
        assert begin - 0.8 < audio_from < begin - 0.3
        begins_at = round(audio_from * RATE)
        assert np.array_equal(samples, sound[begins_at : begins_at + len(samples)])
        assert end < (begins_at + len(samples)) / RATE


def test_events_are_the_same_however_the_stream_is_cut(two):
    whole = heard(two[1])
    for piece in (1, 333, WINDOW, 40_000):
        cut = heard(two[1][: 4 * RATE] if piece == 1 else two[1], piece=piece)
        for one, other in zip(cut[:-1] if piece == 1 else cut, whole, strict=piece != 1):
            if isinstance(one, Audio):
                assert np.array_equal(one.samples, other.samples)
            else:
                assert one == other


def test_a_breath_within_a_sentence_does_not_end_it():
    speech = spoken("I think"), silence(0.35), spoken("that it will rain")
    assert len(spans(heard(np.concatenate([silence(1), *speech, silence(1)])))) == 1


def test_the_end_of_the_stream_ends_the_utterance():
    events = heard(np.concatenate([silence(1), spoken("And that is")]))
    assert isinstance(events[-1], End)
    assert not events[-1].cut


def test_after_the_end_of_a_stream_comes_another(two):
    utterances, sound = Utterances(), two[1]
    first = utterances.feed(sound) + utterances.finish()
    second = utterances.feed(sound) + utterances.finish()
    assert [event for event in first if not isinstance(event, Audio)] == [
        event for event in second if not isinstance(event, Audio)
    ]


def test_endless_speech_is_cut_at_its_best_pauses_and_nothing_is_lost():
    words = [spoken(word) for word in ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot")] * 5
    sound = np.concatenate([silence(1), *(part for word in words for part in (word, silence(0.25)))])
    events = heard(sound, Rules(longest=8.0))
    found = spans(events)
    assert len(found) >= 3
    assert all(len(samples) <= 8.1 * RATE for *_, samples in found)
    assert all(event.cut for event in events[:-1] if isinstance(event, End))
    for (audio_from, _, _, samples), (after, *_) in pairwise(found):
        pause = sound[round(after * RATE) : round(audio_from * RATE) + len(samples)]
        assert len(pause)  # nothing is between the two
        assert not pause.all()  # and both have the silence between two words


def test_a_click_is_not_speech_and_a_short_word_is():
    word = spoken("no")
    assert not heard(np.concatenate([silence(1), word[: RATE // 12], silence(1)]))
    assert len(spans(heard(np.concatenate([silence(1), word, silence(1)])))) == 1


def test_russian_is_speech():
    assert len(spans(heard(np.concatenate([silence(1), spoken("Добрый вечер", "ru"), silence(1)])))) == 1


@pytest.mark.parametrize("name", NOISES)
def test_what_is_no_speech_starts_nothing(name):
    assert heard(NOISES[name]()) == []


@pytest.mark.parametrize("noise", [None, "white", "pink", "brown"])
def test_real_speech_is_found_also_10_db_above_noise(noise):
    chance, parts, places, at = np.random.default_rng(1), [], [], 0
    for _, speech in clips(27):
        gap = round(RATE * chance.uniform(1, 3))
        parts += [silence(gap / RATE), loud(speech, -26)]
        places.append((at + gap, at + gap + len(speech)))
        at = places[-1][1]
    sound = np.concatenate([*parts, silence(2)])
    if noise:
        sound = sound + coloured(noise, len(sound) / RATE, -36)
    found = [(round(at * RATE), round(end * RATE)) for _, at, end, _ in spans(heard(sound))]
    missed = [one for one in places if not any(at < one[1] and end > one[0] for at, end in found)]
    wrong = [one for one in found if not any(one[0] < end and one[1] > at for at, end in places)]
    assert len(missed) <= 1
    assert not wrong
