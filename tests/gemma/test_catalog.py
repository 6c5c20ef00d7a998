"""A model is found by its name, wherever it lies."""

import shutil

import checkpoints
import pytest

from killah import paths
from killah.errors import KillahError
from killah.gemma import catalog, manifest
from killah.gemma.convert import convert


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A package that ships one model, `nano`."""
    convert(checkpoints.write(tmp_path / "source"), tmp_path / "shipped" / "nano")
    monkeypatch.setattr(paths, "shipped", lambda kind: tmp_path / "shipped")
    return tmp_path / "shipped" / "nano"


def test_the_users_model_hides_the_shipped_one(shipped):
    assert catalog.find("nano") == shipped
    assert [(model.name, model.shipped) for model in catalog.installed()] == [("nano", True)]
    own = paths.models_dir() / "nano"
    shutil.copytree(shipped, own)
    assert catalog.find("nano") == own
    assert [(model.name, model.shipped) for model in catalog.installed()] == [("nano", False)]


def test_a_folder_anywhere_will_do(shipped, tmp_path, monkeypatch):
    assert catalog.find(shipped) == shipped
    assert catalog.find(str(shipped)) == shipped
    monkeypatch.setenv("HOME", str(tmp_path))
    assert catalog.find("~/shipped/nano") == shipped


def test_an_unknown_name_lists_what_there_is(shipped):
    with pytest.raises(KillahError, match=r"There is no model 'nono'\. Installed: nano\."):
        catalog.find("nono")
    with pytest.raises(KillahError, match="Run `killah models pull gemma-3-4b`"):
        catalog.find("gemma-3-4b")


def test_a_broken_model_is_listed_with_its_problem(shipped):
    """A list that fails because of one bad folder would hide the good ones."""
    broken = paths.models_dir() / "broken"
    broken.mkdir(parents=True)
    (broken / manifest.NAME).write_text("{")
    (paths.models_dir() / ".half.123.new").mkdir()
    (paths.models_dir() / ".half.123.new" / manifest.NAME).write_text("{")
    found = {model.name: model for model in catalog.installed()}
    assert found.keys() == {"broken", "nano"}
    assert found["broken"].manifest is None
    assert "damaged" in found["broken"].problem
    assert found["nano"].manifest is not None


def test_a_damaged_shipped_model_asks_for_a_new_installation(shipped):
    (shipped / "config.json").unlink()
    with pytest.raises(KillahError, match="Install Killah again"):
        manifest.read_verified(shipped)
