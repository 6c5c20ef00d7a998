"""Pulling a speech encoder: the real hub client against a hub inside this process, without a network."""

import shutil

import hubs
import numpy as np
import pytest
from audio.speech_models import LARGE_960H, LETTERS, noise, wav2vec2

from killah import paths
from killah.audio import catalog, hub
from killah.audio.encoder import SpeechEncoder
from killah.errors import KillahError
from killah.hub.catalog import entry
from killah.hub.download import download_dir

NAME = "wav2vec2-large-960h"
REPOSITORY = entry(NAME).repository


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """What the repository holds: a tiny model, its card, and a pickle of it."""
    folder = tmp_path_factory.mktemp("source")
    wav2vec2(folder, **LARGE_960H)
    (folder / "README.md").write_text("---\nlanguage: en\nlicense: apache-2.0\n---\n# Wav2Vec2\n")
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    return folder


@pytest.fixture
def online(monkeypatch):
    with hubs.online(monkeypatch) as use:
        yield use


def test_a_pulled_encoder_hears(online, source):
    online(hubs.serve(REPOSITORY, source))
    about = hub.pull(NAME)
    folder = paths.models_dir() / NAME
    assert about.folder == SpeechEncoder.find(NAME) == folder
    assert (about.kind, about.precision, about.letters) == ("wav2vec2", "float32", len(LETTERS))
    assert about.licence == "apache-2.0"
    assert not (folder / "pytorch_model.bin").exists()
    assert not (folder / ".cache").exists()
    assert not download_dir(entry(NAME)).exists()
    one, other = (np.array(SpeechEncoder.load(each).encode(noise(2000))) for each in (source, folder))
    assert np.array_equal(one, other)
    with pytest.raises(KillahError, match="installed already"):
        hub.pull(NAME)
    assert hub.pull(NAME, force=True) == about
    assert [each.name for each in catalog.installed() if not each.shipped] == [NAME]


def test_a_broken_download_does_not_replace_a_working_encoder(online, source, tmp_path):
    online(hubs.serve(REPOSITORY, source))
    hub.pull(NAME)
    cut = shutil.copytree(source, tmp_path / "cut")
    (cut / "model.safetensors").write_bytes((source / "model.safetensors").read_bytes()[:-9])
    online(hubs.serve(REPOSITORY, cut))
    with pytest.raises(KillahError, match="cut short"):
        hub.pull(NAME, force=True)
    assert SpeechEncoder.load(SpeechEncoder.find(NAME)).letters == LETTERS


def test_without_a_network_one_sentence_says_where_the_files_belong(online, source):
    online(hubs.unreachable)
    with pytest.raises(KillahError, match=f"The hub cannot be reached for {REPOSITORY}") as caught:
        hub.pull(NAME)
    assert str(paths.models_dir() / NAME) in caught.value.hint
    shutil.copytree(source, paths.models_dir() / NAME)  # as the sentence says
    assert SpeechEncoder.load(SpeechEncoder.find(NAME)).letters == LETTERS


def test_a_broken_encoder_is_listed_with_its_problem(source):
    """A list that fails because of one bad folder would hide the good ones."""
    shutil.copytree(source, paths.models_dir() / "good")
    broken = shutil.copytree(source, paths.models_dir() / "broken")
    (broken / "model.safetensors").write_bytes(b"")
    found = {each.name: each for each in catalog.installed() if not each.shipped}
    assert found.keys() == {"broken", "good"}
    assert "cut short" in found["broken"].problem
    assert found["good"].parameters > 10_000
