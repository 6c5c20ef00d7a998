"""`killah transcribe` and `killah dictate`: text out, one line for what is no sound, no words for noise."""

import json
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from audio.sounds import coloured, silence, spoken

from killah import paths
from killah.cli.speech.transcripts import InFolder


@pytest.fixture
def speech(tmp_path):
    path = tmp_path / "speech.wav"
    samples = np.concatenate([silence(1), spoken("the house was very old"), silence(1.5)])
    soundfile.write(path, samples, 16_000)
    return path


def test_speech_becomes_text_subtitles_and_json(killah, speech, tmp_path):
    result = killah("transcribe", str(speech), "--format", "vtt")
    assert result.code == 0, result.err
    assert result.out.startswith("WEBVTT\n\n00:00:0")
    found = json.loads(killah("transcribe", str(speech), "--json").out)
    (utterance,) = found["utterances"]
    assert 0.8 < utterance["start"] < 1.6 and len(utterance["words"]) >= 2
    killah("transcribe", str(speech), "--format", "srt", "--output", str(tmp_path / "out"))
    written = tmp_path / "out" / "speech.srt"
    assert written.read_text().startswith("1\n00:00:0")
    assert written.stat().st_mode & 0o777 == 0o600


def test_what_is_no_sound_is_one_line_and_the_rest_goes_on(killah, speech, tmp_path):
    (tmp_path / "notes.wav").write_text("no sound at all")
    result = killah("transcribe", str(tmp_path / "notes.wav"), str(tmp_path / "none.mp3"), str(speech))
    assert result.code == 1
    lines = [line for line in result.err.splitlines() if line.startswith("killah:")]
    assert len(lines) == 2 and "notes.wav" in lines[0] and "none.mp3" in lines[1]
    assert result.out.strip()


def test_several_recordings_are_one_array_of_json(killah, speech, tmp_path):
    (tmp_path / "notes.wav").write_text("no sound at all")
    result = killah("transcribe", str(speech), str(tmp_path / "notes.wav"), str(speech), "--json")
    assert result.code == 1
    first, second = json.loads(result.out)
    assert first == second and first["file"] == str(speech)
    assert (
        json.loads(killah("transcribe", str(tmp_path / "a.wav"), str(tmp_path / "b.wav"), "--json").out) == []
    )


def test_transcripts_take_no_other_text_s_place(killah, speech, tmp_path):
    out, other = tmp_path / "out", tmp_path / "other"
    out.mkdir()
    other.mkdir()
    (out / "speech.txt").write_text("corrected by hand")
    result = killah("transcribe", str(speech), "-o", str(out))
    assert result.code == 1 and "is there already. Add --overwrite" in result.err
    assert (out / "speech.txt").read_text() == "corrected by hand"
    twin = other / speech.name
    twin.write_bytes(speech.read_bytes())
    result = killah("transcribe", str(speech), str(twin), "-o", str(out), "--overwrite")
    assert result.code == 1 and "is of another recording" in result.err
    assert "house" in (out / "speech.txt").read_text()
    assert [path.name for path in out.iterdir()] == ["speech.txt"]
    result = killah("transcribe", str(speech), "-o", str(speech))
    assert result.code == 1 and "is not a folder" in result.err
    result = killah("transcribe", str(speech), str(twin), "-f", "srt")
    assert result.code == 1 and "--output FOLDER" in result.err and result.out == ""


def test_a_transcript_that_breaks_off_keeps_what_it_has(tmp_path, capsys):
    def pieces():
        yield "It was a long way.\n"
        raise KeyboardInterrupt

    place = InFolder(tmp_path, "txt", overwrite=False)
    with pytest.raises(KeyboardInterrupt):
        place.put(tmp_path / "talk.wav", pieces())
    part = tmp_path / "talk.txt.part"
    assert part.read_text() == "It was a long way.\n" and part.stat().st_mode & 0o777 == 0o600
    assert str(part) in capsys.readouterr().err


def test_what_is_no_mp3_is_told_in_one_line(tmp_path):
    path = tmp_path / "text.mp3"
    path.write_text("no sound at all, only words")
    command = [sys.executable, "-m", "killah", "transcribe", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if line] == [
        f"killah: {path} is not audio, or is broken. Give wav, flac, ogg, opus, mp3, aiff or m4a."
    ]


