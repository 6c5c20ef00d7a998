"""A base and a configuration so small that a whole run takes a second."""

import loras
import pytest
import yaml
from recipes import SETTINGS, write_rows

from killah import paths


@pytest.fixture
def tiny(home):
    """A base named `tiny` among this home's models."""
    return loras.base(paths.models_dir() / "tiny")[0]


@pytest.fixture
def recipe(tiny, tmp_path):
    """`recipe("run", iters=4)`: a configuration file for a run in that folder."""

    def write(run="run", rows=None, valid=None, **changes):
        data = tmp_path / "data"
        if rows is not None or valid is not None or not data.exists():
            write_rows(data, rows, valid)
        settings = SETTINGS | {"data": str(data), "adapter_path": str(tmp_path / run)} | changes
        file = tmp_path / f"{run}.yaml"
        file.write_text(yaml.safe_dump(settings))
        return file

    return write
