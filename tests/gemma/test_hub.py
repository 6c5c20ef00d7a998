"""Pulling a base: the real hub client against a hub inside this process, without a network."""

from types import SimpleNamespace

import checkpoints
import hubs
import pytest

from killah import paths
from killah.errors import KillahError
from killah.gemma import hub, manifest
from killah.hub import catalog, download

REPOSITORY = catalog.entry("gemma-3-1b").repository


@pytest.fixture
def online(monkeypatch):
    with hubs.online(monkeypatch) as use:
        yield use


def test_pull_downloads_converts_and_tidies_up(online, tmp_path):
    source = checkpoints.write(tmp_path / "source", shards=2)
    (source / "model.safetensors").unlink(missing_ok=True)
    (source / "pytorch_model.bin").write_bytes(b"a pickle")
    online(hubs.serve(REPOSITORY, source))
    about = hub.pull("gemma-3-1b")
    assert about == manifest.read_verified(paths.models_dir() / "gemma-3-1b")
    assert (about.name, about.source) == ("gemma-3-1b", REPOSITORY)
    assert "Gemma Terms of Use" in about.licence
    assert not download.download_dir(catalog.entry("gemma-3-1b")).exists()
    with pytest.raises(KillahError, match="installed already"):
        hub.pull("gemma-3-1b")


def test_pickles_are_never_downloaded(online, tmp_path):
    source = checkpoints.write(tmp_path / "source")
    (source / "pytorch_model.bin").write_bytes(b"a pickle")
    online(hubs.serve(REPOSITORY, source))
    hub.pull("gemma-3-1b", keep=True)
    kept = {
        path.name for path in download.download_dir(catalog.entry("gemma-3-1b")).iterdir() if path.is_file()
    }
    assert kept == {"config.json", "tokenizer.json", "model.safetensors"}


def test_without_a_network_one_sentence_names_the_folder_and_the_command(online):
    online(hubs.unreachable)
    with pytest.raises(KillahError) as caught:
        hub.pull("gemma-3-4b")
    folder = paths.data_dir() / "downloads" / "gemma-3-4b-pt"
    assert caught.value.what == "The hub cannot be reached for google/gemma-3-4b-pt."
    assert f"into {folder} yourself" in caught.value.hint
    assert f"`killah models convert {folder} gemma-3-4b`" in caught.value.hint
    assert folder.is_dir()


def test_a_gated_model_says_how_to_get_access(online):
    online(hubs.gated)
    with pytest.raises(
        KillahError, match=r"Accept its licence at https://huggingface\.co/google/gemma-3-1b-pt"
    ):
        hub.pull("gemma-3-1b")


def test_offline_mode_is_respected():
    with pytest.raises(KillahError, match="HF_HUB_OFFLINE is set"):
        hub.pull("gemma-3-1b")


def test_an_unknown_name_lists_the_known(online):
    with pytest.raises(KillahError, match="Known: gemma-3-1b, gemma-3-4b"):
        hub.pull("gpt-9")


def test_too_little_space_is_said_before_the_download(online, monkeypatch):
    online(hubs.unreachable)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
    with pytest.raises(KillahError, match=r"Pulling needs 2\.8 GB"):
        hub.pull("gemma-3-1b")
