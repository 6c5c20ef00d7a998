"""The tiny bundle, made once."""

import importlib
import importlib.util

import pytest
from cli.conftest import killah

__all__ = ["killah"]

if any(importlib.util.find_spec(name) is None for name in ("executorch", "torchao")):
    collect_ignore_glob = ["test_*.py"]  # pip install 'killah[export]'
else:
    from killah.export.executorch.quiet import quiet

    with quiet():  # importing them warns, which would be an error here
        importlib.import_module("killah.export.executorch.bundle")


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Base, adapters, and the bundle, which tests copy before they break it."""
    from export.executorch import bundles

    return bundles.make(tmp_path_factory.mktemp("export"))


@pytest.fixture
def tiny(made, monkeypatch):
    """The same, its home being everyone's in this test."""
    monkeypatch.setenv("KILLAH_HOME", str(made.home))
    return made
