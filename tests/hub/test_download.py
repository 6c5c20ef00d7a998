"""A repository that holds only pickles is fetched as the hub's own bot converted it, or not at all."""

import httpx2
import hubs
import pytest

from killah.errors import KillahError
from killah.hub import catalog, download

ENTRY = catalog.entry("wav2vec2-xls-r-300m")


@pytest.fixture
def online(monkeypatch):
    with hubs.online(monkeypatch) as use:
        yield use


@pytest.fixture
def branches(tmp_path):
    """A hub whose main branch holds a pickle, and pull request 7, by a given author, safetensors."""
    main, converted = tmp_path / "main", tmp_path / "converted"
    for folder, weights in ((main, "pytorch_model.bin"), (converted, "model.safetensors")):
        folder.mkdir()
        (folder / "config.json").write_text('{"architectures": ["Wav2Vec2ForPreTraining"]}')
        (folder / weights).write_bytes(b"weights")

    def hub(author, status="open"):
        def answer(request):
            path = request.url.path
            if path.endswith("/discussions"):
                return httpx2.Response(200, json=discussions(author, status))
            source = converted if "refs/pr/7" in path or hubs.REVISION in path else main
            return hubs.serve(ENTRY.repository, source)(request)

        return answer

    return hub


def discussions(author, status):
    request = {
        "title": "Adding `safetensors` variant of this model",
        "num": 7,
        "author": {"name": author},
        "isPullRequest": True,
        "status": status,
        "repo": {"name": ENTRY.repository, "type": "model"},
        "createdAt": "2023-05-05T10:00:00.000Z",
    }
    question = request | {"title": "Which languages?", "num": 6, "isPullRequest": False}
    return {"discussions": [question, request], "count": 2, "start": 0}


def test_the_bots_safetensors_are_taken(online, branches):
    """XLS-R-300M's main branch holds a pickle only."""
    online(branches("SFconvertbot"))
    folder = download.download(ENTRY, "", 1)
    assert {path.name for path in folder.iterdir() if path.is_file()} == {"config.json", "model.safetensors"}


@pytest.mark.parametrize("hub", [("a-stranger",), ("SFconvertbot", "closed")])
def test_nobody_elses_are(online, branches, hub):
    online(branches(*hub))
    with pytest.raises(KillahError, match="xls-r-300m holds only pickles") as caught:
        download.download(ENTRY, "Put them there.", 1)
    assert "save_pretrained('wav2vec2-xls-r-300m')" in caught.value.hint
    assert caught.value.hint.endswith("Put them there.")
