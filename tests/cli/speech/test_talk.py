"""`killah talk` as a script, at a terminal, and with a microphone: asked, answered, interrupted, ended."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio.sounds import loud, silence, spoken
from audio.speech_program import SpeechProgram, install
from audio.virtual_microphone import virtual_microphone, virtual_microphone_server
from engine.household import indexed

__all__ = ["virtual_microphone", "virtual_microphone_server"]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="espeak-ng is Linux's")
COMMAND = [sys.executable, "-m", "killah", "talk"]
QUESTION = "where did I leave the car keys"
ANSWER = "From household notes: I left the car keys with Marta on Sunday"
PATIENCE = 400  # seconds; a machine at work loads models slowly


@pytest.fixture(scope="module")
def household(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("household")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KILLAH_HOME", str(folder / "home"))
        indexed(folder / "documents")
    return folder / "home"


@pytest.fixture(scope="module")
def said() -> list[np.ndarray]:
    """Two questions by the real voice, made before another program takes its place."""
    questions = ("when was the boiler serviced", "who met us at the airport in may")
    return [np.concatenate([loud(spoken(text), -20), silence(2)]) for text in questions]


@pytest.fixture
def owner(household, home, monkeypatch) -> Path:
    """The home of somebody whose documents are indexed; set after every test's own."""
    monkeypatch.setenv("KILLAH_HOME", str(household))
    return household


@pytest.fixture
def slow(tmp_path, monkeypatch) -> SpeechProgram:
    return install(tmp_path, monkeypatch, 60)


def events(out: str) -> list[dict]:
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


def test_one_question_is_answered_with_the_sentence_and_its_document(killah, owner) -> None:
    done = killah("talk", "--no-voice", "--text", QUESTION)
    assert done.code == 0, done.err
    asked, answer, source = done.out.splitlines()
    assert asked == f"You: {QUESTION}"
    assert answer.startswith(ANSWER)
    assert source.strip().endswith("documents/household-notes.md")


def test_what_is_not_there_is_not_answered_and_the_exit_code_says_so(killah, owner) -> None:
    done = killah("talk", "--no-voice", "--text", "when does my passport expire?")
    assert done.code == 1
    assert done.out.splitlines()[-1] == "I don't find that in your documents."
    assert done.err == ""


def test_without_documents_one_line_names_the_next_step(killah, home) -> None:
    done = killah("talk", "--text", QUESTION)
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "killah: There are no documents to answer from. Index some: killah index ~/Documents\n"
    )


def test_lines_of_a_pipe_are_turns_and_are_written_down(killah, owner, tmp_path) -> None:
    notes = tmp_path / "talk.md"
    turns = f"{QUESTION}\nread that passage\ngoodbye\nnever asked\n".encode()
    done = killah("talk", "--typed", "--no-voice", "--json", "--file", str(notes), stdin=turns)
    assert done.code == 0, done.err
    found = events(done.out)
    assert [each["event"] for each in found] == [
        "ready", "question", "answer", "request", "answer", "request", "reply", "end"
    ]  # fmt: skip
    assert found[2]["document"].endswith("household-notes.md")
    assert found[2]["sentence"] in found[2]["text"] and 0 < found[2]["score"] <= 1
    assert "blue bowl" in found[4]["text"]
    text = notes.read_text("utf-8")
    assert text.startswith(f"**You:** {QUESTION}\n\n**Killah:** {ANSWER}")
    assert "> — " in text and text.endswith("**Killah:** Goodbye.\n")
    assert notes.stat().st_mode & 0o777 == 0o600


def test_without_a_speech_program_answers_are_only_written(owner, tmp_path) -> None:
    environment = {**os.environ, "PATH": "/nonexistent"}
    done = subprocess.run(
        [*COMMAND, "--text", QUESTION], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert ANSWER in done.stdout
    assert "Answers are only written." in done.stderr


def test_a_recording_is_a_conversation(killah, owner, tmp_path) -> None:
    """What a small ear makes of it is not for here: that a turn was taken, and answered or not."""
    path = tmp_path / "question.wav"
    speech = loud(spoken("where are the keys of the car"), -25)
    soundfile.write(path, np.concatenate([silence(1), speech, silence(1.5)]), 16_000)
    done = killah("talk", "--no-voice", "--json", "--from", str(path))
    assert done.code == 0, done.err
    kinds = [each["event"] for each in events(done.out)]
    assert kinds[-1] == "end"
    assert "partial" in kinds


class Running:
    """A command whose events are read as they come."""

    def __init__(self, *arguments: str) -> None:
        self.events: list[dict] = []
        self.process = subprocess.Popen(
            [*COMMAND, *arguments, "--json"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def until(self, event: str, count: int = 1) -> dict:
        deadline = time.monotonic() + PATIENCE
        while len(found := [each for each in self.events if each["event"] == event]) < count:
            assert time.monotonic() < deadline, (event, self.events)
            assert self.process.poll() is None or self.process.returncode == 0, self.events
            time.sleep(0.01)
        return found[count - 1]

    def stop(self) -> int:
        """Ctrl-C; the exit code, when all events are read."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(PATIENCE)
        self._reader.join()
        return code

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.events.append(json.loads(line))


@pytest.mark.parametrize("headphones", [True, False])
def test_speech_into_a_microphone_ends_the_voice_and_ctrl_c_everything(
    said, owner, slow, virtual_microphone, headphones
) -> None:
    """The first turn's words may be misheard; whatever it is, it is answered, and the answer goes on."""
    running = Running(*["--headphones"] * headphones)
    try:
        running.until("ready")
        virtual_microphone.play(said[0])
        running.until("speaking")
        time.sleep(0.8)  # what is left of the question's sound is over
        virtual_microphone.play(said[1])
        interrupted = running.until("interrupted")
        assert interrupted["by"] == "speech"
        assert interrupted["ms"] < 500  # 2 to 5 on a machine with nothing else to do
        running.until("question", 2)
        assert running.stop() == 0
        assert running.events[-1] == {"event": "end"}
        assert slow.silent()
    finally:
        running.end()


def test_at_a_terminal_a_line_is_a_turn_and_a_key_ends_the_voice(owner, slow) -> None:
    terminal, other_end = pty.openpty()
    shell = 'exec <"$0" >"$0" 2>&1; exec "$@"'
    command = ["sh", "-c", shell, os.ttyname(other_end), *COMMAND, "--typed", "--json"]
    process = subprocess.Popen(command, start_new_session=True)
    try:
        screen = Screen(terminal)
        screen.until('"ready"')
        os.close(other_end)  # not before: reading from a terminal that nobody has opened fails
        os.write(terminal, b"where did I leave the car kee\x7fys\r")
        screen.until('"speaking"')
        slow.until(1)
        os.write(terminal, b"\x1b")
        screen.until('"by": "key"')
        assert slow.silent()
        os.write(terminal, b"goodbye\r")
        slow.until(2)
        os.write(terminal, b" ")  # the goodbye need not be heard
        screen.until('"end"')
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
    assert f'"text": "{QUESTION}"' in screen.text
    os.close(terminal)


class Screen:
    """What a program writes to a terminal."""

    def __init__(self, terminal: int) -> None:
        self.text = ""
        self._terminal = terminal

    def until(self, wanted: str) -> None:
        """Read on until it is written."""
        deadline = time.monotonic() + PATIENCE
        while wanted not in self.text:
            assert time.monotonic() < deadline, self.text
            if select.select([self._terminal], [], [], 0.1)[0]:
                self.text += os.read(self._terminal, 4096).decode()
