"""Dictation as a person meets it: a microphone that goes away in mid-sentence, and Ctrl-C in mid-word."""

import json
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from audio.sounds import silence, spoken
from audio.virtual_microphone import virtual_microphone, virtual_microphone_server  # noqa: F401 - fixtures

from killah import paths

PATIENCE = 90  # seconds; a machine at work loads and hears slowly


class Program:
    """`killah dictate`: its events as they come, and what it says on stderr."""

    def __init__(self, *arguments):
        command = [sys.executable, "-m", "killah", "dictate", "--json", *arguments]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
        self.events, self.told = [], []
        streams = (self.process.stdout, self.process.stderr)
        self._threads = [threading.Thread(target=self._follow, args=(each,), daemon=True) for each in streams]
        for thread in self._threads:
            thread.start()

    def until(self, wanted, since=0):
        """The first event from number `since` on for which `wanted` holds."""
        end, seen = time.monotonic() + PATIENCE, since
        while True:
            for event in self.events[seen:]:
                seen += 1
                if wanted(event):
                    return event
            assert time.monotonic() < end and self.process.poll() is None, (self.events[since:], self.told)
            time.sleep(0.02)

    def until_told(self, what):
        end = time.monotonic() + PATIENCE
        while not any(what in line for line in self.told):
            assert time.monotonic() < end and self.process.poll() is None, self.told
            time.sleep(0.02)

    def stop(self):
        """Ctrl-C; the exit code, when all events are here."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(PATIENCE)
        for thread in self._threads:
            thread.join()
        return code

    def close(self):
        self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join()

    def _follow(self, stream):
        with stream:
            for line in stream:
                if stream is self.process.stdout:
                    self.events.append(json.loads(line))
                else:
                    self.told.append(line)


@pytest.fixture
def dictate(virtual_microphone):  # noqa: F811
    started = []

    def start(*arguments):
        started.append(Program(*arguments))
        return started[-1]

    yield start
    for each in started:
        each.close()


def sentence(text):
    return np.concatenate([spoken(text), silence(2)])


def has_words(kind, least=1):
    return lambda event: event["event"] == kind and len(event["words"]) >= least


def final_text(program):
    return "".join(event["text"] for event in program.events if event["event"] == "final")


def test_nothing_said_before_the_sound_server_died_is_lost(virtual_microphone, dictate, tmp_path):  # noqa: F811
    notes = tmp_path / "notes.md"
    program = dictate("--file", str(notes))
    program.until(lambda event: event["event"] == "silence")
    virtual_microphone.play(sentence("the house was very old"))
    first = program.until(has_words("final"))
    since = len(program.events)
    virtual_microphone.play(spoken("all of us went home together in the rain, and nobody said a word of it"))
    partial = program.until(has_words("partial", 3), since)
    virtual_microphone.kill_server()  # in mid-sentence
    program.until_told("is gone")
    virtual_microphone.start_again()
    program.until_told("is back")
    virtual_microphone.play(sentence("then it was morning"))
    last = program.until(lambda event: has_words("final")(event) and event["ends"], since)
    assert program.stop() == 0
    heard = [w for event in program.events[since:] if event["event"] == "final" for w in event["words"]]
    assert heard[0]["start"] == pytest.approx(partial["words"][0]["start"], abs=0.5)
    said_before = [word for word in heard if word["start"] < partial["words"][-1]["end"]]
    assert len(said_before) >= 2
    assert last["words"]
    assert notes.read_text() == final_text(program)
    assert notes.read_text().startswith(first["text"])


def test_ctrl_c_in_mid_word_keeps_what_was_said(virtual_microphone, dictate, tmp_path):  # noqa: F811
    notes = tmp_path / "notes.md"
    program = dictate("--file", str(notes))
    program.until(lambda event: event["event"] == "silence")
    virtual_microphone.play(sentence("the house was very old"))
    first = program.until(has_words("final"))
    since = len(program.events)
    virtual_microphone.play(spoken("all of us went home together in the rain, and nobody said a word of it"))
    program.until(has_words("partial", 3), since)
    assert program.stop() == 0
    rest = [w for event in program.events[since:] if event["event"] == "final" for w in event["words"]]
    assert len(rest) >= 2
    assert notes.read_text() == final_text(program)
    assert notes.read_text().startswith(first["text"])


def test_a_dictation_that_is_killed_keeps_its_words(virtual_microphone, tmp_path):  # noqa: F811
    folder = paths.state_dir() / "recovery"

    def begun():
        command = [sys.executable, "-m", "killah", "dictate"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        end, since = time.monotonic() + PATIENCE, set(folder.glob("*"))
        virtual_microphone.play(np.concatenate([silence(4), sentence("the house was very old")]))
        while not (new := set(folder.glob("dictation-*")) - since) or not new.pop().read_text():
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.05)
        return process

    first = begun()
    first.terminate()
    out, _ = first.communicate(timeout=PATIENCE)
    assert "house" in out and first.returncode == 128 + signal.SIGTERM
    assert list(folder.iterdir()) == []
    second = begun()
    second.kill()
    second.communicate()
    (draft,) = folder.iterdir()
    assert "house" in draft.read_text()
    again = [sys.executable, "-m", "killah", "dictate", "--from", "/dev/null"]
    third = subprocess.run(again, capture_output=True, text=True, check=False)
    assert str(draft) in third.stderr
