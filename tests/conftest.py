"""Every test has its own home and no network."""

import os

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    """A private, empty KILLAH_HOME."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("KILLAH_HOME", str(folder))
    return folder
