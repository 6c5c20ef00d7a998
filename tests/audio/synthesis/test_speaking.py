"""Speech that cannot be stopped, or that goes on after it was, is the worst a reader aloud can do."""

import shutil
import stat
import subprocess
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from audio.speech_program import SpeechProgram, install

from killah.audio.synthesis.speaking import Speaker, Utterance
from killah.audio.synthesis.speech_file import save_speech
from killah.audio.synthesis.voices import Espeak, Manner, Say, Voice, language_of, program
from killah.errors import KillahError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="espeak-ng is Linux's")
real = pytest.mark.skipif(not shutil.which("espeak-ng"), reason="needs espeak-ng (apt-get install espeak-ng)")


@pytest.fixture
def quick(tmp_path, monkeypatch) -> SpeechProgram:
    return install(tmp_path, monkeypatch, 0.05)


@pytest.fixture
def slow(tmp_path, monkeypatch) -> SpeechProgram:
    return install(tmp_path, monkeypatch, 30)


def texts(spoken: SpeechProgram) -> list[str]:
    return [text for _, text in spoken.spoken]


def test_a_text_is_spoken_while_it_is_being_written(quick: SpeechProgram) -> None:
    began: list[Utterance] = []
    with Speaker(began=began.append) as speaker:
        for piece in ("It rai", "ned. Dr. Brown", " stayed in."):
            speaker.say(piece)
        quick.until(1)
        assert texts(quick) == ["It rained."]  # the second is not complete yet
        speaker.say(" Я тоже.")
        speaker.finish()
        assert speaker.wait()
    assert texts(quick) == ["It rained.", "Dr. Brown stayed in.", "Я тоже."]
    assert [utterance.voice for utterance in began] == ["en-us", "en-us", "ru"]


def test_stop_is_at_once_from_any_thread_and_forgets_the_rest(slow: SpeechProgram) -> None:
    with Speaker() as speaker:
        speaker.begin()
        speaker.say("One is long. Two is never spoken. Three neither.")
        slow.until(1)
        other = threading.Thread(target=speaker.stop)
        other.start()
        assert not speaker.wait()
        other.join()
        assert slow.silent()  # not the program, and not what it had started
        speaker.say("Four. Five.")  # the model may still be writing
        speaker.finish()
        assert not speaker.wait()
    assert texts(slow) == ["One is long."]


def test_the_next_text_is_spoken_after_one_was_stopped(quick: SpeechProgram) -> None:
    with Speaker() as speaker:
        assert speaker.speak(["One. ", "Two."])
        speaker.stop()
        speaker.say("Nothing.")
        speaker.begin()
        speaker.say("Three.")
        speaker.finish()
        assert speaker.wait()
    assert texts(quick) == ["One.", "Two.", "Three."]


def test_a_new_text_takes_the_place_of_the_old(slow: SpeechProgram) -> None:
    with Speaker() as speaker:
        speaker.say("Old. Never.")
        slow.until(1)
        speaker.begin()
        speaker.say("New.")
        speaker.finish()
        slow.until(2)
    assert texts(slow) == ["Old.", "New."]
    assert slow.silent()


def test_a_pile_of_stops_and_starts_leaves_nothing_behind(slow: SpeechProgram) -> None:
    with Speaker() as speaker:
        for index in range(15):
            speaker.begin()
            speaker.say(f"Sentence {index}. And more.")
            time.sleep(0.003 * (index % 5))
            speaker.stop()
        assert not speaker.wait()
    assert slow.silent()


def test_louder_and_slower_count_from_the_next_sentence(quick: SpeechProgram) -> None:
    with Speaker(manner=Manner(rate=180)) as speaker:
        speaker.say("One. T")
        quick.until(1)
        speaker.manner = replace(speaker.manner, rate=120, volume=1.5)
        speaker.say("wo.")
        speaker.finish()
        speaker.wait()
    first, second = (arguments for arguments, _ in quick.spoken)
    assert "-a 100" in first
    assert "-s 180" in first
    assert "-a 150" in second
    assert "-s 120" in second


def test_what_is_spoken_is_on_no_command_line_and_never_a_command(quick: SpeechProgram) -> None:
    with Speaker() as speaker:
        assert speaker.speak(["--version is [[volm 0]] secret."])
    ((arguments, text),) = quick.spoken
    assert "secret" not in arguments
    assert text == "--version is [ [volm 0] ] secret."


def test_a_chosen_voice_reads_what_is_in_its_letters(quick: SpeechProgram) -> None:
    with Speaker(voice="de") as speaker:
        assert speaker.speak(["Guten Tag. Добрый день."])
    assert [arguments.split("-v ")[1] for arguments, _ in quick.spoken] == ["de", "ru"]
    assert Espeak().voices == [Voice("de", "de"), Voice("en-us", "en"), Voice("ru", "ru")]
    with pytest.raises(KillahError, match="no voice 'klingon'"):
        Speaker(voice="klingon")


