"""The editor as a person meets it: in a real terminal, with the shipped model."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from killah import config, paths

pytestmark = [
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
    pytest.mark.skipif(
        not (paths.shipped("models") / "pushkin-nano" / "killah.json").exists(), reason="no shipped model"
    ),
]
PATIENCE = 60  # seconds; a machine at work loads the model slowly


class Terminal:
    """A tmux server of its own, with one window of 80 x 24."""

    def __init__(self, socket: Path) -> None:
        self._tmux = ["tmux", "-S", str(socket), "-u", "-f", "/dev/null"]

    def start(self, *command: str) -> None:
        self._run("new-session", "-d", "-x", "80", "-y", "24", "-e", "COLORTERM=truecolor", *command)

    def type(self, text: str) -> None:
        for character in text:
            self._run("send-keys", "-l", character)

    def press(self, *keys: str) -> None:
        self._run("send-keys", *keys)

    @property
    def screen(self) -> str:
        return self._run("capture-pane", "-p")

    @property
    def flags(self) -> str:
        """Whether a program has the whole screen, and the mouse; whether the caret is seen."""
        return self._run("display", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}").strip()

    @property
    def process(self) -> int:
        return int(self._run("list-panes", "-F", "#{pane_pid}"))

    @property
    def running(self) -> bool:
        return subprocess.run([*self._tmux, "has-session"], capture_output=True, check=False).returncode == 0

    def wait(self, condition: Callable[[], object], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f"{what} did not happen:\n{self.screen if self.running else ''}"
            time.sleep(0.05)

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, check=False)

    def _run(self, *arguments: str) -> str:
        done = subprocess.run([*self._tmux, *arguments], capture_output=True, text=True, check=True)
        return done.stdout


@pytest.fixture
def terminal(tmp_path_factory) -> Iterator[Terminal]:
    # The name of a socket may have about 100 characters: pytest's folders are too deep.
    terminal = Terminal(Path("/tmp") / f"killah-{os.getpid()}-{time.time_ns() % 1_000_000}.sock")
    yield terminal
    terminal.close()


def open_editor(terminal: Terminal, file: Path) -> None:
    terminal.start(sys.executable, "-m", "killah", "write", str(file))
    terminal.wait(lambda: "pushkin-nano   ○ ghost" in terminal.screen, "loading the model")


def first_row(terminal: Terminal) -> str:
    return next((row.strip() for row in terminal.screen.splitlines() if row.strip()), "")


def test_ghost_text_is_seen_taken_saved(terminal, tmp_path):
    config.set_value("ghost_precision", "0.05")
    file, typed = tmp_path / "draft.txt", "It was in the middl"
    open_editor(terminal, file)
    terminal.type(typed)
    terminal.wait(lambda: first_row(terminal).startswith(typed + "e"), "ghost text")
    time.sleep(1)  # it may still grow
    shown = first_row(terminal)
    terminal.press("Tab")
    terminal.wait(lambda: f"1:{len(shown) + 1} " in terminal.screen, "taking it")
    terminal.press("Escape", "C-s")
    terminal.wait(lambda: "saved" in terminal.screen, "saving")
    terminal.press("C-q")
    terminal.wait(lambda: not terminal.running, "closing")
    assert file.read_text() == shown
    assert "Traceback" not in (paths.state_dir() / "editor.log").read_text()


def test_a_killed_editor_loses_nothing(terminal, tmp_path):
    file, typed = tmp_path / "draft.txt", "Every word of this."
    open_editor(terminal, file)
    terminal.type(typed)
    terminal.wait(lambda: f"1:{len(typed) + 1} " in terminal.screen, "typing")
    os.kill(terminal.process, signal.SIGKILL)
    terminal.wait(lambda: not terminal.running, "dying")
    assert not file.exists()
    terminal.start(sys.executable, "-m", "killah", "write", str(file))
    terminal.wait(lambda: "It had 4 words" in terminal.screen, "the question")
    terminal.press("Enter")
    terminal.wait(lambda: first_row(terminal).startswith(typed), "restoring")
    terminal.press("C-s")
    terminal.wait(lambda: "saved" in terminal.screen, "saving")
    terminal.press("C-q")
    terminal.wait(lambda: not terminal.running, "closing")
    assert file.read_text() == typed


def test_an_editor_that_is_ended_leaves_the_terminal_in_order_and_keeps_the_text(terminal, tmp_path):
    file, typed = tmp_path / "draft.txt", "Every word of this."
    shell = f"{sys.executable} -m killah write {file} & echo $! > {tmp_path}/process; fg; echo exit $?; cat"
    terminal.start("bash", "-mc", shell)
    terminal.wait(lambda: "pushkin-nano   ○ ghost" in terminal.screen, "loading the model")
    terminal.type(typed)
    terminal.wait(lambda: f"1:{len(typed) + 1} " in terminal.screen, "typing")
    os.kill(int((tmp_path / "process").read_text()), signal.SIGTERM)
    terminal.wait(lambda: "exit 143" in terminal.screen, "ending")
    assert "Unsaved text is kept" in terminal.screen
    assert terminal.flags == "0 0 1"
    [journal] = (paths.state_dir() / "recovery").iterdir()
    assert journal.read_text().count("\n") > 1


def test_an_error_inside_is_one_sentence_and_the_text_is_kept(terminal, tmp_path):
    program = """
import sys
from killah.app import editor
from killah.cli import main
editor.Editor.action_keys = lambda self: 1 / 0
sys.argv = ["killah", "write", sys.argv[1]]
main()
"""
    file, typed = tmp_path / "draft.txt", "Every word of this."
    (tmp_path / "broken.py").write_text(program)
    shell = f"{sys.executable} {tmp_path}/broken.py {file}; echo exit $?; sleep {PATIENCE}"
    terminal.start("sh", "-c", shell)
    terminal.wait(lambda: "pushkin-nano   ○ ghost" in terminal.screen, "loading the model")
    terminal.type(typed)
    terminal.wait(lambda: f"1:{len(typed) + 1} " in terminal.screen, "typing")
    terminal.press("F1")
    terminal.wait(lambda: "exit 1" in terminal.screen, "ending")
    screen = " ".join(terminal.screen.split())
    assert "killah: The editor stopped on an error" in screen
    assert "Your text is kept" in screen
    assert "Traceback" not in screen
    assert "ZeroDivisionError" in (paths.state_dir() / "editor.log").read_text()
    [journal] = (paths.state_dir() / "recovery").iterdir()
    assert journal.read_text().count("\n") > 1
