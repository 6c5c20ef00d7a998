"""Every test has its own home and no network."""

import os
import signal

import pytest

from killah.devices import prepare

os.environ["HF_HUB_OFFLINE"] = "1"
prepare()  # a test that imports MLX first would get the slow BLAS
# In a shell's background Ctrl-C would be ignored by the tests and by every program they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    """A private, empty KILLAH_HOME."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("KILLAH_HOME", str(folder))
    return folder
