"""A recording as text: utterances with the recording's own times, in forms that other programs read."""

import re

import numpy as np
import pytest
from audio.sounds import coloured, silence, spoken

from killah.audio import RATE
from killah.audio.recognition.ctc import Word
from killah.audio.recordings.transcript import Utterance, as_srt, as_text, as_values, as_vtt, transcribe

WORDS = (Word("fish", 3600.1, 3600.4, 0.91234), Word("chips", 3600.5, 3661.9996, 0.8))
MANY = tuple(Word("a", 3662 + i / 2, 3662.4 + i / 2, 0.9) for i in range(61))
SAID = [
    Utterance(WORDS, 3600.1, 3661.9996, "Fish & <chips>"),
    Utterance(MANY, 3662.0, 3692.4, "a " * 60 + "end"),
]


def test_times_are_the_recordings_and_every_utterance_is_heard_once():
    samples = np.concatenate(
        [silence(2), spoken("It was a long way"), silence(2), spoken("to the house"), silence(1)]
    )
    heard = []

    def settle(sound):
        heard.append(len(sound) / RATE)
        return [Word("word", 0.5, 0.7, 1.0)]

    blocks = (samples[i : i + 1000] for i in range(0, len(samples), 1000))
    # What goes on after a word begins with a space; in a line of its own it does not.
    found = list(transcribe(blocks, settle, lambda words, before: f" {len(words)} after {len(before)}"))
    assert len(found) == len(heard) == 2
    first, second = (each.start for each in found)
    assert first == pytest.approx(2.0, abs=0.25)  # half a second of pre-roll, and the word half a second in
    assert second == pytest.approx(2 + len(spoken("It was a long way")) / RATE + 2, abs=0.35)
    assert [each.text for each in found] == ["1 after 0", "1 after 10"]


def test_noise_and_words_that_nobody_said_leave_nothing():
    assert not list(transcribe([coloured("pink", 5, -30)], lambda _: [Word("x", 0, 1, 1)], lambda w, b: "x"))
    assert not list(transcribe([spoken("hello there"), silence(1)], lambda _: [], lambda w, b: "x"))


def test_subtitles_have_their_formats_clocks_and_short_lines():
    srt = "".join(as_srt(SAID))
    assert srt.startswith("1\n01:00:00,100 --> 01:01:02,000\nFish & <chips>\n\n2\n")
    vtt = "".join(as_vtt(SAID))
    assert vtt.startswith("WEBVTT\n\n01:00:00.100 --> 01:01:02.000\nFish &amp; &lt;chips&gt;\n\n")
    assert max(len(line) for line in re.split("\n", srt)) <= 42
    assert "".join(as_text(SAID)).splitlines()[0] == "Fish & <chips>"


def test_a_long_utterance_is_shown_two_lines_at_a_time_while_they_are_said():
    _, *cues = "".join(as_srt(SAID)).strip().split("\n\n")
    shown = [cue.split("\n")[2:] for cue in cues]
    assert [len(lines) for lines in shown] == [2, 1]
    assert " ".join(" ".join(lines) for lines in shown) == "a " * 60 + "end"
    times = [cue.split("\n")[1] for cue in cues]
    assert times == ["01:01:02,000 --> 01:01:22,900", "01:01:23,000 --> 01:01:32,400"]


def test_fewer_words_written_than_said_still_end_with_the_last_of_them():
    said = Utterance(tuple(Word("are", i, i + 0.5, 0.9) for i in range(5)), 0.0, 4.5, "R2-D2")
    assert "".join(as_srt([said])) == "1\n00:00:00,000 --> 00:00:04,500\nR2-D2\n\n"


def test_json_has_every_word_with_times_in_milliseconds():
    first = next(as_values(SAID))
    assert first["words"][0] == {"text": "fish", "start": 3600.1, "end": 3600.4, "score": 0.912}
    assert (first["start"], first["end"]) == (3600.1, 3662.0)
