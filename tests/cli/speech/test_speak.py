"""`killah speak` as a script and as somebody at a terminal would use it."""

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time

import pytest
import soundfile
from audio.speech_program import SpeechProgram, install

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="espeak-ng is Linux's")
COMMAND = [sys.executable, "-m", "killah", "speak"]


@pytest.fixture
def quick(tmp_path, monkeypatch) -> SpeechProgram:
    return install(tmp_path, monkeypatch, 0.02)


@pytest.fixture
def slow(tmp_path, monkeypatch) -> SpeechProgram:
    return install(tmp_path, monkeypatch, 30)


def events(out: str) -> list[dict]:
    return [json.loads(line) for line in out.splitlines() if line.strip()]


def test_an_argument_a_file_and_stdin_are_read_alike(killah, quick: SpeechProgram, tmp_path) -> None:
    file = tmp_path / "text.txt"
    file.write_text("It rained. Шёл дождь.\n")
    expected = [
        {"event": "speaking", "text": "It rained.", "voice": "en-us"},
        {"event": "speaking", "text": "Шёл дождь.", "voice": "ru"},
        {"event": "done"},
    ]
    for done in (
        killah("speak", "It rained. Шёл дождь.", "--json"),
        killah("speak", str(file), "--json"),
        killah("speak", "--json", stdin="It rained. Шёл дождь.\n".encode()),
        killah("speak", "-", "--json", stdin="It rained. Шёл дождь.\n".encode()),
    ):
        assert done.code == 0
        assert events(done.out) == expected
    assert len(quick.spoken) == 8


def test_without_json_it_only_speaks(killah, quick: SpeechProgram) -> None:
    done = killah("speak", "One.", "--rate", "220", "--volume", "0.5", "--voice", "de")
    assert (done.code, done.out, done.err) == (0, "", "")
    ((arguments, text),) = quick.spoken
    assert text == "One."
    assert arguments == "--stdin -b1 -a 50 -v de -s 220"


def test_voices_can_be_listed(killah, quick: SpeechProgram) -> None:
    assert "en-us" in killah("speak", "--voices").out
    found = json.loads(killah("speak", "--voices", "--json").out)
    assert {"name": "ru", "language": "ru"} in found


@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="needs espeak-ng (apt-get install espeak-ng)")
def test_output_is_a_wave_file(killah, tmp_path) -> None:
    path = tmp_path / "speech.wav"
    done = killah("speak", "It rained. Шёл дождь.", "--output", str(path), "--json")
    assert done.code == 0
    last = events(done.out)[-1]
    assert last["event"] == "done"
    assert soundfile.info(path).duration == pytest.approx(last["seconds"], abs=0.01)


@pytest.mark.parametrize(
    ("arguments", "stdin", "says"),
    [
        (["One.", "--voice", "klingon"], b"", "no voice 'klingon'"),
        (["One.", "--output", "speech.mp3"], b"", "Name it FILE.wav"),
        ([], b"\xff\xfe\x00broken", "not text"),
        ([], b"caf\xe9", "not UTF-8"),
    ],
)
def test_what_cannot_be_spoken_is_one_line(killah, quick, arguments, stdin, says) -> None:
    done = killah("speak", *arguments, stdin=stdin)
    assert done.code == 1
    assert done.out == ""
    assert done.err.startswith("killah: ")
    assert says in done.err
    assert done.err.count("\n") == 1


def test_without_a_speech_program_it_says_what_to_install(killah, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    done = killah("speak", "One.")
    assert done.code == 1
    assert done.err == "killah: There is no speech program. Install one: apt-get install espeak-ng.\n"


def test_a_stream_is_spoken_as_it_comes(quick: SpeechProgram) -> None:
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE) as process:
        assert process.stdin
        process.stdin.write(b"It rained. Nobody ca")
        process.stdin.flush()
        quick.until(1)
        process.stdin.write(b"me.")
        process.stdin.close()
        assert process.wait(20) == 0
    assert [text for _, text in quick.spoken] == ["It rained.", "Nobody came."]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_killed_command_does_not_go_on_speaking(slow: SpeechProgram, number: int) -> None:
    with subprocess.Popen([*COMMAND, "One. Two."], stdin=subprocess.DEVNULL) as process:
        slow.until(1)
        process.send_signal(number)
        assert process.wait(20) == 128 + number
    assert slow.silent()
    assert len(slow.spoken) == 1


def test_any_key_stops_it(slow: SpeechProgram) -> None:
    terminal, other_end = pty.openpty()
    # The leader of a new session that opens a terminal is controlled by it.
    shell = 'exec <"$0" >"$0" 2>&1; exec "$@"'
    command = ["sh", "-c", shell, os.ttyname(other_end), *COMMAND, "One. Two.", "--json"]
    with subprocess.Popen(command, start_new_session=True) as process:
        os.close(other_end)
        slow.until(1)
        time.sleep(0.2)  # the terminal listens a moment after speech begins
        os.write(terminal, b"q")
        assert events(_read(terminal)) == [
            {"event": "speaking", "text": "One.", "voice": "en-us"},
            {"event": "stopped"},
        ]
        assert process.wait(20) == 0
    os.close(terminal)
    assert slow.silent()


def _read(terminal: int) -> str:
    """All that is written until the program ends."""
    data = b""
    while select.select([terminal], [], [], 20)[0]:
        try:
            data += os.read(terminal, 4096)
        except OSError:  # Linux's end of a terminal
            break
    return data.decode()