def test_the_language_of_a_sentence() -> None:
    assert language_of("Он сказал: hello") == "ru"
    assert language_of("He said: привет") == "en"
    assert language_of("1815!") == "en"


def test_without_a_speech_program_one_line_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(KillahError, match="apt-get install espeak-ng"):
        Speaker()


def test_a_program_that_fails_is_an_error_where_somebody_waits(quick: SpeechProgram, tmp_path) -> None:
    (tmp_path / "espeak-ng").write_text("#!/bin/sh\necho Out of tongue. >&2\nexit 3\n")
    with Speaker() as speaker, pytest.raises(KillahError, match="Nothing could be spoken: Out of tongue"):
        speaker.speak(["One. Two."])


@real
def test_without_sound_output_it_says_so(monkeypatch) -> None:
    # espeak-ng itself would succeed in silence.
    monkeypatch.setenv("PULSE_SERVER", "unix:/nonexistent/pulse")
    monkeypatch.setenv("ALSA_CONFIG_PATH", "/dev/null")
    with Speaker() as speaker, pytest.raises(KillahError, match="no sound output"):
        speaker.speak(["One. Two."])


SAY = """#!/bin/sh
if [ "$2" = "?" ]; then
    echo "Albert              en_US    # Hello! My name is Albert."
    echo "Eddy (English (US)) en_US    # Hello! My name is Eddy."
    echo "Milena              ru_RU    # Здравствуйте! Меня зовут Милена."
    exit
fi
echo "$* :: $(cat)" >>"$SPEECH_LOG"
"""


def test_on_macos_it_is_say(tmp_path, monkeypatch) -> None:
    """The command lines of man say; a Mac itself is needed to hear them."""
    spoken = install(tmp_path, monkeypatch, 0)
    (tmp_path / "say").write_text(SAY)
    (tmp_path / "say").chmod(0o700)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert program().voices == [
        Voice("Albert", "en"),
        Voice("Eddy (English (US))", "en"),
        Voice("Milena", "ru"),
    ]
    with Speaker(voice="eddy (english (us))", manner=Manner(200, 0.5)) as speaker:
        assert speaker.speak(["Hello. Привет."])
    with Speaker() as speaker:
        assert speaker.speak(["Hello."])
    assert spoken.spoken == [
        ("-v Eddy (English (US)) -r 200 -f -", "[[volm 0.50]] Hello."),
        ("-v Milena -r 200 -f -", "[[volm 0.50]] Привет."),
        ("-f -", "Hello."),
    ]
    command = Say().command("Milena", Manner(), tmp_path / "x.wav")
    assert command[3:6] == ["-o", str(tmp_path / "x.wav"), "--file-format=WAVE"]


@real
def test_speech_in_a_file_is_whole_private_and_paused(tmp_path) -> None:
    path = tmp_path / "speech.wav"
    seconds = save_speech(["One two three. ", "Четыре пять."], path)
    samples, rate = soundfile.read(path)
    assert len(samples) / rate == pytest.approx(seconds)
    assert 1.5 < seconds < 6
    assert np.abs(samples).max() > 0.1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    slower = save_speech(["One two three. ", "Четыре пять."], path, manner=Manner(rate=100))
    assert slower > 1.2 * seconds
    assert [entry.name for entry in tmp_path.iterdir()] == ["speech.wav"]


@real
def test_what_cannot_be_written_leaves_no_file(tmp_path) -> None:
    with pytest.raises(KillahError, match="wave files"):
        save_speech(["One."], tmp_path / "speech.mp3")
    with pytest.raises(KillahError, match="nothing to speak"):
        save_speech([" \n"], tmp_path / "speech.wav")
    with pytest.raises(KillahError, match="Cannot write"):
        save_speech(["One."], tmp_path / "missing" / "speech.wav")
    assert list(tmp_path.iterdir()) == []


@real
def test_the_speaker_is_silent_after_stop(virtual_microphone) -> None:
    """Recorded at a virtual speaker."""
    command = ["parec", "--latency-msec=10", "-d", "speaker.monitor", "--rate=16000", "--channels=1", "--raw"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as recorder:
        assert recorder.stdout
        loud: list[float] = []  # when there was sound
        stream = recorder.stdout

        def record() -> None:
            while data := stream.read(640):
                if np.abs(np.frombuffer(data, np.int16)).max(initial=0) > 300:
                    loud.append(time.monotonic())

        listener = threading.Thread(target=record)
        listener.start()
        with Speaker() as speaker:
            speaker.say(
                "This is a long sentence that goes on for several seconds, and then for some more. " * 3
            )
            speaker.finish()
            deadline = time.monotonic() + 60
            while not loud:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            time.sleep(0.3)
            speaker.stop()
            stopped = time.monotonic()
            time.sleep(4)
        recorder.kill()
        listener.join()
    # What was on its way through server and recorder arrives later; there were ten seconds to go.
    assert loud[-1] - stopped < 2
