"""Pulling a model: the real hub client against a hub inside this process, without a network."""

from types import SimpleNamespace

import checkpoints
import httpx2
import huggingface_hub
import pytest
from huggingface_hub import constants

from killah import paths
from killah.errors import KillahError
from killah.gemma import catalog, hub, manifest

REVISION = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = catalog.entry("gemma-3-1b").repository


@pytest.fixture
def online(monkeypatch):
    """Send the hub client's requests to `answer`, a function from request to response."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)

    def use(answer):
        huggingface_hub.set_client_factory(lambda: httpx2.Client(transport=httpx2.MockTransport(answer)))

    yield use
    huggingface_hub.set_client_factory(huggingface_hub.utils._http.default_client_factory)


def serve(folder):
    """A hub that has one repository: the files of `folder`, and one pickle."""
    names = [path.name for path in folder.iterdir()]

    def answer(request):
        path = request.url.path
        if path.startswith(f"/api/models/{REPOSITORY}/tree/"):
            tree = [{"type": "file", "path": n, "size": (folder / n).stat().st_size, "oid": n} for n in names]
            return httpx2.Response(200, json=tree)
        if path.startswith(f"/api/models/{REPOSITORY}"):
            siblings = [{"rfilename": name} for name in names]
            return httpx2.Response(200, json={"id": REPOSITORY, "sha": REVISION, "siblings": siblings})
        data = (folder / path.rsplit("/", 1)[1]).read_bytes()
        headers = {"X-Repo-Commit": REVISION, "ETag": f'"{len(data)}"', "Content-Length": str(len(data))}
        return httpx2.Response(200, headers=headers, content=b"" if request.method == "HEAD" else data)

    return answer


def gated(request):
    """Everybody may see that the repository exists; files are for those who accepted the licence."""
    if request.url.path.startswith("/api/") and "/tree/" not in request.url.path:
        siblings = [{"rfilename": "config.json"}]
        return httpx2.Response(200, json={"id": REPOSITORY, "sha": REVISION, "siblings": siblings})
    return httpx2.Response(
        401, headers={"X-Error-Code": "GatedRepo", "X-Error-Message": "gated"}, request=request
    )


def unreachable(request):
    raise httpx2.ConnectError("Name or service not known")


def test_pull_downloads_converts_and_tidies_up(online, tmp_path):
    source = checkpoints.write(tmp_path / "source", shards=2)
    (source / "model.safetensors").unlink(missing_ok=True)
    (source / "pytorch_model.bin").write_bytes(b"a pickle")
    online(serve(source))
    about = hub.pull("gemma-3-1b")
    assert about == manifest.read_verified(paths.models_dir() / "gemma-3-1b")
    assert (about.name, about.source) == ("gemma-3-1b", REPOSITORY)
    assert "Gemma Terms of Use" in about.licence
    assert not hub.download_dir(catalog.entry("gemma-3-1b")).exists()
    with pytest.raises(KillahError, match="installed already"):
        hub.pull("gemma-3-1b")


def test_pickles_are_never_downloaded(online, tmp_path):
    source = checkpoints.write(tmp_path / "source")
    (source / "pytorch_model.bin").write_bytes(b"a pickle")
    online(serve(source))
    hub.pull("gemma-3-1b", keep=True)
    kept = {path.name for path in hub.download_dir(catalog.entry("gemma-3-1b")).iterdir() if path.is_file()}
    assert kept == {"config.json", "tokenizer.json", "model.safetensors"}


def test_without_a_network_one_sentence_names_the_folder_and_the_command(online):
    online(unreachable)
    with pytest.raises(KillahError) as caught:
        hub.pull("gemma-3-4b")
    folder = paths.data_dir() / "downloads" / "gemma-3-4b-pt"
    assert caught.value.what == "The hub cannot be reached for google/gemma-3-4b-pt."
    assert f"into {folder} yourself" in caught.value.hint
    assert f"`killah models convert {folder} gemma-3-4b`" in caught.value.hint
    assert folder.is_dir()


def test_a_gated_model_says_how_to_get_access(online):
    online(gated)
    with pytest.raises(
        KillahError, match=r"Accept its licence at https://huggingface\.co/google/gemma-3-1b-pt"
    ):
        hub.pull("gemma-3-1b")


def test_offline_mode_is_respected():
    with pytest.raises(KillahError, match="HF_HUB_OFFLINE is set"):
        hub.pull("gemma-3-1b")


def test_an_unknown_name_lists_the_known(online):
    with pytest.raises(KillahError, match=r"Known: gemma-3-1b, gemma-3-4b\."):
        hub.pull("gpt-9")


def test_too_little_space_is_said_before_the_download(online, monkeypatch):
    online(unreachable)
    monkeypatch.setattr(hub.shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
    with pytest.raises(KillahError, match=r"Pulling needs 2\.8 GB"):
        hub.pull("gemma-3-1b")
