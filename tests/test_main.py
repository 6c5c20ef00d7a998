"""Ctrl-C as soon as a command is typed ends it as quietly as later."""

import contextlib
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
MODULE, FUNCTION = PROJECT["scripts"]["killah"].split(":")
SCRIPT = f"import sys; from {MODULE} import {FUNCTION}; sys.exit({FUNCTION}())"
ENTRIES = {"module": ["-m", "killah"], "script": ["-c", SCRIPT]}
# Imported before anything else: says when a module is looked for, and waits there.
WAITING = """
import sys
class Waiting:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            print("there", flush=True)
            sys.stdin.readline()
sys.meta_path.insert(0, Waiting())
"""
IGNORING = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"


@contextlib.contextmanager
def importing(entry, name, folder, before=""):
    """A command that is importing `name`."""
    (folder / "sitecustomize.py").write_text(before + WAITING.format(name=name))
    command = [sys.executable, *ENTRIES[entry], "config", "path"]
    environment = os.environ | {"PYTHONPATH": str(folder)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, text=True, **pipes) as run:
        try:
            assert run.stdout.readline() == "there\n"
            yield run
        finally:
            run.kill()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("name", ["enum", "killah.cli", "typer", "killah.paths"])
def test_ctrl_c_while_a_command_is_imported_is_130_and_no_word(entry, name, tmp_path):
    with importing(entry, name, tmp_path) as run:
        run.send_signal(signal.SIGINT)
        assert run.communicate() == ("", "")
        assert run.returncode == 128 + signal.SIGINT


@pytest.mark.timeout(60)
def test_where_ctrl_c_is_ignored_it_stays_so(tmp_path):
    """A shell starts what is sent to the background so; Ctrl-C is for what is in front."""
    with importing("module", "typer", tmp_path, IGNORING) as run:
        run.send_signal(signal.SIGINT)
        out, said = run.communicate("\n")
        assert (run.returncode, out.count("\n"), said) == (0, 1, "")


@pytest.mark.timeout(60)
def test_the_command_itself_is_interrupted_as_python_does_it():
    code = "import signal, sys, killah.cli as c; from killah import __main__ as m\n"
    code += "c.main = lambda: print(signal.getsignal(signal.SIGINT) is signal.default_int_handler); m.main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
