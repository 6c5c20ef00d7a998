"""A Hugging Face hub inside this process: the real client asks it, no network is touched."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import huggingface_hub
import pytest
from huggingface_hub import constants

REVISION = "0123456789abcdef0123456789abcdef01234567"
Answer = Callable[[httpx2.Request], httpx2.Response]


@contextmanager
def online(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answer], None]]:
    """Yields a function that sends the hub client's requests to `answer`, from request to response."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)

    def use(answer: Answer) -> None:
        huggingface_hub.set_client_factory(lambda: httpx2.Client(transport=httpx2.MockTransport(answer)))

    yield use
    huggingface_hub.set_client_factory(huggingface_hub.utils._http.default_client_factory)


def serve(repository: str, folder: Path) -> Answer:
    """A hub that has one repository: the files of `folder`, and no discussions."""
    names = [path.name for path in folder.iterdir()]

    def answer(request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        if path.endswith("/discussions"):
            return httpx2.Response(200, json={"discussions": [], "count": 0, "start": 0})
        if path.startswith(f"/api/models/{repository}/tree/"):
            tree = [{"type": "file", "path": n, "size": (folder / n).stat().st_size, "oid": n} for n in names]
            return httpx2.Response(200, json=tree)
        if path.startswith(f"/api/models/{repository}"):
            siblings = [{"rfilename": name} for name in names]
            return httpx2.Response(200, json={"id": repository, "sha": REVISION, "siblings": siblings})
        data = (folder / path.rsplit("/", 1)[1]).read_bytes()
        headers = {"X-Repo-Commit": REVISION, "ETag": f'"{len(data)}"', "Content-Length": str(len(data))}
        return httpx2.Response(200, headers=headers, content=b"" if request.method == "HEAD" else data)

    return answer


def gated(request: httpx2.Request) -> httpx2.Response:
    """Everybody may see that the repository exists; files are for those who accepted the licence."""
    if request.url.path.startswith("/api/") and "/tree/" not in request.url.path:
        siblings = [{"rfilename": "config.json"}, {"rfilename": "model.safetensors"}]
        return httpx2.Response(200, json={"id": "a/b", "sha": REVISION, "siblings": siblings})
    return httpx2.Response(
        401, headers={"X-Error-Code": "GatedRepo", "X-Error-Message": "gated"}, request=request
    )


def unreachable(request: httpx2.Request) -> httpx2.Response:
    """No network."""
    raise httpx2.ConnectError("Name or service not known")
