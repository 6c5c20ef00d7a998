"""Runs the command line in this process, as `killah ...` would be."""

import io
import sys
from dataclasses import dataclass

import pytest


@dataclass
class Done:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


@pytest.fixture
def killah(monkeypatch, capfd):
    """`killah("config", "show", stdin=b"...")` -> `Done`."""

    def run(*arguments: str, stdin: bytes = b"") -> Done:
        from killah.cli import main

        monkeypatch.setattr(sys, "argv", ["killah", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capfd.readouterr()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
        out, err = capfd.readouterr()
        return Done(code, out, err)

    return run