def test_noise_gives_no_words(killah, tmp_path):
    path = tmp_path / "noise.wav"
    soundfile.write(path, coloured("pink", 8, -25), 16_000)
    result = killah("transcribe", str(path))
    assert (result.code, result.out) == (0, "")
    assert "No speech was found in" in result.err
    events = killah("dictate", "--from", str(path), "--json").out.splitlines()
    assert {json.loads(line)["event"] for line in events} == {"silence"}


def test_dictation_tells_events_and_keeps_a_file(killah, speech, tmp_path):
    notes = tmp_path / "notes.md"
    notes.write_text("I was there.")
    result = killah("dictate", "--from", str(speech), "--file", str(notes), "--json")
    events = [json.loads(line) for line in result.out.splitlines()]
    kinds = [each["event"] for each in events]
    assert "partial" in kinds and kinds.count("final") == 1
    final = events[kinds.index("final")]
    assert final["done"] and final["words"][0]["start"] > 0.8
    assert notes.read_text() == "I was there." + final["text"]


def test_dictation_refuses_a_file_it_could_not_write_before_a_word_is_said(killah, speech, tmp_path):
    for file, says in ((tmp_path, "is a folder"), (tmp_path / "nowhere" / "notes.md", "There is no folder")):
        result = killah("dictate", "--from", str(speech), "--file", str(file))
        assert result.code == 1 and result.out == ""
        assert says in result.err and len(result.err.splitlines()) == 1


def test_a_machine_without_microphones_says_so(killah, tmp_path, monkeypatch):
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/nobody")
    if json.loads(killah("dictate", "--devices", "--json").out):
        pytest.skip("this machine has microphones of its own")
    listed = killah("dictate", "--devices")
    assert (listed.code, listed.out.splitlines()) == (
        0,
        ["There is no microphone. Connect one, or switch it on in the system's settings."],
    )


def test_what_can_be_said_is_listed(killah):
    listed = killah("dictate", "--commands")
    assert listed.code == 0 and "scratch that" in listed.out and "новая строка" in listed.out
    found = json.loads(killah("dictate", "--commands", "--json").out)
    assert {"english", "russian", "meaning", "editor"} == set(found[0])


def test_dictated_text_is_printed_once_and_no_draft_is_left(killah, speech):
    result = killah("dictate", "--from", str(speech))
    assert result.code == 0 and "house" in result.out
    assert list((paths.state_dir() / "recovery").iterdir()) == []


def test_the_encoder_that_is_not_there_is_named(killah, speech):
    result = killah("transcribe", str(speech), "--encoder", "nobody")
    assert result.code == 1 and "nobody" in result.err
    assert paths.shipped("models").joinpath("ear-nano", "config.json").exists()


def test_what_hears_is_chosen_and_told(killah, speech):
    found = {}
    for way in ("ctc", "reread", "projector", "joint"):
        result = killah("transcribe", str(speech), "--engine", way, "--json")
        assert result.code == 0, result.err
        found[way] = json.loads(result.out)
        assert found[way]["engine"] == way
    assert found["ctc"]["utterances"] and found["joint"]["utterances"]
    for utterance in found["projector"]["utterances"]:
        times = [word["start"] for word in utterance["words"]]
        assert times == sorted(times)
    best = json.loads(killah("transcribe", str(speech), "--json").out)
    assert best["engine"] in found and best["utterances"] == found[best["engine"]]["utterances"]
    assert killah("transcribe", str(speech), "--engine", "telepathy").code == 2


def test_dictation_by_the_base_tells_partial_words_and_one_final(killah, speech):
    result = killah("dictate", "--from", str(speech), "--engine", "projector", "--json")
    assert result.code == 0, result.err
    events = [json.loads(line) for line in result.out.splitlines()]
    finals = [each for each in events if each["event"] == "final"]
    assert all(each["engine"] == "projector" and each["ends"] for each in finals)
    assert [each["event"] for each in events].count("final") <= 1
