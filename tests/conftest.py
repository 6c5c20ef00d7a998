"""Every test has its own home and no network."""

import os

import pytest

from killah import devices

os.environ["HF_HUB_OFFLINE"] = "1"
devices.prepare()  # before anything imports MLX


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    """A private, empty KILLAH_HOME."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("KILLAH_HOME", str(folder))
    return folder
