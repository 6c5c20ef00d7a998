"""The virtual microphone as a fixture: this test session's own, in a temporary folder.

def test_something(virtual_microphone):
    virtual_microphone.play(samples)
"""

import shutil
import tempfile
from pathlib import Path

import pytest

from tools.virtual_microphone import NEEDED, VirtualMicrophone


@pytest.fixture(scope="session")
def virtual_microphone_server():
    missing = [name for name in NEEDED if not shutil.which(name)]
    if missing:
        pytest.skip(f"needs {', '.join(missing)} (apt-get install pulseaudio pulseaudio-utils)")
    with tempfile.TemporaryDirectory(prefix="killah-", ignore_cleanup_errors=True) as folder:
        server = VirtualMicrophone(Path(folder))
        yield server
        server.kill_server()


@pytest.fixture
def virtual_microphone(virtual_microphone_server, monkeypatch):
    """The server, alive and quiet, and the environment of this process set to hear it."""
    for name, value in virtual_microphone_server.env.items():
        monkeypatch.setenv(name, value)
    if not virtual_microphone_server.alive:
        virtual_microphone_server.start_again()
    yield virtual_microphone_server
    virtual_microphone_server.hush()
