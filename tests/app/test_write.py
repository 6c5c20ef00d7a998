"""`killah write` from outside. If these fail, a script hangs, or a user sees a traceback."""

import os
import pty
import subprocess
import sys

import pytest

from killah.app.terminal import quiet_stderr


def killah(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "killah", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


@pytest.mark.parametrize("arguments", [[], ["write"], ["write", "draft.md", "--json"]])
def test_without_a_terminal_it_says_so(arguments):
    done = killah(*arguments, stdin=subprocess.DEVNULL)
    assert done.returncode == 1
    assert done.stderr.startswith("killah: The editor needs a terminal.")
    assert done.stderr.count("\n") == 1


def test_help_has_an_example():
    done = killah("write", "--help")
    assert done.returncode == 0
    assert "Example: killah write draft.md" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["picture.png"], "picture.png is not a text file. Killah edits UTF-8 text."),
        (["--persona", "nobody"], "There is no persona 'nobody'."),
    ],
)
def test_what_cannot_work_ends_before_the_screen_is_touched(tmp_path, arguments, says):
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\x00")
    master, slave = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "killah", "write", *arguments],
        cwd=tmp_path,
        stdin=slave,
        stdout=slave,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(slave)
    os.close(master)
    assert done.returncode == 1
    assert done.stderr.startswith(f"killah: {says}")
    assert done.stderr.count("\n") == 1


def test_what_other_code_prints_goes_to_a_private_log(tmp_path):
    program = """
import os, sys
from pathlib import Path
from killah.app.terminal import quiet_stderr
with quiet_stderr(Path(sys.argv[1])):
    os.write(2, b"from C\\n")
    os.system("echo from a child >&2")
    print("from Python", file=sys.stderr)
    print("to the terminal", file=sys.__stderr__)
print("after", file=sys.stderr)
"""
    log = tmp_path / "logs" / "editor.log"
    done = subprocess.run(
        [sys.executable, "-c", program, str(log)], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == "to the terminal\nafter\n"
    assert log.read_text() == "from C\nfrom a child\nfrom Python\n"
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_log_does_not_grow_for_ever(tmp_path):
    log = tmp_path / "editor.log"
    log.write_text("x" * 1_000_001)
    with quiet_stderr(log):
        pass
    assert log.stat().st_size == 0
